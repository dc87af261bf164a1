"""Runs jobs on a back-end, shows how far they are, and collects why some of them failed."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from sedpool.comparison.labels import counted
from sedpool.errors import SedpoolError
from sedpool.experiment.jobs import NOTE, Job, note_failure
from sedpool.experiment.launchers.local import Local
from sedpool.experiment.launchers.schedule import duration, forecast
from sedpool.experiment.launchers.slurm import Slurm
from sedpool.settings.schema import LauncherSettings

logger = logging.getLogger(__name__)

_LOOK_EVERY = 2.0  # seconds


class Backend(Protocol):
    """Where jobs run."""

    def start(self, jobs: Sequence[Job]) -> None:
        """Start or queue all jobs."""

    def ended(self, timeout: float) -> list[tuple[Job, str | None]]:
        """Wait at most about `timeout` seconds; return the jobs that have ended meanwhile, and why each failed."""

    def stop(self) -> None:
        """Leave the jobs that have not ended to the same command later."""


def run_jobs(
    jobs: Sequence[Job],
    settings: LauncherSettings,
    finish: Callable[[Job], None],
    *,
    epoch_seconds: Mapping[str, float] | None = None,
    usual_epochs: Sequence[int] = (),
) -> dict[Job, str]:
    """Run jobs until all have ended.

    Parameters
    ----------
    jobs : sequence of Job
        In the order in which they begin.
    settings : LauncherSettings
        Where they run, and how many at a time.
    finish : callable
        Called with each that has ended well, as soon as it has.
    epoch_seconds : mapping of str to float, optional
        Seconds of an epoch by `sedpool.experiment.jobs.kind_of`, for a forecast before the first has ended.
    usual_epochs : sequence of int
        After how many epochs earlier runs stopped.

    Returns
    -------
    failures : dict of Job to str
        Why a job failed and where its output is.
    """
    backend: Backend = Slurm(settings) if settings.kind == "slurm" else Local(settings)
    for job in jobs:
        job.plan()
    state = {job: job.progress() for job in jobs}
    failures: dict[Job, str] = {}
    left = list(jobs)

    def time_left() -> str:
        return forecast(list(state.values()), settings.jobs, epoch_seconds or {}, usual_epochs)

    logger.info(f"{counted(len(jobs), 'run')}, {settings.jobs} at a time: {time_left()}")
    console = Console(stderr=True, highlight=False)
    columns = TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn()
    status = TextColumn("{task.fields[status]}")
    with Progress(*columns, status, console=console, transient=True, disable=not console.is_terminal) as display:
        overall = display.add_task("all runs", total=len(jobs), status="")
        lines = {
            job: display.add_task(job.name, total=state[job].budget, status="epochs", visible=False) for job in jobs
        }
        try:
            backend.start(jobs)
            while left:
                for job, reason in backend.ended(_LOOK_EVERY):
                    left.remove(job)
                    try:
                        if reason is None:
                            finish(job)
                    except (SedpoolError, OSError) as error:  # an OSError names its file
                        reason = str(error)
                    state[job] = job.progress()
                    if reason is None:
                        job.folder.file(NOTE).unlink(missing_ok=True)
                        seconds = state[job].seconds
                        logger.info(f"{job.name}: done, {counted(len(seconds), 'epoch')} in {duration(sum(seconds))}")
                    else:
                        note_failure(job.folder, reason)
                        failures[job] = f"{reason} (its output: {job.output})"
                        logger.error(f"{job.name}: failed: {failures[job]}")
                    display.update(lines[job], visible=False)
                    display.advance(overall)
                for job in left:
                    state[job] = job.progress()
                    is_running = state[job].state == "running"
                    display.update(lines[job], completed=len(state[job].seconds), visible=is_running)
                display.update(overall, status=time_left() if left else "")
        except BaseException:
            backend.stop()
            raise
    return {job: failures[job] for job in jobs if job in failures}
