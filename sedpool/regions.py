"""Regions: times in which it is not known whether a class sounds, and tags that nobody knows.

A table of regions has the columns of an event table. An empty `event_label` means all classes, and an `offset` of
infinity the end of the clip. Regions count neither way: nothing in them is right, wrong or missed.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sedpool.events import EVENT_COLUMNS, LATEST, empty_events
from sedpool.runtime.arrays import BoolArray, Float32Array
from sedpool.text_tables import TableSource, refuse_rows

ALL_CLASSES = ""
_CLIP_AND_CLASS = ["filename", "event_label"]


def validate_regions(
    regions: pd.DataFrame, classes: Sequence[str], *, source: TableSource = "unknown regions"
) -> pd.DataFrame:
    """Check a table of regions and return its columns in order; regions without length are left out.

    Parameters
    ----------
    regions : DataFrame
        The columns `filename`, `onset`, `offset` and `event_label`.
    classes : sequence of str
        The labels that may occur besides the empty one.
    source : str or TextTable
        Origin of the table, for messages.

    Raises
    ------
    DataError
        If a time is negative or no number, an offset is before its onset, or a label is not one of `classes`.
    """
    table = regions.loc[:, list(EVENT_COLUMNS)]
    onset, offset = (table[name].to_numpy(dtype=np.float64) for name in ("onset", "offset"))
    refuse_rows(table, ~(onset >= 0) | (onset > LATEST), "starts at no second of a recording; give seconds", source)
    refuse_rows(table, ~(offset >= onset), "ends before it starts; mend its offset", source)
    other = ~table["event_label"].isin([*classes, ALL_CLASSES])
    problem = f"has an unknown label; expected one of {', '.join(classes)}, or none for all classes"
    refuse_rows(table, other, problem, source)
    return table.assign(onset=onset, offset=offset).loc[offset > onset].reset_index(drop=True)


def within_durations(regions: pd.DataFrame, durations: Mapping[str, float]) -> pd.DataFrame:
    """Cut regions at the ends of their clips, and leave out those that begin later."""
    end = regions["filename"].map(durations).to_numpy(dtype=np.float64)
    cut = regions.assign(offset=np.minimum(regions["offset"], end))
    return cut.loc[cut["onset"] < cut["offset"]].reset_index(drop=True)


def of_each_class(regions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Write a region of all classes as one region per class.

    Examples
    --------
    >>> from sedpool.events import events_from_rows
    >>> of_each_class(events_from_rows([("a.wav", 1, 2, ""), ("a.wav", 3, 4, "dog")]), ["dog", "cat"])
      filename  onset  offset event_label
    0    a.wav    1.0     2.0         dog
    1    a.wav    1.0     2.0         cat
    2    a.wav    3.0     4.0         dog
    """
    of_all = regions["event_label"] == ALL_CLASSES
    if not of_all.any():
        return regions
    labels = (
        regions["event_label"].astype(object).where(~of_all, pd.Series([list(classes)] * len(regions), regions.index))
    )
    return regions.assign(event_label=labels).explode("event_label", ignore_index=True)


def outside(table: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Return the times of one table that none of another covers, in each clip and class, in order.

    Parameters
    ----------
    table, others : DataFrame
        Events, or regions of single classes.

    Examples
    --------
    >>> from sedpool.events import events_from_rows
    >>> outside(events_from_rows([("a.wav", 0, 9, "dog")]), events_from_rows([("a.wav", 2, 4, "dog")]))
      filename  onset  offset event_label
    0    a.wav    0.0     2.0         dog
    1    a.wav    4.0     9.0         dog
    """
    edges = [
        source[_CLIP_AND_CLASS].assign(time=source[column], covered=step * is_own, excluded=step * (not is_own))
        for source, is_own in ((table, True), (others, False))
        for column, step in (("onset", 1), ("offset", -1))
    ]
    steps = pd.concat(edges).groupby([*_CLIP_AND_CLASS, "time"])[["covered", "excluded"]].sum()
    active = steps.groupby(level=_CLIP_AND_CLASS).cumsum()
    kept = (active["covered"] > 0) & (active["excluded"] <= 0)
    if not kept.any():
        return empty_events()
    spans = kept.rename("kept").reset_index()
    groups = spans.groupby(_CLIP_AND_CLASS)
    spans["offset"] = groups["time"].shift(-1)
    starts = spans["kept"] & ~groups["kept"].shift(fill_value=False)
    spans = spans.loc[spans["kept"]].assign(number=starts.cumsum())
    joined = spans.groupby("number").agg(
        filename=("filename", "first"),
        onset=("time", "first"),
        offset=("offset", "last"),
        event_label=("event_label", "first"),
    )
    return joined.reset_index(drop=True)


def tag_values(tags: pd.DataFrame) -> Float32Array:
    """Return tags as numbers, shape (clips, classes): 1 true, 0 false, NaN unknown, in between soft."""
    return tags.astype("Float32" if tags.isna().to_numpy().any() else np.float32).to_numpy(np.float32, na_value=np.nan)


def are_soft(tags: pd.DataFrame) -> bool:
    """Return whether tags are numbers from 0 to 1."""
    return bool(tags.dtypes.map(pd.api.types.is_float_dtype).any())


def tag_arrays(tags: pd.DataFrame) -> tuple[BoolArray, BoolArray]:
    """Return which tags are true, and which are known, shape (clips, classes).

    Unknown ones are not true; a soft one is from 0.5 on.
    """
    known = tags.notna().to_numpy()
    if are_soft(tags):
        return tag_values(tags) >= 0.5, known
    if known.all():
        return tags.to_numpy(dtype=bool), known
    return tags.astype("boolean").to_numpy(dtype=bool, na_value=False), known
