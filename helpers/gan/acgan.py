"""ACGAN: auxiliary-classifier GAN (Odena et al. 2017), as a paper on album covers used it then and as we would now."""

from collections.abc import Mapping

import keras
import numpy as np
from keras import ops

from helpers.errors import CourseError
from helpers.gan import losses, networks
from helpers.gan.augment import Augment
from helpers.gan.conditions import Conditions
from helpers.gan.dcgan import DCGAN

RECIPES = ("default", "historical")


class ACGAN(DCGAN):
    """A generator that is told what to draw, and a discriminator that names what it sees.

    The discriminator has a second head, for the genre, and a third for the decade. It learns to read them from real
    covers only: given fakes too, it would learn to read whatever caricature the generator sends, and both would be
    content. The generator is rewarded when the head reads from its fake what was asked for (Odena et al. 2017,
    equations 2 and 3, without the fakes' share in D).

    Args:
        generator: [latents [B, L], conditions [B, K]] -> images [B, S, S, 3].
        discriminator: images -> {"logits": [B, 1], "genre": [B, G], "decade": [B, D]}, logits all of them.
        conditions: what the K numbers mean.
        class_weight: of the classification loss of either network, against the adversarial one.
    """

    def __init__(self, generator, discriminator, conditions: Conditions, class_weight: float = 0.1, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        self.conditions = conditions
        self.class_weight = class_weight

    @property
    def genres(self) -> tuple[str, ...]:
        return self.conditions.genres

    @property
    def decades(self) -> tuple[int, ...]:
        return self.conditions.decades

    def targets(self, covers) -> dict[str, np.ndarray]:
        rows = self.conditions.encode(covers.table)
        names = (*self.genres, *self.decades)
        if missing := [name for name, used in zip(names, rows.any(axis=0), strict=True) if not used]:
            raise CourseError(
                f"The set has no cover of {missing[0]}, which the model is to learn; use one that has some."
            )
        return {"conditions": rows}

    def condition(self, latents, batch):
        # Fakes are asked for what the real covers of the batch are: every label as often as in the training set.
        return [latents, batch["conditions"]]

    def adversarial_loss(self, real, fake, batch):
        d_loss, g_loss = super().adversarial_loss(real["logits"], fake["logits"], batch)
        d_loss += self.class_weight * self.class_loss(real, batch["conditions"])
        g_loss += self.class_weight * self.class_loss(fake, batch["conditions"])
        return d_loss, g_loss

    def class_loss(self, heads: dict, conditions):
        """Cross-entropy of what D's heads read against what was to be seen, summed over genre and decade."""
        return sum(losses.soft_cross_entropy(wanted, heads[kind]) for kind, wanted in self.split(conditions).items())

    def split(self, conditions) -> dict:
        """Conditions [B, K] as the targets of each head: {"genre": [B, G], "decade": [B, D]}."""
        parts = {"genre": conditions[:, : len(self.genres)], "decade": conditions[:, len(self.genres) :]}
        return {kind: part for kind, part in parts.items() if part.shape[1]}

    # Use ------------------------------------------------------------------------------------------------------------

    def generate(
        self, n: int, seed: int = 0, genre: str | Mapping[str, float] | None = None, decade: int | None = None
    ) -> np.ndarray:
        """Draw n covers with the averaged generator: uint8 [n, S, S, 3].

        The same seed draws from the same latents whatever the genre. What is not asked for is drawn as often as the
        training set has it. Arguments and errors as for `Conditions.sample`.
        """
        rows = self.conditions.sample(n, _label_rng(seed), genre, decade)
        return self.draw(self.latents(np.random.default_rng(seed), n), rows)

    def labels(self, n: int, seed: int = 0) -> np.ndarray:
        """The genres that `generate(n, seed)` was asked for, str [n]."""
        return self.conditions.names(self.conditions.sample(n, _label_rng(seed)))

    def classify(self, images: np.ndarray, batch_size: int = 64) -> np.ndarray:
        """What the discriminator's own head takes covers for: probabilities, float32 [N, G].

        Args:
            images: uint8 [N, S, S, 3].

        Raises:
            CourseError: if the model was not conditioned on genres.
        """
        if not self.genres:
            raise CourseError("The model was not conditioned on genres; train one that is.")
        probabilities = np.empty((len(images), len(self.genres)), np.float32)
        for start in range(0, len(images), batch_size):
            part = np.asarray(images[start : start + batch_size])
            padded = np.pad(part, [(0, batch_size - len(part)), (0, 0), (0, 0), (0, 0)])
            heads = self.discriminator.predict_on_batch(padded / np.float32(127.5) - 1)
            probabilities[start : start + len(part)] = ops.convert_to_numpy(ops.softmax(heads["genre"]))[: len(part)]
        return probabilities


class HistoricalACGAN(ACGAN):
    """The model of "Album Cover Generation from Genre Tags" (Hepburn, McConville, Santos-Rodriguez 2017).

    Latents are uniform, and two of them are codes that a head of the discriminator must find again in the fake, as in
    InfoGAN (Chen et al. 2016, equation 6, with a Gaussian of fixed width). Training starts without genres and goes on
    with them at lower learning rates. The paper starts on a larger set, of covers without genres; here both parts see
    the same covers, and the networks are those of this course.
    """

    LABEL_NOISE = 0.0
    CODES = 2
    PRETRAINING = 10_000  # steps; the paper does not say how many
    G_RATES, D_RATES = (2e-3, 1e-5), (1e-3, 2e-5)  # before and after

    def latents(self, rng, n):
        return 2 * rng.random((n, self.latent_dim), np.float32) - 1

    def share(self):
        """How much conditions count at this step: 0 or 1."""
        return ops.cast(self.step >= self.PRETRAINING, "float32")

    def condition(self, latents, batch):
        return [latents, self.share() * batch["conditions"]]

    def class_loss(self, heads, conditions):
        return self.share() * super().class_loss(heads, conditions)

    def adversarial_loss(self, real, fake, batch):
        d_loss, g_loss = super().adversarial_loss(real, fake, batch)
        code_loss = ops.mean(ops.square(fake["codes"] - batch["latents"][:, -self.CODES :]))
        return d_loss + code_loss, g_loss + code_loss


def build(
    recipe: str = "default", image_size: int = 32, width: int = 32, seed: int = 0, conditions: Mapping | None = None
) -> ACGAN:
    """A compiled ACGAN.

    Args:
        recipe: "historical" is the model of 2017, see `HistoricalACGAN`; "default" tells the generator what to draw in
            every batch norm, averages weights and learns faster.
        image_size, width, seed: as in `helpers.gan.dcgan.build`.
        conditions: the `settings` of `Conditions`.

    Raises:
        CourseError: on an unknown recipe, no conditions, or an image size the networks cannot make.
    """
    if recipe not in RECIPES:
        raise CourseError(f"There is no recipe {recipe!r}; choose from {', '.join(RECIPES)}.")
    if conditions is None:
        raise CourseError("An ACGAN must know what it is conditioned on; pass Conditions.of(covers).settings.")
    known = Conditions(**conditions)
    settings = {"model": "acgan", "recipe": recipe, "image_size": image_size, "width": width, "seed": seed}
    settings["conditions"] = known.settings
    historical = recipe == "historical"
    heads = {"genre": len(known.genres), "decade": len(known.decades)}
    heads["codes"] = HistoricalACGAN.CODES if historical else 0
    gan = (HistoricalACGAN if historical else ACGAN)(
        networks.generator(
            image_size,
            width,
            latent_dim=100 + heads["codes"],
            seed=seed,
            conditions=len(known),
            conditional_norm=not historical,
        ),
        networks.discriminator(image_size, width, seed=seed, heads={k: units for k, units in heads.items() if units}),
        known,
        class_weight=1.0 if historical else 0.1,
        # Colour carries the genre, so it stays as it is; shifts keep the class head from learning covers by heart.
        augment=Augment(() if historical else ("translation",)),
        ema_decay=0.0 if historical else 0.999,
        settings=settings,
    )
    rates = (1e-3, 1e-3)
    if historical:
        rates = [
            keras.optimizers.schedules.PiecewiseConstantDecay([gan.PRETRAINING - 1], values)  # the last of the first
            for values in (gan.G_RATES, gan.D_RATES)
        ]
    gan.compile(*(keras.optimizers.Adam(rate, beta_1=0.5) for rate in rates))
    return gan


def defaults(recipe: str, profile) -> dict:
    """Steps, batch size and width.

    The historical recipe has the paper's batch size and width, and a number of steps that is our guess. Otherwise they
    are the profile's, with twice the steps: there is more to learn.
    """
    if recipe == "historical":
        return {"steps": 2 * HistoricalACGAN.PRETRAINING, "batch_size": 128, "width": 128}
    return {"steps": 2 * profile.steps, "batch_size": profile.batch_size, "width": profile.width}


def _label_rng(seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, 2])  # another stream than that of the latents
