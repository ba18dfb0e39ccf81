"""DCGAN: deep convolutional GAN (Radford et al. 2016), as a course project used it in 2020 and as we would today."""

import keras
import numpy as np

from helpers.errors import CourseError
from helpers.gan import losses, networks
from helpers.gan.base import GAN

RECIPES = ("default", "historical")


class DCGAN(GAN):
    """Non-saturating loss with noisy labels (Salimans et al. 2016, section 3.4, made random).

    The discriminator's targets are 1 - U(0, 0.2) for real covers and U(0, 0.2) for fakes, drawn anew for each image,
    so it is never rewarded for being certain.
    """

    LABEL_NOISE = 0.2

    def noise(self, rng: np.random.Generator, batch_size: int) -> dict:
        draws = super().noise(rng, batch_size)
        draws["real_labels"] = 1 - self.LABEL_NOISE * rng.random((batch_size, 1), np.float32)
        draws["fake_labels"] = self.LABEL_NOISE * rng.random((batch_size, 1), np.float32)
        return draws

    def adversarial_loss(self, real_logits, fake_logits, batch):
        return losses.non_saturating(real_logits, fake_logits, batch["real_labels"], batch["fake_labels"])


def build(recipe: str = "default", image_size: int = 32, width: int = 32, seed: int = 0) -> DCGAN:
    """A compiled DCGAN.

    Args:
        recipe: "historical" is the model of "Computer Generated Album Art" (UC San Diego, DSC 160, 2020): an extra
            3 x 3 convolution, batch norm with momentum 0.5, Adam at 1.5e-4 and 2e-4, no weight averaging.
            "default" learns faster: Adam at 1e-3, and samples from averaged weights.
        image_size: 16, 32, 64, 128 or 256 px.
        width: channels at half that resolution.
        seed: of the initial weights.

    Raises:
        CourseError: on an unknown recipe or an image size the networks cannot make.
    """
    if recipe not in RECIPES:
        raise CourseError(f"There is no recipe {recipe!r}; choose from {', '.join(RECIPES)}.")
    historical = recipe == "historical"
    momentum = 0.5 if historical else 0.9
    settings = {"model": "dcgan", "recipe": recipe, "image_size": image_size, "width": width, "seed": seed}
    gan = DCGAN(
        networks.generator(image_size, width, momentum=momentum, extra_conv=historical, seed=seed),
        networks.discriminator(image_size, width, momentum=momentum, seed=seed),
        ema_decay=0.0 if historical else 0.999,
        settings=settings,
    )
    rates = (1.5e-4, 2e-4) if historical else (1e-3, 1e-3)
    # beta_1 of 0.5, not Keras's 0.9: momentum makes two players who chase each other overshoot.
    gan.compile(*(keras.optimizers.Adam(rate, beta_1=0.5) for rate in rates))
    return gan


def defaults(recipe: str, profile) -> dict:
    """Steps, batch size and width: the project's own for the historical recipe, the profile's otherwise."""
    if recipe == "historical":
        return {"steps": 10_000, "batch_size": 16, "width": 64}
    return {"steps": profile.steps, "batch_size": profile.batch_size, "width": profile.width}
