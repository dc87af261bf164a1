"""Adam with a learning rate of its own for the pooling's α."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="sedpool")
class Adam(keras.optimizers.Adam):
    """Adam that moves α faster than the other weights.

    Parameters
    ----------
    alpha_lr_multiplier : float
        Factor on the learning rate of every variable called ``alpha``.
    **kwargs
        As for ``keras.optimizers.Adam``.
    """

    def __init__(self, alpha_lr_multiplier: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha_lr_multiplier = alpha_lr_multiplier

    def build(self, variables: list[Any]) -> None:
        """Note which variables are α: later the backend's own variables come, without Keras's names."""
        self._alphas = {index for index, variable in enumerate(variables) if variable.name == "alpha"}
        super().build(variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Apply one update to one variable."""
        if self._get_variable_index(variable) in self._alphas:
            learning_rate = learning_rate * self.alpha_lr_multiplier
        super().update_step(gradient, variable, learning_rate)

    def get_config(self) -> dict[str, Any]:
        """Add the multiplier to the configuration."""
        return {**super().get_config(), "alpha_lr_multiplier": self.alpha_lr_multiplier}
