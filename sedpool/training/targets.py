"""What the network should say: targets of clips, of frames, and of patches of long clips, from labels or from itself.

They are booleans, or floats where some are soft or unknown: NaN.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.regions import of_each_class, tag_values
from sedpool.runtime.arrays import Float32Array

Activity = npt.NDArray[np.bool_]
Labels = Activity | Float32Array


def clip_targets(tags: pd.DataFrame) -> dict[str, Labels]:
    """Weak targets: shape (classes,) per clip.

    Parameters
    ----------
    tags : DataFrame
        As of `sedpool.Dataset`.
    """
    values = tag_values(tags)
    if np.isin(values, (0, 1)).all():
        values = values.astype(bool)
    return dict(zip(tags.index, values, strict=True))


def frame_targets(
    events: pd.DataFrame,
    n_frames: Mapping[str, int],
    classes: Sequence[str],
    frame_rate: float,
    regions: pd.DataFrame | None = None,
    unknown: Mapping[str, Activity] | None = None,
) -> dict[str, Labels]:
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
    regions : DataFrame, optional
        Unknown regions: a frame is unknown if one covers its middle.
    unknown : mapping of str to ndarray of bool, optional
        By clip the classes that are unknown throughout.
    """
    targets: dict[str, Labels] = {
        filename: np.zeros((count, len(classes)), dtype=bool) for filename, count in n_frames.items()
    }
    for filename, frames in _frames_of(events, classes, frame_rate):
        targets[filename][frames] = True
    regions = events.iloc[:0] if regions is None else of_each_class(regions, classes)
    unknown = unknown or {}
    for filename in {*regions["filename"], *unknown}:
        targets[filename] = targets[filename].astype(np.float32)
    for filename, frames in _frames_of(regions, classes, frame_rate):
        targets[filename][frames] = np.nan
    for filename, of_class in unknown.items():
        targets[filename][:, of_class] = np.nan
    return targets


def unknown_throughout(tags: pd.DataFrame, events: pd.DataFrame, regions: pd.DataFrame) -> dict[str, Activity]:
    """Return by clip the classes whose tag is unknown and that have no region; clips without any are left out."""
    known_in_part = _has_rows(events, tags) | _has_rows(of_each_class(regions, list(tags.columns)), tags)
    unknown = np.isnan(tag_values(tags)) & ~known_in_part
    return {name: row for name, row in zip(tags.index, unknown, strict=True) if row.any()}


def mixed_targets(
    tags: pd.DataFrame,
    located: Activity,
    events: pd.DataFrame,
    n_frames: Mapping[str, int],
    frame_rate: float,
    regions: pd.DataFrame,
) -> dict[str, Labels]:
    """Targets of clips with and without times: shape (1 + frames, classes), a row for the clip before its frames.

    A class has labels of frames in a clip of which events are known, if it has events there or is absent. All else that
    is known stands in the row of the clip, and the rest is NaN.

    Parameters
    ----------
    tags : DataFrame
        As of `sedpool.Dataset`.
    located : ndarray of bool, shape (clips,)
        The clips of which events are known.
    events, n_frames, frame_rate, regions
        See `frame_targets`.
    """
    classes, values = list(tags.columns), tag_values(tags)
    of_regions = np.isnan(values) & _has_rows(of_each_class(regions, classes), tags)
    has_frames = located[:, np.newaxis] & ((values == 0) | _has_rows(events, tags) | of_regions)
    clips = np.where(has_frames, np.nan, values).astype(np.float32)
    without = dict(zip(tags.index, ~has_frames, strict=True))
    frames = frame_targets(events, n_frames, classes, frame_rate, regions, without)
    return {
        name: np.concatenate([row[np.newaxis], frames[name].astype(np.float32)])
        for name, row in zip(tags.index, clips, strict=True)
    }


def _has_rows(table: pd.DataFrame, tags: pd.DataFrame) -> Activity:
    """Return which class of which clip a table has rows of, shape (clips, classes)."""
    has: Activity = np.zeros(tags.shape, dtype=bool)
    rows, columns = pd.Index(table["filename"]), pd.Index(table["event_label"])
    has[tags.index.get_indexer(rows), tags.columns.get_indexer(columns)] = True
    return has


def _frames_of(
    table: pd.DataFrame, classes: Sequence[str], frame_rate: float
) -> Iterator[tuple[str, tuple[slice, int]]]:
    """Yield the clip of every row, and the frames of it and the class whose middles it covers, as indices."""
    column = {label: index for index, label in enumerate(classes)}
    first = np.ceil(table["onset"].to_numpy() * frame_rate - 0.5).astype(int)
    last = np.ceil(table["offset"].to_numpy() * frame_rate - 0.5).astype(int)
    for filename, label, start, stop in zip(table["filename"], table["event_label"], first, last, strict=True):
        yield filename, (slice(max(start, 0), stop), column[label])


def pseudo_labels(frames: Float32Array, tags: Labels, share: float | None = None) -> Float32Array:
    """Labels of a clip's frames from what a network says of them and from the clip's tags.

    What a network says of a clip from which it learnt tags alone is unsure of extents, but ranks frames: so each class
    is measured by its own highest frame, which gets the label 1.

    Parameters
    ----------
    frames : ndarray, shape (frames, classes)
        Probabilities.
    tags : ndarray, shape (classes,)
        The classes of the clip; the labels of all others are 0. Those of a soft tag are as much lower, and those of an
        unknown one (NaN) are unknown.
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
    return np.asarray((relative if share is None else relative >= share) * tags, dtype=np.float32)


def highest_label(frames: Labels) -> Float32Array:
    """Label of a clip from those of its frames, shape (classes,): the highest; NaN if an unknown one may be higher."""
    if frames.dtype == bool:
        return np.asarray(frames.any(axis=0), dtype=np.float32)
    unknown = np.isnan(frames)
    highest: Float32Array = np.where(unknown, 0, frames).max(axis=0).astype(np.float32)
    highest[unknown.any(axis=0) & (highest < 1)] = np.nan
    return highest


def patch_tags(activity: Labels, min_activity: float) -> Labels:
    """Which classes a patch has: those active in at least a share of it, and in one frame at the least.

    Whether it has a class is unknown (NaN) if that depends on frames that are.

    Parameters
    ----------
    activity : ndarray, shape (frames, classes)
        The part of a clip that the patch shows.
    min_activity : float
        The share, in [0, 1]; 0.1 for MedleyDB in the paper.
    """
    if activity.dtype != bool:
        unknown = np.isnan(activity)
        tags, possible = (patch_tags(~unknown & (activity > 0.5) | more, min_activity) for more in (False, unknown))
        return np.asarray(np.where(tags == possible, tags, np.nan), dtype=np.float32)
    active = activity.sum(axis=0)
    enough: Activity = (active > 0) & (active >= min_activity * len(activity))
    return enough
