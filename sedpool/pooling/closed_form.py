"""Softmax pooling with its gradient in closed form, for TensorFlow.

Without a fusing compiler every operation is one pass over memory, and automatic differentiation makes more than a
dozen. The gradient is known: w (1 + α (p − P)) for a frame, and Σ w p² − P² for α, summed over bags.
"""

from collections.abc import Callable

from sedpool.pooling.masked import NEVER, Tensor


def softmax_pool_with_known_gradient(p: Tensor, alpha: Tensor, axis: int, mask: Tensor) -> Tensor:
    """Σ w p with w = softmax(α p) over the valid frames; ``axis`` is not the last one, along which α differs."""
    import tensorflow as tf  # here, because the other backends run without it

    all_but_last = tuple(range(len(p.shape) - 1))
    # One α per entry of the last axis, so that its gradient is a sum over all others.
    alpha = tf.broadcast_to(tf.cast(alpha, p.dtype), [1] * len(all_but_last) + [tf.shape(p)[-1]])

    def pool(p: Tensor, alpha: Tensor) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]:
        scores = alpha * p if mask is None else tf.where(mask, alpha * p, NEVER)
        exp = tf.exp(scores - tf.reduce_max(scores, axis, keepdims=True))
        total = tf.reduce_sum(exp, axis, keepdims=True)
        exp_p = exp * p
        pooled = tf.reduce_sum(exp_p, axis, keepdims=True) / total

        def gradient(upstream: Tensor) -> tuple[Tensor, Tensor]:
            scale = tf.expand_dims(upstream, axis) / total
            slope = alpha * scale
            of_p = exp * (slope * p + (scale - slope * pooled))
            spread = tf.reduce_sum(exp_p * p, axis, keepdims=True) - total * pooled**2
            return of_p, tf.reduce_sum(scale * spread, all_but_last, keepdims=True)

        return tf.squeeze(pooled, axis), gradient

    return tf.custom_gradient(pool)(p, alpha)
