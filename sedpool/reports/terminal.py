"""Tables on a terminal."""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sedpool.comparison.labels import DAGGER
from sedpool.reports.document import TableBlock
from sedpool.reports.metrics_tables import score_tables


def print_table(table: TableBlock) -> None:
    """Print a table; baselines are dim.

    Where there is little room, names are folded and numbers stay whole. The table's title stands above it, or over the titles of the rows if these have no heading of their own.

    Parameters
    ----------
    table : TableBlock
        With one header line: groups are left out.
    """
    printed = Table(
        title=escape(table.title) if table.row_title else None,
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title_justify="left",
    )
    printed.add_column(escape(table.row_title or table.title), overflow="fold")
    for column, numeric in zip(table.columns, table.is_numeric, strict=True):
        heading = escape(column.replace(" ", "\n") if numeric else column)
        printed.add_column(heading, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    for row in table.rows:
        cells = [escape(cell.text) + (f" {DAGGER}" if cell.with_best else "") for cell in row.cells]
        title = escape(f"   {row.label}" if row.is_interval else row.label)
        printed.add_row(title, *cells, style="dim" if row.is_baseline else None)
    Console().print(printed)


def print_scores(metrics: Mapping[str, Any], *, title: str) -> None:
    """Print a run's scores as set and as tuned, with the baselines that locate nothing.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``.
    title : str
        Printed first.
    """
    console = Console()
    console.print(title, style="italic", markup=False, highlight=False)
    for table in score_tables(metrics):
        print_table(table)
    if metrics["tuned"]:
        tuned = metrics["tuned"]
        said = f"tuned on {tuned['n_clips']} validation clips by {tuned['objective']}, and clip F1"
        console.print(said, style="dim italic", markup=False, highlight=False)
