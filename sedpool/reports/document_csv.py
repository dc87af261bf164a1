"""A table of a document as CSV, with the numbers behind the texts."""

import csv
import io
from collections.abc import Iterator

from sedpool.reports.document import TableBlock, TableRow
from sedpool.reports.tables import UNDEFINED


def to_csv(table: TableBlock) -> str:
    """Comma-separated values: a line of titles, then a line a row.

    Numbers are written so that they read back as the very same floats; undefined ones are empty. A column of means is
    followed by one of standard deviations, ``<title> sd``; the last column tells baselines (1) from others (0).
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    columns = zip(*(row.cells for row in table.rows), strict=True)
    are_means = [any(cell.spread is not None for cell in column) for column in columns]
    writer.writerow([table.row_title or "row", *_titles(table.full_columns, are_means), "is_baseline"])
    for row in table.rows:
        writer.writerow([row.title, *_values(row, are_means), int(row.is_baseline)])
    return stream.getvalue()


def _titles(columns: list[str], are_means: list[bool]) -> Iterator[str]:
    for index, column in enumerate(columns):
        yield column
        if are_means and are_means[index]:
            yield f"{column} sd"


def _values(row: TableRow, are_means: list[bool]) -> Iterator[str]:
    for cell, is_mean in zip(row.cells, are_means, strict=True):
        text = "" if cell.text == UNDEFINED else cell.text
        yield text if cell.value is None else str(cell.value)
        if is_mean:
            yield "" if cell.spread is None else str(cell.spread)
