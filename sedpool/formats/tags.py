"""Tag lists: tables ``filename event_label`` that say which labels a recording has, and not when."""

import os
from pathlib import Path

import pandas as pd

from sedpool.errors import DataError
from sedpool.formats.clip import first_line
from sedpool.formats.detect import detect_format
from sedpool.formats.table import read_rows

_COLUMNS = ["filename", "event_label"]


def is_tag_list(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a table of tags: it names recordings, and has no onset."""
    return Path(path).is_file() and detect_format(Path(path)) == "tags"


def read_tags(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a tag list, between tabs or commas; DESED's `event_labels`, several in a field, are read as well.

    Returns
    -------
    tags : DataFrame
        `filename` and `event_label`, one row a tag. A row without a label says that the file has none, and adds no
        tag here.

    Raises
    ------
    DataError
        If there is no column of labels.
    """
    table = read_rows(path, "\t" if "\t" in first_line(path) else ",")
    if "event_label" not in table.columns:
        raise DataError(f"{path}: no column event_label; expected {', '.join(_COLUMNS)}")
    return table.loc[table["event_label"] != "", _COLUMNS].drop_duplicates(ignore_index=True)
