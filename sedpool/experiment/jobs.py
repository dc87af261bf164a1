"""A job: a command line and a run folder, whose ``job.json`` says to every machine that sees it how far the job is.

Whoever starts a job notes it as planned. The process that trains then notes where it is at work, and touches the file
as a sign of life; if it fails, it notes why. A finished run has no such file.
"""

import csv
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from sedpool import storage
from sedpool.errors import ConfigError, SedpoolError, StorageError
from sedpool.run_folder import RunFolder

FORMAT = 1
NOTE = "job.json"
OUTPUT = "output.txt"
"""What the job has printed, in its folder."""

_BEAT = 30.0  # seconds between signs of life
_LOST = 300.0  # without any for so long, a job counts as killed; clocks of two machines may differ by minutes
_DEFINING = ("features", "model", "training", "supervision", "labels")

State = Literal["done", "running", "failed", "left"]


@dataclass(frozen=True, eq=False)
class Job:
    """A run that is to be trained by a process of its own.

    Attributes
    ----------
    name : str
        In messages.
    overrides : tuple of str
        Its settings, as ``sedpool train`` takes them, with flags of Hydra's before them.
    config : dict
        What they compose to.
    folder : RunFolder
        Where it goes.
    """

    name: str
    overrides: tuple[str, ...]
    config: Mapping[str, Any]
    folder: RunFolder

    @property
    def command(self) -> list[str]:
        """The command line, the same on every machine."""
        return [sys.executable, "-P", "-m", "sedpool.experiment.main", *self.overrides]

    @property
    def output(self) -> Path:
        """The file that gets what it prints."""
        return self.folder.file(OUTPUT)

    def progress(self) -> "Progress":
        """Return how far it is, of whatever kind and budget it is by its settings."""
        return replace(progress_of(self.folder), **_forecast_by(self.config))

    def plan(self) -> None:
        """Note that it is to be done, unless a process is at work on it."""
        self.folder.make()
        if progress_of(self.folder).state != "running":
            write_note(self.folder, state="planned", overrides=self.overrides, **_forecast_by(self.config))

    def reason(self, status: int) -> str | None:
        """Return why it failed, from the exit status of its process (negative: the signal); None if it did not."""
        if self.folder.is_done and status == 0:
            return None
        note = read_note(self.folder)
        if note.get("state") == "failed":
            return str(note["reason"])
        if status < 0:
            return f"killed by signal {-status}; out of memory?"
        lines = self.output.read_text(encoding="utf-8", errors="replace").split("\n") if self.output.is_file() else []
        last = next((line for line in reversed(lines) if line.strip()), "")
        return last.removeprefix("error: ") if status == 1 and last else f"exited with status {status} before its end"


def job_environment() -> dict[str, str]:
    """Return the environment variables of a job: those of this process, which finds modules in the same places."""
    kept = {name: value for name, value in os.environ.items() if name != "HYDRA_FULL_ERROR"}  # set for this process
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def read_note(folder: RunFolder) -> dict[str, Any]:
    """Return what is noted of a run; nothing if it has finished, or was begun by an earlier version."""
    path = folder.file(NOTE)
    try:
        return dict(storage.read_json(path))
    except StorageError:
        if path.exists():
            raise
        return {}


def write_note(folder: RunFolder, **values: Any) -> None:
    """Add to what is noted of a run."""
    storage.write_json(folder.file(NOTE), {"format": FORMAT} | read_note(folder) | values)


def kind_of(config: Mapping[str, Any]) -> str:
    """Return the key shared by runs whose epochs take equally long."""
    return storage.hash_value({name: config[name] for name in _DEFINING})


