"""Generative adversarial networks in Keras 3, one idea per file."""
