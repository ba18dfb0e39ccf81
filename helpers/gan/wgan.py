"""WGAN: the discriminator becomes a critic that measures a distance (Arjovsky, Chintala & Bottou 2017)."""

import keras
from keras import ops

from helpers.errors import CourseError
from helpers.gan import losses, networks
from helpers.gan.base import GAN

RECIPES = ("default",)


class WGAN(GAN):
    """A critic whose mean on real covers less that on fakes estimates the Wasserstein distance between the two.

    The estimate is logged as "wasserstein". It holds only for a critic that has nearly converged and whose slope is
    bounded. So the critic is updated `n_critic` times for each update of the generator, and here every weight is
    clipped to [-`CLIP`, `CLIP`] after each update, which the authors themselves call terrible. `helpers.gan.wgan_gp`
    has a better way.
    """

    n_critic = 5
    MEASURES = ("wasserstein",)
    CLIP = 0.01

    def __init__(self, generator, discriminator, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        self.bound(discriminator)

    def bound(self, critic) -> None:
        """Bound the critic's slope, if that can be done once and for all."""
        for variable in critic.trainable_variables:
            variable.constraint = Clip(self.CLIP)

    def adversarial_loss(self, real_logits, fake_logits, batch):
        return losses.wasserstein(real_logits, fake_logits)

    def measures(self, real_logits, fake_logits, batch):
        return {"wasserstein": -losses.wasserstein(real_logits, fake_logits)[0]}


class Clip(keras.constraints.Constraint):
    """What an optimizer does to a weight after each update: force it into [-limit, limit]."""

    def __init__(self, limit: float):
        self.limit = limit

    def __call__(self, value):
        return ops.clip(value, -self.limit, self.limit)

    def get_config(self):
        return {"limit": self.limit}


def build(recipe: str = "default", image_size: int = 32, width: int = 32, seed: int = 0) -> WGAN:
    """A compiled WGAN with the paper's RMSprop at 5e-5, and the networks of the DCGAN.

    Arguments and errors as for `helpers.gan.dcgan.build`; there is only the recipe "default".
    """
    settings = settings_of("wgan", recipe, image_size, width, seed)
    gan = WGAN(
        networks.generator(image_size, width, seed=seed),
        networks.discriminator(image_size, width, seed=seed),
        ema_decay=0.0,
        settings=settings,
    )
    # No momentum: the authors found that it makes a critic's training unstable.
    gan.compile(*(keras.optimizers.RMSprop(5e-5) for _ in range(2)))
    return gan


def settings_of(model: str, recipe: str, image_size: int, width: int, seed: int) -> dict:
    """What a run keeps of a model that has no recipe but the default.

    Raises:
        CourseError: on another recipe.
    """
    if recipe not in RECIPES:
        raise CourseError(f"{model} has no recipe {recipe!r}; leave it out, or train dcgan or acgan.")
    return {"model": model, "recipe": recipe, "image_size": image_size, "width": width, "seed": seed}


def defaults(recipe: str, profile) -> dict:
    """Those of the profile, with a third of its steps, since each takes several updates of the critic."""
    return {"steps": -(-profile.steps // 3), "batch_size": profile.batch_size, "width": profile.width}
