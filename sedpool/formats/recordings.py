"""The recordings that labels name, also those without events: their names, lengths and sources."""

import os
from pathlib import Path

import pandas as pd

from sedpool import audio
from sedpool.errors import DataError
from sedpool.events import LATEST
from sedpool.formats import jams, label_studio, listing, raven, soundevent_json, table
from sedpool.formats.clip import clip_name
from sedpool.formats.columns import recognise
from sedpool.formats.detect import annotation_files, detect_format, read_file
from sedpool.formats.notes import gathered
from sedpool.formats.options import RECOGNISED, LabelOptions
from sedpool.formats.texts import tidy
from sedpool.text_tables import TextTable, refuse_rows

Lengths = dict[str, float | None]
"""Length in seconds by recording; None if it is not stated."""


def recordings(path: str | os.PathLike[str], options: LabelOptions = RECOGNISED) -> Lengths:
    """List every recording that a file or folder of labels names, in its order.

    Parameters
    ----------
    path : path-like
        Anything that `sedpool.formats.read_events` reads, or a tag list. Rows without a label and files without a row
        name recordings too.
    options : LabelOptions
        What the user says of text tables.

    Returns
    -------
    lengths : dict of str to float or None
        Only JAMS and soundevent's JSON state lengths.

    Raises
    ------
    DataError
        In the same cases as `sedpool.formats.read_events`.
    """
    path = Path(path)
    found: Lengths = {}
    with gathered(is_shown=False):
        if not path.is_dir():
            return _of_file(path, None, options)
        for file in annotation_files(path):
            found |= _of_file(file, (file.parent / clip_name(file)).relative_to(path).as_posix(), options)
    return found


def _of_file(path: Path, filename: str | None, options: LabelOptions) -> Lengths:
    kind = detect_format(path, options)
    if kind == "jams":
        return dict([jams.recording(path, filename)])
    if kind == "soundevent":
        return soundevent_json.recordings_of(path)
    if kind == "label studio":
        return dict.fromkeys(label_studio.recordings_of(path))
    if kind in ("table", "tags", "list", "names", "raven"):
        layout = recognise(path, options)
        if kind == "raven":
            layout = raven.raven_layout(layout, options)
        if "filename" in layout.columns:
            read = table.read_rows if layout.header else listing.list_rows
            rows = read(layout, options)
            return dict.fromkeys((raven.named(rows) if kind == "raven" else rows)["filename"])
    names = [*read_file(path, filename, options)["filename"]] or [filename or clip_name(path)]
    return dict.fromkeys(names)


def read_durations(path: str | os.PathLike[str]) -> dict[str, float]:
    """Read the lengths of recordings from a table, or from the headers of a folder of audio.

    Parameters
    ----------
    path : path-like
        A tab- or comma-separated table with the columns `filename` and `duration` (seconds), or a folder.

    Returns
    -------
    durations : dict of str to float
        By the table's names, or by the paths relative to the folder.

    Raises
    ------
    DataError
        If a column is missing, a length is not more than 0 or more than `sedpool.events.LATEST`, or a recording has two
        lengths (the message names the line).
    """
    path = Path(path)
    if path.is_dir():
        return {name: audio.duration(path / name) for name in audio.list_files(path, "durations")}
    layout = recognise(path, RECOGNISED)
    missing = [column for column in ("filename", "duration") if column not in layout.columns]
    if missing:
        raise DataError(
            f"{path}: no column {', '.join(missing)}; found {layout.found}; expected filename and duration (seconds)"
        )
    cells, source = layout.source.read_cells(len(layout.header)), layout.source
    rows = pd.DataFrame({column: cells[layout.columns[column]] for column in ("filename", "duration")})
    rows["filename"] = tidy(rows["filename"])
    seconds, shown = pd.to_numeric(rows["duration"], errors="coerce"), rows.copy()
    problem = "does not say how long it is; expected a duration in seconds above 0"
    refuse_rows(shown, ~(seconds > 0), problem, source)
    late = f"lasts longer than {LATEST:g} s, 115 days; expected seconds"
    refuse_rows(shown, seconds > LATEST, late, source)
    differs = seconds != seconds.groupby(rows["filename"]).transform("first")
    refuse_rows(shown, differs, "has another length in a line above; keep the right one", source)
    return dict(zip(rows["filename"], seconds.astype(float), strict=True))


def read_sources(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the source recordings of clips from a table `filename, source`, such as a run's ``sources.csv``.

    Raises
    ------
    DataError
        If a column is missing.
    """
    separator = recognise(path, RECOGNISED).source.separator
    rows = TextTable(path, separator).read("a table of sources", dtype=str, keep_default_na=False)
    missing = [column for column in ("filename", "source") if column not in rows.columns]
    if missing:
        raise DataError(f"{path}: no column {', '.join(missing)}; expected filename and source, one row per source")
    return rows[["filename", "source"]]
