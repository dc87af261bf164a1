"""Softmax pooling with its gradient in closed form, for TensorFlow.

Without a fusing compiler every operation is one pass over memory, and automatic differentiation makes a dozen of
them. The gradient is known: w (1 + α (p − P)) for a frame and Σ w p (p − P) for α, summed over bags.
"""

from collections.abc import Callable

from keras import ops

from sedpool.pooling.masked import NEVER, Tensor, keep_valid


def softmax_pool_with_known_gradient(p: Tensor, alpha: Tensor, axis: int, mask: Tensor) -> Tensor:
    """Σ w p with w = softmax(α p) over the valid frames."""
    rank = len(p.shape)
    # One α per entry of the last axis, so that its gradient is a sum over all others.
    alpha = ops.broadcast_to(ops.cast(alpha, p.dtype), (1,) * (rank - 1) + (ops.shape(p)[-1],))

    def pool(p: Tensor, alpha: Tensor) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]:
        scores = keep_valid(alpha * p, mask, NEVER)
        exp = ops.exp(scores - ops.max(scores, axis=axis, keepdims=True))
        total = ops.sum(exp, axis=axis, keepdims=True)
        pooled = ops.sum(exp * p, axis=axis, keepdims=True) / total

        def gradient(upstream: Tensor) -> tuple[Tensor, Tensor]:
            weighted = exp * (ops.expand_dims(upstream, axis) / total)
            slope = weighted * (p - pooled)
            return weighted + alpha * slope, ops.sum(slope * p, axis=tuple(range(rank - 1)), keepdims=True)

        return ops.squeeze(pooled, axis), gradient

    return ops.custom_gradient(pool)(p, alpha)
