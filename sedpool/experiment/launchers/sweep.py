"""The jobs of a sweep, each in a process of its own: one that raises, exits or is killed leaves the others running."""

import sys
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from sedpool.experiment.launchers.worker import Worker


@dataclass(frozen=True)
class Job:
    """A job that ended well.

    Attributes
    ----------
    overrides : tuple of str
        Its settings.
    folder : str
        The run folder.
    objective : float or None
        Its F1 on validation clips (see `sedpool.evaluation.tuning.validation_objective`), if that is known and defined.
    """

    overrides: tuple[str, ...]
    folder: str
    objective: float | None


class Sweep:
    """Runs jobs one after another and remembers how they ended.

    Attributes
    ----------
    finished : list of Job
        Those that ended well.
    failures : list of tuple of str
        Overrides and reason of every failed job.
    """

    def __init__(self) -> None:
        self.n_jobs = 0
        self.finished: list[Job] = []
        self.failures: list[tuple[str, str]] = []

    def run(self, config: dict[str, Any], overrides: list[str]) -> Job | None:
        """Run one job and wait for it.

        Returns
        -------
        job : Job or None
            None if it failed.
        """
        self.n_jobs += 1
        name = " ".join(overrides) or "defaults"
        print(f"job {self.n_jobs}: {name}", file=sys.stderr, flush=True)
        worker = Worker(train, config)
        try:
            ended, reason = worker.result()
        except KeyboardInterrupt:
            worker.stop()
            raise
        if reason is not None:
            print(f"job {self.n_jobs} failed: {reason}", file=sys.stderr, flush=True)
            self.failures.append((name, reason))
            return None
        folder, objective = ended
        known = "unknown; `sedpool tune` measures it" if objective is None else f"{objective:.4f}"
        print(f"job {self.n_jobs}: F1 on validation {known}", file=sys.stderr, flush=True)
        self.finished.append(Job(tuple(overrides), folder, objective))
        return self.finished[-1]

    def best(self) -> str | None:
        """Return the settings with the highest mean objective over seeds; None if there are fewer than two."""
        found: dict[tuple[str, ...], list[float]] = {}
        for job in self.finished:
            if job.objective is not None:
                settings = tuple(override for override in job.overrides if not override.startswith("seed="))
                found.setdefault(settings, []).append(job.objective)
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
        return "\n".join(lines + [f"  {overrides}: {reason}" for overrides, reason in self.failures])


def train(config: dict[str, Any]) -> tuple[str, float | None]:
    """Run one configuration; return the run folder and its objective."""
    from sedpool.experiment.run import run
    from sedpool.run_folder import RunFolder

    folder = run(config)
    return str(folder), RunFolder(folder).objective
