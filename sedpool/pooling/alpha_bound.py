"""Constrained AutoPool (CAP): keep α where no frame counts too much or too little."""

import math
from numbers import Integral, Real
from typing import Any, Literal, Self, get_args

import keras
from keras import ops

from sedpool.errors import ConfigError
from sedpool.pooling.bounds import alpha_for_max_weight, alpha_for_min_weight
from sedpool.pooling.masked import Tensor

Kind = Literal["norm", "upper", "nonneg"]


@keras.saving.register_keras_serializable(package="sedpool")
class AlphaBound(keras.constraints.Constraint):
    """Constraint on AutoPool's α, stated by what one frame may count.

    Parameters
    ----------
    max_weight : float
        φ₊, the most that one frame may count; above ``1 / bag_size`` and below 1.
    min_weight : float, optional
        φ₋, the least that one frame may count; at most ``1 / bag_size``.
    kind : {"norm", "upper", "nonneg"}
        Which α are allowed, with a = ``alpha_max``: −a ≤ α ≤ a (as in the authors' experiments), α ≤ a or 0 ≤ α ≤ a.
    alpha_max : float, optional
        The bound a itself, in place of the one that follows from the weights and the bag size.
    bag_size : int, optional
        Frames in a training bag, at least 2. Without it (and without `alpha_max`) the constraint cannot be applied.

    Notes
    -----
    |α| ≤ ln(φ₊ / (1 − φ₊)) + ln(m − 1) holds exactly if no frame of a bag of m frames with p in [0, 1] can count more
    than φ₊, and |α| ≤ ln((1 − φ₋) / φ₋) − ln(m − 1) if none can count less than φ₋ (McFee, Salamon and Bello 2018,
    section III.E). "upper" leaves α free to run to −∞, where one frame (the smallest) counts for everything.

    Examples
    --------
    >>> round(AlphaBound(max_weight=0.5, bag_size=26).alpha_max, 4)
    3.2189
    """

    def __init__(
        self,
        max_weight: float = 0.5,
        min_weight: float | None = None,
        kind: Kind = "norm",
        alpha_max: float | None = None,
        bag_size: int | None = None,
    ) -> None:
        if kind not in get_args(Kind):
            raise ConfigError(f"unknown kind {kind!r} of CAP; known: {', '.join(get_args(Kind))}")
        _check(max_weight, min_weight, alpha_max, bag_size)
        self._config: dict[str, Any] = {
            "max_weight": max_weight,
            "min_weight": min_weight,
            "kind": kind,
            "alpha_max": alpha_max,
            "bag_size": bag_size,
        }
        self.kind = kind
        self._alpha_max = alpha_max
        if alpha_max is None and bag_size is not None:
            self._alpha_max = alpha_for_max_weight(max_weight, bag_size)
            if min_weight is not None:
                self._alpha_max = min(self._alpha_max, alpha_for_min_weight(min_weight, bag_size))

    @property
    def alpha_max(self) -> float:
        """Largest α allowed."""
        if self._alpha_max is None:
            raise ConfigError(
                "CAP's bound on α is not known: give bag_size (the frames in a training bag after the backbone) "
                "or alpha_max"
            )
        return self._alpha_max

    def with_bag_size(self, bag_size: int) -> Self:
        """Constraint that knows its bag size: this one if its bound is known already, else a new one."""
        if self._alpha_max is not None:
            return self
        return type(self)(**{**self._config, "bag_size": bag_size})

    def __call__(self, alpha: Tensor) -> Tensor:
        """Move every entry of ``alpha`` to the nearest allowed value."""
        upper = self.alpha_max
        if self.kind == "upper":
            return ops.minimum(alpha, upper)
        return ops.clip(alpha, 0.0 if self.kind == "nonneg" else -upper, upper)

    def get_config(self) -> dict[str, Any]:
        """Arguments that build this constraint anew."""
        return dict(self._config)


def _check(max_weight: Any, min_weight: Any, alpha_max: Any, bag_size: Any) -> None:
    for name, weight in {"max_weight": max_weight, "min_weight": min_weight}.items():
        if not (weight is None and name == "min_weight") and not (_is(Real, weight) and 0 < weight < 1):
            raise ConfigError(f"{name}={weight!r} must be a number between 0 and 1, both excluded")
    if alpha_max is not None and not (_is(Real, alpha_max) and math.isfinite(alpha_max) and alpha_max >= 0):
        raise ConfigError(f"alpha_max={alpha_max!r} must be a finite number of at least 0")
    if bag_size is not None and not (_is(Integral, bag_size) and bag_size >= 2):
        raise ConfigError(f"bag_size={bag_size!r} must be a whole number of at least 2, the frames in a training bag")


def _is(kind: type, value: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
