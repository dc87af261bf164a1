"""Losses on frames and clips at once, and on labels that are known in part: an unknown one is NaN."""

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


def known_cross_entropy(labels: Any, outputs: Any) -> Any:
    """Return the mean binary cross-entropy over the labels that are known; 0 if none is.

    Parameters
    ----------
    labels, outputs : tensor
        Of one shape; an unknown label is NaN.
    """
    known = ops.logical_not(ops.isnan(labels))
    each = ops.binary_crossentropy(ops.where(known, labels, 0.0), outputs)
    return ops.sum(ops.where(known, each, 0.0)) / ops.maximum(ops.sum(ops.cast(known, "float32")), 1.0)


def known_accuracy(labels: Any, outputs: Any) -> Any:
    """Return the share of decisions that are right among the labels that are known; 0 if none is."""
    known = ops.logical_not(ops.isnan(labels))
    right = ops.logical_and(known, ops.equal(labels > 0.5, outputs > 0.5))
    return ops.sum(ops.cast(right, "float32")) / ops.maximum(ops.sum(ops.cast(known, "float32")), 1.0)


def known_clip_accuracy(labels: Any, outputs: Any) -> Any:
    """Return `known_accuracy` of clips; labels and outputs as in `mixed_loss`."""
    return known_accuracy(labels[:, 0], outputs[:, 0])


def mixed_loss(clip_weight: float, reduction: int) -> Callable[[Any, Any], Any]:
    """Return the loss of a batch in which labels are of frames, of clips alone, or unknown.

    Each pair of a clip and a class counts alike: with labels of frames by the mean cross-entropy of those that are
    known, plus a weight times that of the clip; with a label of the clip alone by that of the clip. A pair of which a
    part of the frames is known counts by their share, and one of which nothing is known not at all.

    Parameters
    ----------
    clip_weight : float
        Weight of the clip where there are labels of frames.
    reduction : int
        Input frames per output frame; the label of an output frame is the mean of theirs, unknown if one of them is.

    Returns
    -------
    loss : callable
        From labels, shape (batch, 1 + input frames, classes), the clip's before those of frames, and the output of
        `sedpool.models.Detector.clip_and_frame_model`, shape (batch, 1 + frames, classes), to a scalar.
    """

    def loss(labels: Any, outputs: Any) -> Any:
        clip, frames = outputs[:, 0], outputs[:, 1:]
        tags, of_frames = labels[:, 0], frame_labels(labels, ops.shape(frames)[1], reduction)
        frame_known, tag_known = ops.logical_not(ops.isnan(of_frames)), ops.logical_not(ops.isnan(tags))
        each_frame = ops.binary_crossentropy(ops.where(frame_known, of_frames, 0.0), frames)
        each_clip = ops.binary_crossentropy(ops.where(tag_known, tags, 0.0), clip)
        has_frames = ops.any(frame_known, axis=1)
        weight = ops.where(tag_known, ops.where(has_frames, clip_weight, 1.0), 0.0)
        total = ops.sum(ops.mean(ops.where(frame_known, each_frame, 0.0), axis=1)) + ops.sum(weight * each_clip)
        count = _labelled_pairs(frame_known, tag_known)
        return total / ops.where(count > 0, count, 1.0)

    return loss


def frame_labels(labels: Any, n_frames: int, reduction: int) -> Any:
    """Return the labels of output frames, shape (batch, frames, classes); `labels` as in `mixed_loss`."""
    grouped = ops.reshape(labels[:, 1 : 1 + n_frames * reduction], (-1, n_frames, reduction, labels.shape[2]))
    return ops.mean(grouped, axis=2)


def _labelled_pairs(frame_known: Any, tag_known: Any) -> Any:
    """Count pairs of a clip and a class: by the share of their known frames, or as 1 where the clip alone is known."""
    of_clip_alone = ops.logical_and(tag_known, ops.logical_not(ops.any(frame_known, axis=1)))
    return ops.sum(ops.mean(ops.cast(frame_known, "float32"), axis=1)) + ops.sum(ops.cast(of_clip_alone, "float32"))


def known_share(labels: Any) -> dict[str, float]:
    """Return how much a batch counts in an epoch's means, for `known_cross_entropy`: its known labels, as clips."""
    share = ops.mean(ops.cast(ops.logical_not(ops.isnan(labels)), "float32"))
    known = len(labels) * float(ops.convert_to_numpy(share))
    return {"loss": known, "accuracy": known}


def known_pairs(labels: Any, reduction: int) -> dict[str, float]:
    """Return how much a batch counts in an epoch's means, for `mixed_loss`: its labelled pairs, as clips."""
    of_frames = frame_labels(labels, (labels.shape[1] - 1) // reduction, reduction)
    frame_known, tag_known = ops.logical_not(ops.isnan(of_frames)), ops.logical_not(ops.isnan(labels[:, 0]))
    counts = {"loss": _labelled_pairs(frame_known, tag_known), "accuracy": ops.sum(ops.cast(tag_known, "float32"))}
    return {name: float(ops.convert_to_numpy(count)) / labels.shape[2] for name, count in counts.items()}
