"""Compare finished runs: ``python scripts/compare.py experiments/runs``.

Prints every run found, and writes one table over them as ``comparison.csv`` and ``comparison.md``.
"""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from sedpool.errors import SedpoolError
from sedpool.reports.comparison import as_text, compare_runs, write_comparison

RUN = {"dataset": "dataset", "method": "method", "seed": "seed"}
CLIP = {
    "clip_f1_macro": "macro F1",
    "tuned_clip_f1_macro": "tuned",
    "clip_f1_micro": "F1",
    "tuned_clip_f1_micro": "tuned",
    "clip_precision": "P",
    "clip_recall": "R",
    "coverage": "coverage",
    "identical_to": "identical to",
}
SEGMENT = {
    "segment_f1_macro": "macro\nF1",
    "segment_f1_micro": "F1",
    "tuned_segment_f1_micro": "F1\ntuned",
    "segment_precision": "P",
    "segment_recall": "R",
    "segment_error_rate": "ER",
    "own_stretched_f1": "own\ntags",
    "tuned_own_stretched_f1": "own\ntuned",
    "oracle_stretched_f1": "true\ntags",
}


def main(
    folders: Annotated[list[Path], typer.Argument(help="Folders that hold run folders, at any depth.")],
    output: Annotated[Path | None, typer.Option(help="Where the files go; default: the first folder.")] = None,
) -> None:
    """Compare finished runs: printed, and written in full as CSV and Markdown."""
    try:
        comparison = compare_runs(folders)
        written = write_comparison(comparison.table, output or folders[0])
    except (SedpoolError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    console = Console()
    console.print(_printable(comparison.table, RUN | CLIP, title="Clip level (static)"))
    console.print(
        _printable(
            comparison.table,
            RUN | SEGMENT,
            title="Segments (dynamic); last three: F1 of tags over whole clips",
        )
    )
    for path in comparison.unfinished:
        typer.echo(f"unfinished: {path}")
    typer.echo("written: " + ", ".join(map(str, written)))


def _printable(table: pd.DataFrame, titles: dict[str, str], *, title: str) -> Table:
    """The columns in `titles`, few enough for a terminal of 80 characters; P, R, ER and F1 are micro averages."""
    printable = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")
    for column, heading in titles.items():
        numeric = pd.api.types.is_numeric_dtype(table[column])
        printable.add_column(heading, justify="right" if numeric else "left")
    for row in as_text(table[list(titles)]).to_numpy():
        printable.add_row(*row)
    return printable


if __name__ == "__main__":
    typer.run(main)
