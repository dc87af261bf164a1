"""Pooling that adds up the evidence of all frames instead of averaging it: noisy-or, ISR, log-sum-exp."""

from typing import Any

import keras

from sedpool.errors import ConfigError
from sedpool.pooling import functional
from sedpool.pooling.layer import Pooling
from sedpool.pooling.masked import Tensor


@keras.saving.register_keras_serializable(package="sedpool")
class NoisyOr(Pooling):
    """Noisy-or pooling: P = 1 − Π (1 − p), the probability that any of independent frames is active.

    Parameters
    ----------
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Notes
    -----
    At least max p, and it grows with every frame: 26 frames at 0.1 already give 0.94, because frames of one clip are
    anything but independent. Frame i receives the gradient (1 − P) / (1 − p): never negative, gone once P is near 1.
    Proposed by Maron and Lozano-Pérez (1998), *A framework for multiple-instance learning*; Zhang, Platt and Viola
    (2005), *Multiple instance boosting for object detection*.

    Shapes: ``(batch, frames, classes)`` to ``(batch, classes)``.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(NoisyOr()(bag)).round(3))
    [[0.928]]
    """

    def call(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Pool ``p`` over the axis of the frames."""
        return functional.noisy_or(p, self.axis, mask)


@keras.saving.register_keras_serializable(package="sedpool")
class ISR(Pooling):
    """Integrated segmentation and recognition: P = Σ v / (1 + Σ v) with the odds v = p / (1 − p).

    Parameters
    ----------
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Notes
    -----
    The odds of the bag are the sum of the frames' odds: at least max p, and like noisy-or it grows with every frame.
    Frame i receives the gradient ((1 − P) / (1 − p))², never negative and largest for the largest p. Proposed by
    Keeler, Rumelhart and Leow (1991), *Integrated segmentation and recognition of hand-printed numerals*.

    Shapes: ``(batch, frames, classes)`` to ``(batch, classes)``.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(ISR()(bag)).round(3))
    [[0.903]]
    """

    def call(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Pool ``p`` over the axis of the frames."""
        return functional.isr(p, self.axis, mask)


@keras.saving.register_keras_serializable(package="sedpool")
class LogSumExp(Pooling):
    """Log-sum-exp pooling: P = ln(Σ exp(sharpness · p) / m) / sharpness, a smooth maximum.

    Parameters
    ----------
    sharpness : float
        Any number but 0.
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Notes
    -----
    Sharpness near 0 is the mean, ∞ the maximum, −∞ the minimum; the division by m keeps P in the range of p. Frame i
    receives the gradient softmax(sharpness · p): the weights of softmax pooling, never negative. Used for multiple
    instances since Ramon and De Raedt (2000), *Multi instance neural networks*; in this form by Pinheiro and Collobert
    (2015), *From image-level to pixel-level labeling with convolutional networks*.

    Shapes: ``(batch, frames, classes)`` to ``(batch, classes)``.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(LogSumExp(sharpness=5.0)(bag)).round(3))
    [[0.69]]
    """

    def __init__(self, sharpness: float = 5.0, axis: int = 1, **kwargs: Any) -> None:
        if sharpness == 0:
            raise ConfigError("sharpness=0 divides by zero; its limit is mean pooling")
        super().__init__(axis, **kwargs)
        self.sharpness = sharpness

    def call(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Pool ``p`` over the axis of the frames."""
        return functional.log_sum_exp(p, self.sharpness, self.axis, mask)

    def get_config(self) -> dict[str, Any]:
        """Arguments that build this layer anew."""
        return {**super().get_config(), "sharpness": self.sharpness}
