"""Reading tables from text files, and naming the line of a row that is wrong.

The index of a table is the number of each row in the file. The line of a row (header, comments and blank lines count)
is looked up only once something is wrong.
"""

import codecs
import csv
import io
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.errors import DataError


def file_bytes(path: str | os.PathLike[str], most: int = -1) -> bytes:
    """Return what is in a file, or its first bytes, at most `most` of them.

    Raises
    ------
    DataError
        If the file is missing, cannot be read, or is a pipe or a device.
    """
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():  # whose reader may wait for ever
        raise DataError(f"{path}: a pipe; expected a file, write what comes from it to one")
    try:
        with path.open("rb") as stream:
            return stream.read(most)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: not readable ({error.strerror})") from None


def utf8_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return the text of a file as UTF-8 without a byte order mark; UTF-16 is recognised by its mark.

    Raises
    ------
    DataError
        If the file is missing or is no such text.
    """
    data = file_bytes(path)
    encoding = "UTF-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "UTF-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        problem = f"not {encoding} text ({error.reason} at byte {error.start}); save it as UTF-8 (in Excel: CSV UTF-8)"
        raise DataError(f"{path}: {problem}") from None
    if "\0" in text:
        raise DataError(f"{path}: holds NUL characters: it is damaged, or in another encoding; save it as UTF-8")
    found = (text.encode() if encoding == "UTF-16" else data).removeprefix(codecs.BOM_UTF8)
    return found if b"\n" in found else found.replace(b"\r", b"\n")


@dataclass(frozen=True)
class TextTable:
    """A text file that a table was read from.

    Attributes
    ----------
    path : path-like
        The file.
    separator : str
        Separator of its fields. The table's index counts the rows from 0 as pandas does: without the header, comments
        and blank lines, and with a quoted line break as part of its row.
    has_header : bool
        Whether the first row names the columns.
    comments : frozenset of int
        Lines, from 1, that are read over.
    is_quoted : bool
        Whether a field between quotes may hold the separator and line breaks.
    """

    path: str | os.PathLike[str]
    separator: str = "\t"
    has_header: bool = True
    comments: frozenset[int] = frozenset()
    is_quoted: bool = True

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
            If there is no such file, two columns have one name, or its rows differ in their number of fields.
        """
        header = 0 if self.has_header else None
        names = next(iter(self.first_rows()), []) if self.has_header else []
        if len(set(names)) < len(names):
            twice = Counter(names).most_common(1)[0][0]
            raise DataError(f"{self.path}: two columns {twice}; expected each once, rename or remove one")
        try:
            table: pd.DataFrame = pd.read_csv(
                io.BytesIO(self._bytes()), sep=self.separator, header=header, quoting=self._quoting, **options
            )
        except ValueError as error:
            raise DataError(f"{self.path}: not {kind} ({' '.join(str(error).split())})") from None
        if not isinstance(table.index, pd.RangeIndex):  # pandas takes surplus fields for an index
            raise DataError(f"{self.path}: not {kind}; its rows have more fields than there are columns")
        return table

    def read_cells(self, width: int) -> pd.DataFrame:
        """Read every row but the header as text, fields that are missing at its end as blanks.

        Parameters
        ----------
        width : int
            Number of columns.

        Returns
        -------
        cells : DataFrame of str
            Columns 0 to `width` - 1.

        Raises
        ------
        DataError
            If a row has more fields that are not blank, or a quote is not closed on its line and joins it to others;
            the message names the line.
        """
        data = self._bytes()
        options: dict[str, Any] = {"dtype": str, "na_filter": False, "header": None, "names": range(width + 1)}
        options |= {"sep": self.separator, "quoting": self._quoting, "skipinitialspace": self.separator != "\t"}
        try:
            cells: pd.DataFrame = pd.read_csv(io.BytesIO(data), **options)
        except ValueError as error:
            self._refuse_shape(data, width)
            raise DataError(f"{self.path}: not a table ({' '.join(str(error).split())})") from None
        if not isinstance(cells.index, pd.RangeIndex) or (cells[width] != "").any():
            self._refuse_shape(data, width)
        cells = cells.iloc[int(self.has_header) :].reset_index(drop=True)
        if self.is_quoted and b'"' in data and len(cells) + self.has_header < len(data.splitlines()):
            self._refuse_shape(data, width)
        return cells.drop(columns=width)

    def line_of(self, row: int) -> int:
        """Return the line, counted from 1, on which a row begins.

        Raises
        ------
        DataError
            If the file no longer has such a row.
        """
        for index, (line, _) in enumerate(self._rows(self._bytes()), start=-self.has_header):
            if index == row:
                return line
        raise DataError(f"{self.path}: changed while it was read; try again")

    def first_rows(self) -> list[list[str]]:
        """Return the fields of the first rows, header included."""
        data = self._bytes()
        if len(data) > _BEGINNING:
            data = data[: data.rfind(b"\n", 0, _BEGINNING) + 1]
        return [fields for _, fields in self._rows(data)]

    @property
    def _quoting(self) -> Literal[0, 3]:
        return csv.QUOTE_MINIMAL if self.is_quoted else csv.QUOTE_NONE

    def _bytes(self) -> bytes:
        data = utf8_bytes(self.path)
        if not self.comments:
            return data
        lines = data.split(b"\n")
        return b"\n".join(b"" if number in self.comments else line for number, line in enumerate(lines, start=1))

    def _rows(self, data: bytes) -> Iterator[tuple[int, list[str]]]:
        """Iterate over the rows that are not blank: the line on which each begins, and its fields."""
        text = data.decode(errors="replace")
        rows = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=self.separator,
            quoting=self._quoting,
            skipinitialspace=self.separator != "\t",
        )
        begins = 1
        try:
            for fields in rows:
                if len(fields) > 1 or "".join(fields).strip():
                    yield begins, fields
                begins = rows.line_num + 1
        except csv.Error:  # a field of more than 128 kB
            raise DataError(f"{self.path}: line {begins}: {_OPEN_QUOTE}") from None

    def _refuse_shape(self, data: bytes, width: int) -> None:
        """Refuse the first row that has too many fields, or a field that holds a whole row."""
        for line, fields in self._rows(data):
            for field in fields:
                if "\n" in field and any(part.count(self.separator) >= max(width - 1, 1) for part in field.split("\n")):
                    raise DataError(f"{self.path}: line {line}: {_OPEN_QUOTE}")
            if any(field.strip() for field in fields[width:]):
                advice = ", or put quotes around a field that holds one" if self.is_quoted else ""
                shown = {"\t": "tab", ";": "semicolon", ",": "comma"}.get(self.separator, self.separator)
                raise DataError(
                    f"{self.path}: line {line} has {len(fields)} fields; expected {width}: remove the surplus {shown}"
                    f"{advice}"
                )


