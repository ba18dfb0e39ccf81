"""The smallest GAN that has every part the engine knows: 16 px, four channels, batch norm, R1, augmentation."""

import keras
import numpy as np
from keras import layers

from helpers.covers import CoverSet
from helpers.gan import losses
from helpers.gan.augment import Augment
from helpers.gan.base import GAN
from helpers.records import Record

SIZE, LATENT, BATCH = 16, 8, 8
GENRES = (("rock",), ("jazz",), ("rock", "folk"), ())
YEARS = (1969, 1970, 1979, 1985, None)


def generator(width: int = 4):
    x = latents = layers.Input((LATENT,))
    x = layers.Reshape((1, 1, LATENT))(x)
    for channels, kernel, stride, padding in ((2 * width, 4, 1, "valid"), (width, 4, 2, "same")):
        x = layers.Conv2DTranspose(channels, kernel, stride, padding, use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2DTranspose(3, 4, 2, "same", activation="tanh", dtype="float32")(x)
    return keras.Model(latents, x)


def discriminator(width: int = 4):
    x = images = layers.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(width, 4, 2, "same")(x)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(2 * width, 4, 2, "same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.LeakyReLU(0.2)(x)
    return keras.Model(images, layers.Dense(1, dtype="float32")(layers.Flatten()(x)))


class TinyGAN(GAN):
    """Choose the loss, and the weight of R1; from step `nan_from` on the losses are NaN."""

    def __init__(self, *networks, loss="non_saturating", r1=0.0, nan_from=None, **options):
        super().__init__(*networks, **options)
        self.loss_fn, self.r1, self.nan_from = getattr(losses, loss), r1, nan_from

    def adversarial_loss(self, real_logits, fake_logits, batch):
        d_loss, g_loss = self.loss_fn(real_logits, fake_logits)
        if self.nan_from is not None:
            poison = keras.ops.where(self.step + 1 >= self.nan_from, float("nan"), 1.0)
            d_loss, g_loss = d_loss * poison, g_loss * poison
        return d_loss, g_loss

    def discriminator_extra(self, real, fake, batch):
        if not self.r1:
            return 0.0
        return self.r1 * losses.r1_penalty(lambda images: self.discriminator(images, training=False), real)


def build(width: int = 4, augment=(), optimizer=None, seed: int = 0, **options) -> TinyGAN:
    """A compiled GAN; `optimizer()` makes each of its two optimizers."""
    keras.utils.set_random_seed(seed)
    gan = TinyGAN(generator(width), discriminator(width), augment=Augment(augment), **options)
    optimizer = optimizer or (lambda: keras.optimizers.Adam(1e-3, beta_1=0.5))
    gan.compile(optimizer(), optimizer())
    return gan


def all_weights(gan) -> list[np.ndarray]:
    """Every variable of the model and of both optimizers."""
    return [keras.ops.convert_to_numpy(variable) for variable in (*gan.variables, *gan.optimizer.variables)]


def same(left, right) -> bool:
    return len(left) == len(right) and all(map(np.array_equal, left, right))


def make_covers(path, n: int = 40, seed: int = 0) -> CoverSet:
    images = np.random.default_rng(seed).integers(0, 256, (n, SIZE, SIZE, 3), np.uint8)
    records = (
        Record(
            source="random",
            source_id=str(k),
            ml_use="allowed",
            genres=GENRES[k % 4],
            year=YEARS[k % 5],
            features={"tempo": 60.0 + 3 * k} | ({"energy": k / n} if k % 3 else {}),
        )
        for k in range(n)
    )
    return CoverSet.build(zip(records, images, strict=True), path, SIZE)