def _forecast_by(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a forecast needs: the kind of a run, and the most epochs that it may train in all its rounds."""
    training = config["training"]
    epochs = int(training["epochs"]) * (1 + int(training["self_training_rounds"]))
    return {"kind": kind_of(config), "budget": epochs}


@contextmanager
def at_work(folder: RunFolder, config: Mapping[str, Any]) -> Iterator[None]:
    """Note that this process is at work on a run, for the holder of its lock, and show signs of life meanwhile."""
    where = {"host": socket.gethostname(), "pid": os.getpid()}
    write_note(folder, state="running", **where, **_forecast_by(config))
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(_BEAT):
            with suppress(OSError):
                os.utime(folder.file(NOTE))

    threading.Thread(target=beat, daemon=True).start()
    try:
        yield
        folder.file(NOTE).unlink(missing_ok=True)
    except KeyboardInterrupt:
        write_note(folder, state="planned")
        raise
    finally:
        ended.set()


@contextmanager
def failure_noted(folder: RunFolder) -> Iterator[None]:
    """Note why a planned job, or one at work, fails in the block."""
    try:
        yield
    except SystemExit as stop:
        note_failure(folder, f"exited with status {stop.code} before its end")
        raise
    except Exception as error:
        note_failure(folder, str(error) if isinstance(error, SedpoolError) else f"{type(error).__name__}: {error}")
        raise


def note_failure(folder: RunFolder, reason: str) -> None:
    """Note why a job failed; a run that another process is at work on is left alone."""
    note = read_note(folder)
    is_own = (note.get("host"), note.get("pid")) == (socket.gethostname(), os.getpid())
    if note and (is_own or progress_of(folder).state != "running"):
        with suppress(OSError, SedpoolError):  # of a full disk: what failed is more important
            write_note(folder, state="failed", reason=reason)


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    folder : RunFolder
        Its folder.
    state : {'done', 'running', 'failed', 'left'}
        What was killed has failed.
    reason : str
        Why it failed.
    host : str
        The machine that it is or was at work on; empty if none was.
    overrides : tuple of str
        Its settings, as ``sedpool train`` takes them; empty if no sweep or study has planned it.
    queued : str
        The name under which it was put into the queue of a cluster; empty if it was not.
    kind : str
        See `kind_of`; empty if unknown.
    budget : int
        Most epochs that it may train; 0 if unknown.
    seconds : tuple of float
        Of each epoch that it has trained.
    """

    folder: RunFolder
    state: State
    reason: str
    host: str
    overrides: tuple[str, ...]
    queued: str
    kind: str
    budget: int
    seconds: tuple[float, ...]


def progress_of(folder: RunFolder) -> Progress:
    """Return how far a run is, whatever machine it is on."""
    note = read_note(folder)
    state: State = "left"
    reason = ""
    if folder.is_done:
        state = "done"
    elif note.get("state") == "failed":
        state, reason = "failed", str(note["reason"])
    elif note.get("state") == "running":
        state = "running"
        if not _is_alive(folder, note):
            state, reason = "failed", "killed, or its machine stopped"
    seconds: list[float] = []
    for path in [*folder.path.glob("rounds/*/history.csv"), folder.file("history.csv")]:
        with suppress(FileNotFoundError):
            status = path.stat()
            seconds += _epoch_seconds(path, status.st_ino, status.st_size, status.st_mtime_ns)
    return Progress(
        folder,
        state,
        reason,
        host=note.get("host", ""),
        overrides=tuple(note.get("overrides", ())),
        queued=note.get("queued", ""),
        kind=note.get("kind", ""),
        budget=note.get("budget", 0),
        seconds=tuple(seconds),
    )


@lru_cache(maxsize=4096)  # as long as the file is the same: who waits for jobs looks every few seconds
def _epoch_seconds(path: Path, *_: int) -> tuple[float, ...]:
    with path.open(encoding="utf-8", newline="") as stream:
        return tuple(float(row.get("seconds") or 0) for row in csv.DictReader(stream))


def _is_alive(folder: RunFolder, note: Mapping[str, Any]) -> bool:
    try:
        if time.time() - folder.file(NOTE).stat().st_mtime > _LOST:
            return False
        if note["host"] == socket.gethostname():
            os.kill(note["pid"], 0)
    except (FileNotFoundError, ProcessLookupError):
        return False
    except PermissionError:  # another user's process
        pass
    return True


def all_progress(folder: Path) -> list[Progress]:
    """Return how far each run at or below a folder is, sorted by path; of finished runs with their kind and budget.

    Raises
    ------
    ConfigError
        If there is no run.
    """
    paths = {path.parent for name in (NOTE, "config.yaml") for path in folder.rglob(name)}
    if not paths:
        raise ConfigError(f"{folder}: no run in it; give the folder that runs= names, or one above it")
    found = [progress_of(RunFolder(path)) for path in sorted(paths)]
    return [replace(run, **_forecast_by(run.folder.config)) if run.state == "done" else run for run in found]
