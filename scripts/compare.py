"""Compare finished runs: ``python scripts/compare.py experiments/runs``.

Prints one table over every run found, and writes it as ``comparison.csv`` and ``comparison.md``.
"""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from sedpool.errors import SedpoolError
from sedpool.reports.comparison import as_text, compare_runs, write_comparison

# What a terminal has room for; the files hold every column.
PRINTED = {
    "dataset": "dataset",
    "method": "method",
    "seed": "seed",
    "clip_f1_macro": "clip\nF1 mac",
    "clip_f1_micro": "clip\nF1 mic",
    "clip_precision": "clip\nP",
    "clip_recall": "clip\nR",
    "segment_f1_micro": "seg\nF1 mic",
    "segment_precision": "seg\nP",
    "segment_recall": "seg\nR",
    "segment_error_rate": "seg\nER",
    "segment_f1_macro": "seg\nF1 mac",
    "own_stretched_f1": "own\nstretched",
    "oracle_stretched_f1": "oracle\nstretched",
    "identical_to": "identical\nto",
}


def main(
    folders: Annotated[list[Path], typer.Argument(help="Folders that hold run folders, at any depth.")],
    output: Annotated[Path | None, typer.Option(help="Where the files go; default: the first folder.")] = None,
) -> None:
    """Compare finished runs in one table, printed and written as CSV and Markdown."""
    try:
        comparison = compare_runs(folders)
        written = write_comparison(comparison.table, output or folders[0])
    except (SedpoolError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    Console().print(_printable(comparison.table))
    for path in comparison.unfinished:
        typer.echo(f"unfinished: {path}")
    typer.echo("written: " + ", ".join(map(str, written)))


def _printable(table: pd.DataFrame) -> Table:
    printable = Table(caption="seg: segments; stretched: segment F1 of clip decisions or true tags over whole clips")
    for column, title in PRINTED.items():
        numeric = pd.api.types.is_numeric_dtype(table[column])
        printable.add_column(title, justify="right" if numeric else "left", no_wrap=numeric)
    for row in as_text(table[list(PRINTED)]).to_numpy():
        printable.add_row(*row)
    return printable


if __name__ == "__main__":
    typer.run(main)