_BEGINNING = 1 << 16  # bytes, enough for the first rows
_OPEN_QUOTE = "a quote is not closed on its line; remove it"


def table_text(table: pd.DataFrame, separator: str = "\t", *, header: bool = True) -> str:
    """Return a table as the text of a file, without its index and with numbers to six decimals."""
    return table.to_csv(sep=separator, index=False, header=header, float_format="%.6f", lineterminator="\n")


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before texts that a spreadsheet would run, as ``=1+1``; numbers stay.

    For tables that people open in spreadsheets, not for labels and events, which are read again.
    """

    def harmless(value: Any) -> Any:
        is_formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
        return f"'{value}" if is_formula and not _parses_as_number(value) else value

    return table.rename(columns=harmless).map(harmless)


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
        values = ", ".join(" ".join(str(value).splitlines()) for value in table.iloc[rows[0]])
        more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
        raise DataError(f"{row_location(table, int(rows[0]), source)} ({values}) {problem}{more}")


def row_location(table: pd.DataFrame, row: int, source: TableSource) -> str:
    """Describe the place of a row: ``labels.tsv: line 7``, or ``events: row 6`` if the table is not from a file."""
    if isinstance(source, str):
        return f"{source}: row {row + 1}"
    return f"{source}: line {source.line_of(int(table.index[row]))}"


def without_number(columns: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which rows have a value that is no number."""
    texts = columns.select_dtypes(exclude="number")
    return np.array([not all(map(_parses_as_number, row)) for row in texts.itertuples(index=False)], dtype=bool)


def _parses_as_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False
    return "_" not in str(value)  # which Python takes for a number, as 1_0
