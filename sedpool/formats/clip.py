"""Rows of events, lines of text and names of recordings, for the formats that annotate a single recording."""

import math
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd

from sedpool.audio.files import EXTENSIONS
from sedpool.audio.start_time import later
from sedpool.errors import DataError
from sedpool.events import LATEST, events_from_rows, validate_events

Row = tuple[float, float, str]
"""Onset and offset in seconds and the label of an event."""

_ENDING = re.compile(r"\.(Table\.\d+\.selections|BirdNET\.(results|selection\.table))$", re.IGNORECASE)

UPPER_FREQUENCY = 20000.0
"""Hz up to which an event without a band is drawn, if the recording's own limit is not known."""

DATETIME = "datetime"
"""Column that tables written for people have besides those of an event table."""

ROUNDING = 0.010
"""Seconds by which an event may pass the clip's end because of rounding; beyond, it counts as clipped."""


@dataclass(frozen=True)
class Annotation:
    """The annotation of one clip of known length.

    Attributes
    ----------
    duration : float
        Length of the clip in seconds.
    events : tuple of (float, float, str)
        Onset and offset in seconds and the label of every event, in the file's order.
    n_clipped : int
        Events that passed the end by more than 10 ms and were cut there, or dropped where they start after it.
    """

    duration: float
    events: tuple[Row, ...]
    n_clipped: int = 0


@dataclass(frozen=True)
class RecordingInfo:
    """What a file of labels states about a recording besides its events.

    Attributes
    ----------
    duration : float
        Seconds.
    path : str, optional
        Where it lies; by default its name.
    upper_frequency : float
        Hz: the highest frequency that it can hold, half its sampling rate.
    start : datetime, optional
        When it begins.
    """

    duration: float
    path: str | None = None
    upper_frequency: float = UPPER_FREQUENCY
    start: datetime | None = None


def with_datetimes(events: pd.DataFrame, recordings: Mapping[str, RecordingInfo]) -> pd.DataFrame:
    """Add a column `datetime`: when each event begins, in ISO 8601, empty for recordings whose start is not known.

    Parameters
    ----------
    events : DataFrame
        Event table.
    recordings : mapping of str to RecordingInfo
        What is known of the recordings; where no start is, no column is added.
    """
    if not any(recording.start for recording in recordings.values()):
        return events
    times = []
    for filename, onset in zip(events["filename"], events["onset"], strict=True):
        start = recordings[filename].start if filename in recordings else None
        times.append(later(start, onset).isoformat(timespec="milliseconds") if start else "")
    return events.assign(**{DATETIME: times})


def clip_rows(duration: float, rows: Sequence[Row]) -> Annotation:
    """Return the annotation of a clip of `duration` seconds, with events cut at its end."""
    kept = tuple((onset, min(offset, duration), label) for onset, offset, label in rows if onset < duration)
    return Annotation(duration, kept, sum(offset > duration + ROUNDING for _, offset, _ in rows))


def check_times(onset: float, offset: float, where: str) -> None:
    """Refuse an event that starts before 0 s, ends before or when it starts, or has a time that cannot be."""
    if not (math.isfinite(onset) and math.isfinite(offset)):
        raise DataError(f"{where}: onset {onset}, offset {offset}; expected finite seconds")
    if onset < 0:
        raise DataError(f"{where}: starts at {onset} s; expected 0 s or later")
    if offset <= onset:
        raise DataError(f"{where}: lasts from {onset} s to {offset} s; expected an end after the start")
    if offset > LATEST:
        raise DataError(
            f"{where}: ends at {offset:g} s; expected less than {LATEST:g} s, 115 days: is it another unit?"
        )


