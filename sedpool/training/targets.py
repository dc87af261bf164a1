"""What the network should say: targets of frames, and of patches of long clips."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

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
