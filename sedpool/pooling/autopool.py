"""AutoPool and its two regularised forms, CAP and RAP."""

from typing import Any, Self

import keras

from sedpool.pooling import functional
from sedpool.pooling.alpha_bound import AlphaBound, Kind
from sedpool.pooling.layer import WeightedMean
from sedpool.pooling.masked import Tensor


@keras.saving.register_keras_serializable(package="sedpool")
class AutoPool(WeightedMean):
    """Adaptive pooling: softmax pooling whose sharpness α is learned, one α per class.

    P = Σ w p with w = softmax(α p) over the frames.

    Parameters
    ----------
    axis : int
        Axis of the frames.
    kernel_initializer : str or keras.initializers.Initializer
        Where α starts: "ones" is softmax pooling, as in the paper; "zeros" is the mean.
    kernel_constraint : keras.constraints.Constraint, optional
        Applied to α after every step, and to where it starts. `AlphaBound` makes this layer CAP.
    kernel_regularizer : keras.regularizers.Regularizer, optional
        Penalty on α. ``keras.regularizers.L2`` makes this layer RAP.
    **kwargs
        See `Pooling`.

    Attributes
    ----------
    alpha : keras.Variable
        The learned α, of shape ``(1, classes)``; exists once the layer is built.

    Notes
    -----
    α → −∞ is the minimum, 0 the mean, 1 softmax pooling, ∞ the maximum; for α > 0 the output lies at most
    W((m − 1) / e) / α below the maximum of m frames (W being Lambert's). Frame i receives the gradient
    w (1 + α (p − P)), whose sum over frames is always 1. As α grows, frames above P get ever more of it and those below
    P − 1/α are pushed down; for α < 0 it is those above P + 1/|α| that are. Adam changes α by about its learning rate a
    step: at 1e-3 it needs thousands of steps to get anywhere. Proposed by McFee, Salamon and Bello (2018), *Adaptive
    pooling operators for weakly labeled sound event detection*.

    Shapes: ``(batch, frames, classes)`` to ``(batch, classes)``.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(AutoPool()(bag)).round(3))
    [[0.537]]
    >>> print(keras.ops.convert_to_numpy(AutoPool(kernel_initializer="zeros")(bag)).round(3))
    [[0.4]]
    """

    def __init__(
        self,
        axis: int = 1,
        kernel_initializer: Any = "ones",
        kernel_constraint: Any = None,
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(axis, **kwargs)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make α, one number per entry of the last axis."""
        super().build(input_shape)
        self.alpha = self.add_class_weight(
            "alpha",
            input_shape,
            initializer=self._initial_alpha,
            constraint=self.kernel_constraint,
            regularizer=self.kernel_regularizer,
        )

    def _initial_alpha(self, shape: tuple[int, ...], dtype: Any) -> Tensor:
        alpha = self.kernel_initializer(shape, dtype=dtype)
        return alpha if self.kernel_constraint is None else self.kernel_constraint(alpha)

    @property
    def alpha_max(self) -> float | None:
        """Largest α that CAP allows; None without CAP."""
        return self.kernel_constraint.alpha_max if isinstance(self.kernel_constraint, AlphaBound) else None

    def with_bag_size(self, bag_size: int) -> Self:
        """Return a layer whose CAP knows how many frames a training bag has; this one if there is nothing to tell."""
        constraint = self.kernel_constraint
        if not isinstance(constraint, AlphaBound) or constraint.with_bag_size(bag_size) is constraint:
            return self
        bounded = keras.constraints.serialize(constraint.with_bag_size(bag_size))
        layer: Self = type(self).from_config({**self.get_config(), "kernel_constraint": bounded})
        return layer

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Softmax over the frames of α p."""
        self.ensure_built(p)
        return functional.softmax_weights(p, self.alpha, self.axis, mask)

    def call(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Pool ``p`` over the axis of the frames."""
        return functional.softmax_pool(p, self.alpha, self.axis, mask)

    def get_config(self) -> dict[str, Any]:
        """Arguments that build this layer anew."""
        return {
            **super().get_config(),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }


def cap(
    max_weight: float = 0.5,
    min_weight: float | None = None,
    kind: Kind = "norm",
    alpha_max: float | None = None,
    bag_size: int | None = None,
    l2: float | None = None,
    **kwargs: Any,
) -> AutoPool:
    """Constrained AutoPool: AutoPool whose α cannot let one frame count more than ``max_weight``.

    Parameters
    ----------
    max_weight, min_weight, kind, alpha_max, bag_size
        See `AlphaBound`. A bag size that is not known yet is set later with `AutoPool.with_bag_size`.
    l2 : float, optional
        RAP's penalty on top.
    **kwargs
        See `AutoPool`: ``name``, ``axis``, ``kernel_initializer``, ``dtype``.

    Returns
    -------
    AutoPool
    """
    constraint = AlphaBound(max_weight, min_weight, kind, alpha_max, bag_size)
    regularizer = None if l2 is None else keras.regularizers.L2(l2)
    return AutoPool(kernel_constraint=constraint, kernel_regularizer=regularizer, **kwargs)


def rap(l2: float = 1e-3, **kwargs: Any) -> AutoPool:
    """Regularised AutoPool: the loss grows by ``l2`` times the sum of squared α, which pulls AutoPool to the mean.

    Parameters
    ----------
    l2 : float
        λ of the paper, which tries 1e-2, 1e-3 and 1e-4.
    **kwargs
        See `AutoPool`: ``name``, ``axis``, ``kernel_initializer``, ``dtype``.

    Returns
    -------
    AutoPool
    """
    return AutoPool(kernel_regularizer=keras.regularizers.L2(l2), **kwargs)
