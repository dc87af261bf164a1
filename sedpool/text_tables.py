"""Reading tables from text files, and naming the line of a row that is wrong.

The index of a table is the number of each row in the file. The line of a row (header, comments and blank lines count)
is looked up only once something is wrong.
"""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.errors import DataError


@dataclass(frozen=True)
class TextTable:
    """A text file that a table was read from.

    Attributes
    ----------
    path : path-like
        The file.
    separator : str or None
        Separator of its fields. The table's index then counts the rows from 0 as pandas does: without the header and
        blank lines, and with a quoted line break as part of its row. None if the index holds the lines.
    has_header : bool
        Whether the first row names the columns.
    """

    path: str | os.PathLike[str]
    separator: str | None = "\t"
    has_header: bool = True

    def __str__(self) -> str:
        return str(self.path)

    def read(self, kind: str, **options: Any) -> pd.DataFrame:
        """Read the table.

        Parameters
        ----------
        kind : str
            Kind of table that is expected, for messages: ``"an event table"``.
        **options
            Options of `pandas.read_csv`.

        Raises
        ------
        DataError
            If there is no such file, or its rows differ in their number of fields.
        """
        try:
            header = 0 if self.has_header else None
            table: pd.DataFrame = pd.read_csv(self.path, sep=self.separator, header=header, **options)
        except FileNotFoundError:
            raise DataError(f"{self.path}: no such file") from None
        except (OSError, ValueError) as error:
            raise DataError(f"{self.path}: not {kind} ({' '.join(str(error).split())})") from None
        if not isinstance(table.index, pd.RangeIndex):  # pandas takes surplus fields for an index
            raise DataError(f"{self.path}: not {kind}; its rows have more fields than there are columns")
        return table

    def line_of(self, row: int) -> int:
        """Return the line, counted from 1, on which a row begins.

        Raises
        ------
        DataError
            If the file no longer has such a row.
        """
        if self.separator is None:
            return row
        for index, line in enumerate(self._beginnings(self.separator), start=-self.has_header):
            if index == row:
                return line
        raise DataError(f"{self.path}: changed while it was read; try again")

    def _beginnings(self, separator: str) -> Iterator[int]:
        with Path(self.path).open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream, delimiter=separator)
            begins = 1
            for fields in rows:
                if len(fields) > 1 or "".join(fields).strip():
                    yield begins
                begins = rows.line_num + 1


TableSource = str | TextTable
"""Origin of a table: a name for messages, or the file."""


def refuse_rows(table: pd.DataFrame, wrong: npt.ArrayLike, problem: str, source: TableSource) -> None:
    """Raise if any row of a table is wrong; the message names the first.

    Parameters
    ----------
    table : DataFrame
        The columns to show in the message.
    wrong : array-like of bool, shape (rows,)
        Which rows are wrong.
    problem : str
        What is wrong with them, what was expected and what to do.
    source : str or TextTable
        Origin of the table.

    Raises
    ------
    DataError
        If any row is wrong; the message has the row's line in the file or, without a file, its number from 1.

    Examples
    --------
    >>> refuse_rows(pd.DataFrame({"filename": ["a.wav"]}), [True], "has no label", "tags")
    Traceback (most recent call last):
    sedpool.errors.DataError: tags: row 1 (a.wav) has no label
    """
    rows = np.flatnonzero(wrong)
    if len(rows):
        values = ", ".join(str(value) for value in table.iloc[rows[0]])
        more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
        raise DataError(f"{row_location(table, int(rows[0]), source)} ({values}) {problem}{more}")


def row_location(table: pd.DataFrame, row: int, source: TableSource) -> str:
    """Describe the place of a row: ``labels.tsv: line 7``, or ``events: row 6`` if the table is not from a file."""
    if isinstance(source, str):
        return f"{source}: row {row + 1}"
    return f"{source}: line {source.line_of(int(table.index[row]))}"


def to_numbers(texts: pd.Series, table: pd.DataFrame, problem: str, source: TableSource) -> pd.Series:
    """Convert a column of text to numbers, refusing as `refuse_rows` does every text except numbers and ``nan``."""
    numbers = pd.to_numeric(texts, errors="coerce")
    refuse_rows(table, numbers.isna() & (texts.str.lower() != "nan"), problem, source)
    return numbers


def without_number(columns: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which rows have a value that is no number."""
    texts = columns.select_dtypes(exclude="number")
    return np.array([not all(map(_parses_as_number, row)) for row in texts.itertuples(index=False)], dtype=bool)


def _parses_as_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True
