"""Pooling operators as functions of arrays: every formula of the package, once.

``p`` holds frame probabilities, by convention ``(batch, frames, classes)``, as a tensor of the backend that Keras runs
on or as a NumPy array. ``axis`` is the axis of the frames. ``mask`` is true where a frame counts; it has ``p``'s shape
without the last axis, or ``p``'s rank. A parameter (``alpha``, ``exponent``, ``sharpness``) is a number or has one
entry per entry of the last axis. A mask or a parameter of another shape raises a `ConfigError`.

A masked frame has no influence whatever it holds, and a bag without a valid frame gives 0. Everything is computed in
float32, or in float64 if ``p`` is a tensor of it.

Functions called ``*_weights`` say how much each frame counts: their result has ``p``'s shape and sums to 1 over the
frames of a bag; `weighted_mean` pools with them. Its layer says what an operator is for, and who proposed it.

Examples
--------
>>> bag = ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
>>> weights = linear_softmax_weights(bag)
>>> print(ops.convert_to_numpy(weights).round(3).ravel())
[0.083 0.167 0.75 ]
>>> print(ops.convert_to_numpy(weighted_mean(bag, weights)).round(3))
[[0.717]]
"""

from keras import backend, ops

from sedpool.errors import ConfigError
from sedpool.pooling.closed_form import softmax_pool_with_known_gradient
from sedpool.pooling.masked import Tensor, at_least_float32, largest, log_mean_exp, normalize, prepare, ranks, softmax

_TINY = 1e-30  # divisors stay above it, so that their inverse is finite
_FAINT = 1e-5  # to powers, no frame lies below this share of the largest: p ** 0.1 has an infinite slope at 0
_FLAT = 1e-3  # the Hölder mean's exponent stays this far from 0, by which its formula divides
_CERTAIN = 1e-7  # what the odds of p = 1 lack to infinity


def weighted_mean(p: Tensor, weights: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Σ weights · p over the valid frames."""
    p, _ = prepare(p, mask)
    return ops.sum(ops.cast(weights, p.dtype) * p, axis=axis)


def mean_weights(p: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Weight 1/m for each of the m valid frames."""
    p, mask = prepare(p, mask)
    return normalize(ops.ones_like(p), mask, axis)


def max_weights(p: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Weight 1 for the largest frame, shared equally among frames as large; 0 for the others."""
    p, mask = prepare(p, mask)
    return normalize(ops.cast(p == largest(p, mask, axis), p.dtype), mask, axis)


def softmax_weights(p: Tensor, alpha: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Weights exp(α p) / Σ exp(α p)."""
    p, mask = prepare(p, mask)
    return softmax(_per_class("alpha", alpha, p) * p, mask, axis)


def attention_weights(logits: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Weights exp(logits) / Σ exp(logits)."""
    logits, mask = prepare(logits, mask)
    return softmax(logits, mask, axis)


def linear_softmax_weights(p: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Weights p / Σ p; equal weights where every frame is 0."""
    p, mask = prepare(p, mask)
    share, peak = _share_of_largest(p, mask, axis)
    return ops.where(peak > 0, normalize(share, mask, axis), mean_weights(p, axis, mask))


def power_weights(p: Tensor, exponent: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Weights p^exponent / Σ p^exponent."""
    p, mask = prepare(p, mask)
    share, _ = _share_of_largest(p, mask, axis)
    return softmax(_per_class("exponent", exponent, p) * _log(share), mask, axis)


def rank_weights(p: Tensor, decay: float, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Weights 1, decay, decay², ... from the largest frame to the smallest, divided by their sum."""
    p, mask = prepare(p, mask)
    return normalize(ops.power(ops.cast(decay, p.dtype), ops.cast(ranks(p, mask, axis), p.dtype)), mask, axis)


def top_k_weights(p: Tensor, k: int, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Weight 1/k for each of the k largest frames (1/m if there are only m), 0 for the others."""
    p, mask = prepare(p, mask)
    return normalize(ops.cast(ranks(p, mask, axis) < k, p.dtype), mask, axis)


def max_pool(p: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Largest p."""
    p, mask = prepare(p, mask)
    return ops.squeeze(largest(p, mask, axis), axis)


def softmax_pool(p: Tensor, alpha: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Σ w p with `softmax_weights` w."""
    p, mask = prepare(p, mask)
    one_alpha_per_bag = axis % len(p.shape) != len(p.shape) - 1
    # A speed-up for TensorFlow alone: JAX fuses the plain formula, and PyTorch would lose second derivatives.
    if backend.backend() == "tensorflow" and one_alpha_per_bag:
        return softmax_pool_with_known_gradient(p, _per_class("alpha", alpha, p), axis, mask)
    return weighted_mean(p, softmax_weights(p, alpha, axis, mask), axis)


def noisy_or(p: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """1 − Π (1 − p)."""
    p, _ = prepare(p, mask)
    return 1.0 - ops.prod(1.0 - p, axis=axis, dtype=at_least_float32(p.dtype))


def isr(p: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Σ v / (1 + Σ v) with v = p / (1 − p)."""
    p, _ = prepare(p, mask)
    odds = ops.sum(p / (1.0 + _CERTAIN - p), axis=axis)
    return odds / (1.0 + odds)


def log_sum_exp(p: Tensor, sharpness: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Logarithm of the mean of exp(sharpness · p), divided by sharpness."""
    p, mask = prepare(p, mask)
    sharpness = _per_class("sharpness", sharpness, p)
    return ops.squeeze(log_mean_exp(sharpness * p, mask, axis) / sharpness, axis)


def generalized_mean(p: Tensor, exponent: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """(Σ p^exponent / m)^(1 / exponent)."""
    p, mask = prepare(p, mask)
    share, peak = _share_of_largest(p, mask, axis)
    exponent = _not_flat(_per_class("exponent", exponent, p))
    log_share = log_mean_exp(exponent * _log(share), mask, axis) / exponent
    return ops.squeeze(peak * ops.exp(log_share), axis)


def _per_class(name: str, value: Tensor, p: Tensor) -> Tensor:
    """Give a parameter ``p``'s dtype, having checked that it is one number or one for each class."""
    value = ops.convert_to_tensor(value, dtype=p.dtype)
    shape, classes = tuple(value.shape), p.shape[-1]
    per_class = len(shape) <= len(p.shape) and shape[-1:] in ((), (1,), (classes,))
    if classes is not None and not (per_class and all(size == 1 for size in shape[:-1])):
        raise ConfigError(f"{name} has the shape {shape}: expected a number, or one for each of {classes} classes")
    return value


def _share_of_largest(p: Tensor, mask: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Return p as a share of the largest frame, and that frame.

    The operators that use it do not care about the scale of a bag, or carry it through: the largest frame may count as
    a constant, and tiny probabilities do not underflow.
    """
    peak = ops.stop_gradient(largest(p, mask, axis))
    return p / _at_least(_TINY, peak), peak


def _log(share: Tensor) -> Tensor:
    return ops.log(_at_least(_FAINT, share))


def _at_least(bound: float, x: Tensor) -> Tensor:
    return ops.where(x > bound, x, bound)  # Keras's maximum narrows float64 on PyTorch


def _not_flat(exponent: Tensor) -> Tensor:
    missing = ops.where(exponent < 0, -_FLAT - exponent, _FLAT - exponent)
    # The gradient passes as if nothing were added, else learning would stop here.
    return exponent + ops.stop_gradient(ops.where(ops.abs(exponent) < _FLAT, missing, 0.0))
