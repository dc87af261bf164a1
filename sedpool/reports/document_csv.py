"""A table of a document as CSV, with the numbers behind the texts."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence

from sedpool.comparison.labels import UNDEFINED
from sedpool.reports.document import Cell, TableBlock, TableRow


def to_csv(table: TableBlock) -> str:
    """Comma-separated values: a line of titles, then a line a row.

    Numbers are written so that they read back as the very same floats; undefined ones are empty. A column of means is
    followed by one of standard deviations, ``<title> sd``, and one with intervals by their ends, ``<title> low`` and
    ``<title> high``; the last column tells baselines (1) from others (0).
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    columns = table.full_columns
    details = [_details([row.cells[index] for row in table.rows]) for index in range(len(columns))]
    writer.writerow([table.row_title or "row", *_titles(columns, details), "is_baseline"])
    for row in table.rows:
        writer.writerow([row.title, *_values(row, details), int(row.is_baseline)])
    return stream.getvalue()


_DETAILS: dict[str, Callable[[Cell], float | None]] = {
    "sd": lambda cell: cell.spread,
    "low": lambda cell: cell.interval and cell.interval[0],
    "high": lambda cell: cell.interval and cell.interval[1],
}
"""Numbers that a cell may have beside its own."""


def _details(column: Sequence[Cell]) -> list[str]:
    """Which of them any cell of a column has."""
    return [name for name, of in _DETAILS.items() if any(of(cell) is not None for cell in column)]


def _titles(columns: Sequence[str], details: Sequence[Sequence[str]]) -> Iterator[str]:
    for column, names in zip(columns, details, strict=True):
        yield column
        yield from (f"{column} {name}" for name in names)


def _values(row: TableRow, details: Sequence[Sequence[str]]) -> Iterator[str]:
    for cell, names in zip(row.cells, details, strict=True):
        text = "" if cell.text == UNDEFINED else cell.text
        yield text if cell.value is None else str(cell.value)
        for value in (_DETAILS[name](cell) for name in names):
            yield "" if value is None else str(value)
