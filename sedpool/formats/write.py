"""Writing events in a format by its name: the table of the formats, and `write_events` for any of them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sedpool.errors import ConfigError, DataError
from sedpool.formats import table
from sedpool.formats.audacity import write_audacity
from sedpool.formats.clip import RecordingInfo, only_clip, with_datetimes
from sedpool.formats.jams import write_jams
from sedpool.formats.json_list import write_json
from sedpool.formats.raven import write_raven
from sedpool.formats.soundevent_json import write_soundevent
from sedpool.formats.textgrid import write_textgrid

Recordings = Mapping[str, RecordingInfo]


@dataclass(frozen=True)
class Writer:
    """A format that events are written in.

    Attributes
    ----------
    suffix : str
        End of its files' names.
    holds_several : bool
        Whether a file holds events of any number of recordings, and not of one only.
    needs_recordings : bool
        Whether it states more about the recordings than their events, so that `write_events` needs them; Raven's
        tables of a single recording can do without.
    write : callable
        Writes events to a path, with what is known of the recordings.
    """

    suffix: str
    holds_several: bool
    needs_recordings: bool
    write: Callable[[pd.DataFrame, Path, Recordings], None]


def _write_jams(events: pd.DataFrame, path: Path, recordings: Recordings) -> None:
    name = _only_recording(events, path, recordings, "JAMS")
    write_jams(events, path, duration=recordings[name].duration, filename=name)


def _write_textgrid(events: pd.DataFrame, path: Path, recordings: Recordings) -> None:
    name = _only_recording(events, path, recordings, "a TextGrid")
    write_textgrid(events, path, duration=recordings[name].duration)


def _only_recording(events: pd.DataFrame, path: Path, recordings: Recordings, format: str) -> str:
    named = only_clip(events, path)["filename"].unique().tolist() or list(recordings)
    if len(named) != 1 or named[0] not in recordings:
        raise DataError(f"{path}: {format} states the length of the one recording; give it in `recordings`")
    return str(named[0])


WRITERS: dict[str, Writer] = {
    "tsv": Writer(".tsv", True, False, lambda *a: table.write_tsv(with_datetimes(a[0], a[2]), a[1])),
    "csv": Writer(".csv", True, False, lambda *a: table.write_csv(with_datetimes(a[0], a[2]), a[1])),
    "json": Writer(".json", True, False, lambda *a: write_json(with_datetimes(a[0], a[2]), a[1])),
    "jams": Writer(".jams", False, True, _write_jams),
    "audacity": Writer(".txt", False, False, lambda events, path, _: write_audacity(events, path)),
    "raven": Writer(".Table.1.selections.txt", True, True, lambda *a: write_raven(*a[:2], recordings=a[2])),
    "textgrid": Writer(".TextGrid", False, True, _write_textgrid),
    "soundevent": Writer(".soundevent.json", True, True, lambda *a: write_soundevent(*a[:2], recordings=a[2])),
}
"""Every format that `write_events` writes, by its name."""


def write_events(
    events: pd.DataFrame, path: str | os.PathLike[str], format: str, *, recordings: Recordings | None = None
) -> None:
    """Write events in a format by its name, atomically.

    Parameters
    ----------
    events : DataFrame
        Event table (see `sedpool.events`). Confidence, channel and frequencies are written where the format has a place
        for them: tables and JSON have all, label tracks of Audacity and soundevent only frequencies, JAMS only
        confidence, and TextGrids none.
    path : path-like
        The file; its name does not choose the format.
    format : {"tsv", "csv", "json", "jams", "audacity", "raven", "textgrid", "soundevent"}
        A name in `WRITERS`.
    recordings : mapping of str to RecordingInfo, optional
        What is known of each recording, in the order of Raven's sound list: JAMS and TextGrids need the length of their
        recording, a Raven table of several recordings and soundevent the lengths of all. Where it says when they begin,
        tables and JSON have a column ``datetime``: when each event does.

    Raises
    ------
    ConfigError
        If there is no such format.
    DataError
        If the events are not valid, the format holds only one recording and they belong to several, it cannot hold a
        label, or `recordings` lacks one that it needs.

    Examples
    --------
    >>> write_events(events, "all.tsv", "tsv")  # doctest: +SKIP
    >>> write_events(events, "a.jams", "jams", recordings={"a.wav": RecordingInfo(60.0)})  # doctest: +SKIP
    """
    if format not in WRITERS:
        raise ConfigError(f"format {format!r}: unknown; expected {', '.join(WRITERS)}")
    WRITERS[format].write(events, Path(path), recordings or {})
