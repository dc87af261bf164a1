"""Sums, softmaxes and ranks over the frames of a bag that count: the arithmetic under every pooling operator.

`prepare` makes what the others expect: ``p`` in float32 or wider, and None or a mask of the same rank. Results keep the
axis of the frames.
"""

from collections.abc import Sequence
from typing import Any

from keras import backend, ops

from sedpool.errors import ConfigError

Tensor = Any  # a tensor or variable of the running backend, or an array; they have no type in common

NEVER = -1e30  # what a masked frame scores: exp(NEVER - best) is 0, and unlike -inf it never makes inf - inf


def prepare(p: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Widen ``p`` to float32 at least, empty its masked frames and give the mask ``p``'s rank."""
    p = ops.convert_to_tensor(p)
    p = ops.cast(p, at_least_float32(p.dtype))
    if mask is None:
        return p, None
    mask = ops.cast(ops.convert_to_tensor(mask), "bool")
    check_mask(mask.shape, p.shape)
    if len(mask.shape) == len(p.shape) - 1:
        mask = ops.expand_dims(mask, -1)
    # A choice, not a product: whatever a masked frame holds, NaN included, passes neither value nor gradient.
    return ops.where(mask, p, 0.0), mask


def check_mask(mask_shape: Sequence[int | None], p_shape: Sequence[int | None]) -> None:
    """Refuse a mask that neither has ``p``'s shape, with or without the last axis, nor 1 in the place of a size."""
    mask_shape, p_shape = tuple(mask_shape), tuple(p_shape)
    fits = (size in (1, None) or of_p in (size, None) for size, of_p in zip(mask_shape, p_shape, strict=False))
    if len(p_shape) - len(mask_shape) not in (0, 1) or not all(fits):
        raise ConfigError(
            f"mask has the shape {mask_shape}, p {p_shape}: expected a mask of shape {p_shape[:-1]}, "
            "true where a frame counts"
        )


def at_least_float32(dtype: Any) -> str:
    """Dtype in which bags of this dtype are pooled."""
    return "float64" if backend.standardize_dtype(dtype) == "float64" else "float32"


def keep_valid(x: Tensor, mask: Tensor, otherwise: float = 0.0) -> Tensor:
    """Replace the masked frames of ``x``."""
    return x if mask is None else ops.where(mask, x, otherwise)


def largest(p: Tensor, mask: Tensor, axis: int) -> Tensor:
    """Largest valid frame; 0 where there is none."""
    result = ops.max(keep_valid(p, mask, NEVER), axis=axis, keepdims=True)
    return result if mask is None else ops.where(ops.any(mask, axis=axis, keepdims=True), result, 0.0)


def normalize(scores: Tensor, mask: Tensor, axis: int) -> Tensor:
    """Scale the valid scores to the sum 1; all 0 where their sum is."""
    scores = keep_valid(scores, mask)
    total = ops.sum(scores, axis=axis, keepdims=True)
    return scores / ops.where(total > 0, total, 1.0)


def softmax(scores: Tensor, mask: Tensor, axis: int) -> Tensor:
    """Softmax over the valid frames; all 0 where there is none."""
    # Not keras.ops.softmax, which warns of bags of one frame.
    highest = ops.stop_gradient(largest(scores, mask, axis))
    return normalize(ops.exp(keep_valid(scores, mask, NEVER) - highest), mask, axis)


def log_mean_exp(scores: Tensor, mask: Tensor, axis: int) -> Tensor:
    """Logarithm of the mean of exp(scores); 0 where no frame is valid."""
    highest = ops.stop_gradient(largest(scores, mask, axis))
    # expm1 and log1p keep the digits that tell the mean of small scores from 0.
    excess = keep_valid(ops.expm1(keep_valid(scores, mask, NEVER) - highest), mask)
    frames = ops.sum(keep_valid(ops.ones_like(scores), mask), axis=axis, keepdims=True)
    return highest + ops.log1p(ops.sum(excess, axis=axis, keepdims=True) / ops.maximum(frames, 1.0))


def ranks(p: Tensor, mask: Tensor, axis: int) -> Tensor:
    """0 for the largest frame, 1 for the next and so on; the earlier of equal frames comes first, masked ones last."""
    order = ops.argsort(-keep_valid(p, mask, NEVER), axis=axis)
    return ops.argsort(order, axis=axis)
