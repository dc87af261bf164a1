"""Recordings to detect in: finding them, and detecting events in one of them."""

import glob
import os
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sedpool import audio
from sedpool.audio.start_time import Clock
from sedpool.audio.stream import blocks
from sedpool.errors import AudioError, ConfigError, DataError
from sedpool.inference.decode import Decoder
from sedpool.inference.detect import RecordingScorer, detect_blocks, detected_events
from sedpool.inference.snippets import without_snippets
from sedpool.inference.stream import Detection, StreamDecoder
from sedpool.runtime import addresses
from sedpool.runtime.arrays import Float32Array

if TYPE_CHECKING:
    from sedpool.inference.trained_detector import TrainedDetector

BLOCK_SECONDS = 30.0


@dataclass(frozen=True)
class Recording:
    """A recording to detect in.

    Attributes
    ----------
    filename : str
        Its id in event tables.
    path : Path
        The file.
    start : datetime or None
        When it begins, if that is known.
    address : str or None
        Where it is fetched from to be read, such as ``s3://bucket/a.wav``; None if it is a file of this machine.
    """

    filename: str
    path: Path
    start: datetime | None = None
    address: str | None = None

    @property
    def place(self) -> str:
        """Its address or path, as people write it."""
        return self.address or str(self.path)

    def state(self) -> list[Any]:
        """Return what tells whether it has changed: where it is, its size and when it was written, or a tag of it."""
        if self.address is not None:
            return addresses.state(self.address)
        where = os.path.abspath(self.path)
        try:
            status = self.path.stat()
        except OSError:
            return [where]
        return [where, status.st_size, status.st_mtime_ns]

    @contextmanager
    def here(self) -> Iterator[Path]:
        """Yield a file of this machine to read it from.

        Raises
        ------
        AudioError
            If it cannot be fetched.
        """
        if self.address is None:
            yield self.path
            return
        path = self.path
        try:
            with addresses.fetched(self.address) as path:
                yield path
        except DataError as error:
            raise AudioError(str(error).replace(str(path), self.address)) from None


def find_recordings(inputs: Iterable[str], clock: Clock | None = None) -> list[Recording]:
    """Find the recordings that files, folders, patterns and lists name, each once and in that order.

    Snippets that ``sedpool detect --clips`` wrote into such a folder are left out: they are parts of recordings.

    Parameters
    ----------
    inputs : iterable of str
        Files, which need not exist; folders, with all audio in them; patterns such as ``2024*/*.wav``; ``-`` for
        a list on standard input, one of these per line.
    clock : Clock, optional
        How it is known when they begin; by default from what recorders write.

    Returns
    -------
    recordings : list of Recording
        In a folder a recording's id is its path there, otherwise its name; where two would have the same, their paths
        from the folder that they share.

    Raises
    ------
    DataError
        If a folder or pattern has no audio, or there is nothing at all.
    """
    found: dict[str, tuple[str, str]] = {}  # path as given and id, by absolute path
    for given in inputs:
        for one in _listed() if given == "-" else [given]:
            if addresses.is_address(one):
                named = _elsewhere(one)
            elif os.path.isdir(one):
                names = without_snippets(one, audio.list_files(one, "folder of recordings"))
                if not names:
                    raise DataError(f"{one}: no audio in it but snippets; give the folder of the recordings")
                named = [(os.path.join(one, name), name) for name in names]
            elif glob.has_magic(one) and not os.path.exists(one):
                named = [(path, os.path.basename(path)) for path in _matching(one)]
            else:
                named = [(one, os.path.basename(one))] if one else []
            for path, name in named:
                found.setdefault(os.path.abspath(path), (path, unicodedata.normalize("NFC", name)))
    if not found:
        raise DataError("no recordings: expected files, folders, patterns, or - for a list on standard input")
    ids = {path: name for path, (_, name) in found.items()}
    often = Counter(ids.values())
    ids |= _below_shared([path for path, name in ids.items() if often[name] > 1])
    if len(set(ids.values())) < len(ids):  # such a path is the id of another
        ids = _below_shared(list(ids))
    clock = clock or Clock()
    return [
        Recording(ids[key], Path(path), clock.start(path), path if addresses.is_address(path) else None)
        for key, (path, _) in found.items()
    ]


def _elsewhere(address: str) -> list[tuple[str, str]]:
    """Return address and name of the audio at, below or matched by an address; a single file may be called anything."""
    files = addresses.find(address)
    audio_files = [(one, name) for one, name in files if one == address or audio.stem(name) != name]
    if not audio_files:
        raise DataError(f"{address}: no audio there; expected the address of a recording, a folder or a pattern")
    return audio_files


def _matching(pattern: str) -> list[str]:
    """Return the files that a pattern names; brackets in the names of folders that exist are no part of it."""
    folder = next(parent for parent in Path(pattern).parents if parent.is_dir())
    rest = str(Path(pattern).relative_to(folder))
    found = [str(folder / name) for name in sorted(glob.glob(rest, root_dir=folder, recursive=True))]
    files = [path for path in found if os.path.isfile(path)]
    if not files:
        brackets = "; [...] stands for one of the characters in it, and [[] for a bracket" if "[" in rest else ""
        raise DataError(f"{pattern}: no file has such a name: nothing in {folder} matches {rest}{brackets}")
    return files


