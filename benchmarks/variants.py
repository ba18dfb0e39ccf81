"""The recipes that `recipes.py` compares: the default DCGAN with one thing changed, and other models of the course.

A variant of the loss is a subclass of `GAN`; a variant of a network is a function that says which layer takes the place
of another.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import layers, ops

from helpers.gan import build, losses, networks
from helpers.gan.augment import Augment
from helpers.gan.base import GAN
from helpers.gan.dcgan import DCGAN

# Losses -------------------------------------------------------------------------------------------------------------
# Batch norm lets a logit depend on the whole batch, and the penalties look at single images: these go without it.


class LazyR1(GAN):
    """R1 instead of label noise (Mescheder et al. 2018), computed in every eighth step and weighed eightfold.

    Being lazy is from Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN", section 3.1.
    A gamma of 0.01 did better than 0.1 in a trial, at Adam's 1e-3 as at 4e-4.
    """

    GAMMA, EVERY = 0.01, 8

    def discriminator_extra(self, real, fake, batch):
        def penalty():
            return self.EVERY * self.GAMMA / 2 * losses.r1_penalty(self.discriminator, real)

        # A branch that is not taken costs nothing, on either backend.
        return ops.cond(self.step % self.EVERY == 0, penalty, lambda: ops.zeros(()))


class Relativistic(GAN):
    """Relativistic pairing with R1 and R2 in every step (Huang et al. 2024, "The GAN is dead; long live the GAN!").

    A gamma of 0.01 did better than 0.03 and 0.1 in a trial, and Adam's 1e-3 better than 4e-4.
    """

    GAMMA = 0.01

    def adversarial_loss(self, real_logits, fake_logits, batch):
        return losses.relativistic(real_logits, fake_logits)

    def discriminator_extra(self, real, fake, batch):
        return self.GAMMA / 2 * sum(losses.r1_penalty(self.discriminator, images) for images in (real, fake))


class Hinge(GAN):
    """Hinge loss, the usual company of spectral normalisation (Miyato et al. 2018).

    Adam's 1e-3 did better than 4e-4 in a trial.
    """

    def adversarial_loss(self, real_logits, fake_logits, batch):
        return losses.hinge(real_logits, fake_logits)


# Layers -------------------------------------------------------------------------------------------------------------


def copy(layer):
    return layer.__class__.from_config(layer.get_config())


def spectral(layer):
    """Every layer with a kernel has its largest singular value held at 1 (Miyato et al. 2018, section 2.1).

    Keras does so by assigning the kernel in the forward pass. Our step for JAX lets no gradient through what is
    assigned there, so this recipe is for TensorFlow; the others take the same steps on both.
    """
    return layers.SpectralNormalization(copy(layer)) if hasattr(layer, "kernel") else copy(layer)


def nearest(layer):
    """Pixels are doubled and convolved 3 x 3, in place of a transposed convolution (Odena et al. 2016)."""
    if not (isinstance(layer, layers.Conv2DTranspose) and layer.strides == (2, 2)):
        return copy(layer)
    options = {name: layer.get_config()[name] for name in ("filters", "use_bias", "activation", "dtype")}
    initializer = copy(layer.kernel_initializer)
    conv = layers.Conv2D(kernel_size=3, padding="same", kernel_initializer=initializer, **options)
    return keras.Sequential([layers.UpSampling2D(2, interpolation="nearest"), conv])


def deviation(layer):
    """The discriminator's last layer also sees how much the covers of a batch differ."""
    return keras.Sequential([MinibatchDeviation(), copy(layer)]) if isinstance(layer, layers.Flatten) else copy(layer)


class MinibatchDeviation(layers.Layer):
    """[B, H, W, C] -> [B, H, W, C + 1]: the added channel says how much the images of a group differ.

    Karras et al. 2018, "Progressive Growing of GANs", section 3, in groups of four as StyleGAN has it: the standard
    deviation over the group, averaged over everything else.
    """

    GROUP = 4

    def call(self, x):
        groups = ops.reshape(x, (self.GROUP, -1, *x.shape[1:]))
        spread = ops.mean(ops.sqrt(ops.var(groups, axis=0) + 1e-8), axis=(1, 2, 3), keepdims=True)
        return ops.concatenate([x, ops.tile(spread, (self.GROUP, *x.shape[1:3], 1))], axis=-1)

    def compute_output_shape(self, shape):
        return (*shape[:-1], shape[-1] + 1)


# Recipes ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recipe:
    """What differs from the default, which is `Recipe()`.

    Attributes:
        gan: the class, for its loss.
        batch_norm: in the discriminator.
        in_generator, in_discriminator: from a layer to a copy of it, or to what takes its place.
        augment: names for `helpers.gan.augment.Augment`.
        rate: Adam's learning rate, of both networks.
    """

    gan: type[GAN] = DCGAN
    batch_norm: bool = True
    in_generator: Callable = copy
    in_discriminator: Callable = copy
    augment: tuple[str, ...] = ()
    rate: float = 1e-3

    def build(self, image_size: int, width: int, seed: int = 0) -> GAN:
        """A compiled model; arguments as for `helpers.gan.dcgan.build`."""
        keras.utils.set_random_seed(seed)  # for the layers that are new
        generator = networks.generator(image_size, width, seed=seed)
        discriminator = networks.discriminator(image_size, width, batch_norm=self.batch_norm, seed=seed)
        if self.in_generator is not copy:
            generator = keras.models.clone_model(generator, clone_function=self.in_generator)
        if self.in_discriminator is not copy:
            discriminator = keras.models.clone_model(discriminator, clone_function=self.in_discriminator)
        gan = self.gan(generator, discriminator, Augment(self.augment))
        gan.compile(*(keras.optimizers.Adam(self.rate, beta_1=0.5) for _ in range(2)))
        return gan


@dataclass(frozen=True)
class Model:
    """A model as the course builds it, with the losses, rates and number of updates of its paper."""

    model: str
    recipe: str = "default"

    def build(self, image_size: int, width: int, seed: int = 0) -> GAN:
        return build(self.model, recipe=self.recipe, image_size=image_size, width=width, seed=seed)


RECIPES = {
    "default": Recipe(),
    "r1": Recipe(LazyR1, batch_norm=False),
    "relativistic": Recipe(Relativistic, batch_norm=False),
    "spectral": Recipe(Hinge, batch_norm=False, in_discriminator=spectral),
    "nearest": Recipe(in_generator=nearest),
    "minibatch_deviation": Recipe(in_discriminator=deviation),
    "augmented": Recipe(augment=("translation",)),
    "rate_5e-4": Recipe(rate=5e-4),
    "rate_2e-3": Recipe(rate=2e-3),
    "historical": Model("dcgan", "historical"),
    "wgan": Model("wgan"),
    "wgan_gp": Model("wgan_gp"),
    "logan": Model("logan"),
}
