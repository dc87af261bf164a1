"""Label maps: what the labels of a corpus become, from a file into the settings of a run.

A run keeps the content of the file, so that it is the same run wherever the file lies, and needs it no more.
"""

import os
import unicodedata

from sedpool.errors import DataError
from sedpool.text_tables import TextTable, refuse_rows, utf8_bytes

OTHERS = "*"
"""Stands for all labels that a map does not name."""
UNKNOWN = ""
"""What labels become of which nobody knows to what class they belong."""
DROPPED = "-"
"""What labels become that are left out, as if they had not been annotated."""


def read_label_map(path: str | os.PathLike[str]) -> list[list[str]]:
    """Read a table with the columns `from` and `to`, between commas, semicolons or tabs.

    Returns
    -------
    pairs : list of [str, str]
        A label and what it becomes, in alphabetical order; `OTHERS`, `UNKNOWN` and `DROPPED` have meanings of their
        own.

    Raises
    ------
    DataError
        If the columns are others, a row has no label or too many fields, or a label is mapped twice.
    """
    header = utf8_bytes(path).decode().partition("\n")[0]
    source = TextTable(path, next((separator for separator in "\t;" if separator in header), ","))
    if [name.strip().lower() for row in source.first_rows()[:1] for name in row] != ["from", "to"]:
        raise DataError(f"{path}: line 1 is {header.strip()[:40]!r}; expected the columns from and to: from,to")
    cells = source.read_cells(2)
    rows = cells.apply(lambda column: column.map(lambda text: unicodedata.normalize("NFC", text).strip()))
    refuse_rows(rows, rows[0] == "", "maps no label; write it in the column from, or remove the row", source)
    refuse_rows(rows, rows[0].duplicated(), "maps a label that a row above maps already; keep one of them", source)
    problem = f"maps to {OTHERS}, which stands for all other labels in the column from only; name a class"
    refuse_rows(rows, rows[1] == OTHERS, problem, source)
    return sorted(rows.to_numpy(dtype=object).tolist())
