"""Statistics of a corpus: number and length of events by class, co-occurrence, polyphony."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.datasets.base import Dataset
from sedpool.events import active_seconds
from sedpool.regions import tag_arrays

PERCENTS = (5, 25, 50, 75, 95)
"""Percentiles of event durations."""


def class_statistics(dataset: Dataset) -> pd.DataFrame:
    """Count clips and events of each class.

    Returns
    -------
    table : DataFrame
        Index `event_label`, in the order of the classes; `clips` that have it and their share of all clips
        (`clip_share`). Where there are events also the columns of `duration_percentiles` and the share of a clip that
        has the class in which it sounds (`active_share`), NaN for a class without events.
    """
    index = pd.Index(dataset.classes, name="event_label")
    clips = tag_arrays(dataset.tags)[0].sum(axis=0)
    table = pd.DataFrame({"clips": clips, "clip_share": clips / max(1, len(dataset))}, index=index)
    if dataset.events is None:
        return table
    table = table.join(duration_percentiles(dataset))
    table["active_share"] = _active_share(dataset)
    return table


def duration_percentiles(dataset: Dataset) -> pd.DataFrame:
    """Return the number of `events` of each class and percentiles of their length in seconds.

    Returns
    -------
    table : DataFrame
        Index `event_label`, in the order of the classes; `events`, `duration_5`, `duration_25`, `duration_50`,
        `duration_75`, `duration_95`, NaN for a class without events.
    """
    durations = event_durations(dataset).values()
    table = pd.DataFrame({"events": [len(lengths) for lengths in durations]}, index=list(dataset.classes))
    for percent in PERCENTS:
        table[f"duration_{percent}"] = [
            np.percentile(lengths, percent) if len(lengths) else np.nan for lengths in durations
        ]
    return table.rename_axis("event_label")


def event_durations(dataset: Dataset) -> dict[str, npt.NDArray[np.float64]]:
    """Return the length in seconds of every event, by class."""
    if dataset.events is None:
        return {label: np.empty(0) for label in dataset.classes}
    lengths = (dataset.events["offset"] - dataset.events["onset"]).to_numpy()
    labels = dataset.events["event_label"].to_numpy()
    return {label: lengths[labels == label] for label in dataset.classes}


def _active_share(dataset: Dataset) -> npt.NDArray[np.float64]:
    """Return, for each class, the mean share of a clip that it fills, over the clips that have events of it."""
    assert dataset.events is not None
    seconds = active_seconds(dataset.events, dataset.clips["filename"].tolist(), dataset.classes).to_numpy()
    shares = seconds / dataset.clips["duration"].to_numpy(dtype=np.float64)[:, np.newaxis]
    present = (seconds > 0).sum(axis=0)
    mean: npt.NDArray[np.float64] = np.full(len(present), np.nan)
    np.divide(shares.sum(axis=0), present, out=mean, where=present > 0)
    return mean


def co_occurrence(tags: pd.DataFrame) -> pd.DataFrame:
    """Return the share of the clips with the class of a row that also have the class of a column.

    Parameters
    ----------
    tags : DataFrame of bool
        One row per clip, one column per class.

    Returns
    -------
    shares : DataFrame
        Classes × classes, 1 on the diagonal; rows of classes that no clip has are NaN.

    Examples
    --------
    >>> float(co_occurrence(pd.DataFrame({"dog": [True, True], "cat": [True, False]})).loc["dog", "cat"])
    0.5
    """
    present = tag_arrays(tags)[0].astype(np.float64)
    together = present.T @ present
    own = np.diag(together)[:, np.newaxis]
    shares = np.divide(together, own, out=np.full_like(together, np.nan), where=own > 0)
    return pd.DataFrame(shares, index=tags.columns, columns=tags.columns)


def tags_per_clip(tags: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Count the clips with 0, 1, 2, ... classes."""
    return np.bincount(tag_arrays(tags)[0].sum(axis=1, dtype=np.int64))


def polyphony(dataset: Dataset) -> npt.NDArray[np.float64]:
    """Return the share of the time in which 0, 1, 2, ... events sound at once; events of one class count separately."""
    dataset = dataset.with_events()
    total = float(dataset.clips["duration"].sum())
    if dataset.events is None or not total:
        return np.empty(0)
    starts = pd.Series(1, index=pd.MultiIndex.from_frame(dataset.events[["filename", "onset"]]))
    ends = pd.Series(-1, index=pd.MultiIndex.from_frame(dataset.events[["filename", "offset"]]))
    steps = pd.concat([starts, ends]).groupby(level=[0, 1]).sum().reset_index(name="step")
    steps.columns = pd.Index(["filename", "time", "step"])
    level = steps.groupby("filename")["step"].cumsum().to_numpy()
    durations = steps.groupby("filename")["time"].diff(-1).abs().fillna(0.0).to_numpy()
    seconds = np.bincount(level, weights=durations, minlength=1)
    seconds[0] = total - seconds[1:].sum()
    shares: npt.NDArray[np.float64] = seconds / total
    return shares
