"""What the network should say: targets of frames, and of patches of long clips, from events or from itself."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.runtime.arrays import Float32Array

Activity = npt.NDArray[np.bool_]


def frame_targets(
    events: pd.DataFrame, n_frames: Mapping[str, int], classes: Sequence[str], frame_rate: float
) -> dict[str, Activity]:
    """Strong targets: shape (frames, classes) per clip; a frame has a class if the event covers the frame's middle.

    Parameters
    ----------
    events : DataFrame
        Event table.
    n_frames : mapping of str to int
        Input frames of every clip; clips without events have targets too.
    classes : sequence of str
        Class names.
    frame_rate : float
        Input frames a second.
    """
    targets = {filename: np.zeros((count, len(classes)), dtype=bool) for filename, count in n_frames.items()}
    column = {label: index for index, label in enumerate(classes)}
    first = np.ceil(events["onset"].to_numpy() * frame_rate - 0.5).astype(int)
    last = np.ceil(events["offset"].to_numpy() * frame_rate - 0.5).astype(int)
    for filename, label, start, stop in zip(events["filename"], events["event_label"], first, last, strict=True):
        targets[filename][max(start, 0) : stop, column[label]] = True
    return targets


def pseudo_labels(frames: Float32Array, tags: Activity, share: float | None = None) -> Float32Array:
    """Labels of a clip's frames from what a network says of them and from the clip's tags.

    What a network says of a clip from which it learnt tags alone is unsure of extents, but ranks frames: so each class
    is measured by its own highest frame, which gets the label 1.

    Parameters
    ----------
    frames : ndarray, shape (frames, classes)
        Probabilities.
    tags : ndarray of bool, shape (classes,)
        The classes of the clip; the labels of all others are 0.
    share : float, optional
        Makes the labels 0 or 1: a frame is active from this share of the highest on.

    Returns
    -------
    labels : ndarray of float32, shape (frames, classes)
        Between 0 and 1.

    Examples
    --------
    >>> frames = np.array([[0.1, 0.2], [0.4, 0.3], [0.2, 0.1]], dtype=np.float32)
    >>> pseudo_labels(frames, np.array([True, False])).T
    array([[0.25, 1.  , 0.5 ],
           [0.  , 0.  , 0.  ]], dtype=float32)
    >>> pseudo_labels(frames, np.array([True, True]), share=0.5).T
    array([[0., 1., 1.],
           [1., 1., 0.]], dtype=float32)
    """
    highest = frames.max(axis=0)
    relative = np.divide(frames, highest, out=np.ones_like(frames), where=highest > 0)
    return np.where(tags, relative if share is None else relative >= share, 0).astype(np.float32)


def patch_tags(activity: Activity, min_activity: float) -> Activity:
    """Which classes a patch has: those active in at least a share of it, and in one frame at the least.

    Parameters
    ----------
    activity : ndarray of bool, shape (frames, classes)
        The part of a clip that the patch shows.
    min_activity : float
        The share, in [0, 1]; 0.1 for MedleyDB in the paper.
    """
    active = activity.sum(axis=0)
    tags: Activity = (active > 0) & (active >= min_activity * len(activity))
    return tags
