"""The reader's own keys to services: looked up where they are kept, and written nowhere else."""

import os


def secret(name: str) -> str | None:
    """A key from the environment or, on Colab, from its Secrets (the key symbol at the left); None if it is in neither.

    Colab's Secrets can be read in a notebook that was given access to them, not by a command that a notebook starts.
    """
    if value := os.environ.get(name, "").strip():
        return value
    try:
        from google.colab import userdata

        return (userdata.get(name) or "").strip() or None
    except Exception:  # no Colab, no such key, no access to it, or no notebook that could ask for it
        return None
