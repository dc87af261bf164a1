"""Raven selection tables: tab-separated, with Raven's column names, a selection a row.

Raven has no fixed column for labels; people add one. A selection seen in several views has a row for each of them,
of which one is read.
"""

import os
from pathlib import PureWindowsPath

import pandas as pd

from sedpool import storage
from sedpool.errors import DataError
from sedpool.events import validate_events
from sedpool.formats.clip import clip_name, only_clip, open_text, refuse_characters

BEGIN, END = "Begin Time (s)", "End Time (s)"
FILE, FILE_OFFSET = "Begin File", "File Offset (s)"
LABELS = ("annotation", "label", "event_label", "species", "common name", "class", "event", "call type", "tag")
"""Names by which a column is taken for the labels, whatever their case."""
MAX_FREQUENCY = 20000.0  # Raven needs a band to draw; events here have none


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
        The column with the labels; by default the first that is named as in `LABELS`.

    Returns
    -------
    events : DataFrame
        See `sedpool.events`.

    Raises
    ------
    DataError
        If a column is missing, or the selections belong to several recordings without their ``File Offset (s)``.
    """
    table = _table(path)
    if "Selection" in table.columns:
        table = table.drop_duplicates("Selection")
    onset, offset = (pd.to_numeric(table[column], errors="coerce") for column in (BEGIN, END))
    if FILE_OFFSET in table.columns:
        within = pd.to_numeric(table[FILE_OFFSET], errors="coerce")
        onset, offset = within, within + (offset - onset)
    events = pd.DataFrame(
        {
            "filename": _filenames(table, path, filename),
            "onset": onset,
            "offset": offset,
            "event_label": table[label_column or _label_column(table, path)],
        }
    )
    return validate_events(events, source=str(path))


def _table(path: str | os.PathLike[str]) -> pd.DataFrame:
    with open_text(path) as lines:
        fields = [line.rstrip("\n").split("\t") for line in lines if line.strip()] or [[]]
    uneven = [number for number, row in enumerate(fields, start=1) if len(row) != len(fields[0])]
    if uneven:
        raise DataError(f"{path}: line {uneven[0]} has {len(fields[uneven[0] - 1])} columns; expected {len(fields[0])}")
    table = pd.DataFrame(fields[1:], columns=fields[0], dtype=str)
    missing = [column for column in (BEGIN, END) if column not in table.columns]
    if missing:
        raise DataError(f"{path}: no column {', '.join(missing)}; expected a Raven selection table")
    return table


def _filenames(table: pd.DataFrame, path: str | os.PathLike[str], filename: str | None) -> pd.Series | str:
    if FILE not in table.columns:
        return filename or clip_name(path)
    names = table[FILE].map(lambda name: PureWindowsPath(name).name)
    recordings = names.unique()
    if len(recordings) > 1 and FILE_OFFSET not in table.columns:
        raise DataError(
            f"{path}: selections in {len(recordings)} recordings but no column {FILE_OFFSET}; add it in Raven"
        )
    return names


def _label_column(table: pd.DataFrame, path: str | os.PathLike[str]) -> str:
    by_name = {str(column).strip().lower(): str(column) for column in reversed(table.columns)}
    found = next((by_name[name] for name in LABELS if name in by_name), None)
    if found is None:
        raise DataError(f"{path}: no column of labels; name one of its columns Annotation")
    return found


def write_raven(events: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write the events of one recording as a selection table, times to the nanosecond as Raven does.

    Raises
    ------
    DataError
        If the events belong to several recordings, or a label holds a tab or a line break.
    """
    table = only_clip(events, path)
    refuse_characters(table, "\t\n\r", path)
    selections = pd.DataFrame(
        {
            "Selection": range(1, len(table) + 1),
            "View": "Spectrogram 1",
            "Channel": 1,
            BEGIN: table["onset"].map("{:.9f}".format),
            END: table["offset"].map("{:.9f}".format),
            "Low Freq (Hz)": 0.0,
            "High Freq (Hz)": MAX_FREQUENCY,
            FILE: table["filename"],
            "Annotation": table["event_label"],
        }
    )
    lines = [selections.columns, *selections.to_numpy()]
    storage.write_text(path, "".join("\t".join(map(str, line)) + "\n" for line in lines))
