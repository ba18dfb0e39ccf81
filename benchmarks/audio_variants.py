"""The recipes that `audio_recipes.py` compares: each is the audio GAN of the course with one thing changed."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from helpers.gan import losses, networks
from helpers.gan.audio import AudioGAN
from helpers.gan.audio_features import AudioFeatures
from helpers.gan.augment import Augment


class Projection(AudioGAN):
    """D's logit is the sum of "is it real?" and "does it sound like that?".

    Miyato & Koyama 2018, equation 3, with a linear embedding of the label: its inner product with the last features is
    the inner product of the label with a head of its own.
    """

    def adversarial_loss(self, real, fake, batch):
        wanted = ops.split(batch["conditions"], 2, axis=1)[0], self.asked(batch)[0]
        real, fake = (
            heads | {"logits": heads["logits"] + ops.sum(label * heads["projection"], axis=1, keepdims=True)}
            for heads, label in zip((real, fake), wanted, strict=True)
        )
        return super().adversarial_loss(real, fake, batch)


class FakesToo(AudioGAN):
    """The discriminator's head learns from fakes as well."""

    def adversarial_loss(self, real, fake, batch):
        d_loss, g_loss = super().adversarial_loss(real, fake, batch)
        return d_loss + self.feature_weight * losses.huber(*self.asked(batch), fake["features"]), g_loss


class Shuffled(AudioGAN):
    """Every cover has the label of another: what is left of R² is nobody's merit."""

    def targets(self, covers):
        rows = super().targets(covers)["conditions"]
        return {"conditions": np.random.default_rng(0).permutation(rows)}


@dataclass(frozen=True)
class Recipe:
    """What differs from the default of the course, which is `Recipe()`.

    Attributes:
        jitter: how far labels of fakes are moved, in units of the default.
    """

    gan: type[AudioGAN] = AudioGAN
    feature_weight: float = 0.5
    jitter: float = 1.0

    def build(self, image_size: int, width: int, features: AudioFeatures, seed: int = 0) -> AudioGAN:
        heads = {"features": len(features)} | ({"projection": len(features)} if self.gan is Projection else {})
        gan = self.gan(
            networks.generator(image_size, width, seed=seed, conditions=2 * len(features)),
            networks.discriminator(image_size, width, seed=seed, heads=heads),
            features,
            self.feature_weight,
            self.jitter * features.bandwidth,
            augment=Augment(("translation",)),
        )
        gan.compile(*(keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)))
        return gan


RECIPES = {
    "default": Recipe(),
    "weight_0.1": Recipe(feature_weight=0.1),
    "no_jitter": Recipe(jitter=0.0),
    "projection": Recipe(Projection, feature_weight=0.0),
    "projection_and_head": Recipe(Projection),
    "fakes_too": Recipe(FakesToo),
    "shuffled_labels": Recipe(Shuffled),
}
