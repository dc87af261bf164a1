"""Pooling by the order of the frames: max, min, top-k mean, global weighted rank."""

from typing import Any

import keras

from sedpool.errors import ConfigError
from sedpool.pooling import functional
from sedpool.pooling.layer import WeightedMean
from sedpool.pooling.masked import Tensor


@keras.saving.register_keras_serializable(package="sedpool")
class Max(WeightedMean):
    """Max pooling: P = max p, the standard assumption of multiple-instance learning.

    Parameters
    ----------
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Notes
    -----
    Only the largest frame receives a gradient (frames that tie for it share it), so a network learns one frame of each
    event: precise, and blind to the rest. Standard since Maron and Lozano-Pérez (1998), *A framework for
    multiple-instance learning*.

    Shapes: ``(batch, frames, classes)`` to ``(batch, classes)``.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(Max()(bag)).round(3))
    [[0.9]]
    """

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Weight 1 for the largest frame, shared by frames that tie."""
        return functional.max_weights(p, self.axis, mask)

    def call(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Pool ``p`` over the axis of the frames."""
        return functional.max_pool(p, self.axis, mask)


@keras.saving.register_keras_serializable(package="sedpool")
class Min(WeightedMean):
    """Min pooling: P = min p, the other end of AutoPool's range (α → −∞).

    Parameters
    ----------
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Notes
    -----
    Only the smallest frame receives a gradient, so an event must fill the bag to be learned. Nobody proposes it for
    detection; it is here to compare with.

    Shapes: ``(batch, frames, classes)`` to ``(batch, classes)``.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(Min()(bag)).round(3))
    [[0.1]]
    """

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Weight 1 for the smallest frame, shared by frames that tie."""
        return functional.max_weights(-p, self.axis, mask)

    def call(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Pool ``p`` over the axis of the frames."""
        return 0.0 - functional.max_pool(-p, self.axis, mask)  # not −max_pool(−p), which makes an empty bag −0


@keras.saving.register_keras_serializable(package="sedpool")
class TopKMean(WeightedMean):
    """Top-k mean pooling: the mean of the k largest p.

    Parameters
    ----------
    k : int
        Frames that count; a bag that has fewer counts them all.
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Notes
    -----
    k = 1 is max pooling, k = m the mean of m frames. Each of the k largest frames receives the gradient 1/k, the others
    none. Used for instance by Li and Vasconcelos (2015), *Multiple instance learning for soft bags via top instances*.

    Shapes: ``(batch, frames, classes)`` to ``(batch, classes)``.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(TopKMean(k=2)(bag)).round(3))
    [[0.55]]
    """

    def __init__(self, k: int = 3, axis: int = 1, **kwargs: Any) -> None:
        if k < 1:
            raise ConfigError(f"k={k}: at least one frame must count")
        super().__init__(axis, **kwargs)
        self.k = k

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Weight 1/k for each of the k largest frames."""
        return functional.top_k_weights(p, self.k, self.axis, mask)

    def get_config(self) -> dict[str, Any]:
        """Arguments that build this layer anew."""
        return {**super().get_config(), "k": self.k}


@keras.saving.register_keras_serializable(package="sedpool")
class GlobalWeightedRank(WeightedMean):
    """Global weighted rank pooling: P = Σ decay^j p_j / Σ decay^j over the frames from the largest to the smallest.

    Parameters
    ----------
    decay : float
        How much less the next frame in rank counts; from 0 to 1.
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Notes
    -----
    decay = 0 is max pooling, decay = 1 the mean. A frame receives its weight as gradient: always positive, and falling
    with its rank, not with its value. Proposed by Kolesnikov and Lampert (2016), *Seed, expand and constrain*; used for
    sound events by Kong et al. (2019), *Sound event detection and time-frequency segmentation from weakly labelled
    data*.

    Shapes: ``(batch, frames, classes)`` to ``(batch, classes)``.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(GlobalWeightedRank(decay=0.5)(bag)).round(3))
    [[0.586]]
    """

    def __init__(self, decay: float = 0.9, axis: int = 1, **kwargs: Any) -> None:
        if not 0 <= decay <= 1:
            raise ConfigError(f"decay={decay} must lie between 0 (max pooling) and 1 (mean pooling)")
        super().__init__(axis, **kwargs)
        self.decay = decay

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Weights decay^rank, divided by their sum."""
        return functional.rank_weights(p, self.decay, self.axis, mask)

    def get_config(self) -> dict[str, Any]:
        """Arguments that build this layer anew."""
        return {**super().get_config(), "decay": self.decay}
