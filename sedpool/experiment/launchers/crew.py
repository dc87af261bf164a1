"""Trains several runs at a time, each in a process of its own; one that fails costs nothing but itself."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from statistics import mean
from time import monotonic
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from sedpool.comparison.labels import counted
from sedpool.errors import SedpoolError
from sedpool.experiment.launchers.schedule import Remainder, duration, kind_of, remaining
from sedpool.experiment.launchers.sweep import train
from sedpool.experiment.launchers.worker import Worker
from sedpool.experiment.plan import PlannedRun
from sedpool.run_folder import RunFolder

logger = logging.getLogger(__name__)

OUTPUT = "output.txt"
"""What a run has printed, in its folder."""
_LOOK_EVERY = 2.0  # seconds


@dataclass(frozen=True, eq=False)
class Task:
    """A run to be trained.

    Attributes
    ----------
    run : PlannedRun
        Which.
    config : dict
        Its resolved configuration.
    folder : RunFolder
        Where it goes.
    """

    run: PlannedRun
    config: dict[str, Any]
    folder: RunFolder

    @property
    def name(self) -> str:
        """Its settings, as they were given."""
        return " ".join(self.run.overrides)

    @property
    def budget(self) -> int:
        """Most epochs that it may train, in all rounds of self-training."""
        training = self.config["training"]
        return int(training["epochs"]) * (1 + int(training["self_training_rounds"]))

    @property
    def kind(self) -> str:
        """The key shared by runs whose epochs take equally long."""
        return kind_of(self.config)

    def epochs_done(self) -> int:
        """Epochs that it has trained, as its ``history.csv`` says now."""
        paths = [*self.folder.path.glob("rounds/*/history.csv"), *self.folder.path.glob("history.csv")]
        return sum(max(len(path.read_text(encoding="utf-8").splitlines()) - 1, 0) for path in paths)


@dataclass(frozen=True, eq=False)
class _Work:
    """A task that is being trained, since when and from which epoch, and its line on the display."""

    task: Task
    worker: Worker
    line: TaskID
    epochs_before: int
    began: float = field(default_factory=monotonic)


class Crew:
    """Trains runs and knows how long it will take.

    Parameters
    ----------
    n_jobs : int
        How many train at a time.
    epoch_seconds : dict of str to float
        Seconds of an epoch, by `Task.kind`.
    usual_epochs : sequence of int
        After how many epochs earlier runs stopped.
    """

    def __init__(self, n_jobs: int, epoch_seconds: dict[str, float], usual_epochs: Sequence[int] = ()) -> None:
        self.n_jobs = n_jobs
        self._epoch_seconds = dict(epoch_seconds)
        self._usual_epochs = list(usual_epochs)

    def remaining(self, tasks: Iterable[Task]) -> str:
        """Return the time that tasks still take, in words."""
        left = [Remainder(self._epoch_seconds[task.kind], task.budget, task.epochs_done()) for task in tasks]
        return remaining(left, self.n_jobs, mean(self._usual_epochs) if self._usual_epochs else None)

    def train(self, tasks: Sequence[Task], finish: Callable[[Task], None]) -> dict[str, str]:
        """Train all tasks.

        Parameters
        ----------
        tasks : sequence of Task
            In the order in which they begin.
        finish : callable
            Called with each that has ended well, as soon as it has.

        Returns
        -------
        failures : dict of str to str
            Why a task failed and where its output is, by its settings.
        """
        logger.info(f"{counted(len(tasks), 'run')}, {self.n_jobs} at a time: {self.remaining(tasks)}")
        waiting, at_work = deque(tasks), list[_Work]()
        failures: dict[str, str] = {}
        console = Console(stderr=True, highlight=False)
        status = TextColumn("{task.fields[status]}")
        columns = TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn(), status
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            overall = progress.add_task("all runs", total=len(tasks), status="")
            try:
                while waiting or at_work:
                    while waiting and len(at_work) < self.n_jobs:
                        task = waiting.popleft()
                        logger.info(f"{task.run.key}: begins")
                        worker = Worker(train, task.config, output=task.folder.file(OUTPUT))
                        line = progress.add_task(str(task.run.key), total=task.budget, status="epochs")
                        at_work.append(_Work(task, worker, line, task.epochs_done()))
                    wait([work.worker.receiver for work in at_work], _LOOK_EVERY)
                    for work in [work for work in at_work if work.worker.receiver.poll()]:
                        at_work.remove(work)
                        if reason := self._end(work, finish):
                            failures[work.task.name] = reason
                        progress.remove_task(work.line)
                        progress.advance(overall)
                    left = [*waiting, *(work.task for work in at_work)]
                    progress.update(overall, status=self.remaining(left) if left else "")
                    for work in at_work:
                        progress.update(work.line, completed=work.task.epochs_done())
            finally:
                for work in at_work:
                    work.worker.stop()
        return failures

    def _end(self, work: _Work, finish: Callable[[Task], None]) -> str | None:
        """Collect the result of a task that has ended; return why it failed, or None."""
        task, seconds = work.task, monotonic() - work.began
        _, reason = work.worker.result()
        if reason is None:
            try:
                finish(task)
            except SedpoolError as error:
                reason = str(error)
        if reason is not None:
            reason = f"{reason} (its output: {task.folder.file(OUTPUT)})"
            logger.error(f"{task.run.key}: failed: {reason}")
            return reason
        epochs = task.epochs_done()
        logger.info(f"{task.run.key}: done in {duration(seconds)}, {counted(epochs, 'epoch')}")
        if epochs > work.epochs_before:
            self._epoch_seconds[task.kind] = seconds / (epochs - work.epochs_before)
        if epochs < task.budget:
            self._usual_epochs.append(epochs)
        return None
