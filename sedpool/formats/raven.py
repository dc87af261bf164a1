"""Raven selection tables: tab-separated, with Raven's column names, one row per selection and view.

Raven has no fixed column for labels; users add one. Of a selection with rows for several views, only the first is read.
"""

import os
from collections.abc import Mapping
from pathlib import PureWindowsPath

import numpy as np
import pandas as pd

from sedpool import storage
from sedpool.errors import DataError
from sedpool.events import validate_events
from sedpool.formats.clip import RecordingInfo, clip_name, only_clip, refuse_characters, tabbed_lines
from sedpool.text_tables import TextTable, to_numbers

BEGIN, END = "Begin Time (s)", "End Time (s)"
FILE, PATH, FILE_OFFSET = "Begin File", "Begin Path", "File Offset (s)"
LABELS = ("annotation", "label", "event_label", "species", "common name", "class", "event", "call type", "tag")
"""Names of a column of labels; case is ignored."""
CHANNEL, LOW, HIGH = "Channel", "Low Freq (Hz)", "High Freq (Hz)"


def read_raven(
    path: str | os.PathLike[str], filename: str | None = None, *, label_column: str | None = None
) -> pd.DataFrame:
    """Read a selection table.

    Parameters
    ----------
    path : path-like
        The table.
    filename : str, optional
        Id of the recording, where the table has no column ``Begin File``; by default that of the audio file beside
        the table with the same stem, else ``stem.wav``.
    label_column : str, optional
        The column with the labels; by default the one whose name comes first in `LABELS`.

    Returns
    -------
    events : DataFrame
        See `sedpool.events`.

    Raises
    ------
    DataError
        If a column is missing, a time is impossible (the message names the line), or the selections belong to several
        recordings without their ``File Offset (s)``.
    """
    table, source = _table(path), TextTable(path, separator=None)
    if "Selection" in table.columns:
        table = table.drop_duplicates("Selection")
    problem = "has no number in {}; expected seconds"
    seconds = {
        column: to_numbers(table[column], table, problem.format(column), source)
        for column in (BEGIN, END, FILE_OFFSET)
        if column in table.columns
    }
    onset, offset = seconds[BEGIN], seconds[END]
    if FILE_OFFSET in table.columns:
        onset, offset = seconds[FILE_OFFSET], seconds[FILE_OFFSET] + (offset - onset)
    names: pd.Series | str = filename or clip_name(path)
    if FILE in table.columns:
        names = table[FILE].map(_recording_name)
        recordings = names.unique()
        if len(recordings) > 1 and FILE_OFFSET not in table.columns:
            raise DataError(
                f"{path}: selections in {len(recordings)} recordings but no column {FILE_OFFSET}; add it in Raven"
            )
    if label_column is None:
        by_name = {str(column).strip().lower(): str(column) for column in reversed(table.columns)}
        label_column = next((by_name[name] for name in LABELS if name in by_name), None)
    if label_column is None:
        raise DataError(f"{path}: no column of labels; name one of its columns Annotation")
    columns = {"filename": names, "onset": onset, "offset": offset, "event_label": table[label_column]}
    return validate_events(pd.DataFrame(columns | _optional(table)), source=source)


def _recording_name(text: str) -> str:
    """Return a recording's path as a POSIX path; of an absolute one, which is another computer's, only the name."""
    path = PureWindowsPath(text.strip())
    return path.name if path.root or path.drive else path.as_posix()


def _optional(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Return channel, frequencies and confidence, as text, where a table has them."""
    found = {
        name: table[column]
        for name, column in (("channel", CHANNEL), ("low_frequency", LOW), ("high_frequency", HIGH))
        if column in table.columns
    }
    by_name = {str(column).strip().lower(): table[column] for column in table.columns}
    if "confidence" in by_name:
        found["confidence"] = by_name["confidence"]
    elif "score" in by_name and pd.to_numeric(by_name["score"], errors="coerce").between(0, 1).all():
        found["confidence"] = by_name["score"]  # other scores, such as those in dB, are no confidence
    return {name: column for name, column in found.items() if (column.str.strip() != "").any()}


def _table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the selections as text, indexed by their lines in the file."""
    rows = dict(tabbed_lines(path))
    names = rows.pop(min(rows)) if rows else []
    for line, row in rows.items():
        if len(row) != len(names):
            raise DataError(f"{path}: line {line} has {len(row)} columns; expected {len(names)}")
    table = pd.DataFrame(list(rows.values()), index=list(rows), columns=names, dtype=str)
    missing = [column for column in (BEGIN, END) if column not in table.columns]
    if missing:
        raise DataError(f"{path}: no column {', '.join(missing)}; expected a Raven selection table")
    return table


def write_raven(
    events: pd.DataFrame, path: str | os.PathLike[str], *, recordings: Mapping[str, RecordingInfo] | None = None
) -> None:
    """Write events as a selection table, times to the nanosecond as Raven does.

    Events without a channel are in the first, those without frequencies reach from 0 Hz to the highest of their
    recording (20 kHz if it is not known); a column `Confidence` is added where there is one.

    Parameters
    ----------
    events : DataFrame
        Event table; of one recording only if `recordings` are not given.
    path : path-like
        The file.
    recordings : mapping of str to RecordingInfo, optional
        What is known of each recording, in the order in which Raven opens them as one sound. ``Begin Time (s)`` is then
        the time in that sound, ``File Offset (s)`` the time in the recording.

    Raises
    ------
    DataError
        If the events belong to several recordings or to another than given, or a label holds a tab or a line break.
    """
    table = validate_events(events, source=str(path)) if recordings else only_clip(events, path)
    refuse_characters(table, "\t\n\r", path)
    known = dict(recordings) if recordings else {name: RecordingInfo(0.0) for name in table["filename"].unique()}
    if absent := sorted(set(table["filename"]) - set(known)):
        raise DataError(f"{path}: {absent[0]} is not one of the recordings given; give the length of all")
    ends = np.cumsum([recording.duration for recording in known.values()])
    starts = dict(zip(known, [0.0, *ends[:-1]], strict=True)) if known else {}
    start = table["filename"].map(starts).astype(np.float64)
    upper = table["filename"].map({name: recording.upper_frequency for name, recording in known.items()})
    selections = pd.DataFrame(
        {
            "Selection": range(1, len(table) + 1),
            "View": "Spectrogram 1",
            CHANNEL: _filled(table, "channel", 1),
            BEGIN: (start + table["onset"]).map("{:.9f}".format),
            END: (start + table["offset"]).map("{:.9f}".format),
            LOW: _filled(table, "low_frequency", 0.0),
            HIGH: _filled(table, "high_frequency", upper),
            FILE: table["filename"],
        }
    )
    if recordings:
        paths = {name: recording.path or name for name, recording in known.items()}
        selections[PATH] = table["filename"].map(paths)
        selections[FILE_OFFSET] = table["onset"].map("{:.9f}".format)
    selections["Annotation"] = table["event_label"]
    if "confidence" in table.columns:
        selections["Confidence"] = _filled(table, "confidence", "")
    lines = [selections.columns, *selections.to_numpy()]
    storage.write_text(path, "".join("\t".join(map(str, line)) + "\n" for line in lines))


def _filled(table: pd.DataFrame, column: str, default: object) -> pd.Series:
    if column not in table.columns:
        return pd.Series(default, index=table.index, dtype=object)
    return table[column].astype(object).where(table[column].notna(), default)
