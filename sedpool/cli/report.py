"""``sedpool report``: one report of any set of finished runs."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    folders: Annotated[list[Path], typer.Argument(help="Run folders or records, or folders that hold them.")],
    output: Annotated[
        Path | None, typer.Option(help="Where the report goes; by default report/ in the first folder.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Its title; by default the corpora and how many runs.")] = None,
) -> None:
    """Report on finished runs: index.html, which needs no other file, report.md, report.tex, tables/ and figures/.

    Prints the path of index.html. Files of other names in the folder stay.
    """
    from sedpool.comparison.collect import finished_runs
    from sedpool.reports.document_files import write_document
    from sedpool.reports.runs_document import runs_document
    from sedpool.run_folder import RunFolder

    found = finished_runs(folders)
    for path, why in found.left_out.items():
        typer.echo(f"left out: {path} ({why})", err=True)
    document = runs_document(found.runs, title)
    typer.echo(write_document(document, output or RunFolder(folders[0]).subfolder("report")))
