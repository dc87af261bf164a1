"""Detecting the format of a file of events from its content: a ``.txt`` or ``.csv`` may be in any of them."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from sedpool.errors import DataError
from sedpool.formats import json_list, listing, table
from sedpool.formats.annotators import resolve_annotators
from sedpool.formats.audacity import read_audacity
from sedpool.formats.clip import clip_name
from sedpool.formats.columns import Layout, recognise
from sedpool.formats.elan import read_elan
from sedpool.formats.jams import read_jams
from sedpool.formats.label_studio import is_label_studio, read_label_studio
from sedpool.formats.notes import gathered, note
from sedpool.formats.options import RECOGNISED, LabelFrom, LabelOptions, ZeroLength
from sedpool.formats.raven import BEGIN, read_raven
from sedpool.formats.soundevent_json import is_soundevent, read_soundevent
from sedpool.formats.textgrid import is_textgrid, read_textgrid
from sedpool.formats.texts import lookalikes
from sedpool.text_tables import utf8_bytes

SUFFIXES = (".jams", ".json", ".eaf", ".textgrid", ".tsv", ".csv", ".txt")
_READERS: dict[str, Callable[[Path, str | None, LabelOptions], pd.DataFrame]] = {
    "audacity": lambda path, filename, _: read_audacity(path, filename),
    "elan": read_elan,
    "jams": read_jams,
    "json": lambda path, filename, _: json_list.read_json(path, filename),
    "label studio": read_label_studio,
    "list": listing.read_list,
    "names": listing.read_list,
    "raven": read_raven,
    "soundevent": read_soundevent,
    "table": table.read_table,
    "textgrid": read_textgrid,
}


def read_events(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str | int] | None = None,
    unit: str | None = None,
    min_confidence: float | None = None,
    annotators: str | None = None,
    tiers: Sequence[str] | None = None,
    point_duration: float | None = None,
    zero_length: ZeroLength = "error",
    label_from: LabelFrom = "text",
) -> pd.DataFrame:
    """Read events from a file in any format that sedpool knows, or from a folder of such files.

    The formats are JAMS, JSON as `write_events` writes it, Audacity label tracks, Raven selection tables, Praat's
    TextGrids, ELAN's files, exports of Label Studio, JSON of Whombat and soundevent, and text tables such as DCASE's
    TSV and sed_eval's lists. What was recognised in a table is logged, and what is not read.

    Parameters
    ----------
    path : path-like
        A file, or a folder with one file per recording (sub-folders included).
    columns : mapping of str to str or int, optional
        For text tables, the name of a column, or its number from 1, by its meaning: `filename`, `onset`, `offset`,
        `duration`, `event_label`, `confidence` and the others of `sedpool.formats.options.NAMES`. By default they are
        recognised.
    unit : str, optional
        Unit of the times in text tables: ``s``, ``ms`` or ``samples:RATE`` with the sampling rate in Hz; by default
        that of the header, else seconds.
    min_confidence : float, optional
        Events with a lower confidence are left out, and counted in the log.
    annotators : str, optional
        What counts where a recording has several annotations, in a file or in several files of a folder: ``union`` (an
        event wherever anyone has one), ``majority`` (where more than half of them have one of its class), or the name
        of the annotator, or of the file, that counts.
    tiers : sequence of str, optional
        Names of the tiers to read from TextGrids and ELAN's files, all with intervals by default; keys of the tags to
        read from JSON of soundevent.
    point_duration : float, optional
        Seconds that a point on a tier lasts; by default points are not read.
    zero_length : {"error", "drop", "keep"}
        What becomes of rows of tables and lists that end when they start, as some published ground truth has them: an
        error; or they are left out, or kept, and counted in the log.
    label_from : {"text", "tier"}
        What the label is in TextGrids, ELAN's files and its export: the text of an annotation, or the name of its tier.

    Returns
    -------
    events : DataFrame
        See `sedpool.events`. If a file does not name its recording, the id is that of the audio file beside it with
        the same stem, else ``stem.wav``; in a folder it is preceded by the sub-folder.

    Raises
    ------
    DataError
        If a file is in none of the formats, something in it is wrong, or two files describe the same recording.
    ConfigError
        If a column is not there, or a unit or confidence is none.

    Examples
    --------
    >>> read_events("labels.tsv")  # doctest: +SKIP
    >>> read_events("calls.csv", columns={"onset": "Start", "offset": "Stop"}, unit="ms")  # doctest: +SKIP
    """
    options = LabelOptions(
        columns or {}, unit, min_confidence, annotators, tiers, point_duration, zero_length, label_from
    )
    with gathered():
        events = read_all(
            Path(path), options, lambda file, name, _: confident(read_file(file, name, options), options, file)
        )
        warn_of_lookalikes(events["event_label"], path)
    return events


def read_all(
    path: Path, options: LabelOptions, read: Callable[[Path, str | None, LabelOptions], pd.DataFrame]
) -> pd.DataFrame:
    """Read a file, or all files of a folder, each by `read(path, name of its recording, options)`."""
    if not path.is_dir():
        return read(path, None, options)
    files = annotation_files(path)
    if not files:
        raise DataError(f"{path}: no file of events in it; expected {', '.join(SUFFIXES)}")
    tables = []
    origin: dict[str, list[str]] = {}
    for file in files:
        name = (file.parent / clip_name(file)).relative_to(path).as_posix()
        events = read(file, name, options)
        source = file.relative_to(path).as_posix()
        for clip in events["filename"].unique().tolist() or [name]:
            origin.setdefault(clip, []).append(source)
        tables.append(events.assign(annotator=source))
    return resolve_annotators(pd.concat(tables, ignore_index=True), origin, options.annotators, path)


def read_file(path: Path, filename: str | None = None, options: LabelOptions = RECOGNISED) -> pd.DataFrame:
    """Read one file; `filename` names the recording if the file does not."""
    found = detect_format(path, options)
    if found in ("tags", "unknown"):
        problem = "no labels recognised"
        if found == "tags":
            problem = (
                "no times in it (no columns onset and offset), so that only --metric clip and ranking can be scored"
            )
        raise DataError(
            f"{path}: {problem}; found {recognise(path, options).found}; expected filename, onset, offset (or "
            "duration) and event_label: say which is which with --columns onset=NAME,offset=NAME,event_label=NAME "
            "(dataset.columns)"
        )
    return _READERS[found](path, filename, options)


def confident(events: pd.DataFrame, options: LabelOptions, path: Path) -> pd.DataFrame:
    """Leave out events of too low a confidence, and note how many, or that none is left out."""
    return events.loc[~of_low_confidence(events, options, path)].reset_index(drop=True)


def of_low_confidence(events: pd.DataFrame, options: LabelOptions, path: str | os.PathLike[str]) -> "pd.Series[bool]":
    """Return which events have too low a confidence, and note how many, or that nobody asked."""
    if "confidence" not in events.columns:
        return pd.Series(False, index=events.index)
    if options.min_confidence is None:
        if (events["confidence"] < 1).any():
            note(
                path,
                "confidence is not looked at ({n} events with one); --min-confidence (dataset.min_confidence) "
                "leaves out those with less",
                int(events["confidence"].notna().sum()),
            )
        return pd.Series(False, index=events.index)
    low = events["confidence"] < options.min_confidence
    if low.any():
        note(path, f"left out, of a confidence below {options.min_confidence:g}: {{n}} events", int(low.sum()))
    return low


def warn_of_lookalikes(labels: pd.Series, path: str | os.PathLike[str]) -> None:
    """Note labels that look alike; they are different classes."""
    for group in lookalikes(labels.unique()):
        named = " and ".join(f"{label} ({(labels == label).sum()})" for label in group)
        note(
            path,
            f"labels that look alike are different classes: {named}; if they are one, rename one of them, or merge "
            "them by a label map",
        )


def detect_format(path: Path, options: LabelOptions = RECOGNISED) -> str:
    """Return a file's format: a name in the table of readers, ``tags`` or ``unknown``.

    ``tags`` are tables of labels without times, ``names`` lists of recordings without events.
    """
    suffix = path.suffix.lower()
    if suffix in (".jams", ".textgrid"):
        return suffix[1:]
    if suffix == ".eaf":
        return "elan"
    if suffix in (".json", ".csv", ".tsv") and path.is_file() and is_label_studio(path):
        return "label studio"
    if suffix == ".json" and path.is_file() and is_soundevent(path):
        return "soundevent"
    if suffix == ".txt" and is_textgrid(utf8_bytes(path)[:200].decode(errors="replace")):
        return "textgrid"
    return "json" if suffix == ".json" else text_format(recognise(path, options))


def text_format(layout: Layout) -> str:
    """Return the format of a text file; see `detect_format`."""
    columns = set(layout.columns)
    if not layout.header:
        if layout.kinds == "T":
            return "names"
        if not layout.kinds or (layout.source.separator == "\t" and len(layout.kinds) == 3):
            return "audacity"
        if columns == {"filename", "event_label"}:
            return "tags"
        return "list" if "onset" in columns or layout.kinds == "NNTN" else "unknown"
    if BEGIN in layout.header or {"selection", "view", "onset"} <= columns:
        return "raven"
    if "onset" in columns and columns & {"filename", "event_label", "event_labels"}:
        return "table"
    return "tags" if "filename" in columns else "unknown"


def annotation_files(folder: Path) -> list[Path]:
    """List every file in a folder that may hold events, sub-folders included, in order of their paths.

    Files and folders whose names start with a dot are hidden. Programs keep many things in JSON; only lists of events
    count.
    """
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in names if not name.startswith(".")]
    suited = (path for path in found if path.suffix.lower() in SUFFIXES)
    return sorted(
        path
        for path in suited
        if path.suffix.lower() != ".json"
        or json_list.is_event_list(path)
        or is_label_studio(path)
        or is_soundevent(path)
    )
