"""Estimates of how long a study still takes: at first from a few training steps, then from finished runs."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from statistics import mean, median
from time import perf_counter
from typing import Any

from sedpool.errors import SedpoolError, TrainingError
from sedpool.experiment.jobs import Progress, job_environment

_STEPS = 4
_WARM_UP = 2  # the first ones compile


@dataclass(frozen=True)
class Remainder:
    """What is left of a run.

    Attributes
    ----------
    epoch_seconds : float
        Seconds that an epoch takes.
    budget : int
        Most epochs that it may train.
    done : int
        Epochs that it has trained.
    """

    epoch_seconds: float
    budget: int
    done: int = 0

    def seconds(self, epochs: float) -> float:
        """Return the seconds until it has trained so many epochs; at least one more, since it has not ended."""
        return self.epoch_seconds * max(min(epochs, self.budget) - self.done, 1.0)


def forecast(
    runs: Sequence[Progress],
    n_jobs: int,
    epoch_seconds: Mapping[str, float] | None = None,
    usual_epochs: Sequence[int] = (),
) -> str:
    """Return the time that runs still take, in words, as the epochs say that they have trained.

    Parameters
    ----------
    runs : sequence of Progress
        All runs of the sweep or study, whatever their state.
    n_jobs : int
        How many train at a time; 0 counts as 1.
    epoch_seconds : mapping of str to float, optional
        Seconds of an epoch by kind, where no run of that kind has trained one.
    usual_epochs : sequence of int
        After how many epochs other runs stopped.
    """
    trained: dict[str, list[float]] = {}
    for run in runs:
        trained.setdefault(run.kind, []).extend(run.seconds)
    known = dict(epoch_seconds or {}) | {kind: median(seconds) for kind, seconds in trained.items() if seconds}
    left = [run for run in runs if run.state in ("running", "left")]
    if unknown := sum(run.kind not in known for run in left):
        what = "the first epoch" if unknown == len(left) else "an epoch of each kind of run"
        return f"time left unknown before {what} has ended"
    stopped = [*usual_epochs, *(len(run.seconds) for run in runs if run.state == "done")]
    remainders = [Remainder(known[run.kind], run.budget, len(run.seconds)) for run in left]
    return remaining(remainders, max(n_jobs, 1), mean(stopped) if stopped else None)


def remaining(runs: Sequence[Remainder], n_jobs: int, usual_epochs: float | None) -> str:
    """Return the time that runs still take, in words.

    Parameters
    ----------
    runs : sequence of Remainder
        All that are not finished.
    n_jobs : int
        How many train at a time.
    usual_epochs : float or None
        After how many epochs finished runs of the study had stopped; None if there is none.
    """
    at_most = _together([run.seconds(run.budget) for run in runs], n_jobs)
    if usual_epochs is None:
        return f"at most {duration(at_most)}"
    about = _together([run.seconds(usual_epochs) for run in runs], n_jobs)
    return f"about {duration(about)}, at most {duration(at_most)}"


def _together(seconds: Sequence[float], n_jobs: int) -> float:
    return max(sum(seconds) / n_jobs, max(seconds, default=0.0))


def duration(seconds: float) -> str:
    """Return a duration in words.

    Examples
    --------
    >>> duration(30), duration(600), duration(8000)
    ('1 min', '10 min', '2 h 14 min')
    """
    hours, minutes = divmod(max(ceil(seconds / 60), 1), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def measure_together(config: Mapping[str, Any], n_jobs: int) -> float:
    """Measure the seconds per epoch of a run while `n_jobs` of its kind train at the same time.

    Raises
    ------
    TrainingError
        If its first steps fail.
    """
    command = [sys.executable, "-P", "-m", "sedpool.experiment.launchers.schedule"]

    def measure(_: int) -> subprocess.CompletedProcess[str]:
        content, environment = json.dumps(config), job_environment()
        return subprocess.run(command, input=content, env=environment, capture_output=True, text=True, check=False)

    with ThreadPoolExecutor(n_jobs) as pool:
        ended = list(pool.map(measure, range(n_jobs)))
    for process in ended:
        if process.returncode:
            last = (process.stderr.strip().splitlines() or [f"exit status {process.returncode}"])[-1]
            raise TrainingError(f"{config['corpus']}, {config['method']}: its first steps failed: {last}")
    return mean(float(process.stdout.split()[-1]) for process in ended)


def measure_epoch(config: Mapping[str, Any]) -> float:
    """Estimate the seconds that an epoch of training and validation takes here, from a few steps on random patches.

    It starts the backend with the configuration's threads, and so belongs in a process of its own.

    Parameters
    ----------
    config : mapping
        Resolved configuration of a run.
    """
    from sedpool.experiment.run import build_all, check

    recipe = check(config)
    dataset, detector, extractor = build_all(config, recipe)
    import numpy as np

    from sedpool.training.loop import compile_for_training

    training_model = detector.training_model
    compile_for_training(training_model, recipe)
    shape = (recipe.batch_size, extractor.n_frames(recipe.patch_duration), training_model.input_shape[-1])
    x = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    y = np.round(training_model.predict_on_batch(x))
    n_train, n_validate = (ceil(len(dataset.split(name)) / recipe.batch_size) for name in ("train", "validate"))
    training = (recipe.batches_per_epoch or n_train) * _seconds(lambda: training_model.train_on_batch(x, y))
    return training + (recipe.validation_batches or n_validate) * _seconds(lambda: training_model.test_on_batch(x, y))


def _seconds(step: Callable[[], object]) -> float:
    times = []
    for _ in range(_WARM_UP + _STEPS):
        began = perf_counter()
        step()
        times.append(perf_counter() - began)
    return median(times[_WARM_UP:])


if __name__ == "__main__":
    try:
        print(measure_epoch(json.load(sys.stdin)))
    except SedpoolError as error:
        sys.exit(str(error))
