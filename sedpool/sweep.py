"""The jobs of a sweep, each in a process of its own: one that raises, exits or is killed leaves the others running."""

import multiprocessing
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Literal

from sedpool.errors import SedpoolError

START_METHOD: Literal["spawn"] = "spawn"  # a fresh interpreter: a backend that has started does not survive a fork


class Sweep:
    """Runs jobs one after another and remembers which failed.

    Attributes
    ----------
    failures : list of tuple of str
        Overrides and reason of every failed job.
    """

    def __init__(self) -> None:
        self.n_jobs = 0
        self.failures: list[tuple[str, str]] = []

    def run(self, config: dict[str, Any], overrides: list[str]) -> str | None:
        """Run one job and wait for it.

        Returns
        -------
        folder : str or None
            The run folder, None if the job failed.
        """
        self.n_jobs += 1
        name = " ".join(overrides) or "defaults"
        print(f"job {self.n_jobs}: {name}", file=sys.stderr, flush=True)
        context = multiprocessing.get_context(START_METHOD)
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_job, args=(config, sender))
        with _interrupts_ignored():  # the job inherits this: an interrupt is this process's to handle
            process.start()
        sender.close()
        try:
            folder, reason = receiver.recv()
        except EOFError:
            folder, reason = None, None
        except KeyboardInterrupt:
            process.terminate()
            raise
        finally:
            process.join()
        if folder is None:
            reason = reason or _exit_reason(process.exitcode)
            print(f"job {self.n_jobs} failed: {reason}", file=sys.stderr, flush=True)
            self.failures.append((name, reason))
            return None
        return str(folder)

    def summary(self) -> str:
        """All failures, one line each."""
        lines = [f"error: {len(self.failures)} of {self.n_jobs} jobs failed; the same command runs only these again"]
        return "\n".join(lines + [f"  {overrides}: {reason}" for overrides, reason in self.failures])


def _job(config: dict[str, Any], sender: Connection) -> None:
    from sedpool.experiment import run

    try:
        sender.send((str(run(config)), None))
    except SedpoolError as error:
        sender.send((None, str(error)))
    except Exception as error:
        sender.send((None, f"{type(error).__name__}: {error}"))
        raise


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _exit_reason(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"killed by signal {-exitcode}; out of memory?"
    return f"exited with status {exitcode} before it finished"
