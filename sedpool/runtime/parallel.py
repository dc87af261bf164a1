"""The same work on many items: in processes of this machine, or on the workers of a Dask cluster."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

from sedpool.errors import ConfigError

if TYPE_CHECKING:
    from sedpool.runtime.dask_cluster import DaskCluster

Item = TypeVar("Item")
Result = TypeVar("Result")

_cluster: "ContextVar[DaskCluster | None]" = ContextVar("cluster", default=None)


@contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """Work on the Dask cluster whose scheduler has this address within the block; with None on this machine.

    Raises
    ------
    ConfigError
        If Dask is not installed, or no scheduler answers.
    """
    if address is None:
        yield
        return
    from sedpool.runtime.dask_cluster import DaskCluster

    with DaskCluster(address) as connected:
        token = _cluster.set(connected)
        try:
            yield
        finally:
            _cluster.reset(token)


def is_elsewhere() -> bool:
    """Whether work goes to a cluster."""
    return _cluster.get() is not None


def each(task: Callable[[Item], Result], items: Sequence[Item], n_jobs: int | None = None) -> Iterator[Result]:
    """Yield what a task makes of each item, in their order.

    Parameters
    ----------
    task : callable
        A function of a module, or a `functools.partial` of one. It may be called twice with one item: again if the
        worker of a cluster that was at work on it is lost.
    items : sequence
        What is to be worked on.
    n_jobs : int or None
        Number of processes on this machine; None or -1 for one per processor. One works in this process. A cluster has
        the workers that it has. All but this process multiply matrices in one thread: with several, the last bits of
        some features are others.

    Raises
    ------
    ConfigError
        If a process is killed; on a cluster, if one item costs several workers, or the scheduler is lost.
    """
    if (elsewhere := _cluster.get()) is not None:
        yield from elsewhere.each(task, items)
        return
    wanted = joblib.cpu_count() if n_jobs in (None, -1) else n_jobs
    try:
        with joblib.parallel_config("loky", inner_max_num_threads=1):
            processes = joblib.Parallel(n_jobs=min(wanted, max(1, len(items))), return_as="generator")
        folder = os.getcwd()
        yield from processes(joblib.delayed(_in_folder)(folder, task, item) for item in items)
    except TerminatedWorkerError:
        raise ConfigError(
            "a worker process was killed, out of memory? the same command with fewer jobs goes on"
        ) from None


def _in_folder(folder: str, task: Callable[[Item], Result], item: Item) -> Result:
    """Work where relative paths mean what they mean here: processes are kept, in the folder that they began in."""
    os.chdir(folder)
    return task(item)
