"""WGAN-GP: a critic whose slope is held at 1 by a penalty (Gulrajani et al. 2017)."""

import keras
from keras import layers

from helpers.errors import CourseError
from helpers.gan import losses, networks
from helpers.gan.wgan import WGAN, defaults, settings_of

__all__ = ["WGANGP", "build", "defaults"]


class WGANGP(WGAN):
    """A WGAN whose weights are free; where the slope is not 1, between real covers and fakes, the critic pays.

    A penalty looks at the slope of one cover, and batch norm mixes all of them, so the critic must do without. The
    logged "wasserstein" leaves the penalty out.

    Raises:
        CourseError: if the critic has batch norm.
    """

    PENALTY = 10.0  # lambda in the paper

    def bound(self, critic):
        if any(isinstance(layer, layers.BatchNormalization) for layer in critic.layers):
            raise CourseError("A critic with batch norm has no slope per cover; build it with batch_norm=False.")

    def noise(self, rng, batch_size):
        return super().noise(rng, batch_size) | {"shares": rng.random((batch_size, 1), "float32")}

    def discriminator_extra(self, real, fake, batch):
        return self.PENALTY * losses.gradient_penalty(self.discriminator, real, fake, batch["shares"])


def build(recipe: str = "default", image_size: int = 32, width: int = 32, seed: int = 0) -> WGANGP:
    """A compiled WGAN-GP on the networks of the DCGAN, with samples from averaged weights.

    Arguments and errors as for `helpers.gan.wgan.build`.
    """
    settings = settings_of("wgan_gp", recipe, image_size, width, seed)
    gan = WGANGP(
        networks.generator(image_size, width, seed=seed),
        networks.discriminator(image_size, width, batch_norm=False, seed=seed),
        settings=settings,
    )
    gan.compile(*(keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9) for _ in range(2)))
    return gan
