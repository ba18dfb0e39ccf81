"""The recipes that `acgan_recipes.py` compares: each is the plain ACGAN with one thing changed."""

from dataclasses import dataclass

import keras
from keras import layers, ops

from helpers.gan import networks
from helpers.gan.acgan import ACGAN
from helpers.gan.augment import Augment
from helpers.gan.conditions import Conditions
from helpers.gan.dcgan import DCGAN


class FakesToo(ACGAN):
    """The discriminator's class head learns from fakes as well (Odena et al. 2017, equation 3)."""

    def adversarial_loss(self, real, fake, batch):
        d_loss, g_loss = super().adversarial_loss(real, fake, batch)
        return d_loss + self.class_weight * self.class_loss(fake, batch["conditions"]), g_loss


class Projection(ACGAN):
    """No class loss: D's logit is the sum of "is it real?" and "does it look like that genre?".

    Miyato & Koyama 2018, equation 3. The inner product of an embedding of the label with the last features is one
    number per class, which the class head gives already; the conditions pick among them.
    """

    def adversarial_loss(self, real, fake, batch):
        matched = [
            heads["logits"] + sum(ops.sum(wanted * heads[kind], axis=1, keepdims=True) for kind, wanted in parts)
            for heads in (real, fake)
            for parts in [self.split(batch["conditions"]).items()]
        ]
        return DCGAN.adversarial_loss(self, *matched, batch)


class ReACGAN(ACGAN):
    """Data-to-data cross-entropy (Kang et al. 2021, equation 8) for the genre, in place of the class head's.

    Embeddings and class proxies have length 1. An embedding shall point the way of its class's proxy, and not the way
    of the batch's covers of other classes; pairs that are alike, or apart, enough pull no more.
    """

    MARGIN, TEMPERATURE, WEIGHT = 0.98, 0.5, 0.5

    def adversarial_loss(self, real, fake, batch):
        d_loss, g_loss = DCGAN.adversarial_loss(self, real["logits"], fake["logits"], batch)
        wanted = self.split(batch["conditions"])["genre"]
        return tuple(
            loss + self.WEIGHT * self.data_to_data(heads, wanted) for loss, heads in ((d_loss, real), (g_loss, fake))
        )

    def data_to_data(self, heads, wanted):
        towards_proxy = ops.sum(heads["genre"] * wanted, axis=1)
        between = heads["embedding"] @ ops.transpose(heads["embedding"])
        known = ops.sum(wanted, axis=1)  # 0 where the genre is not, and such covers count for nothing
        other = ops.cast(wanted @ ops.transpose(wanted) == 0, "float32") * known[:, None] * known
        pull = ops.exp(ops.minimum(towards_proxy - self.MARGIN, 0) / self.TEMPERATURE)
        push = ops.sum(other * ops.exp(ops.maximum(between - (1 - self.MARGIN), 0) / self.TEMPERATURE), axis=1)
        return ops.sum(known * (ops.log(pull + push) - ops.log(pull))) / ops.maximum(ops.sum(known), 1.0)


class Proxies(layers.Layer):
    """Features [B, F] -> {"embedding": [B, E], "genre": [B, G] cosines with each class's proxy}, all of length 1."""

    def __init__(self, classes: int, size: int = 128, seed: int = 0):
        super().__init__()
        self.classes, self.size = classes, size
        self.initializer = keras.initializers.GlorotUniform(seed=keras.random.SeedGenerator(seed))

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.size), initializer=self.initializer)
        self.proxies = self.add_weight(shape=(self.classes, self.size), initializer=self.initializer)

    def call(self, x):
        embedding, proxies = (ops.normalize(value, axis=-1) for value in (x @ self.kernel, self.proxies))
        return {"embedding": embedding, "genre": embedding @ ops.transpose(proxies)}


class Ramp(ACGAN):
    """Unconditional at first; conditions and class loss grow from 0 to 1 between two steps (Shahbazi et al. 2022)."""

    START, END = 600, 1200

    def share(self):
        return ops.clip((ops.cast(self.step, "float32") - self.START) / (self.END - self.START), 0.0, 1.0)

    def condition(self, latents, batch):
        return [latents, self.share() * batch["conditions"]]

    def class_loss(self, heads, conditions):
        return self.share() * super().class_loss(heads, conditions)


@dataclass(frozen=True)
class Recipe:
    """What differs from the plain ACGAN, which is `Recipe()`: the default of the course, but without augmentation."""

    gan: type[ACGAN] = ACGAN
    conditional_norm: bool = True
    augment: tuple[str, ...] = ()
    class_weight: float = 0.1

    def build(self, image_size: int, width: int, conditions: Conditions, seed: int = 0) -> ACGAN:
        generator = networks.generator(
            image_size, width, seed=seed, conditions=len(conditions), conditional_norm=self.conditional_norm
        )
        sizes = {"genre": len(conditions.genres), "decade": len(conditions.decades)}
        heads = {kind: size for kind, size in sizes.items() if size}
        discriminator = networks.discriminator(image_size, width, seed=seed, heads=heads)
        if self.gan is ReACGAN:
            features = discriminator.get_layer("logits").input
            proxies = Proxies(sizes["genre"], seed=seed)(features)
            discriminator = keras.Model(discriminator.input, discriminator.output | proxies)
        gan = self.gan(generator, discriminator, conditions, self.class_weight, augment=Augment(self.augment))
        gan.compile(*(keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)))
        return gan


RECIPES = {
    "plain": Recipe(),
    "embedding": Recipe(conditional_norm=False),
    "fakes_too": Recipe(FakesToo),
    "class_weight_1": Recipe(class_weight=1.0),
    "projection": Recipe(Projection),
    "d2d_ce": Recipe(ReACGAN),
    "ramp": Recipe(Ramp),
    "augmented": Recipe(augment=("translation",)),
}
