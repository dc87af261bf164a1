"""Trying a detector on a recording: one trial after another, beside the server."""

import secrets
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import numpy as np

from sedpool import audio
from sedpool.errors import SedpoolError
from sedpool.listening import Listening, LongRecording, ScoredRecording, served_page
from sedpool.runtime.backend import import_backend
from sedpool.scores import frame_scores

if TYPE_CHECKING:
    from sedpool.inference.trained_detector import TrainedDetector

HOME = "../../"
"""From the address of a listening page to the list of runs."""


@dataclass(frozen=True)
class Album:
    """A listening page and the recordings on it.

    Attributes
    ----------
    page : str
        The page.
    recordings : sequence of LongRecording
        In the order in which the page names them.
    """

    page: str
    recordings: Sequence[LongRecording]


def make_album(listening: Listening, recordings: Sequence[ScoredRecording]) -> Album:
    """Make a listening page of recordings whose sound and pictures are made when they are asked for.

    Raises
    ------
    AudioError
        If a recording cannot be read.
    """
    long = [LongRecording(one.path, listening.slower, one.part) for one in recordings]
    shown = (media.shown(one, number) for number, (media, one) in enumerate(zip(long, recordings, strict=True)))
    return Album(served_page(listening, shown, HOME), long)


@dataclass
class Trial:
    """A detector that is tried on a recording.

    Attributes
    ----------
    name, detector : str
        What they are called.
    path : Path
        The recording, which may be a copy.
    seconds, duration : float
        How much of the recording is done, and its length; 0 until that is known.
    future : Future of Album
        What becomes of it.
    """

    name: str
    detector: str
    path: Path
    future: Future[Album]
    seconds: float = 0.0
    duration: float = 0.0

    @property
    def status(self) -> dict[str, object]:
        """What its page asks for, as JSON takes it."""
        state, message = "waiting", ""
        if self.future.done():
            error = self.future.exception()
            state = "failed" if error else "done"
            if error is not None:
                message = str(error) if isinstance(error, SedpoolError) else repr(error)
                message = message.replace(str(self.path), self.name)
        elif self.future.running():
            state = "running"
        share = min(1.0, self.seconds / self.duration) if self.duration else 0.0
        return {"name": self.name, "detector": self.detector, "state": state, "share": share, "message": message}


@dataclass(frozen=True)
class Trials:
    """All trials since the server was started, by id.

    Attributes
    ----------
    slower : int
        How many times slower recordings are played.
    """

    slower: int
    all: dict[str, Trial] = field(default_factory=dict)
    _stopped: Event = field(default_factory=Event)
    _worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def start(self, name: str, path: Path, detector: Path, called: str) -> str:
        """Try the detector `detector`, which is called `called`, on the recording at `path`; return the trial's id."""
        key = secrets.token_hex(8)
        trial = Trial(name, called, path, Future())
        self.all[key] = trial
        trial.future = self._worker.submit(self._detect, trial, path, detector)
        return key

    def close(self) -> None:
        """Stop the trial that is going on, and begin no further one."""
        self._stopped.set()
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _detect(self, trial: Trial, path: Path, detector: Path) -> Album:
        from sedpool.inference.recordings import Method, Recording, detect_recording

        import_backend()
        changed = detector.stat().st_mtime_ns if detector.exists() else 0
        loaded = _loaded(detector, changed)
        trial.duration = audio.duration(path)

        def progress(seconds: float) -> None:
            trial.seconds += seconds
            if self._stopped.is_set():
                raise SedpoolError(f"{trial.name}: stopped")

        rows: list[np.ndarray] = []
        method = Method((loaded,), loaded.decoder)
        found = detect_recording(method, Recording(trial.name, path), keep_scores=rows.append, progress=progress)
        values, classes = np.concatenate(rows), loaded.detector.classes
        edges = np.append(np.arange(len(values)) * loaded.step, found.duration)
        recording = ScoredRecording(trial.name, path, frame_scores(trial.name, values, edges, classes))
        title = f"Events in {trial.name}"
        album = make_album(Listening(title, classes, loaded.decoder, slower=self.slower), [recording])
        for media in album.recordings:  # so that no picture takes long
            _ = media.overview
        return album


@lru_cache(maxsize=2)
def _loaded(detector: Path, changed: int) -> "TrainedDetector":
    from sedpool.experiment.load import load

    del changed
    return load(detector)
