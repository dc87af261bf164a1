"""Attention pooling: the network says how much each frame counts."""

from typing import Any

import keras

from sedpool.errors import ConfigError
from sedpool.pooling import functional
from sedpool.pooling.layer import WeightedMean
from sedpool.pooling.masked import Tensor


@keras.saving.register_keras_serializable(package="sedpool")
class Attention(WeightedMean):
    """Attention pooling: P = Σ w p with w = softmax(logits) over the frames, class by class.

    Parameters
    ----------
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Notes
    -----
    Called as ``pool(p, mask=None, logits=...)``; `logits` come from a head of their own. A mask must be passed, since
    Keras hands the one that it carries along only to layers of one input. Equal logits are the mean, one
    that stands out picks its frame. Frame i receives the gradient w, its logit w (p − P): a network may learn to look
    away from active frames, since a clip's label does not say which frames are active. Proposed for sound events by
    Kong et al. (2018), *Audio Set classification with attention model*; compared by Wang, Li and Metze (2019), *A
    comparison of five multiple instance learning pooling functions*.

    Shapes: ``p`` and ``logits`` ``(batch, frames, classes)`` to ``(batch, classes)``.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> logits = keras.ops.convert_to_tensor([[[0.0], [0.0], [5.0]]])
    >>> print(keras.ops.convert_to_numpy(Attention()(bag, logits=logits)).round(3))
    [[0.89]]
    """

    needs_logits = True

    def compute_output_spec(self, p: Tensor, mask: Tensor = None, logits: Tensor = None, **_: Any) -> keras.KerasTensor:
        """Shape and dtype of the output; missing logits fail here, when a model is built."""
        _check_logits(logits, p)
        return super().compute_output_spec(p, mask)

    def frame_weights(self, p: Tensor, mask: Tensor = None, logits: Tensor = None) -> Tensor:
        """Softmax over the frames of ``logits``; ``p`` has no say."""
        _check_logits(logits, p)
        return functional.attention_weights(logits, self.axis, mask)

    def call(self, p: Tensor, mask: Tensor = None, logits: Tensor = None) -> Tensor:
        """Pool ``p`` over the axis of the frames."""
        return functional.weighted_mean(p, self.frame_weights(p, mask, logits), self.axis, mask)


def _check_logits(logits: Tensor, p: Tensor) -> None:
    if logits is None:
        raise ConfigError("attention pooling needs logits, by their name: pool(p, logits=...); the second is the mask")
    logits_shape, p_shape = tuple(logits.shape), tuple(p.shape)
    same = (None in sizes or sizes[0] == sizes[1] for sizes in zip(logits_shape, p_shape, strict=False))
    if len(logits_shape) != len(p_shape) or not all(same):
        raise ConfigError(f"logits have the shape {logits_shape}, p {p_shape}: expected the same, one logit for each p")
