"""Audio GAN: covers for music that is described by numbers, such as energy and tempo, instead of by a genre."""

from collections.abc import Callable, Mapping

import keras
import numpy as np
from keras import ops

from helpers.errors import CourseError
from helpers.gan import losses, networks
from helpers.gan.audio_features import AudioFeatures
from helpers.gan.augment import Augment
from helpers.gan.dcgan import DCGAN
from helpers.gan.wgan import settings_of

RECIPES = ("default",)


class AudioGAN(DCGAN):
    """An ACGAN for numbers: the discriminator's second head reads audio features off a cover.

    It learns to from real covers only, by Huber's loss, which a song with an odd value cannot dominate. The generator
    is rewarded when the head reads from its fake what was asked for. Fakes are asked for what the real covers of the
    batch are, moved a little at random: no two songs have the same numbers, and the space between them has to be
    learnt, too (vicinal labels, Ding et al. 2021, "CcGAN").

    Args:
        generator: [latents [B, L], conditions [B, 2 K]] -> images [B, S, S, 3].
        discriminator: images -> {"logits": [B, 1], "features": [B, K]}, features scaled to deviation 1.
        features: what the K numbers mean.
        feature_weight: of the loss over features of either network, against the adversarial one.
        jitter: how far labels of fakes are moved, in standard deviations.
    """

    MEASURES = ("error_real", "error_fake")

    def __init__(self, generator, discriminator, features: AudioFeatures, feature_weight, jitter, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        self.features = features
        self.feature_weight = feature_weight
        self.jitter = jitter

    def targets(self, covers) -> dict[str, np.ndarray]:
        rows = self.features.encode(covers.table)
        known = rows[:, len(self.features) :].any(axis=0)
        if not known.all():
            name = self.features.names[int(known.argmin())]
            raise CourseError(f"No cover of the set has {name}, which the model is to learn; use one that has it.")
        return {"conditions": rows}

    def noise(self, rng, batch_size):
        return super().noise(rng, batch_size) | {
            "jitter": rng.standard_normal((batch_size, len(self.features)), np.float32)
        }

    def asked(self, batch) -> tuple:
        """What fakes of a batch are asked for: scaled features [B, K], and which of them are known [B, K]."""
        scaled, known = ops.split(batch["conditions"], 2, axis=1)
        return scaled + self.jitter * batch["jitter"] * known, known

    def condition(self, latents, batch):
        return [latents, ops.concatenate(self.asked(batch), axis=1)]

    def adversarial_loss(self, real, fake, batch):
        d_loss, g_loss = super().adversarial_loss(real["logits"], fake["logits"], batch)
        d_loss += self.feature_weight * losses.huber(*ops.split(batch["conditions"], 2, axis=1), real["features"])
        g_loss += self.feature_weight * losses.huber(*self.asked(batch), fake["features"])
        return d_loss, g_loss

    def measures(self, real, fake, batch):
        """Mean absolute errors of what the head reads, in standard deviations."""
        real_wanted, known = ops.split(batch["conditions"], 2, axis=1)
        fake_wanted, _ = self.asked(batch)
        count = ops.maximum(ops.sum(known), 1.0)
        return {
            "error_real": ops.sum(known * ops.abs(real["features"] - real_wanted)) / count,
            "error_fake": ops.sum(known * ops.abs(fake["features"] - fake_wanted)) / count,
        }

    # Use ------------------------------------------------------------------------------------------------------------

    def generate(self, n: int, seed: int = 0, **features: float) -> np.ndarray:
        """Draw n covers with the averaged generator: uint8 [n, S, S, 3].

        The same seed draws from the same latents whatever is asked for. Arguments and errors as for
        `AudioFeatures.sample`: generate(8, energy=0.9, tempo=174).
        """
        return self.draw(self.latents(np.random.default_rng(seed), n), self._conditions(n, seed, features))

    def labels(self, n: int, seed: int = 0, **features: float) -> np.ndarray:
        """The features that `generate(n, seed, ...)` was asked for, in units, float64 [n, K]."""
        return self.features.decode(self._conditions(n, seed, features))

    def _conditions(self, n, seed, features):
        return self.features.sample(n, np.random.default_rng([seed, 2]), **features)  # 2: not the stream of latents

    def album(
        self, tracks: np.ndarray, read: Callable[[np.ndarray], np.ndarray], seed: int = 0, candidates: int = 64
    ) -> np.ndarray:
        """One cover for several songs, uint8 [S, S, 3].

        The mean of the songs says what to draw; of several covers drawn from it, the one is taken off which `read`
        reads what lies nearest to all the songs.

        Args:
            tracks: features in units, [T, K], NaN where unknown.
            read: uint8 [N, S, S, 3] -> features in units [N, K], such as a regressor's `predict`. The discriminator's
                own head, `self.read`, is a poor choice: the generator has learnt to please it.
            seed: of the latents.
            candidates: covers to choose from.
        """
        scaled, known = np.split(self.features.encode(tracks), 2, axis=1)
        count = known.sum(axis=0)
        mean = np.hstack([scaled.sum(axis=0) / np.maximum(count, 1), count > 0]).astype(np.float32)
        drawn = self.draw(self.latents(np.random.default_rng(seed), candidates), np.tile(mean, (candidates, 1)))
        readings = (read(drawn) - self.features.mean) / self.features.deviation
        distances = (known * np.square(readings[:, None] - scaled)).sum(axis=(1, 2))
        return drawn[distances.argmin()]

    def read(self, images: np.ndarray, batch_size: int = 64) -> np.ndarray:
        """What the discriminator's own head reads off covers, uint8 [N, S, S, 3]: features in units, float64 [N, K]."""
        scaled = np.empty((len(images), len(self.features)), np.float32)
        for start in range(0, len(images), batch_size):
            part = np.asarray(images[start : start + batch_size])
            padded = np.pad(part, [(0, batch_size - len(part)), (0, 0), (0, 0), (0, 0)])
            heads = self.discriminator.predict_on_batch(padded / np.float32(127.5) - 1)
            scaled[start : start + len(part)] = ops.convert_to_numpy(heads["features"])[: len(part)]
        return self.features.inverse(scaled)


def build(
    recipe: str = "default", image_size: int = 32, width: int = 32, seed: int = 0, features: Mapping | None = None
) -> AudioGAN:
    """A compiled audio GAN.

    Args:
        recipe, image_size, width, seed: as in `helpers.gan.wgan.build`.
        features: the `settings` of `AudioFeatures`.

    Raises:
        CourseError: on another recipe, no features, or an image size the networks cannot make.
    """
    settings = settings_of("audio", recipe, image_size, width, seed)
    if features is None:
        raise CourseError("An audio GAN must know its features; pass AudioFeatures.of(covers).settings.")
    known = AudioFeatures(**features)
    gan = AudioGAN(
        networks.generator(image_size, width, seed=seed, conditions=2 * len(known)),
        networks.discriminator(image_size, width, seed=seed, heads={"features": len(known)}),
        known,
        feature_weight=0.5,
        jitter=known.bandwidth,
        augment=Augment(("translation",)),
        settings=settings | {"features": known.settings},
    )
    gan.compile(*(keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)))
    return gan


def defaults(recipe: str, profile) -> dict:
    """Those of the profile, with twice the steps: there is more to learn."""
    return {"steps": 2 * profile.steps, "batch_size": profile.batch_size, "width": profile.width}
