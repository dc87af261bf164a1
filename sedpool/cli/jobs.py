"""``sedpool jobs``: how far a sweep, a search or a study is."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from sedpool.errors import ConfigError


def jobs(
    folder: Annotated[Path, typer.Argument(help="Folder of run folders.")] = Path("experiments/runs"),
) -> None:
    """Show which runs are done, running, failed and left, and the time left, on any machine that sees their folders."""
    from sedpool.comparison.labels import counted
    from sedpool.experiment.jobs import OUTPUT, all_progress
    from sedpool.experiment.launchers.schedule import forecast
    from sedpool.experiment.launchers.slurm import queued_tasks

    runs = all_progress(folder)
    if any(run.queued and run.state == "failed" for run in runs):
        with suppress(ConfigError):  # no SLURM on this machine
            queue = queued_tasks()
            runs = [
                replace(run, state="left") if run.state == "failed" and run.queued in queue else run for run in runs
            ]
    number = Counter(run.state for run in runs)
    states = ", ".join(f"{number[state]} {state}" for state in ("done", "running", "failed", "left"))
    waits = number["running"] + number["left"] > 0
    typer.echo(f"{counted(len(runs), 'run')}: {states}" + (f"; {forecast(runs, number['running'])}" if waits else ""))
    for run in runs:
        if run.state == "running":
            place = f"on {run.host}, {len(run.seconds)} of {counted(run.budget, 'epoch')}"
            typer.echo(f"running: {run.folder.path} ({place})")
    for run in runs:
        if run.state == "failed":
            output = run.folder.file(OUTPUT)
            typer.echo(
                f"failed: {run.folder.path}: {run.reason}" + (f" (its output: {output})" if output.is_file() else "")
            )
            if run.overrides:
                typer.echo(f"  {' '.join(run.overrides)}")
