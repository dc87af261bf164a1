"""Detecting the format of a file of events from its content: a ``.txt`` or ``.csv`` may be in any of them."""

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from sedpool.errors import DataError
from sedpool.events import EVENT_COLUMNS
from sedpool.formats import json_list, listing, table
from sedpool.formats.audacity import read_audacity
from sedpool.formats.clip import clip_name, first_line
from sedpool.formats.jams import read_jams
from sedpool.formats.raven import BEGIN, read_raven

SUFFIXES = (".jams", ".json", ".tsv", ".csv", ".txt")
_READERS: dict[str, Callable[[Path, str | None], pd.DataFrame]] = {
    "audacity": read_audacity,
    "csv": table.read_csv,
    "jams": read_jams,
    "json": json_list.read_json,
    "list": listing.read_list,
    "names": listing.read_list,
    "raven": read_raven,
    "tsv": table.read_tsv,
}


def read_events(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read events from a file in any format that sedpool knows, or from a folder of such files.

    The formats are JAMS, DCASE's TSV, CSV with the same columns, JSON as `write_events` writes it, sed_eval's lists,
    Audacity label tracks and Raven selection tables.

    Parameters
    ----------
    path : path-like
        A file, or a folder with one file per recording (sub-folders included).

    Returns
    -------
    events : DataFrame
        See `sedpool.events`. If a file does not name its recording, the id is that of the audio file beside it with
        the same stem, else ``stem.wav``; in a folder it is preceded by the sub-folder.

    Raises
    ------
    DataError
        If a file is in none of the formats, something in it is wrong, or two files describe the same recording.

    Examples
    --------
    >>> read_events("labels.tsv")  # doctest: +SKIP
    """
    return read_all(Path(path), read_file)


def read_all(path: Path, read: Callable[[Path, str | None], pd.DataFrame]) -> pd.DataFrame:
    """Read a file, or all files of a folder, each by `read(path, name of its recording)`."""
    if not path.is_dir():
        return read(path, None)
    files = annotation_files(path)
    if not files:
        raise DataError(f"{path}: no file of events in it; expected {', '.join(SUFFIXES)}")
    tables = []
    origin: dict[str, Path] = {}
    for file in files:
        name = (file.parent / clip_name(file)).relative_to(path).as_posix()
        tables.append(read(file, name))
        for clip in tables[-1]["filename"].unique():
            if origin.setdefault(clip, file) != file:
                raise DataError(f"{file}: describes {clip}, and so does {origin[clip]}; keep one of them")
    return pd.concat(tables, ignore_index=True)


def read_file(path: Path, filename: str | None = None) -> pd.DataFrame:
    """Read one file; `filename` names the recording if the file does not."""
    found = detect_format(path)
    if found == "tags":
        raise DataError(f"{path}: no columns onset and offset; expected {', '.join(EVENT_COLUMNS)}")
    return _READERS[found](path, filename)


def detect_format(path: Path) -> str:
    """Return a file's format: a name in the table of readers, or ``tags``.

    ``tags`` are tables of labels without times, ``names`` lists of recordings without events. Prose is detected as
    names too; their reader then refuses it.
    """
    if path.suffix.lower() in (".jams", ".json"):
        return path.suffix.lower()[1:]
    first = first_line(path)
    tabs = "\t" in first
    fields = [field.strip() for field in first.split("\t" if tabs else ",")]
    if BEGIN in fields:
        return "raven"
    if "onset" in fields:
        return "tsv" if tabs else "csv"
    if "filename" in fields:
        return "tags"
    if not tabs and first:
        return "names"
    return "audacity" if len(fields) == 3 or not first else "list"


def annotation_files(folder: Path) -> list[Path]:
    """List every file in a folder that may hold events, sub-folders included, in order of their paths.

    Programs keep many things in JSON; only lists of events count.
    """
    found = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names if not name.startswith("."))
    suited = (path for path in found if path.suffix.lower() in SUFFIXES)
    return sorted(path for path in suited if path.suffix.lower() != ".json" or json_list.is_event_list(path))
