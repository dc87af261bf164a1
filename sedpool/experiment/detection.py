"""Detecting in many recordings at a time, in processes that each load the same runs."""

import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial

from sedpool.errors import AudioError
from sedpool.experiment.load import load
from sedpool.inference.decode import Decoder
from sedpool.inference.detect import mean_decoder
from sedpool.inference.recordings import Detected, Method, Selection
from sedpool.inference.results import Task, detect_one
from sedpool.inference.trained_detector import TrainedDetector
from sedpool.runtime import parallel
from sedpool.runtime.backend import import_backend

_loading = threading.Lock()  # a worker of Dask's may have several threads


def load_method(runs: Sequence[str], *, tuned: bool, trust_code: bool) -> Method:
    """Load the detector of a run, or several whose mean score counts."""
    detectors = tuple(load(run, tuned=tuned, trust_code=trust_code) for run in runs)
    return Method(detectors, mean_decoder([one.decoder for one in detectors], detectors[0].detector.classes))


def detect_in_processes(
    runs: Sequence[str], method: Method, tasks: Sequence[Task], *, n_jobs: int | None, trust_code: bool
) -> Iterator[Detected | AudioError]:
    """Detect in recordings, several at a time, each by a process with one thread.

    Parameters
    ----------
    runs : sequence of str
        Runs or packages that `method` was loaded from.
    method : Method
        How.
    tasks : sequence of Task
        The recordings.
    n_jobs : int or None
        See `sedpool.runtime.parallel.each`.
    trust_code : bool
        Whether code that the runs bring may be executed.

    Yields
    ------
    detected : Detected or AudioError
        See `sedpool.inference.results.detect_one`.
    """
    task = partial(_detect, tuple(runs), trust_code, method.decoder, method.selection)
    yield from parallel.each(task, tasks, n_jobs)


def _detect(
    runs: tuple[str, ...], trust_code: bool, decoder: Decoder, selection: Selection, task: Task
) -> Detected | AudioError:
    with _loading:
        detectors = _detectors(runs, trust_code)
    return detect_one(Method(detectors, decoder, selection), task)


@lru_cache(maxsize=1)
def _detectors(runs: tuple[str, ...], trust_code: bool) -> tuple[TrainedDetector, ...]:
    import_backend(threads=1)
    return load_method(runs, tuned=True, trust_code=trust_code).detectors
