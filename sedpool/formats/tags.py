"""Tags, the labels that a recording has at any time: from tag lists, ``filename event_label``, or from events."""

import os
from pathlib import Path

import pandas as pd

from sedpool.errors import DataError
from sedpool.formats import listing
from sedpool.formats.columns import recognise
from sedpool.formats.detect import confident, detect_format, read_all, read_file, warn_of_lookalikes
from sedpool.formats.notes import gathered
from sedpool.formats.options import RECOGNISED, LabelOptions
from sedpool.formats.table import note_lists, read_rows, without_blanks, without_nocalls

_COLUMNS = ["filename", "event_label"]


def is_tag_list(path: str | os.PathLike[str], options: LabelOptions = RECOGNISED) -> bool:
    """Return whether a file is a table of tags: it names recordings, and has no onset."""
    return Path(path).is_file() and detect_format(Path(path), options) == "tags"


def read_tags(path: str | os.PathLike[str], options: LabelOptions = RECOGNISED) -> pd.DataFrame:
    """Read tags from a tag list, or from events in any format; the times of tables and lists are not checked.

    Several labels in a field, as in DESED's `event_labels`, are read too.

    Parameters
    ----------
    path : path-like
        A file, or a folder of them.
    options : LabelOptions
        What the user says of text tables.

    Returns
    -------
    tags : DataFrame
        `filename` and `event_label`, one row per tag. A row without a label means that the recording has none, and
        adds no tag here.

    Raises
    ------
    DataError
        If there is no column of labels, or a row has times but no label.
    """
    with gathered():
        # As events of one second, which annotators may agree on.
        events = read_all(Path(path), options, lambda *file: _of_file(*file).assign(onset=0.0, offset=1.0))
        tags = events[_COLUMNS].drop_duplicates(ignore_index=True)
        warn_of_lookalikes(tags["event_label"], path)
    return tags


def _of_file(path: Path, filename: str | None, options: LabelOptions) -> pd.DataFrame:
    kind = detect_format(path, options)
    if kind not in ("tags", "table", "list"):
        return confident(read_file(path, filename, options), options, path)[_COLUMNS]
    layout = recognise(path, options)
    rows = read_rows(layout, options, filename) if layout.header else listing.list_rows(layout, options, filename)
    if "event_label" not in rows.columns:
        raise DataError(f"{path}: no column event_label; found {layout.found}; expected {', '.join(_COLUMNS)}")
    if kind == "tags":
        note_lists(rows, layout)
    rows = without_blanks(without_nocalls(rows, layout), layout.source)
    return confident(rows, options, path)[_COLUMNS]
