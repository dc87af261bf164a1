"""``sedpool analyse``: what a run confuses, misses and mistimes."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sedpool.cli.trust import TrustCode


def analyse(
    run: Annotated[Path, typer.Argument(help="A finished run folder.")],
    root: Annotated[Path | None, typer.Option(help="Where its corpus is now (dataset.root), if it was moved.")] = None,
    decode: Annotated[
        Literal["tuned", "set"], typer.Option(help="Take events as tuned on validation, or as the run was set.")
    ] = "tuned",
    trust_code: TrustCode = False,
) -> None:
    """Analyse the errors of a run: writes errors.html, and tables in errors/, into its folder."""
    from sedpool.datasets.mixing import mixing_details
    from sedpool.datasets.statistics import duration_percentiles
    from sedpool.experiment.load import dataset_of, events_of
    from sedpool.reports.error_report import error_tables, write_error_report
    from sedpool.run_folder import finished

    folder = finished(run)
    dataset = dataset_of(folder, root, trust_code=trust_code)
    test, train = dataset.split("test"), dataset.split("train")
    durations = None if train.events is None else duration_percentiles(train)
    detected, decoded = events_of(folder, tuned=decode == "tuned")
    typer.echo(f"{folder.path.name}: events decoded {decoded}", err=True)
    tables = error_tables(folder, test, durations, mixing_details(test), detected)
    typer.echo(write_error_report(folder, tables, decoded))
