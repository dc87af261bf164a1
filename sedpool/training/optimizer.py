"""Adam with a learning rate of its own for what the pooling learns."""

from typing import Any

import keras

POOLING_WEIGHTS = ("alpha", "exponent")  # AutoPool and its kin; power pooling and the generalised mean


@keras.saving.register_keras_serializable(package="sedpool")
class Adam(keras.optimizers.Adam):
    """Adam that moves α, or a pooling operator's learned exponent, faster than the other weights.

    Parameters
    ----------
    alpha_lr_multiplier : float
        Factor on the learning rate of every variable called ``alpha`` or ``exponent``.
    **kwargs
        As for ``keras.optimizers.Adam``.
    """

    def __init__(self, alpha_lr_multiplier: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha_lr_multiplier = alpha_lr_multiplier

    def build(self, variables: list[Any]) -> None:
        """Note which variables the pooling learns: later the backend's own variables come, without Keras's names."""
        self._learned = {index for index, variable in enumerate(variables) if variable.name in POOLING_WEIGHTS}
        super().build(variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Apply one update to one variable."""
        if self._get_variable_index(variable) in self._learned:
            learning_rate = learning_rate * self.alpha_lr_multiplier
        super().update_step(gradient, variable, learning_rate)

    def get_config(self) -> dict[str, Any]:
        """Add the multiplier to the configuration."""
        return {**super().get_config(), "alpha_lr_multiplier": self.alpha_lr_multiplier}
