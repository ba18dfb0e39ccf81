import sys

import pytest

from helpers.secrets import secret

COLAB = """
class SecretNotFoundError(Exception): pass

def get(name):
    if name != "A_KEY":
        raise SecretNotFoundError(name)
    return " of colab "
"""


KAGGLE = """
import os

class BackendError(Exception): pass
class CredentialError(Exception): pass

class UserSecretsClient:
    def __init__(self):
        if "KAGGLE_USER_SECRETS_TOKEN" not in os.environ:
            raise CredentialError("no token")

    def get_secret(self, label):
        if label != "A_KEY":
            raise BackendError(label)
        return " of kaggle "
"""


@pytest.fixture
def colab(tmp_path, monkeypatch):
    """A stand-in for Colab's package, which exists nowhere else."""
    (tmp_path / "google" / "colab").mkdir(parents=True)
    (tmp_path / "google" / "colab" / "__init__.py").touch()
    (tmp_path / "google" / "colab" / "userdata.py").write_text(COLAB)
    for name in [name for name in sys.modules if name == "google" or name.startswith("google.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name == "google" or name.startswith("google.")]:
        del sys.modules[name]


def test_a_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("A_KEY", " of the environment\n")
    assert secret("A_KEY") == "of the environment"


def test_a_key_that_is_nowhere_is_none(monkeypatch):
    monkeypatch.delenv("A_KEY", raising=False)
    assert secret("A_KEY") is None


def test_on_colab_it_comes_from_the_secrets(colab, monkeypatch):
    monkeypatch.delenv("A_KEY", raising=False)
    assert secret("A_KEY") == "of colab"
    assert secret("ANOTHER_KEY") is None


def test_the_environment_goes_first(colab, monkeypatch):
    monkeypatch.setenv("A_KEY", "of the environment")
    assert secret("A_KEY") == "of the environment"


@pytest.fixture
def kaggle(tmp_path, monkeypatch):
    """A stand-in for Kaggle's module, as published with its images."""
    (tmp_path / "kaggle_secrets.py").write_text(KAGGLE)
    monkeypatch.delitem(sys.modules, "kaggle_secrets", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("KAGGLE_USER_SECRETS_TOKEN", "a token")
    monkeypatch.delenv("A_KEY", raising=False)
    yield
    sys.modules.pop("kaggle_secrets", None)


def test_on_kaggle_it_comes_from_the_secrets(kaggle):
    assert secret("A_KEY") == "of kaggle"
    assert secret("ANOTHER_KEY") is None


def test_on_kaggle_the_environment_goes_first(kaggle, monkeypatch):
    monkeypatch.setenv("A_KEY", "of the environment")
    assert secret("A_KEY") == "of the environment"


def test_on_kaggle_a_notebook_without_access_gets_none(kaggle, monkeypatch):
    monkeypatch.delenv("KAGGLE_USER_SECRETS_TOKEN")
    assert secret("A_KEY") is None


@pytest.mark.parametrize("name, value", [("A_KEY", "of kaggle"), ("ANOTHER_KEY", None)])
def test_on_kaggle_colabs_package_is_never_asked(colab, kaggle, monkeypatch, name, value):
    from google.colab import userdata

    def wait_for_ever(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(userdata, "get", wait_for_ever)
    assert secret(name) == value
