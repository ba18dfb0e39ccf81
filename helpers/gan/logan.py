"""LOGAN: a latent-optimised GAN, where latents first take a step towards what D prefers (Wu et al. 2019)."""

import keras
from keras import ops

from helpers.gan import networks
from helpers.gan.backend import input_gradients
from helpers.gan.dcgan import DCGAN
from helpers.gan.wgan import settings_of

RECIPES = ("default",)


class LOGAN(DCGAN):
    """A DCGAN whose fakes are drawn from latents that were improved by one step of natural gradient ascent.

    With f(z) = D(G(z)) and g = df/dz, each latent takes a damped step of the natural gradient,

        dz = `RATE` g / (`DAMPING` + |g|^2),   z' = clip(z + dz, -1, 1),

    and both losses are taken at z'. dz depends on the weights of both networks, and gradients flow through it: the
    generator learns what D is about to like, and D what the generator is about to do with it. Only the first rows of a
    batch move, `OPTIMISED` per cent of them, so that plain latents, those that covers are drawn from later, stay in
    training. Moving has a price, `TRANSPORT |dz|^2` as a mean over all rows, in both losses; it is small, since damping
    lets no step be longer than `RATE` / (2 sqrt(`DAMPING`)), here 0.2.
    """

    MEASURES = ("transport",)
    RATE, DAMPING = 0.9, 5.0  # the paper's for large models; 0.1 did worse on covers
    OPTIMISED = 80
    TRANSPORT = 0.1

    def latents(self, rng, n):
        return 2 * rng.random((n, self.latent_dim), "float32") - 1

    def losses(self, batch):
        latents = batch["latents"]
        count = ops.shape(latents)[0] * self.OPTIMISED // 100
        first, rest = latents[:count], latents[count:]
        moved = ops.concatenate([ops.clip(first + self.latent_step(first), -1.0, 1.0), rest])
        logs = super().losses(batch | {"latents": moved})
        transport = ops.mean(ops.sum(ops.square(moved - latents), axis=1))
        price = self.TRANSPORT * transport
        return logs | {"d_loss": logs["d_loss"] + price, "g_loss": logs["g_loss"] + price, "transport": transport}

    def latent_step(self, latents):
        """dz for latents [B, L], differentiable for the weights of both networks."""
        # Batch norm by its running statistics: each row's step must depend on that row alone.
        slope = input_gradients(
            lambda z: ops.sum(self.discriminator(self.generator(z, training=False), training=False)), latents
        )
        return self.RATE * slope / (self.DAMPING + ops.sum(ops.square(slope), axis=1, keepdims=True))


def build(recipe: str = "default", image_size: int = 32, width: int = 32, seed: int = 0) -> LOGAN:
    """A compiled LOGAN on the networks of the DCGAN.

    Arguments and errors as for `helpers.gan.wgan.build`.
    """
    gan = LOGAN(
        networks.generator(image_size, width, seed=seed),
        networks.discriminator(image_size, width, seed=seed),
        settings=settings_of("logan", recipe, image_size, width, seed),
    )
    gan.compile(*(keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)))
    return gan


def defaults(recipe: str, profile) -> dict:
    """Those of the profile; a step takes about twice as long as the DCGAN's."""
    return {"steps": profile.steps, "batch_size": profile.batch_size, "width": profile.width}
