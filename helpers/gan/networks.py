"""The networks of the DCGAN family: strided convolutions up and down, one block per doubling of the resolution."""

import keras
from keras import layers

from helpers.errors import CourseError

IMAGE_SIZES = (16, 32, 64, 128, 256)
SLOPE = 0.2  # of the leaky ReLU
EMBEDDING = 50  # numbers that a condition becomes beside the latents


def generator(
    image_size: int,
    width: int,
    latent_dim: int = 100,
    momentum: float = 0.9,
    extra_conv: bool = False,
    seed: int = 0,
    conditions: int = 0,
    conditional_norm: bool = True,
):
    """Latents [B, L] -> images [B, S, S, 3] in [-1, 1], fully convolutional (Radford et al. 2016, figure 1).

    With conditions it takes [latents, conditions [B, K]]. They enter linearly, so that a mixture of conditions gives a
    mixture of what each does.

    Args:
        image_size: S, a power of two from 16 to 256.
        width: channels at S / 2; doubled at every halving, so that 4 x 4 has width x S / 8.
        latent_dim: L.
        momentum: of batch norm's moving averages.
        extra_conv: one more 3 x 3 convolution before the last layer.
        seed: of the initial weights.
        conditions: K; 0 makes an unconditional generator.
        conditional_norm: conditions choose scale and offset of every batch norm (Dumoulin et al. 2017, section 2.2);
            otherwise their embedding is appended to the latents.

    Raises:
        CourseError: on an image size the network cannot make.
    """
    check_size(image_size)
    initializer = keras.initializers.GlorotUniform(seed=keras.random.SeedGenerator(seed))

    def block(x, layer):
        # Batch norm has its own offset, so the convolution needs no bias.
        x = layer(x)
        x = layers.BatchNormalization(momentum=momentum)(x)
        if conditions and conditional_norm:
            channels = x.shape[-1]
            scale, offset = change_of(channels), change_of(channels)
            x = layers.Add()([x, layers.Multiply()([x, scale]), offset])
        return layers.LeakyReLU(SLOPE)(x)

    def change_of(channels):
        # All zero at the start: every condition begins with the same generator.
        change = layers.Dense(channels, kernel_initializer="zeros", use_bias=False)(wanted)
        return layers.Reshape((1, 1, channels))(change)

    def upsample(channels, **options):
        # A kernel that the stride divides touches every pixel equally often, which keeps checkerboards away.
        return layers.Conv2DTranspose(channels, 4, 2, "same", kernel_initializer=initializer, **options)

    latents = inputs = x = layers.Input((latent_dim,), name="latents")
    if conditions:
        wanted = layers.Input((conditions,), name="conditions")
        inputs = [latents, wanted]
        if not conditional_norm:
            x = layers.Concatenate()([x, layers.Dense(EMBEDDING, kernel_initializer="zeros", use_bias=False)(wanted)])
    channels = width * image_size // 8
    x = layers.Reshape((1, 1, x.shape[-1]))(x)
    x = block(x, layers.Conv2DTranspose(channels, 4, use_bias=False, kernel_initializer=initializer))
    while channels > width:
        channels //= 2
        x = block(x, upsample(channels, use_bias=False))
    if extra_conv:
        x = block(x, layers.Conv2D(width, 3, padding="same", use_bias=False, kernel_initializer=initializer))
    images = upsample(3, activation="tanh", dtype="float32")(x)
    return keras.Model(inputs, images, name="generator")


def discriminator(
    image_size: int,
    width: int,
    momentum: float = 0.9,
    batch_norm: bool = True,
    seed: int = 0,
    heads: dict[str, int] | None = None,
):
    """Images [B, S, S, 3] in [-1, 1] -> logits [B, 1], the generator's mirror image.

    Args:
        image_size, width, momentum, seed: as in `generator`.
        batch_norm: after every convolution but the first; leave it out where a penalty looks at single images.
        heads: name -> units: more linear layers beside the one for the logits. The network then returns all of them,
            {"logits": [B, 1], name: [B, units], ...}.

    Raises:
        CourseError: on an image size the network cannot take.
    """
    check_size(image_size)
    initializer = keras.initializers.GlorotUniform(seed=keras.random.SeedGenerator(seed))
    images = layers.Input((image_size, image_size, 3), name="images")
    x, channels = images, width
    while channels <= width * image_size // 8:
        normalised = batch_norm and channels > width
        x = layers.Conv2D(channels, 4, 2, "same", use_bias=not normalised, kernel_initializer=initializer)(x)
        if normalised:
            x = layers.BatchNormalization(momentum=momentum)(x)
        x = layers.LeakyReLU(SLOPE)(x)
        channels *= 2
    x = layers.Flatten()(x)
    sizes = {"logits": 1} | (heads or {})
    outputs = {
        name: layers.Dense(units, dtype="float32", kernel_initializer=initializer, name=name)(x)
        for name, units in sizes.items()
    }
    return keras.Model(images, outputs if heads else outputs["logits"], name="discriminator")


def check_size(image_size: int) -> None:
    if image_size not in IMAGE_SIZES:
        sizes = ", ".join(map(str, IMAGE_SIZES))
        raise CourseError(
            f"This network works at {sizes} px, not at {image_size} px; prepare the covers at one of those."
        )
