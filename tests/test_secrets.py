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
