"""The reader's own keys to services: looked up where they are kept, and written nowhere else."""

import os


def secret(name: str) -> str | None:
    """A key from the environment, from Kaggle's Secrets (Add-ons > Secrets) or Colab's (the key symbol at the left).

    None if it is in neither. They can be read in a notebook that was given access to them; Colab's not by a command
    that a notebook starts.
    """
    if value := os.environ.get(name, "").strip():
        return value
    try:
        return (_platform_secrets()(name) or "").strip() or None
    except Exception:  # neither platform, no such key, no access to it, no internet, or no notebook that could ask
        return None


def _platform_secrets():
    """What gives a key by its name."""
    try:  # first, because Kaggle's images hold Colab's package too, which would wait there for ever
        from kaggle_secrets import UserSecretsClient
    except ImportError:
        from google.colab import userdata

        return userdata.get
    return UserSecretsClient().get_secret
