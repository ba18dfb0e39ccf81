"""The shared modules of the album-cover GAN course."""

__version__ = "0.1.0"
