"""Pooling with a learned exponent per class: power pooling and the generalised mean."""

from typing import Any

import keras

from sedpool.pooling import functional
from sedpool.pooling.layer import Pooling, WeightedMean
from sedpool.pooling.masked import Tensor


@keras.saving.register_keras_serializable(package="sedpool")
class Power(WeightedMean):
    """Power pooling: P = Σ p · p^λ / Σ p^λ, with one learned λ per class, kept at 0 or above.

    Parameters
    ----------
    initial_exponent : float
        Where every λ starts.
    l2 : float
        The loss grows by this times the sum of λ².
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Attributes
    ----------
    exponent : keras.Variable
        The learned λ, of shape ``(1, classes)``; exists once the layer is built.

    Notes
    -----
    λ = 0 is the mean, 1 linear softmax, ∞ the maximum. The gradient raises frames above P λ / (λ + 1) and lowers those
    below: λ is the share of the clip's probability that a frame needs to be taken for active. Below λ = 1 its slope at
    p = 0 is infinite, so a frame counts as at least 1e-5 of the bag's largest. Proposed by Liu et al. (2020), *Power
    pooling: an adaptive pooling function for weakly labelled sound event detection* (arXiv 2010.09985).

    Shapes: ``(batch, frames, classes)`` to ``(batch, classes)``.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(Power()(bag)).round(3))
    [[0.717]]
    """

    def __init__(self, initial_exponent: float = 1.0, l2: float = 0.0, axis: int = 1, **kwargs: Any) -> None:
        super().__init__(axis, **kwargs)
        self.initial_exponent = initial_exponent
        self.l2 = l2

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make λ, one number per entry of the last axis."""
        super().build(input_shape)
        self.exponent = self.add_class_weight(
            "exponent",
            input_shape,
            initializer=keras.initializers.Constant(self.initial_exponent),
            constraint=keras.constraints.NonNeg(),
            regularizer=keras.regularizers.L2(self.l2) if self.l2 else None,
        )

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Weights p^λ / Σ p^λ."""
        self.ensure_built(p)
        return functional.power_weights(p, self.exponent, self.axis, mask)

    def get_config(self) -> dict[str, Any]:
        """Arguments that build this layer anew."""
        return {**super().get_config(), "initial_exponent": self.initial_exponent, "l2": self.l2}


@keras.saving.register_keras_serializable(package="sedpool")
class GeneralizedMean(Pooling):
    """Generalised (Hölder) mean: P = (Σ p^r / m)^(1/r), with one learned r per class.

    Parameters
    ----------
    initial_exponent : float
        Where every r starts.
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Attributes
    ----------
    exponent : keras.Variable
        The learned r, of shape ``(1, classes)``; exists once the layer is built.

    Notes
    -----
    r → −∞ is the minimum, −1 the harmonic, 0 the geometric, 1 the arithmetic mean, ∞ the maximum. Frame i receives the
    gradient (p / P)^(r − 1) / m, which is never negative: frames above P get most of it if r > 1. Below r = 1 its slope
    at p = 0 is infinite, so a frame counts as at least 1e-5 of the bag's largest; r counts as at least 1e-3 from 0.
    Used with a learned exponent by Radenović, Tolias and Chum (2018), *Fine-tuning CNN image retrieval with no human
    annotation*.

    Shapes: ``(batch, frames, classes)`` to ``(batch, classes)``.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(GeneralizedMean(initial_exponent=3.0)(bag)).round(3))
    [[0.627]]
    """

    def __init__(self, initial_exponent: float = 1.0, axis: int = 1, **kwargs: Any) -> None:
        super().__init__(axis, **kwargs)
        self.initial_exponent = initial_exponent

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make r, one number per entry of the last axis."""
        super().build(input_shape)
        start = keras.initializers.Constant(self.initial_exponent)
        self.exponent = self.add_class_weight("exponent", input_shape, initializer=start)

    def call(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Pool ``p`` over the axis of the frames."""
        return functional.generalized_mean(p, self.exponent, self.axis, mask)

    def get_config(self) -> dict[str, Any]:
        """Arguments that build this layer anew."""
        return {**super().get_config(), "initial_exponent": self.initial_exponent}
