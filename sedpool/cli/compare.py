"""``sedpool compare``: one table over finished runs, with intervals, tests and figures."""

from pathlib import Path
from typing import Annotated

import typer


def compare(
    folders: Annotated[list[Path], typer.Argument(help="Folders that hold run folders, at any depth.")],
    output: Annotated[
        Path | None, typer.Option("--out", "--output", help="Where the files go; default: the first folder.")
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            show_default="segment_f1_micro, or clip_f1_macro of tags alone",
            help="Column to give intervals and tests for.",
        ),
    ] = None,
) -> None:
    """Compare finished runs: printed, and written in full as CSV and Markdown.

    Prints every run, the runs that do not differ significantly from the best, and what test clips and seeds can show.
    Writes comparison.csv, comparison.md and figures.
    """
    from sedpool.reports.comparison_report import report_comparison

    report_comparison(folders, metric, output)
