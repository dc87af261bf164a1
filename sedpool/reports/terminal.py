"""Tables on a terminal."""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sedpool.comparison.labels import DAGGER, UNDEFINED
from sedpool.reports.document import TableBlock
from sedpool.reports.metrics_tables import score_tables
from sedpool.reports.run_sentences import resolution_ceiling


def print_table(table: TableBlock, *, stderr: bool = False) -> None:
    """Print a table; baselines are dim.

    Where there is little room, names are folded and numbers stay whole. The table's title stands above it, or over the
    titles of the rows if these have no heading of their own.

    Parameters
    ----------
    table : TableBlock
        With one header line: groups are left out.
    stderr : bool
        Whether to print on standard error.
    """
    printed = Table(
        title=escape(table.title) if table.row_title else None,
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title_justify="left",
    )
    printed.add_column(escape(table.row_title or table.title), overflow="fold")
    for index, column in enumerate(table.columns):
        cells = [row.cells[index] for row in table.rows]
        is_text = any(cell.value is None and cell.text not in ("", UNDEFINED) for cell in cells)
        heading = escape(column.replace(" ", "\n"))
        printed.add_column(heading, justify="left" if is_text else "right", no_wrap=not is_text, overflow="fold")
    for row in table.rows:
        texts = [escape(cell.text) + (f" {DAGGER}" if cell.with_best else "") for cell in row.cells]
        title = escape(f"   {row.label}" if row.is_interval else row.label)
        printed.add_row(title, *texts, style="dim" if row.is_baseline else None)
    Console(stderr=stderr).print(printed)


def print_scores(metrics: Mapping[str, Any], *, title: str) -> None:
    """Print a run's scores as set and as tuned, with the baselines that locate nothing and the resolution ceiling.

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
    if ceiling := resolution_ceiling(metrics):
        console.print(ceiling, highlight=False, soft_wrap=True)
    if metrics["tuned"]:
        tuned = metrics["tuned"]
        said = f"tuned on {tuned['n_clips']} validation clips by {tuned['objective']}, and clip F1"
        console.print(said, style="dim italic", markup=False, highlight=False)
