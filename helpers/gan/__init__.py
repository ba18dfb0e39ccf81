"""Generative adversarial networks in Keras 3, one idea per file.

`build` and `load` find a model by name and import it, and with it Keras, only then.
"""

import importlib
import os

from helpers.errors import CourseError
from helpers.gan.runs import Run

MODELS = ("dcgan", "wgan", "wgan_gp", "logan", "acgan", "audio")

REQUIRED = ("model", "recipe", "image_size", "width", "seed")
ARGUMENTS = (*REQUIRED, "conditions", "features")  # of `build`; the last two only for conditional models


def build(model: str, **settings):
    """A new, compiled model; `settings` are the arguments of the `build` function in its module.

    Raises:
        CourseError: if no model has that name.
    """
    return _module(model).build(**settings)


def defaults(model: str, recipe: str, profile) -> dict:
    """{"steps", "batch_size", "width"} of a recipe under a `helpers.runtime.Profile`."""
    return _module(model).defaults(recipe, profile)


def load(run: str | os.PathLike):
    """The trained model of a run.

    Raises:
        CourseError: if the folder is no run, is damaged, or has no checkpoint yet.
    """
    run = Run(run)
    settings = run.settings()
    if not run.checkpoint.exists():
        raise CourseError(f"{run.path} has no checkpoint yet; train it further first.")
    if missing := [name for name in REQUIRED if name not in settings]:
        raise CourseError(f"{run.path / 'run.json'} does not say {missing[0]}; train again in a new folder.")
    gan = build(**{name: settings[name] for name in ARGUMENTS if name in settings})
    gan.load(run.checkpoint)
    return gan


def _module(model: str):
    if model not in MODELS:
        raise CourseError(f"There is no model {model!r}; choose from {', '.join(MODELS)}.")
    return importlib.import_module(f"helpers.gan.{model}")
