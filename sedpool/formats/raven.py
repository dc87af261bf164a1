"""Raven selection tables: tab-separated, with Raven's column names, one row per selection and view.

Raven has no fixed column for labels; users add one. A selection may have a row for each view and channel; it is one
event. BirdNET-Analyzer writes such tables too.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PureWindowsPath

import numpy as np
import pandas as pd

from sedpool import storage
from sedpool.errors import DataError
from sedpool.events import empty_events, validate_events
from sedpool.formats.clip import RecordingInfo, only_clip, refuse_characters, short_names
from sedpool.formats.columns import Layout, recognise
from sedpool.formats.options import RECOGNISED, LabelOptions
from sedpool.formats.table import is_nocall, read_rows
from sedpool.text_tables import TextTable, refuse_rows

BEGIN, END = "Begin Time (s)", "End Time (s)"
FILE, PATH, FILE_OFFSET = "Begin File", "Begin Path", "File Offset (s)"
CHANNEL, LOW, HIGH = "Channel", "Low Freq (Hz)", "High Freq (Hz)"


def read_raven(
    path: str | os.PathLike[str],
    filename: str | None = None,
    options: LabelOptions = RECOGNISED,
    *,
    label_column: str | None = None,
) -> pd.DataFrame:
    """Read a selection table.

    Parameters
    ----------
    path : path-like
        The table.
    filename : str, optional
        Id of the recording, where the table has neither ``Begin File`` nor ``Begin Path``; by default that of the audio
        file beside the table with the same stem, else ``stem.wav``.
    options : LabelOptions
        What the user says of it.
    label_column : str, optional
        The column with the labels; by default the one whose name comes first in `sedpool.formats.options.NAMES`.

    Returns
    -------
    events : DataFrame
        See `sedpool.events`.

    Raises
    ------
    DataError
        If a column or a label is missing, a time is impossible, a selection has two times in one recording (the message
        names the line), or the selections belong to several recordings without their ``File Offset (s)``.
    """
    if label_column is not None:
        options = replace(options, columns={**options.columns, "event_label": label_column})
    layout = raven_layout(recognise(path, options), options)
    missing = [column for column in ("onset", "offset") if column not in layout.columns]
    if missing:
        absent = ", ".join({"onset": BEGIN, "offset": END}[column] for column in missing)
        raise DataError(f"{path}: no column {absent}; expected a Raven selection table")
    rows = read_rows(layout, replace(options, zero_length="error"), filename)
    if rows.empty:
        return empty_events()
    if "event_label" not in rows.columns:
        raise DataError(
            f"{path}: no column of labels; found {layout.found}; name one of them Annotation, or say which it is with "
            "--columns event_label=NAME (dataset.columns)"
        )
    rows = _selections(rows.loc[~is_nocall(rows, layout)], layout).drop(columns=["file_offset"], errors="ignore")
    return validate_events(rows, source=layout.source)


def _selections(rows: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Return one row for each selection, with times in its recording."""
    source, shown = layout.source, rows[["filename", "onset", "offset", "event_label"]]
    for name, column in (("onset", BEGIN), ("offset", END), ("file_offset", FILE_OFFSET)):
        if name in rows.columns:
            refuse_rows(shown, rows[name].isna(), f"has no number in {column}; expected seconds", source)
    refuse_rows(shown, rows["event_label"] == "", "has no label; give it one, or remove the row", source)
    rows = named(rows)
    n_recordings = rows["filename"].nunique()
    if n_recordings > 1 and "file_offset" not in rows.columns:
        raise DataError(
            f"{source}: selections in {n_recordings} recordings but no column {FILE_OFFSET}; add it in Raven"
        )
    if "selection" in rows.columns:
        rows = _once(rows, source)
    if "file_offset" in rows.columns:
        length = rows["offset"] - rows["onset"]
        rows = rows.assign(onset=rows["file_offset"], offset=rows["file_offset"] + length)
    return rows


def _once(rows: pd.DataFrame, source: TextTable) -> pd.DataFrame:
    """Keep the first of the rows that show one selection in several views or channels."""
    number = ["filename", "selection"]
    if not rows.duplicated(number).any():
        return rows
    same = [*number, "onset", "offset", "event_label"]
    selections = rows[same].drop_duplicates()
    differs = selections.duplicated(number)
    problem = "has the number of another selection in this recording, with other times or another label; renumber them"
    refuse_rows(selections[["selection", "filename", "onset", "offset", "event_label"]], differs, problem, source)
    repeated = rows.duplicated([*same, *rows.columns.intersection(["view", "channel"])])  # another event
    first = ~rows.duplicated(same) | repeated
    bands = rows.columns.intersection(["low_frequency", "high_frequency"])
    if len(bands):  # a waveform view may have none
        known = rows.groupby(number, sort=False)[list(bands)].transform("first")
        rows = rows.assign(**{band: rows[band].fillna(known[band]) for band in bands})
    return rows.loc[first]


def raven_layout(layout: Layout, options: LabelOptions) -> Layout:
    """Return the layout with quotes as characters like others between tabs, and the column of paths beside names."""
    layout = replace(layout, source=replace(layout.source, is_quoted=layout.source.separator != "\t"))
    if PATH not in layout.header or "filename" in options.columns or "filename" not in layout.columns:
        return layout
    return replace(layout, columns={**layout.columns, "begin_path": layout.header.index(PATH)})


def named(rows: pd.DataFrame) -> pd.DataFrame:
    """Name each recording by its file, and by as many of its folders as tell equal names apart.

    The folders are those of ``Begin Path`` where ``Begin File`` has none. Of absolute paths, which are another
    computer's, only such a part is kept.
    """
    written, to_shorten = rows["filename"], set()
    if "begin_path" in rows.columns:
        last = rows["begin_path"].map({text: PureWindowsPath(text).name for text in rows["begin_path"].unique()})
        written = rows["begin_path"].where(last == written, written)
        to_shorten = set(rows.loc[last == rows["filename"], "begin_path"])
        rows = rows.drop(columns="begin_path")
    texts = written.unique()
    to_shorten.update(text for text in texts if PureWindowsPath(text).anchor)
    names = {text: PureWindowsPath(text).as_posix() for text in texts} | short_names(to_shorten)
    return rows.assign(filename=written.map(names))


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
