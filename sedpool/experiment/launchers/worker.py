"""A function in a process of its own: one that raises, exits or is killed leaves others running."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from sedpool.errors import SedpoolError

START_METHOD: Literal["spawn"] = "spawn"  # a fresh interpreter: a backend that has started does not survive a fork


class Worker:
    """A function at work in a process of its own, which ends with this one.

    Parameters
    ----------
    function : callable
        Of a module, so that a fresh interpreter finds it.
    *arguments
        Its arguments.
    output : Path, optional
        File that what it prints is added to; the terminal by default.

    Attributes
    ----------
    receiver : Connection
        Ready when the work has ended, for `multiprocessing.connection.wait`.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any, output: Path | None = None) -> None:
        context = multiprocessing.get_context(START_METHOD)
        self.receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(sender, output, function, *arguments))
        with _interrupts_ignored():  # the worker inherits this: an interrupt is this process's to handle
            self._process.start()
        sender.close()

    def result(self) -> tuple[Any, str | None]:
        """Wait for the end; return the function's value, and why it failed (None if it did not)."""
        try:
            ended: tuple[Any, str | None] = self.receiver.recv()
        except EOFError:
            self._process.join()
            code = self._process.exitcode or 0
            if code < 0:
                return None, f"killed by signal {-code}; out of memory?"
            return None, f"exited with status {code} before it finished"
        self._process.join()
        return ended

    def stop(self) -> None:
        """End it; one that has ended is left alone."""
        self._process.terminate()
        self._process.join()


def _work(sender: Connection, output: Path | None, function: Callable[..., Any], *arguments: Any) -> None:
    threading.Thread(target=_follow_parent, daemon=True).start()
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("ab") as stream:
            for descriptor in (1, 2):
                os.dup2(stream.fileno(), descriptor)
    try:
        sender.send((function(*arguments), None))
    except SedpoolError as error:
        sender.send((None, str(error)))
    except Exception as error:
        sender.send((None, f"{type(error).__name__}: {error}"))
        raise


def _follow_parent() -> None:
    """End with the parent, even one that is killed: a worker left behind would keep its run folder locked."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
