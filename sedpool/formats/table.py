"""Tables with the header ``filename onset offset event_label``: DCASE's TSV, and CSV with the same columns.

The columns of `sedpool.events.OPTIONAL_COLUMNS` are read and written where a table has them.
"""

import os

import pandas as pd

from sedpool import storage
from sedpool.events import EVENT_COLUMNS, optional_columns, validate_events
from sedpool.text_tables import TableSource, TextTable, refuse_rows


def read_tsv(path: str | os.PathLike[str], filename: str | None = None) -> pd.DataFrame:
    """Read events in DCASE's format: tab-separated, columns in any order, further columns ignored.

    A row that has only a file name means that the file has no events; it adds no event here.

    Parameters
    ----------
    path : path-like
        The table.
    filename : str, optional
        Id of the recording, for a table of a single recording that has no such column.

    Raises
    ------
    DataError
        If the file is not such a table; the message names the column or line.
    """
    return labelled_rows(read_rows(path, "\t", filename), TextTable(path, "\t"))


def read_csv(path: str | os.PathLike[str], filename: str | None = None) -> pd.DataFrame:
    """Read events from a comma-separated table with DCASE's columns; see `read_tsv`."""
    return labelled_rows(read_rows(path, ",", filename), TextTable(path, ","))


def read_rows(path: str | os.PathLike[str], separator: str, filename: str | None = None) -> pd.DataFrame:
    """Read every row of a table, including those without an event.

    A column `event_labels` (DESED's weak labels, separated by commas) becomes `event_label` with one row per label. The
    index is the number of the row in the file (see `sedpool.text_tables`).
    """
    texts = {"filename": str, "event_label": str, "event_labels": str}
    table = TextTable(path, separator).read("an event table", dtype=texts, keep_default_na=False)
    if "event_labels" in table.columns:
        table = table.assign(event_label=table["event_labels"].str.split(",")).explode("event_label")
    if filename is not None and "filename" not in table.columns:
        table = table.assign(filename=filename)
    return table


def labelled_rows(table: pd.DataFrame, source: TableSource) -> pd.DataFrame:
    """Make an event table of the rows that have a label."""
    return validate_events(without_blanks(table, source), source=source)


def without_blanks(table: pd.DataFrame, source: TableSource) -> pd.DataFrame:
    """Return the rows that have a label; the others mean that a recording has no events.

    Raises
    ------
    DataError
        If a row without a label has a time: it is damaged.
    """
    if "event_label" not in table.columns:
        return table
    unlabelled = table["event_label"] == ""
    has_time = pd.Series(False, index=table.index)
    for column in {"onset", "offset"} & set(table.columns):
        has_time |= table[column].notna() & (table[column] != "")
    shown = table.filter(["filename", "onset", "offset"])
    problem = "has a time and no label; give both, or neither if the recording has no events"
    refuse_rows(shown, unlabelled & has_time, problem, source)
    return table.loc[~unlabelled]


def write_tsv(events: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write events in DCASE's format, times, frequencies and confidence to six decimals."""
    _write(events, path, "\t")


def write_csv(events: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write events as a comma-separated table with DCASE's columns; see `write_tsv`."""
    _write(events, path, ",")


def _write(events: pd.DataFrame, path: str | os.PathLike[str], separator: str) -> None:
    table = events.loc[:, [*EVENT_COLUMNS, *optional_columns(events)]]
    storage.write_text(path, table.to_csv(sep=separator, index=False, float_format="%.6f", lineterminator="\n"))
