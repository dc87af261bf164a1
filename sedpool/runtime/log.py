"""What a run tells its user: on standard error, and in the run folder's ``log.txt``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

_files: list[Path] = []


def say(message: str) -> None:
    """Print a line on standard error and add it, with the time, to the log files that are open."""
    print(message, file=sys.stderr, flush=True)
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for path in _files:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(f"{stamp} {message}\n")


@contextmanager
def recorded(path: Path) -> Iterator[None]:
    """Keep what is said within the block in the file `path`, after what it holds."""
    _files.append(path)
    try:
        yield
    finally:
        _files.remove(path)
