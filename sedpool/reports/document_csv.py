"""A table of a document as CSV, with the numbers behind the texts."""

import pandas as pd

from sedpool.comparison.labels import UNDEFINED
from sedpool.reports.document import TableBlock
from sedpool.text_tables import without_formulas


def to_csv(table: TableBlock) -> str:
    """Write comma-separated values: a header, then one line per row.

    Numbers are written so that they read back as the very same floats; undefined ones are empty. A column of means is
    followed by one of standard deviations, ``<title> sd``, and one with intervals by their ends, ``<title> low`` and
    ``<title> high``; the last column is 1 for baselines and 0 for others.
    """
    titles = [table.row_title or "row"]
    columns: list[list[str]] = [[row.title for row in table.rows]]
    for index, title in enumerate(table.full_columns):
        cells = [row.cells[index] for row in table.rows]
        titles.append(title)
        texts = ("" if cell.text == UNDEFINED else cell.text for cell in cells)
        columns.append(
            [text if cell.value is None else str(cell.value) for cell, text in zip(cells, texts, strict=True)]
        )
        details = {
            "sd": [cell.spread for cell in cells],
            "low": [cell.interval and cell.interval[0] for cell in cells],
            "high": [cell.interval and cell.interval[1] for cell in cells],
        }
        for name, values in details.items():
            if any(value is not None for value in values):
                titles.append(f"{title} {name}")
                columns.append(["" if value is None else str(value) for value in values])
    columns.append([str(int(row.is_baseline)) for row in table.rows])
    frame = pd.DataFrame(list(zip(*columns, strict=True)), columns=[*titles, "is_baseline"], dtype=object)
    return without_formulas(frame).to_csv(index=False, lineterminator="\n")
