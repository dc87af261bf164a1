"""Steps of training and validation on one batch, by the fastest way that the backend offers."""

from typing import Any

import keras

from sedpool.runtime.arrays import Float32Array

Logs = dict[str, Any]
"""Loss and metrics of one batch: numbers, or scalars that a device may still be working on."""


class Steps:
    """Steps of a compiled model, whose variables hold the result of each.

    Parameters
    ----------
    training_model : keras.Model
        Compiled.
    """

    def __init__(self, training_model: keras.Model) -> None:
        self.training_model = training_model

    def train(self, x: Float32Array, y: Float32Array) -> Logs:
        """Train on one batch of features and targets."""
        return dict(self.training_model.train_on_batch(x, y, return_dict=True))

    def test(self, x: Float32Array, y: Float32Array) -> Logs:
        """Compute loss and metrics of one batch."""
        return dict(self.training_model.test_on_batch(x, y, return_dict=True))

    def place(self, array: Float32Array) -> Any:
        """Bring an array to the device; done in a thread while the step before is under way."""
        return array

    def write_back(self) -> None:
        """Bring the model's variables up to date."""


class JaxSteps(Steps):
    """Steps of a compiled model on JAX; its variables are up to date after `write_back` only.

    Keras's ``train_on_batch`` carries every variable into JAX's state and back, and waits for the device, in each step:
    for a network as small as the paper's, most of a GPU's time.
    """

    def __init__(self, training_model: keras.Model) -> None:
        import jax

        super().__init__(training_model)

        def train_step(weights: Any, metrics: Any, batch: Any) -> Any:
            return training_model.train_step((*weights, metrics), batch)

        self._train = jax.jit(train_step, donate_argnums=0)  # metrics begin each step with the same zeros
        self._test = jax.jit(training_model.test_step)
        self._has_metrics = False
        self._state: tuple[list[Any], ...] | None = None

    def train(self, x: Float32Array, y: Float32Array) -> Logs:
        """Train on one batch of features and targets."""
        *weights, metrics = self._current(x, y)
        logs, (*weights, _) = self._train(weights, metrics, (x, y))
        self._state = *weights, metrics
        return dict(logs)

    def test(self, x: Float32Array, y: Float32Array) -> Logs:
        """Compute loss and metrics of one batch."""
        trainable, others, _, metrics = self._current(x, y)
        return dict(self._test((trainable, others, metrics), (x, y))[0])

    def place(self, array: Float32Array) -> Any:
        """Bring an array to the device; done in a thread while the step before is under way."""
        import jax

        return jax.device_put(array)

    def write_back(self) -> None:
        """Bring the model's variables up to date."""
        for variables, values in zip(self._variables(), self._state or (), strict=False):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        self._state = None

    def _current(self, x: Float32Array, y: Float32Array) -> tuple[list[Any], ...]:
        if self._state is None:
            self.training_model.optimizer.build(self.training_model.trainable_variables)
            if not self._has_metrics:
                self.training_model.test_on_batch(x[:1], y[:1])  # on their first batch they make their variables
                self._has_metrics = True
            self.training_model.reset_metrics()
            self._state = tuple([variable.value for variable in variables] for variables in self._variables())
        return self._state

    def _variables(self) -> tuple[list[Any], ...]:
        model = self.training_model
        return (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )


def steps_of(training_model: keras.Model) -> Steps:
    """Return the fastest steps of a compiled model on Keras's backend."""
    return JaxSteps(training_model) if keras.backend.backend() == "jax" else Steps(training_model)
