"""The only file that names a backend: gradients, and how Keras hands its state to a training step.

Everything else under `helpers.gan` is written with `keras.ops` and runs on TensorFlow and on JAX. The functions are
explained in their TensorFlow form; those for JAX do the same.
"""

from collections.abc import Callable, Sequence

import keras

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    def value_and_gradients(model, losses_fn: Callable, *groups: Sequence):
        """Gradients of several losses, each for its own variables, from one forward pass.

        Args:
            model: the model that owns every variable in play.
            losses_fn: () -> (losses, logs): a tuple with one scalar per group, and a dict of tensors to report.
                Variables that it updates (batch-norm statistics) keep their new values.
            groups: lists of variables.

        Returns:
            (logs, gradients), gradients being one list per group.
        """
        with tf.GradientTape(persistent=True) as tape:
            losses, logs = losses_fn()
        return logs, [tape.gradient(loss, group) for loss, group in zip(losses, groups, strict=True)]

    def apply_gradients(optimizer, gradients: Sequence, variables: Sequence):
        """Update `variables` with an optimizer, of whatever kind."""
        optimizer.apply(gradients, variables)

    def input_gradients(fn: Callable, x):
        """Gradient of the scalar `fn(x)` for `x`, itself differentiable: for R1 and its kin.

        `fn` must not update variables: call networks that have batch norm with `training=False`.
        """
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = fn(x)
        return tape.gradient(y, x)

    def compiles_by_default() -> bool:
        """Whether to compile the training step with XLA on the device at hand."""
        # Measured on two CPU cores: XLA is 1.5 to 2.8 times slower than plain graphs, and compiles for half a minute.
        return bool(tf.config.list_physical_devices("GPU") or tf.config.list_physical_devices("TPU"))

    class TrainStep:
        """Mixin that lets `keras.Model.fit` call `gan_step(batch) -> logs`, whatever the backend.

        JAX wants a pure function from state to state (https://keras.io/guides/custom_train_step_in_jax/); the step is
        written once, with assignments, and a StatelessScope turns those into the new state.
        """

        def train_step(self, data):
            (batch,) = data
            return self.gan_step(batch)

elif keras.backend.backend() == "jax":
    import jax

    class ConstantUpdates(keras.StatelessScope):
        """No gradient flows through an updated variable that is read again, as on TensorFlow."""

        def add_update(self, update):
            variable, value = update
            super().add_update((variable, jax.lax.stop_gradient(value)))

    def value_and_gradients(model, losses_fn: Callable, *groups: Sequence):
        wanted = [variable for group in groups for variable in group]
        wanted_ids = {id(variable) for variable in wanted}
        # An inner scope does not see the outer one, and `fit` empties the variables: hand every value in.
        rest = [variable for variable in model.variables if id(variable) not in wanted_ids]
        frozen = [(variable, variable.value) for variable in rest]

        def pure(values):
            with ConstantUpdates(state_mapping=[*frozen, *zip(wanted, values, strict=True)]) as scope:
                losses, logs = losses_fn()
            # What the forward pass updates: batch-norm statistics.
            return losses, (logs, [scope.get_current_value(variable) for variable in rest])

        losses, pullback, (logs, updated) = jax.vjp(pure, [variable.value for variable in wanted], has_aux=True)
        for variable, value in zip(rest, updated, strict=True):
            variable.assign(value)
        gradients, start = [], 0
        for index, group in enumerate(groups):
            one_hot = tuple(jax.numpy.full_like(loss, i == index) for i, loss in enumerate(losses))
            gradients.append(pullback(one_hot)[0][start : start + len(group)])
            start += len(group)
        return logs, gradients

    def apply_gradients(optimizer, gradients: Sequence, variables: Sequence):
        # Loss scaling decides in a branch whether to update, and JAX lets values out of a branch, but no assignments.
        state = [variable.value for variable in optimizer.variables]
        new_values, new_state = optimizer.stateless_apply(state, gradients, [variable.value for variable in variables])
        for variable, value in zip([*variables, *optimizer.variables], [*new_values, *new_state], strict=True):
            variable.assign(value)

    def input_gradients(fn: Callable, x):
        return jax.grad(fn)(x)

    def compiles_by_default() -> bool:
        return True  # JAX runs op by op otherwise

    class TrainStep:
        def train_step(self, state, data):
            (batch,) = data
            groups = (
                self.trainable_variables,
                self.non_trainable_variables,
                self.optimizer.variables,
                self.metrics_variables,
            )
            mapping = [
                pair for refs, values in zip(groups, state, strict=True) for pair in zip(refs, values, strict=True)
            ]
            with keras.StatelessScope(state_mapping=mapping) as scope:
                logs = self.gan_step(batch)
            return logs, tuple([scope.get_current_value(ref) for ref in refs] for refs in groups)

else:
    raise ImportError(
        f"The course trains on TensorFlow or JAX, not on {keras.backend.backend()}: "
        "set KERAS_BACKEND=tensorflow before Python starts."
    )
