"""Scores as tables on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from sedpool.reports.tables import Row, clip_rows, level_rows

_COLUMNS = ("F1", "P", "R", "ER", "macro F1")


def side_by_side(metrics: Mapping[str, Any], *, title: str) -> Table:
    """A run's scores as set and as tuned, with the baselines that locate nothing.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``.
    title : str
        Over the table.
    """
    table = score_table(title)
    sections = {"clips": clip_rows(metrics)}
    for level in ("segment", "event"):
        if metrics[level] is not None:
            sections[f"{level}s"] = level_rows(metrics, level)
    for name, rows in sections.items():
        add_section(table, name, rows)
    if metrics["tuned"]:
        tuned = metrics["tuned"]
        table.caption = f"tuned on {tuned['n_clips']} validation clips by {tuned['objective']}, and clip F1"
    return table


def score_table(title: str) -> Table:
    """An empty table with the columns of `add_section`."""
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left", caption_justify="left")
    table.add_column("")
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    return table


def add_section(table: Table, name: str, rows: list[Row]) -> None:
    """Add a heading and its rows; baselines are dim."""
    table.add_row(f"[bold]{name}[/bold]")
    for row in rows:
        table.add_row(row.title, *row.cells, style="dim" if row.is_baseline else None)
    table.add_section()


def plain_table(title: str, columns: Sequence[str], rows: Sequence[Row]) -> Table:
    """Rows under the columns; `title` stands over the rows' own titles."""
    table = Table(title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, justify="right")
    for row in rows:
        title = f"   {row.title}" if row.is_interval else row.title
        table.add_row(escape(title), *row.cells, style="dim" if row.is_baseline else None)
    return table
