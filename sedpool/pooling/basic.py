"""Pooling operators without learned parameters: max, mean, softmax."""

from typing import Any

import keras

from sedpool.pooling import functional
from sedpool.pooling.functional import Tensor
from sedpool.pooling.layer import Pooling, WeightedMean


@keras.saving.register_keras_serializable(package="sedpool")
class Max(Pooling):
    """Max pooling: P = max p."""

    def call(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Pool ``p`` over the axis of the frames."""
        return functional.max_pool(p, self.axis, mask)


@keras.saving.register_keras_serializable(package="sedpool")
class Mean(WeightedMean):
    """Mean pooling: P = Σ p / m."""

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """1/m for each of the m valid frames."""
        return functional.mean_weights(p, self.axis, mask)


@keras.saving.register_keras_serializable(package="sedpool")
class Softmax(WeightedMean):
    """Softmax pooling of fixed sharpness: P = Σ w p with w = softmax(sharpness · p) over the frames."""

    def __init__(self, sharpness: float = 1.0, axis: int = 1, **kwargs: Any) -> None:
        super().__init__(axis, **kwargs)
        self.sharpness = sharpness

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Softmax over the frames of sharpness · p."""
        return functional.softmax_weights(p, self.sharpness, self.axis, mask)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this layer anew."""
        return {**super().get_config(), "sharpness": self.sharpness}
