"""Pooling operators as functions of tensors: every formula of the package, once.

``p`` holds frame probabilities, by convention ``(batch, frames, classes)``, of any backend that Keras runs on (NumPy
arrays are converted). ``axis`` is the axis of the frames. ``mask`` is true where a frame counts; it has ``p``'s shape
without the last axis, or ``p``'s rank. A masked frame has no influence whatever it holds, NaN included, and a bag
without a valid frame gives 0. Everything is computed in float32, or in float64 if ``p`` is.

``*_weights`` say how much each frame counts: they have ``p``'s shape and sum to 1 over the frames of a bag.
"""

from typing import Any

from keras import backend, ops

Tensor = Any  # a tensor or variable of the running backend; no type is common to them

_NEVER = -1e30  # the score of a masked frame: exp(_NEVER - best) is 0, and unlike -inf it never makes inf - inf


def softmax_weights(p: Tensor, alpha: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Weights proportional to exp(alpha * p): those of mean, softmax, auto and max pooling as ``alpha`` grows."""
    p, mask = _prepare(p, mask)
    scores = ops.cast(alpha, p.dtype) * p
    if mask is None:
        return ops.softmax(scores, axis=axis)
    return ops.where(mask, ops.softmax(ops.where(mask, scores, _NEVER), axis=axis), 0.0)


def mean_weights(p: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Weigh all valid frames alike."""
    return softmax_weights(ops.zeros_like(p), 0.0, axis, mask)


def weighted_mean(p: Tensor, weights: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Sum of ``weights * p`` over the valid frames."""
    p, _ = _prepare(p, mask)
    return ops.sum(weights * p, axis=axis)


def max_pool(p: Tensor, axis: int = 1, mask: Tensor = None) -> Tensor:
    """Largest valid frame."""
    p, mask = _prepare(p, mask)
    if mask is None:
        return ops.max(p, axis=axis)
    largest = ops.max(ops.where(mask, p, _NEVER), axis=axis)
    return ops.where(ops.any(mask, axis=axis), largest, 0.0)


def _prepare(p: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Widen ``p``, empty its masked frames and give the mask ``p``'s rank."""
    p = ops.convert_to_tensor(p)
    p = ops.cast(p, backend.result_type(p.dtype, "float32"))
    if mask is None:
        return p, None
    mask = ops.cast(mask, "bool")
    if len(mask.shape) == len(p.shape) - 1:
        mask = ops.expand_dims(mask, -1)
    return ops.where(mask, p, 0.0), mask
