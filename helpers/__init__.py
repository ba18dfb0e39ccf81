"""The shared modules of the album-cover GAN course."""

from pathlib import Path

__version__ = "0.1.0"

DATA = Path(__file__).resolve().parents[1] / "data"
"""The embedded data of the repository: results of benchmarks, trained weights."""
