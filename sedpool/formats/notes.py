"""Messages about label files: one line for each kind, however many files it concerns."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

logger = logging.getLogger(__name__)

SHOWN = 3  # files that a line names


@dataclass
class _Notes:
    """Files and counts by level and text."""

    files: dict[tuple[int, str], dict[str, int]] = field(default_factory=dict)

    def log(self) -> None:
        for (level, text), counts in self.files.items():
            named = ", ".join(list(counts)[:SHOWN]) + (", …" if len(counts) > SHOWN else "")
            where = named if len(counts) == 1 else f"{len(counts)} files of labels ({named})"
            logger.log(level, f"{where}: {text.replace('{n}', str(sum(counts.values())))}")


_open: ContextVar[_Notes | None] = ContextVar("notes", default=None)


def note(path: str | os.PathLike[str], text: str, count: int = 1, *, level: int = logging.WARNING) -> None:
    """Log something about a file; within `gathered`, at its end and once for all files.

    Parameters
    ----------
    path : path-like
        The file.
    text : str
        What there is to say; ``{n}`` stands for the count.
    count : int
        How often it is the case, e.g. the number of events.
    level : int
        Level of the message, as in `logging`.
    """
    notes = _open.get()
    if notes is None:
        notes = _Notes({(level, text): {str(path): count}})
        notes.log()
    else:
        files = notes.files.setdefault((level, text), {})
        files[str(path)] = files.get(str(path), 0) + count


@contextmanager
def gathered(*, is_shown: bool = True) -> Iterator[None]:
    """Gather the notes of the block and log each kind once, with those of an outer block, or none of them.

    After an error they are logged too: what was left out may be its cause.
    """
    if is_shown and _open.get() is not None:
        yield
        return
    notes = _Notes()
    token = _open.set(notes)
    try:
        yield
    finally:
        _open.reset(token)
        if is_shown:
            notes.log()
