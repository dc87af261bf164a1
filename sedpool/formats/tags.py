"""Tags, the labels that a recording has at any time: from tag lists, ``filename event_label``, or from events."""

import os
from pathlib import Path

import pandas as pd

from sedpool.errors import DataError
from sedpool.formats import listing
from sedpool.formats.clip import clip_name, separator_of
from sedpool.formats.detect import detect_format, read_all, read_file
from sedpool.formats.table import read_rows, without_blanks
from sedpool.text_tables import TextTable

_COLUMNS = ["filename", "event_label"]


def is_tag_list(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is a table of tags: it names recordings, and has no onset."""
    return Path(path).is_file() and detect_format(Path(path)) == "tags"


def read_tags(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read tags from a tag list, or from events in any format; the times of tables and lists are not checked.

    The columns of a tag list are separated by tabs or commas; DESED's `event_labels`, several in a field, are read too.

    Parameters
    ----------
    path : path-like
        A file, or a folder of them.

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
    return read_all(Path(path), _of_file).drop_duplicates(ignore_index=True)


def _of_file(path: Path, filename: str | None) -> pd.DataFrame:
    kind = detect_format(path)
    if kind in ("tags", "tsv", "csv"):
        separator = separator_of(path)
        source, table = TextTable(path, separator), read_rows(path, separator, filename)
    elif kind == "list":
        source, table = TextTable(path, has_header=False), listing.read_rows(path)
        if "filename" not in table.columns:
            table = table.assign(filename=filename or clip_name(path))
    else:
        return read_file(path, filename)[_COLUMNS]
    missing = [column for column in _COLUMNS if column not in table.columns]
    if missing:
        raise DataError(f"{path}: no column {', '.join(missing)}; expected {', '.join(_COLUMNS)}")
    return without_blanks(table, source)[_COLUMNS]
