"""The jobs of ``train.py -m``: prepared one by one as Hydra composes them, run together, and summed up."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from sedpool.errors import SedpoolError
from sedpool.settings.schema import LauncherSettings

if TYPE_CHECKING:
    from sedpool.datasets.base import Dataset
    from sedpool.experiment.jobs import Job

logger = logging.getLogger(__name__)


class Sweep:
    """Collects jobs, runs them, and remembers how they ended.

    Parameters
    ----------
    flags : sequence of str
        Options of Hydra's that every job needs.

    Attributes
    ----------
    objectives : dict of Job to float or None
        F1 on validation (see `sedpool.evaluation.tuning.validation_objective`) of jobs that ended well.
    failures : dict of str to str
        Why a job failed, by its number and settings.
    """

    def __init__(self, flags: Sequence[str] = ()) -> None:
        self.flags = tuple(flags)
        self.n_jobs = 0
        self.objectives: dict[Job, float | None] = {}
        self.failures: dict[str, str] = {}
        self._launcher: LauncherSettings
        self._data: dict[str, tuple[dict[str, str], Dataset | None]] = {}
        self._pending: list[Job] = []

    def add(
        self, title: str, config: Mapping[str, Any], overrides: Sequence[str], launcher: LauncherSettings
    ) -> Callable[[], float | None]:
        """Prepare one job for the next `run`; one that cannot be prepared has failed.

        Parameters
        ----------
        title : str
            Settings in which it differs from others; may be empty.
        config : mapping
            Resolved configuration.
        overrides : sequence of str
            What it was composed from.
        launcher : LauncherSettings
            Where it runs, as do the jobs before it.

        Returns
        -------
        objective : callable
            Runs what was added and returns this job's objective.
        """
        from sedpool.experiment.jobs import Job  # which --help and a wrong setting have no need to wait for
        from sedpool.experiment.run import check, folder_of

        self._launcher = launcher
        self.n_jobs += 1
        name = f"job {self.n_jobs} ({title})" if title else f"job {self.n_jobs}"
        try:
            check(config)
            job = Job(name, (*self.flags, *overrides), config, folder_of(config, self._data))
        except (Exception, SystemExit) as error:  # a corpus of the user's own may end in anything
            reason = str(error) if isinstance(error, SedpoolError) else f"{type(error).__name__}: {error}"
            logger.error(f"{name}: failed: {reason}")
            self.failures[name] = reason
            return lambda: None
        self._pending.append(job)

        def objective() -> float | None:
            self.run()
            return self.objectives.get(job)

        return objective

    def run(self) -> None:
        """Run the jobs that were added since the last time, and print their run folders in order."""
        from sedpool.experiment.launchers.runner import run_jobs
        from sedpool.experiment.run import skip_finished

        jobs, self._pending = self._pending, []
        waiting: dict[Path, Job] = {}  # one job per folder: a search may propose the same settings twice
        for job in jobs:
            try:
                if skip_finished(job.config, job.folder):
                    self._finish(job)
                else:
                    waiting.setdefault(job.folder.path, job)
            except SedpoolError as error:
                self.failures[job.name] = str(error)
        failures = run_jobs(list(waiting.values()), self._launcher, self._finish) if waiting else {}
        for job in jobs:
            first = waiting.get(job.folder.path, job)
            if first in failures:
                self.failures[job.name] = failures[first]
            elif first is not job:
                self._finish(job)
            if job in self.objectives:
                print(job.folder.path, flush=True)

    def _finish(self, job: "Job") -> None:
        self.objectives[job] = objective = job.folder.objective
        known = "unknown; `sedpool tune` measures it" if objective is None else f"{objective:.4f}"
        logger.info(f"{job.name}: F1 on validation {known}")

    def best(self) -> str | None:
        """Return the settings with the highest mean objective over seeds; None if there are fewer than two."""
        found: dict[tuple[str, ...], list[float]] = {}
        for job, objective in self.objectives.items():
            if objective is not None:
                settings = tuple(override for override in job.overrides if not override.startswith("seed="))
                found.setdefault(settings, []).append(objective)
        if len(found) < 2:
            return None
        highest = max(map(fmean, found.values()))
        common = set.intersection(*map(set, found))
        equals = [
            " ".join(override for override in settings if override not in common)
            + (f" (mean of {len(values)} runs)" if len(values) > 1 else "")
            for settings, values in found.items()
            if fmean(values) == highest
        ]
        return f"best on validation, F1 {highest:.4f}: {' or '.join(equals)}"

    def summary(self) -> str:
        """Return all failures, one line each."""
        lines = [f"error: {len(self.failures)} of {self.n_jobs} jobs failed; the same command runs only these again"]
        return "\n".join(lines + [f"  {name}: {reason}" for name, reason in self.failures.items()])