def number_in(value: object, where: str, *, expected: str = "seconds") -> float:
    """Return a value of JSON that must be a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"{where} is {value!r}; expected {expected}")
    try:
        return float(value)
    except OverflowError:
        raise DataError(f"{where} has hundreds of digits; expected {expected}") from None


def check_label(label: str, classes: Collection[str] | None, where: str) -> None:
    """Refuse a label outside `classes`; None allows any."""
    if classes is not None and label not in classes:
        raise DataError(f"{where}: unknown label {label!r}; expected one of {', '.join(classes)}")


def short_names(paths: Iterable[str]) -> dict[str, str]:
    r"""Name recordings by their files, and by as many of their folders as tell equal names apart.

    Examples
    --------
    >>> short_names(["D:\\north\\a.wav", "D:\\south\\a.wav", "/field/b.wav"])
    {'D:\\north\\a.wav': 'north/a.wav', 'D:\\south\\a.wav': 'south/a.wav', '/field/b.wav': 'b.wav'}
    """
    parts = {path: PureWindowsPath(path).parts for path in paths}
    short: dict[tuple[str, ...], tuple[str, ...]] = {}
    alike, depth = set(parts.values()), 0
    while alike:
        depth += 1
        count = Counter(own[-depth:] for own in alike)
        short |= {own: own[-depth:] for own in alike if count[own[-depth:]] == 1 or depth >= len(own)}
        alike -= short.keys()
    return {path: PureWindowsPath(*short[own]).as_posix() for path, own in parts.items()}


def clip_name(path: str | os.PathLike[str]) -> str:
    """Return the name of the recording that a file annotates: the audio file with its stem beside it, or ``stem.wav``.

    ``a.Table.1.selections.txt``, as Raven names its tables, annotates ``a.wav``; ``a.flac.jams`` annotates ``a.flac``.

    Raises
    ------
    DataError
        If its name is not in UTF-8.
    """
    path = Path(path)
    if any("\ud800" <= character <= "\udfff" for character in path.name):
        raise DataError(f"{path}: the name is not in UTF-8; rename the file")
    own = _ENDING.sub("", path.stem)
    if Path(own).suffix.lower() in EXTENSIONS:
        return own
    stems = [path.stem]
    while stem := stems[-1].rpartition(".")[0]:
        stems.append(stem)
    beside = (path.with_name(stem + suffix) for stem in stems for suffix in sorted(EXTENSIONS))
    return next((audio.name for audio in beside if audio.exists()), f"{own}.wav")


def clip_events(
    rows: Sequence[Row],
    path: str | os.PathLike[str],
    filename: str | None,
    optional: Mapping[str, Sequence[float | None]] | None = None,
) -> pd.DataFrame:
    """Make the event table of one recording, named `filename` or else after the file that annotates it.

    `optional` holds values of `sedpool.events.OPTIONAL_COLUMNS` for every row; a column without any is left out.
    """
    name = filename or clip_name(path)
    events = events_from_rows([(name, *row) for row in rows])
    known = {
        column: np.array(values, dtype=np.float64)
        for column, values in (optional or {}).items()
        if any(value is not None for value in values)
    }
    return validate_events(events.assign(**known), source=str(path)) if known else events


def only_clip(events: pd.DataFrame, path: str | os.PathLike[str]) -> pd.DataFrame:
    """Check events before they are written to a file for one recording.

    Raises
    ------
    DataError
        If they belong to several recordings or are not valid events.
    """
    table = validate_events(events, source=str(path))
    names = table["filename"].unique()
    if len(names) > 1:
        raise DataError(
            f"{path}: events of {len(names)} recordings ({names[0]}, {names[1]}, ...); this format holds only one"
        )
    return table


def rows_of(table: pd.DataFrame) -> list[Row]:
    """Return onset, offset and label of every event of a table."""
    return list(zip(*(table[column].tolist() for column in ("onset", "offset", "event_label")), strict=True))


def values_of(table: pd.DataFrame, column: str) -> list[float | None]:
    """Return an optional column's values; None where there is none."""
    if column not in table.columns:
        return [None] * len(table)
    return [None if missing else value for value, missing in zip(table[column], table[column].isna(), strict=True)]


def refuse_characters(events: pd.DataFrame, characters: str, path: str | os.PathLike[str]) -> None:
    """Refuse labels with a character that the format cannot hold."""
    for label in events["event_label"].unique():
        found = [character for character in characters if character in label]
        if found or not label.strip():
            problem = f"contains {found[0]!r}" if found else "is empty"
            raise DataError(f"{path}: label {label!r} {problem}, which this format cannot hold; rename it or write TSV")
