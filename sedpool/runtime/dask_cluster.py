"""Work on many items on a Dask cluster: as many at a time as its workers can take, so that memory stays flat."""

import os
import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from sedpool import __version__  # type: ignore[attr-defined] # the stub has public names only
from sedpool.errors import ConfigError

Item = TypeVar("Item")
Result = TypeVar("Result")

_ANSWER_SECONDS = 20.0
_AHEAD = 2  # items for each thread of a worker: one at work, one that waits


class DaskCluster:
    """A connection to the scheduler of a Dask cluster.

    Parameters
    ----------
    address : str
        As the scheduler prints it, e.g. ``tcp://192.168.0.7:8786``.

    Raises
    ------
    ConfigError
        If Dask is not installed, or no scheduler with a worker answers.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise ConfigError("parallel=dask: Dask is not installed; pip install 'sedpool[dask]'") from None
        self._address = address
        try:
            self._client = Client(address, timeout=_ANSWER_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            reason = f"no scheduler answers there ({' '.join(str(error).split()) or type(error).__name__})"
            raise ConfigError(f"parallel.address={address}: {reason}; start one with: dask scheduler") from None
        try:
            self._client.wait_for_workers(1, timeout=_ANSWER_SECONDS)
        except TimeoutError:
            self._client.close()
            command = f"dask worker {address} --nthreads 1"
            raise ConfigError(
                f"parallel.address={address}: its scheduler has no worker; start some with: {command}"
            ) from None

    def __enter__(self) -> "DaskCluster":
        """Return the connection."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection; what is not finished is cancelled."""
        self._client.close()

    def each(self, task: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """See `sedpool.runtime.parallel.each`; workers that come or go meanwhile count."""
        import cloudpickle

        checked = partial(_in_the_same_place, os.getcwd(), __version__)
        waiting: deque[Any] = deque()
        for item in items:  # as bytes, or the scheduler would import all that the task needs, and not answer meanwhile
            waiting.append(self._client.submit(checked, cloudpickle.dumps((task, item)), pure=False))
            while len(waiting) >= _AHEAD * max(1, sum(self._client.nthreads().values())):
                yield self._result(waiting.popleft())
        while waiting:
            yield self._result(waiting.popleft())

    def _result(self, future: Any) -> Any:
        from distributed import CancelledError, KilledWorker

        try:
            return future.result()
        except KilledWorker as error:
            reason = f"{error.allowed_failures + 1} workers were lost with the same work, out of memory?"
        except CancelledError:
            reason = "its scheduler was lost; the same command goes on once there is one again"
        raise ConfigError(f"parallel.address={self._address}: {reason}")


def _in_the_same_place(folder: str, version: str, work: bytes) -> Any:
    """Work on an item, where relative paths mean the same and the code is the same."""
    if (os.getcwd(), __version__) != (folder, version):
        here = f"a worker of the cluster runs sedpool {__version__} in {os.getcwd()}"
        raise ConfigError(f"{here}; expected {version} in {folder}: start it there")
    task, item = pickle.loads(work)
    with threadpool_limits(1):  # as in the processes of one machine
        return task(item)
