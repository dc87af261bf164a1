"""``sedpool track``: copy finished runs to MLflow, e.g. those made while its server could not be reached."""

from pathlib import Path
from typing import Annotated

import typer


def track(
    runs: Annotated[list[Path], typer.Argument(help="Run folders.")],
    uri: Annotated[str, typer.Option(help="Where to: MLflow's tracking URI.")] = "sqlite:///mlruns.db",
    experiment: Annotated[str, typer.Option(help="Name of the MLflow experiment.")] = "sedpool",
) -> None:
    """Copy runs to MLflow; the exit status is 1 if one could not be copied."""
    from sedpool.experiment.tracking import Tracker
    from sedpool.run_folder import finished

    folders = [finished(path) for path in runs]
    logged = [Tracker(folder, uri=uri, experiment=experiment).end("FINISHED") for folder in folders]
    if not all(logged):
        raise typer.Exit(1)
