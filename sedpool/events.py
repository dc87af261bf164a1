"""Events and tags: the two forms of labels.

An event table is a DataFrame with the columns ``filename, onset, offset, event_label`` (seconds from the start of the
clip; DCASE's columns), and any of ``confidence`` (0 to 1), ``channel`` (from 1) and ``low_frequency, high_frequency``
(Hz) where they are known, NaN or NA in rows without them. No metric looks at these. Tags say which classes a clip has:
a boolean DataFrame with one row per clip (index ``filename``) and one column per class. Tables are validated once,
when they are read.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sedpool.errors import DataError
from sedpool.text_tables import TableSource, refuse_rows, without_number

EVENT_COLUMNS = ("filename", "onset", "offset", "event_label")
OPTIONAL_COLUMNS = ("confidence", "channel", "low_frequency", "high_frequency")
LATEST = 1e7
"""Seconds, 115 days: no recording is longer, and later times are milliseconds, samples or times of a calendar."""


def empty_events() -> pd.DataFrame:
    """Return an event table without rows."""
    return events_from_rows([])


def events_from_rows(rows: Sequence[tuple[str, float, float, str]]) -> pd.DataFrame:
    """Make an event table from ``(filename, onset, offset, event_label)`` rows.

    Examples
    --------
    >>> events_from_rows([("a.wav", 0.5, 2, "dog_bark")])
      filename  onset  offset event_label
    0    a.wav    0.5     2.0    dog_bark
    """
    table = pd.DataFrame(list(rows), columns=list(EVENT_COLUMNS))
    return _with_types(table)


def _with_types(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype({"filename": str, "onset": np.float64, "offset": np.float64, "event_label": str})


def optional_columns(events: pd.DataFrame) -> list[str]:
    """Return those of `OPTIONAL_COLUMNS` that a table has, in their order."""
    return [column for column in OPTIONAL_COLUMNS if column in events.columns]


def validate_events(
    events: pd.DataFrame,
    *,
    classes: Sequence[str] | None = None,
    source: TableSource = "events",
    allow_zero_length: bool = False,
) -> pd.DataFrame:
    """Check an event table and return it with its columns in order and its types exact.

    Parameters
    ----------
    events : DataFrame
        The columns `filename`, `onset`, `offset`, `event_label` and any of `OPTIONAL_COLUMNS`; others are dropped.
    classes : sequence of str, optional
        The labels that may occur.
    source : str or TextTable
        Origin of the table, for messages.
    allow_zero_length : bool
        Accept events that end when they start.

    Raises
    ------
    DataError
        If a column is missing, a time is negative, not finite or later than `LATEST`, an offset is not after its onset,
        a label is not one of `classes`, or an optional column holds an impossible value. The message names the line of
        the file, or the row counted from 1.
    """
    missing = [column for column in EVENT_COLUMNS if column not in events.columns]
    if missing:
        found = ", ".join(map(str, events.columns)) or "none"
        expected = ", ".join(EVENT_COLUMNS)
        raise DataError(f"{source}: no column {', '.join(missing)}; found {found}; expected {expected}")
    table = events.loc[:, list(EVENT_COLUMNS)]
    no_time = "has a time that is not a finite number; expected seconds"
    try:
        table = _with_types(table)
    except (TypeError, ValueError):
        refuse_rows(table, without_number(table[["onset", "offset"]]), no_time, source)
        raise
    onset, offset = table["onset"].to_numpy(), table["offset"].to_numpy()
    refuse_rows(table, ~(np.isfinite(onset) & np.isfinite(offset)), no_time, source)
    refuse_rows(table, onset < 0, "starts before 0 s", source)
    guess = "are these milliseconds, samples, or times of a calendar? (--unit, dataset.unit)"
    refuse_rows(table, offset > LATEST, f"ends after {LATEST:g} s, 115 days; {guess}", source)
    if allow_zero_length:
        refuse_rows(table, offset < onset, "ends before it starts; remove it or mend its offset", source)
    else:
        refuse_rows(table, offset <= onset, "does not end after it starts; remove it or mend its offset", source)
    if classes is not None:
        unknown = ~table["event_label"].isin(list(classes))
        refuse_rows(table, unknown, f"has an unknown label; expected one of {', '.join(classes)}", source)
    if optional := optional_columns(events):
        table = table.assign(**{column: _optional_numbers(events, column, source) for column in optional})
    if {"low_frequency", "high_frequency"} <= set(optional):
        band = table[["filename", "onset", "low_frequency", "high_frequency"]]
        refuse_rows(
            band, band["low_frequency"] > band["high_frequency"], "has a band that ends below its start", source
        )
    return table.reset_index(drop=True)


def _optional_numbers(events: pd.DataFrame, column: str, source: TableSource) -> pd.Series:
    """Return the numbers of an optional column; missing and blank values become NaN, or NA for channels."""
    numbers = given = events[column]
    known = given.notna()
    if not pd.api.types.is_numeric_dtype(given):
        known &= given.astype(str).str.strip() != ""
        numbers = pd.to_numeric(given.where(known), errors="coerce")
    numbers = numbers.astype(np.float64)
    if column == "confidence":
        expected, fits = "a number from 0 to 1", numbers.between(0, 1)
    elif column == "channel":
        expected, fits = "a whole number from 1", (numbers >= 1) & (numbers == np.floor(numbers)) & (numbers < 2**31)
    else:
        expected, fits = "Hz from 0 up", (numbers >= 0) & np.isfinite(numbers)
    refuse_rows(events[["filename", "onset", column]], known & ~fits, f"has another {column} than {expected}", source)
    return numbers.astype("Int64") if column == "channel" else numbers


def clip_to_duration(events: pd.DataFrame, durations: Mapping[str, float] | pd.Series) -> tuple[pd.DataFrame, int]:
    """Clip events at their recording's end.

    Parameters
    ----------
    events : DataFrame
        Event table.
    durations : mapping of str to float, or Series
        Length in seconds of every file in `events`, by name.

    Returns
    -------
    clipped : DataFrame
        The events, offsets no later than the end; events that start at or after the end are left out, except those
        that start and end there.
    n_changed : int
        Number of events that were shortened by more than 10 ms (less is rounding) or left out.
    """
    end = events["filename"].map(durations).to_numpy(dtype=np.float64)
    onset, offset = (events[name].to_numpy(dtype=np.float64) for name in ("onset", "offset"))
    inside = (onset < end) | ((onset == end) & (offset == end))
    clipped = events.assign(offset=np.minimum(offset, end)).loc[inside].reset_index(drop=True)
    return clipped, int((offset > end + 0.010).sum())


def refuse_other_unit(
    events: pd.DataFrame, durations: Mapping[str, float] | pd.Series, source: TableSource, advice: str
) -> None:
    """Refuse events if most of them begin after the end of their recordings: their times have another unit.

    Parameters
    ----------
    events : DataFrame
        Event table, or rows without times.
    durations : mapping of str to float, or Series
        Length in seconds of recordings, by name; events of others are not looked at.
    source : str or TextTable
        Origin of the events, for the message.
    advice : str
        How to give the unit, for the message, e.g. ``--unit``.

    Raises
    ------
    DataError
        With the unit that the times may have.
    """
    end = events["filename"].map(durations).astype(np.float64).to_numpy()
    onset = events["onset"].to_numpy(dtype=np.float64)
    known = np.isfinite(end) & np.isfinite(onset)
    late = known & (onset >= end)
    if 2 * late.sum() <= known.sum() or not late.any():
        return
    rates = [
        rate for rate in (8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000) if (onset < end * rate)[late].all()
    ]
    if (onset < end * 1000)[late].all():
        guess = f"are they milliseconds? then give {advice}ms"
    elif rates:
        guess = f"are they samples? then give {advice}samples:RATE with the sampling rate in Hz"
    else:
        guess = "expected seconds from the start of the recording"
    row = int(late.argmax())
    raise DataError(
        f"{source}: {late.sum()} of {known.sum()} events begin after the end of their recording (first "
        f"{events['filename'].iloc[row]}: {onset[row]:g} s of {end[row]:g} s); {guess}"
    )


def count_overlaps(events: pd.DataFrame) -> int:
    """Count the events that share time with an earlier event of their own class in the same clip.

    Examples
    --------
    >>> count_overlaps(events_from_rows([("a", 0, 3, "dog"), ("a", 2, 4, "dog"), ("a", 3, 5, "cat")]))
    1
    """
    clip, label = (pd.factorize(events[column])[0] for column in ("filename", "event_label"))
    ordered = events.assign(group=clip * (label.max(initial=0) + 1) + label).sort_values("onset", kind="stable")
    latest = ordered["offset"].groupby(ordered["group"]).cummax()
    earlier = latest.groupby(ordered["group"]).shift()
    return int((ordered["onset"] < earlier).sum())


def merge_events(events: pd.DataFrame) -> pd.DataFrame:
    """Merge overlapping or touching events of the same class within each clip, in the order of the first of each.

    A merged event has the highest confidence of its parts, the first channel and the widest band.

    Examples
    --------
    >>> merge_events(events_from_rows([("a", 2, 4, "dog"), ("a", 0, 3, "dog"), ("a", 3, 5, "cat")]))
      filename  onset  offset event_label
    0        a    0.0     4.0         dog
    1        a    3.0     5.0         cat
    """
    keys = ["filename", "event_label"]
    ordered = events.assign(order=np.arange(len(events))).sort_values([*keys, "onset"], kind="stable")
    reach = ordered.groupby(keys)["offset"].cummax().groupby([ordered[key] for key in keys]).shift()
    how = {"filename": "first", "onset": "first", "offset": "max", "event_label": "first", "order": "min"}
    how |= {"confidence": "max", "channel": "first", "low_frequency": "min", "high_frequency": "max"}
    begins = ~(ordered["onset"] <= reach)
    merged = ordered.groupby(begins.cumsum().rename(None)).agg({key: how[key] for key in how if key in ordered})
    return merged.sort_values("order", ignore_index=True)[list(events.columns)]


def tags_from_events(events: pd.DataFrame, filenames: Sequence[str], classes: Sequence[str]) -> pd.DataFrame:
    """Derive weak labels from strong ones: a clip has a class if it has any event of it.

    Returns
    -------
    tags : DataFrame of bool
        One row per file of `filenames`, in their order, one column per class.
    """
    values = np.zeros((len(filenames), len(classes)), dtype=bool)
    rows = pd.Index(filenames).get_indexer(pd.Index(events["filename"]))
    columns = pd.Index(classes).get_indexer(pd.Index(events["event_label"]))
    known = (rows >= 0) & (columns >= 0)
    values[rows[known], columns[known]] = True
    return pd.DataFrame(values, index=pd.Index(filenames, name="filename"), columns=list(classes))


def active_seconds(events: pd.DataFrame, filenames: Sequence[str], classes: Sequence[str]) -> pd.DataFrame:
    """Return how long each class is active in each clip; overlapping events of a class count once.

    Returns
    -------
    seconds : DataFrame of float
        One row per file of `filenames`, in their order, one column per class.
    """
    ordered = events.sort_values("onset", kind="stable")
    groups = ordered.groupby(["filename", "event_label"], sort=False)["offset"]
    covered_until = (
        groups.cummax().groupby([ordered["filename"], ordered["event_label"]], sort=False).shift(fill_value=0)
    )
    own = (ordered["offset"] - np.maximum(ordered["onset"], covered_until)).clip(lower=0)
    values = np.zeros((len(filenames), len(classes)))
    rows = pd.Index(filenames).get_indexer(pd.Index(ordered["filename"]))
    columns = pd.Index(classes).get_indexer(pd.Index(ordered["event_label"]))
    known = (rows >= 0) & (columns >= 0)
    np.add.at(values, (rows[known], columns[known]), own.to_numpy()[known])
    return pd.DataFrame(values, index=pd.Index(filenames, name="filename"), columns=list(classes))


def stretch_tags(tags: pd.DataFrame, durations: Mapping[str, float]) -> pd.DataFrame:
    """Make events that cover the whole clip for every tag: the output of a system without any localisation.

    Parameters
    ----------
    tags : DataFrame of bool
        One row per clip, one column per class.
    durations : mapping of str to float
        Length of every clip in seconds.
    """
    rows, columns = np.nonzero(tags.to_numpy())
    filenames = tags.index.to_numpy()[rows]
    table = pd.DataFrame(
        {
            "filename": filenames,
            "onset": 0.0,
            "offset": [durations[name] for name in filenames],
            "event_label": tags.columns.to_numpy()[columns],
        }
    )
    return _with_types(table)
