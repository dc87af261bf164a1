"""A loss on frames and clips at once, for training whose labels are of frames."""

from collections.abc import Callable
from typing import Any

from keras import ops


def frame_and_clip_loss(clip_weight: float, reduction: int) -> Callable[[Any, Any], Any]:
    """Return the binary cross-entropy of frames plus a weight times that of clips.

    Parameters
    ----------
    clip_weight : float
        Weight of the clips.
    reduction : int
        Input frames per output frame; the label of an output frame is the mean of theirs.

    Returns
    -------
    loss : callable
        From labels of input frames, shape (batch, input frames, classes), and the output of
        `sedpool.models.Detector.clip_and_frame_model`, shape (batch, 1 + frames, classes), to a loss for each patch. A
        clip's label is the highest among its frames.
    """

    def loss(labels: Any, outputs: Any) -> Any:
        clip, frames = outputs[:, 0], outputs[:, 1:]
        n_frames, n_classes = ops.shape(frames)[1], frames.shape[2]
        grouped = ops.reshape(labels[:, : n_frames * reduction], (-1, n_frames, reduction, n_classes))
        of_frames = ops.mean(ops.binary_crossentropy(ops.mean(grouped, axis=2), frames), axis=(1, 2))
        of_clips = ops.mean(ops.binary_crossentropy(ops.max(labels, axis=1), clip), axis=1)
        return of_frames + clip_weight * of_clips

    return loss


def clip_accuracy(labels: Any, outputs: Any) -> Any:
    """Return the share of clip decisions that are right; labels and outputs as in `frame_and_clip_loss`."""
    agree = ops.equal(ops.max(labels, axis=1) > 0.5, outputs[:, 0] > 0.5)
    return ops.mean(ops.cast(agree, "float32"), axis=1)
