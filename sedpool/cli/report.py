"""``sedpool report``: one report of any set of finished runs."""

from pathlib import Path
from typing import Annotated

import typer

from sedpool.cli.trust import TrustCode

N_CLIPS = 200
"""Clips on a page, which is then about 30 MB large if they last 10 s."""


def report(
    folders: Annotated[list[Path], typer.Argument(help="Run folders or records, or folders that hold them.")],
    output: Annotated[
        Path | None,
        typer.Option("--out", "--output", help="Where the report goes; by default report/ in the first folder."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Its title; by default the corpora and how many runs.")] = None,
    audio: Annotated[
        bool,
        typer.Option(
            "--audio",
            help="For one run: write listening.html too, to look at and play the test clips with what was detected. It "
            "holds these recordings.",
        ),
    ] = False,
    n_clips: Annotated[
        int | None, typer.Option("--clips", min=1, show_default="200", help="With --audio: at most so many clips.")
    ] = None,
    linked: Annotated[
        bool, typer.Option("--linked", help="With --audio: write listening/ with sound and pictures beside the page.")
    ] = False,
    root: Annotated[
        Path | None, typer.Option(help="With --audio: where the corpus is now (dataset.root), if it was moved.")
    ] = None,
    trust_code: TrustCode = False,
) -> None:
    """Report on finished runs: index.html, which needs no other file, report.md, report.tex, tables/ and figures/.

    Prints the path of index.html. Files of other names in the folder stay.
    """
    from sedpool.cli.listening import write_run_page
    from sedpool.comparison.collect import finished_runs
    from sedpool.errors import ConfigError
    from sedpool.reports.document_files import write_document
    from sedpool.reports.run_report import renew_run_report
    from sedpool.reports.runs_document import runs_document
    from sedpool.run_folder import RunFolder

    found = finished_runs(folders)
    for path, why in found.left_out.items():
        typer.echo(f"left out: {path} ({why})", err=True)
    if audio and len(found.runs) != 1:
        raise ConfigError(f"--audio: it is about one run, and here are {len(found.runs)}; give the folder of one")
    if not audio and (n_clips is not None or linked or root is not None):
        raise ConfigError("--clips, --linked, --root: they do nothing without --audio")
    target = output or RunFolder(folders[0]).subfolder("report")
    page = write_document(runs_document(found.runs, title), target)
    if audio:
        run = found.runs[0]
        write_run_page(run, target, n_clips or N_CLIPS, linked=linked, root=root, trust_code=trust_code)
        if target == run.path / "report" and run.file("report.html").is_file():
            renew_run_report(run)  # which names the page to listen to
    typer.echo(page)
