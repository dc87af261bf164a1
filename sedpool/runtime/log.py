"""Where the messages of the logger ``sedpool`` go: to standard error, and to the ``log.txt`` of a run folder."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOGGER = logging.getLogger("sedpool")


class _LineFormatter(logging.Formatter):
    """Formats a message as a line, in which a warning is called one."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%SZ"
    default_msec_format = None

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Fill in the line."""
        if record.levelno == logging.WARNING:
            record.message = f"warning: {record.message}"
        return super().formatMessage(record)


class _StandardError(logging.Handler):
    """Prints to what standard error is at the time, which progress bars and tests replace."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a line."""
        print(self.format(record), file=sys.stderr, flush=True)


class _LogFile(logging.Handler):
    """Adds to a file. An error, as of a full disk, is the caller's to handle, where logging's own would print it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.setFormatter(_LineFormatter("%(asctime)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Add a line with the time."""
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(f"{self.format(record)}\n")


def show_messages() -> None:
    """Print the messages of the logger ``sedpool`` on standard error; once in a process, however often it is called."""
    if any(handler.name == __name__ for handler in _LOGGER.handlers):
        return
    handler = _StandardError()
    handler.name = __name__
    handler.setFormatter(_LineFormatter())
    _LOGGER.addHandler(handler)
    _LOGGER.propagate = False  # a handler of the root logger would print every line again
    if _LOGGER.level == logging.NOTSET:
        _LOGGER.setLevel(logging.INFO)


@contextmanager
def recorded(path: Path) -> Iterator[None]:
    """Add the messages of the block, with the time, to the file `path`."""
    handler = _LogFile(path)
    _LOGGER.addHandler(handler)
    try:
        yield
    finally:
        _LOGGER.removeHandler(handler)
