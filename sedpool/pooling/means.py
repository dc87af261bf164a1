"""Weighted means with nothing to learn: mean, softmax, linear softmax."""

from typing import Any

import keras

from sedpool.pooling import functional
from sedpool.pooling.layer import WeightedMean
from sedpool.pooling.masked import Tensor


@keras.saving.register_keras_serializable(package="sedpool")
class Mean(WeightedMean):
    """Mean pooling: P = Σ p / m.

    Parameters
    ----------
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Notes
    -----
    Every frame receives the gradient 1/m, active or not: right for events that fill the bag, and smeared over the whole
    bag for short ones. AutoPool at α = 0.

    Shapes: ``(batch, frames, classes)`` to ``(batch, classes)``.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(Mean()(bag)).round(3))
    [[0.4]]
    """

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Weight 1/m for each of the m valid frames."""
        return functional.mean_weights(p, self.axis, mask)


@keras.saving.register_keras_serializable(package="sedpool")
class Softmax(WeightedMean):
    """Softmax pooling of fixed sharpness: P = Σ w p with w = softmax(sharpness · p) over the frames.

    Parameters
    ----------
    sharpness : float
        AutoPool's α, held fixed.
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Notes
    -----
    Sharpness 0 is the mean, ∞ the maximum, −∞ the minimum. At 1, with p in [0, 1], no frame counts more than e times
    another: in long bags it behaves like the mean. Frame i receives the gradient w (1 + sharpness · (p − P)), which at
    1 is never negative. Studied by McFee, Salamon and Bello (2018), *Adaptive pooling operators for weakly labeled
    sound event detection*; Wang, Li and Metze (2019), *A comparison of five multiple instance learning pooling
    functions*, call the same operator exponential softmax.

    Shapes: ``(batch, frames, classes)`` to ``(batch, classes)``.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(Softmax()(bag)).round(3))
    [[0.537]]
    """

    def __init__(self, sharpness: float = 1.0, axis: int = 1, **kwargs: Any) -> None:
        super().__init__(axis, **kwargs)
        self.sharpness = sharpness

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Softmax over the frames of sharpness · p."""
        return functional.softmax_weights(p, self.sharpness, self.axis, mask)

    def call(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Pool ``p`` over the axis of the frames."""
        return functional.softmax_pool(p, self.sharpness, self.axis, mask)

    def get_config(self) -> dict[str, Any]:
        """Arguments that build this layer anew."""
        return {**super().get_config(), "sharpness": self.sharpness}


@keras.saving.register_keras_serializable(package="sedpool")
class LinearSoftmax(WeightedMean):
    """Linear softmax pooling: P = Σ p² / Σ p, every frame weighted by itself.

    Parameters
    ----------
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Notes
    -----
    A bag of one active frame among silent ones gives that frame, a uniform bag its value; where all frames are 0 they
    count alike. The gradient (2 p − P) / Σ p raises frames above P/2 and lowers those below, so that predictions go to
    0 or 1: good boundaries. Proposed by Dang, Vu and Wang (2017); found best of five by Wang, Li and Metze (2019), *A
    comparison of five multiple instance learning pooling functions for sound event detection with weak labeling*.

    Shapes: ``(batch, frames, classes)`` to ``(batch, classes)``.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(LinearSoftmax()(bag)).round(3))
    [[0.717]]
    """

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Weights p / Σ p."""
        return functional.linear_softmax_weights(p, self.axis, mask)
