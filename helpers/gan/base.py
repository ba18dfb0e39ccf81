"""GAN: two networks, two optimizers, an averaged generator, and one training step under `keras.Model.fit`."""

import os
from collections.abc import Iterator, Sequence

import keras
import numpy as np
from keras import ops

from helpers.errors import CourseError
from helpers.gan import checkpoints, losses
from helpers.gan.augment import Augment
from helpers.gan.backend import TrainStep, apply_gradients, compiles_by_default, value_and_gradients
from helpers.gan.callbacks import Interrupt
from helpers.gan.runs import Run


class GAN(TrainStep, keras.Model):
    """A generative adversarial network (Goodfellow et al. 2014).

    One forward pass serves both networks. Nothing random happens inside the step: latents, label noise and
    augmentation are drawn from (seed, step) and come in with the covers, so that a step is a function of weights and
    batch, the same on every backend, and a run can be resumed exactly.

    A variant overrides only what its paper changed: `latents`, `noise`, `targets`, `condition`, `adversarial_loss`,
    `discriminator_extra`, `measures`, or `losses` as a whole.

    Attributes:
        n_critic: updates of the discriminator in a step, each on covers of its own; the last one shares its forward
            pass with the generator's only update.
        MEASURES: names of what `measures` gives.

    Args:
        generator: latents [B, L] -> images [B, S, S, 3] in [-1, 1], float32.
        discriminator: images -> logits [B, 1], float32.
        augment: applied to everything the discriminator sees.
        ema_decay: per step, of the averaged copy of the generator that draws all samples.
        settings: what `helpers.gan.load` needs to build the same model again; kept in the run's `run.json`.
    """

    n_critic = 1
    MEASURES = ()

    def __init__(self, generator, discriminator, augment=None, ema_decay=0.999, settings=None):
        super().__init__(name="gan")
        self.generator, self.discriminator = generator, discriminator
        self.ema_generator = keras.models.clone_model(generator)
        self.ema_generator.set_weights(generator.get_weights())
        self.ema_generator.trainable = False
        self.augment = augment or Augment()
        self.ema_decay = ema_decay
        self.settings = dict(settings or {})
        self.step = self.add_weight(name="step", shape=(), dtype="int32", initializer="zeros", trainable=False)
        self.means = [keras.metrics.Mean(name) for name in ("d_loss", "g_loss", *self.MEASURES)]
        self.built = True

    @property
    def latent_dim(self) -> int:
        return self.generator.inputs[0].shape[-1]

    @property
    def image_size(self) -> int:
        return self.generator.output_shape[1]

    @property
    def metrics(self):
        return self.means

    def compile(self, g_optimizer, d_optimizer, jit_compile: bool | None = None, **kwargs):
        """Set the optimizers. XLA is used on GPU and TPU unless `jit_compile` says otherwise."""
        if keras.config.dtype_policy().name == "mixed_float16":
            g_optimizer, d_optimizer = map(keras.optimizers.LossScaleOptimizer, (g_optimizer, d_optimizer))
        g_optimizer.build(self.generator.trainable_variables)
        d_optimizer.build(self.discriminator.trainable_variables)
        jit_compile = compiles_by_default() if jit_compile is None else jit_compile
        self.ema_generator.jit_compile = jit_compile
        optimizer = PairedOptimizer(g_optimizer, d_optimizer)
        super().compile(optimizer=optimizer, jit_compile=jit_compile, auto_scale_loss=False, **kwargs)

    # What a variant may override ------------------------------------------------------------------------------------

    def latents(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Where covers come from: float32 [n, L], the first k rows the same for any n."""
        return rng.standard_normal((n, self.latent_dim), np.float32)

    def noise(self, rng: np.random.Generator, batch_size: int) -> dict:
        """Everything random in one step, as NumPy arrays."""
        return {
            "latents": self.latents(rng, batch_size),
            "augment_real": self.augment.draw(rng, batch_size),
            "augment_fake": self.augment.draw(rng, batch_size),
        }

    def targets(self, covers) -> dict[str, np.ndarray]:
        """What a step is told about its covers, beside the pictures: name -> one row per cover of the set."""
        return {}

    def condition(self, latents, batch: dict):
        """What the generator is given: the latents, and in a conditional model what they shall become."""
        return latents

    def adversarial_loss(self, real_logits, fake_logits, batch: dict):
        """(d_loss, g_loss), two scalars, from what D said; `batch` holds covers, `targets` and what `noise` drew."""
        return losses.non_saturating(real_logits, fake_logits)

    def discriminator_extra(self, real, fake, batch: dict):
        """A scalar added to d_loss, for example a gradient penalty; covers are [B, S, S, 3] in [-1, 1]."""
        return 0.0

    def measures(self, real_logits, fake_logits, batch: dict) -> dict:
        """What a variant wants logged beside the losses: a scalar for every name in `MEASURES`."""
        return {}

    def losses(self, batch: dict) -> dict:
        """{"d_loss", "g_loss", and every one of `MEASURES`}: scalars, from one forward pass of both networks."""
        real = scaled(batch["images"])
        fake = self.generator(self.condition(batch["latents"], batch), training=True)
        # Two calls, not one on the concatenation: batch norm must not mix the statistics of real and fake.
        real_logits = self.discriminate(real, batch["augment_real"])
        fake_logits = self.discriminate(fake, batch["augment_fake"])
        d_loss, g_loss = self.adversarial_loss(real_logits, fake_logits, batch)
        d_loss += self.discriminator_extra(real, ops.stop_gradient(fake), batch)
        return {"d_loss": d_loss, "g_loss": g_loss} | self.measures(real_logits, fake_logits, batch)

    # Training -------------------------------------------------------------------------------------------------------

    def discriminate(self, images, draws: dict):
        return self.discriminator(self.augment(images, draws), training=True)

    def gan_step(self, batch: dict) -> dict:
        """One update of the generator and `n_critic` of the discriminator; returns means since the last reset."""
        *before, last = self._parts(batch)
        for part in before:
            self._update(part, only_discriminator=True)
        logs = self._update(last)
        self.step.assign_add(1)
        self._update_average()
        for metric in self.metrics:
            metric.update_state(logs[metric.name])
        return {metric.name: metric.result() for metric in self.metrics}

    def _parts(self, batch: dict) -> list[dict]:
        """The batch cut into `n_critic` equal ones."""
        count = self.n_critic
        return [keras.tree.map_structure(lambda rows, k=k: ops.split(rows, count)[k], batch) for k in range(count)]

    def _update(self, batch: dict, only_discriminator: bool = False) -> dict:
        """One update of both networks, or of one; returns what `losses` gave."""
        pairs = {"d_loss": (self.optimizer.d_optimizer, self.discriminator.trainable_variables)}
        if not only_discriminator:
            pairs["g_loss"] = (self.optimizer.g_optimizer, self.generator.trainable_variables)
        scales = {name: optimizer.scale_loss(1.0) for name, (optimizer, _) in pairs.items()}  # more than 1 with float16

        def losses_fn():
            logs = self.losses(batch)
            return tuple(scale * logs[name] for name, scale in scales.items()), logs

        logs, gradients = value_and_gradients(self, losses_fn, *(variables for _, variables in pairs.values()))
        for (optimizer, variables), of_loss in zip(pairs.values(), gradients, strict=True):
            apply_gradients(optimizer, of_loss, variables)
        return logs

    def _update_average(self):
        # The decay grows from 2/11 to its final value, so that early samples are not averages with the random start.
        step = ops.cast(self.step, "float32")
        decay = ops.minimum(self.ema_decay, (1 + step) / (10 + step))
        for average, value in zip(self.ema_generator.variables, self.generator.variables, strict=True):
            average.assign(value + ops.cast(decay, value.dtype) * (average - value))

    def batches(self, covers, batch_size: int, seed: int, start_step: int = 0) -> Iterator[tuple[dict]]:
        """Endless batches of covers, targets and noise; the k-th is a function of (seed, k) alone.

        There are `n_critic` times `batch_size` rows in each.
        """
        targets = self.targets(covers)
        batch_size *= self.n_critic
        for step, rows in enumerate(covers.batch_rows(batch_size, seed, start_step), start_step):
            rng = np.random.default_rng([seed, step, 1])  # 1: another stream than that of batch order and samples
            told = {name: values[rows] for name, values in targets.items()}
            yield ({"images": covers[rows]} | told | self.noise(rng, batch_size),)

    def fit(
        self,
        covers,
        steps: int,
        batch_size: int = 32,
        seed: int = 0,
        run: str | os.PathLike | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        verbose: str | int = "auto",
    ) -> "GAN":
        """Train until `steps` updates have been made in all; Ctrl-C saves the run and raises KeyboardInterrupt.

        Args:
            covers: a `CoverSet` of this model's image size.
            steps: total number of updates, those of earlier calls and of the resumed run included.
            batch_size: covers in an update; a step takes `n_critic` times as many.
            seed: of batch order, latents, label noise and augmentation.
            run: folder for checkpoints, log, sample grids and timelapse; training goes on from its checkpoint.
            callbacks: further Keras callbacks.
            verbose: as in `keras.Model.fit`; 0 hides the progress bar.

        Raises:
            CourseError: if sizes do not fit, the run has other settings, a loss becomes NaN, or the disk is full.
        """
        if covers.size != self.image_size:
            raise CourseError(f"The covers are {covers.size} px and the model {self.image_size} px; prepare that size.")
        if steps < 1:
            raise CourseError(f"Cannot train for {steps} steps; ask for at least one.")
        if self.n_critic > 1 and self.n_critic * batch_size > len(covers):
            raise CourseError(
                f"A step takes {self.n_critic} batches of {batch_size} different covers, and there are {len(covers)}; "
                f"choose a batch of at most {len(covers) // self.n_critic}."
            )
        next(self.batches(covers, batch_size, seed))  # complains about batch size and covers before a folder is made
        if run is not None:
            run = Run(run)
            run.begin(self, dict(self.settings) | {"batch_size": batch_size, "seed": seed, "covers": covers.hash})
            callbacks = [*run.callbacks(steps), *callbacks]
        start = int(self.step)
        if start < steps:
            batches = self.batches(covers, batch_size, seed, start)
            with Interrupt() as interrupt:
                super().fit(
                    batches,
                    epochs=1,  # one long epoch, so that the progress bar runs to the end of training
                    steps_per_epoch=steps - start,
                    shuffle=False,
                    callbacks=[interrupt, *callbacks],
                    verbose=verbose,
                )
        return self

    # Use ------------------------------------------------------------------------------------------------------------

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Draw n covers with the averaged generator: uint8 [n, S, S, 3]; the first k do not depend on n."""
        return self.draw(self.latents(np.random.default_rng(seed), n))

    def draw(self, latents: np.ndarray, *conditions: np.ndarray, batch_size: int = 64) -> np.ndarray:
        """Draw covers from latents [N, L], and in a conditional model from conditions [N, K]: uint8 [N, S, S, 3]."""
        images = np.empty((len(latents), self.image_size, self.image_size, 3), np.uint8)
        for start in range(0, len(latents), batch_size):
            parts = [rows[start : start + batch_size] for rows in (latents, *conditions)]
            count = len(parts[0])
            padded = [np.pad(part, [(0, batch_size - count), (0, 0)]) for part in parts]  # one shape, compiled once
            drawn = self.ema_generator.predict_on_batch(padded if conditions else padded[0])
            drawn = ops.convert_to_numpy(drawn)[:count]
            images[start : start + count] = np.rint((drawn.clip(-1, 1) + 1) * 127.5)
        return images

    def save(self, path: str | os.PathLike) -> None:
        """Write all weights, both optimizers and the step to a `.npz` file."""
        checkpoints.save(self, path)

    def load(self, path: str | os.PathLike) -> None:
        """Inverse of `save`.

        Raises:
            CourseError: if the file is missing, damaged, or of another architecture.
        """
        checkpoints.load(self, path)


def scaled(images):
    """Bytes become float32 in [-1, 1]; floats are left alone, such as the points of `helpers.gan.ring`."""
    if keras.backend.standardize_dtype(images.dtype) != "uint8":
        return images
    return ops.cast(images, "float32") / 127.5 - 1.0


class PairedOptimizer(keras.optimizers.Optimizer):
    """Two optimizers that look like one to Keras, which carries the state of exactly one."""

    def __init__(self, g_optimizer, d_optimizer):
        super().__init__(learning_rate=0.0, name="paired")
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer
        self.built = True

    @property
    def variables(self):
        return [*self.g_optimizer.variables, *self.d_optimizer.variables]