def _listed() -> Iterator[str]:
    """Yield the lines of standard input."""
    for line in sys.stdin:
        if "\0" in line or any("\ud800" <= character <= "\udfff" for character in line):
            raise DataError("standard input: no list of names, one per line; give --stream for raw samples")
        yield line.rstrip("\r\n")


def _below_shared(paths: list[str]) -> dict[str, str]:
    """Return ids of recordings: their paths from the folder that they share."""
    if not paths:
        return {}
    shared = os.path.commonpath([os.path.dirname(path) for path in paths])
    return {path: Path(os.path.relpath(path, shared)).as_posix() for path in paths}


@dataclass(frozen=True)
class Selection:
    """Which of the detected events count.

    Attributes
    ----------
    min_confidence : float
        Least confidence of an event.
    classes : tuple of str or None
        Classes that are kept; None for all.
    top : int or None
        So many events of a recording at most, those of the highest confidence; None for all.
    """

    min_confidence: float = 0.0
    classes: tuple[str, ...] | None = None
    top: int | None = None

    def keeps(self, event: Detection) -> bool:
        """Whether an event counts by itself, whatever else is in its recording."""
        return event.confidence >= self.min_confidence and (self.classes is None or event.event_label in self.classes)

    def of(self, events: pd.DataFrame) -> pd.DataFrame:
        """Select from the events of one recording, in their order."""
        kept = events[events["confidence"] >= self.min_confidence]
        if self.classes is not None:
            kept = kept[kept["event_label"].isin(self.classes)]
        if self.top is not None and len(kept) > self.top:
            kept = kept.sort_values("confidence", ascending=False, kind="stable").head(self.top).sort_index()
        return kept.reset_index(drop=True)


@dataclass(frozen=True)
class Method:
    """How events are detected.

    Attributes
    ----------
    detectors : tuple of TrainedDetector
        One, or several whose mean score counts.
    decoder : Decoder
        Makes events from scores.
    selection : Selection
        Which events count.

    Raises
    ------
    ConfigError
        If the detectors have other classes, sampling rates or frames, so that their scores have no mean.
    """

    detectors: tuple["TrainedDetector", ...]
    decoder: Decoder
    selection: Selection = Selection()

    def __post_init__(self) -> None:
        first = self.detectors[0]
        for other in self.detectors[1:]:
            first.detector.check_classes(other.detector.classes, "the other detector")
            for what, ours, theirs in (
                ("audio at Hz", first.extractor.sr, other.extractor.sr),
                ("frames of seconds", first.step, other.step),
            ):
                if ours != theirs:
                    raise ConfigError(
                        f"several detectors need equal frames: one has {what} {ours:g}, another {theirs:g}; run them "
                        "one by one"
                    )

    @property
    def description(self) -> dict[str, Any]:
        """All that the events of a recording depend on, as JSON takes it."""
        return {
            "detectors": [one.identity for one in self.detectors],
            "decoding": self.decoder.settings(),
            "selection": asdict(self.selection),
        }


@dataclass(frozen=True)
class Detected:
    """What was detected in one recording.

    Attributes
    ----------
    recording : Recording
        The recording.
    duration : float
        Its length in seconds.
    sr, channels : int
        Its sampling rate in Hz and number of channels.
    events : DataFrame
        Event table with a column `confidence`.
    state : list
        What tells whether the file has changed since: see `Recording.state`.
    """

    recording: Recording
    duration: float
    sr: int
    channels: int
    events: pd.DataFrame
    state: list[Any]


def detect_recording(
    method: Method,
    recording: Recording,
    *,
    executor: Executor | None = None,
    keep_scores: Callable[[Float32Array], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Detected:
    """Detect the events of one recording of any length.

    Parameters
    ----------
    method : Method
        How.
    recording : Recording
        The recording.
    executor : Executor, optional
        Computes features while the networks work.
    keep_scores : callable, optional
        Called with the frame scores, piece by piece.
    progress : callable, optional
        Called with the seconds of audio that were read, piece by piece.

    Raises
    ------
    AudioError
        If the recording cannot be read to its end.
    """
    first = method.detectors[0]
    classes, sr = first.detector.classes, first.extractor.sr
    scorer = RecordingScorer([one.scorer(executor) for one in method.detectors])
    stream = StreamDecoder(method.decoder, classes, first.step)

    def samples(path: Path) -> Iterator[Float32Array]:
        for block in blocks(path, sr, block_seconds=BLOCK_SECONDS):
            yield block
            if progress:
                progress(len(block) / sr)

    with recording.here() as path:
        state = recording.state()  # now, as it may still be written to
        info = audio.info(path)
        found = detect_blocks(scorer, stream, samples(path), keep_scores)
    events = method.selection.of(detected_events(recording.filename, found, classes))
    return Detected(recording, scorer.duration, info.samplerate, info.channels, events, state)
