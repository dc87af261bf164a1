"""Detect in many recordings: what is done is kept in a journal, so that the same command goes on where it stopped.

The journal, ``detections.jsonl``, has one JSON object per line: first how detections are made, then one for each
recording, with its events. Every other output follows from it.
"""

import glob
import json
import logging
import os
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sedpool import audio
from sedpool.audio.stream import blocks
from sedpool.errors import DataError, StorageError
from sedpool.events import validate_events
from sedpool.inference.decode import Decoder
from sedpool.inference.detect import RecordingScorer, detect_blocks, detected_events
from sedpool.inference.stream import StreamDecoder
from sedpool.runtime.arrays import Float32Array

if TYPE_CHECKING:
    from sedpool.inference.trained_detector import TrainedDetector

logger = logging.getLogger(__name__)

FORMAT = 1
JOURNAL = "detections.jsonl"
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
    """

    filename: str
    path: Path


def find_recordings(inputs: Iterable[str]) -> list[Recording]:
    """Find the recordings that files, folders, patterns and lists name, each once and in that order.

    Parameters
    ----------
    inputs : iterable of str
        Files, which need not exist; folders, of which all audio counts; patterns such as ``2024*/*.wav``; ``-`` for
        a list on standard input, one of these per line.

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
    found: dict[str, str] = {}  # id by path
    for given in inputs:
        for one in (line.rstrip("\r\n") for line in sys.stdin) if given == "-" else [given]:
            if os.path.isdir(one):
                names = audio.list_files(one, "folder of recordings")
                found |= {os.path.join(one, name): name for name in names}
            elif glob.has_magic(one) and not os.path.exists(one):
                paths = [path for path in sorted(glob.glob(one, recursive=True)) if os.path.isfile(path)]
                if not paths:
                    raise DataError(f"{one}: no file has such a name; quote a pattern so that sedpool expands it")
                found |= {path: os.path.basename(path) for path in paths}
            elif one:
                found[one] = os.path.basename(one)
    if not found:
        raise DataError("no recordings: expected files, folders, patterns, or - for a list on standard input")
    ids = {path: unicodedata.normalize("NFC", name) for path, name in found.items()}
    often = Counter(ids.values())
    alike = [path for path, name in ids.items() if often[name] > 1]
    if alike:
        parent = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in alike])
        ids |= {path: Path(os.path.relpath(path, parent)).as_posix() for path in alike}
    return [Recording(name, Path(path)) for path, name in ids.items()]


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

    def of(self, events: pd.DataFrame) -> pd.DataFrame:
        """Select from the events of one recording, in their order."""
        kept = events[events["confidence"] >= self.min_confidence]
        if self.classes is not None:
            kept = kept[kept["event_label"].isin(self.classes)]
        if self.top is not None and len(kept) > self.top:
            kept = kept.sort_values("confidence", ascending=False, kind="stable").head(self.top).sort_index()
        return kept.reset_index(drop=True)


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
    """

    recording: Recording
    duration: float
    sr: int
    channels: int
    events: pd.DataFrame


def detect_recording(
    detectors: Sequence["TrainedDetector"],
    decoder: Decoder,
    recording: Recording,
    *,
    selection: Selection = Selection(),
    executor: Executor | None = None,
    keep_scores: Callable[[Float32Array], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Detected:
    """Detect the events of one recording, of any length, with one detector or the mean of several.

    Parameters
    ----------
    detectors : sequence of TrainedDetector
        See `RecordingScorer`.
    decoder : Decoder
        Makes events from scores.
    recording : Recording
        The recording.
    selection : Selection
        Which events count.
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
    info = audio.info(recording.path)
    first = detectors[0]
    classes, sr = first.detector.classes, first.extractor.sr
    scorer = RecordingScorer(detectors, executor=executor)
    stream = StreamDecoder(decoder, classes, first.step)

    def samples() -> Iterator[Float32Array]:
        for block in blocks(recording.path, sr, block_seconds=BLOCK_SECONDS):
            yield block
            if progress:
                progress(len(block) / sr)

    found = detect_blocks(scorer, stream, samples(), keep_scores)
    events = selection.of(detected_events(recording.filename, found, classes))
    return Detected(recording, scorer.duration, info.samplerate, info.channels, events)


class Journal:
    """What was detected so far, in a file that survives an interruption.

    Parameters
    ----------
    path : path-like
        The file; it need not exist.
    method : mapping
        How detections are made: what is in the file counts only if it was made in the same way.

    Raises
    ------
    DataError
        If the file holds detections made in another way.
    StorageError
        If the file is damaged before its last line.
    """

    def __init__(self, path: str | os.PathLike[str], method: Mapping[str, Any]) -> None:
        self.path = Path(path)
        head = {"format": FORMAT, "method": json.loads(json.dumps(dict(method)))}
        self._done: dict[str, dict[str, Any]] = {}
        whole = 0
        for number, line in enumerate(self._lines(), start=1):
            entry = _parsed(line, f"{self.path}: line {number}")
            if number == 1 and entry != head:
                different = [key for key in head["method"] if entry.get("method", {}).get(key) != head["method"][key]]
                raise DataError(
                    f"{self.path}: detections made in another way ({', '.join(different) or 'format'}); "
                    "give another --out, or delete that file"
                )
            if number > 1:
                self._done[str(entry.get("filename"))] = entry
            whole += len(line)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            os.truncate(self.path, whole)  # a line that was being written when the machine stopped
        if whole == 0:
            self._append(head)

    def _lines(self) -> Iterator[bytes]:
        if self.path.exists():
            with self.path.open("rb") as stream:
                yield from (line for line in stream if line.endswith(b"\n"))

    def get(self, recording: Recording) -> Detected | None:
        """Return what was detected in a recording; None if nothing was, or if the file has changed since."""
        entry = self._done.get(recording.filename)
        if entry is None or entry.get("source") != _source(recording.path):
            return None
        try:
            rows = [(recording.filename, *row) for row in entry["events"]]
            events = pd.DataFrame(rows, columns=["filename", "onset", "offset", "event_label", "confidence"])
            events = validate_events(events, source=f"{self.path}: {recording.filename}")
            return Detected(recording, float(entry["duration"]), int(entry["sr"]), int(entry["channels"]), events)
        except (KeyError, TypeError, ValueError) as error:
            raise StorageError(f"{self.path}: {recording.filename}: damaged ({error}); delete that file") from None

    def add(self, detected: Detected) -> None:
        """Keep what was detected in a recording."""
        columns = ["onset", "offset", "event_label", "confidence"]
        entry = {
            "filename": detected.recording.filename,
            "source": _source(detected.recording.path),
            "duration": detected.duration,
            "sr": detected.sr,
            "channels": detected.channels,
            "events": detected.events[columns].to_numpy(dtype=object).tolist(),
        }
        self._append(entry)
        self._done[detected.recording.filename] = entry

    def _append(self, entry: Mapping[str, Any]) -> None:
        with self.path.open("ab") as stream:
            stream.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())


def _parsed(line: bytes, where: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise StorageError(f"{where}: damaged ({error}); delete that file to detect anew") from None
    if not isinstance(entry, dict):
        raise StorageError(f"{where}: damaged (no object); delete that file to detect anew")
    return entry


def _source(path: Path) -> list[Any]:
    """Return what tells whether a recording has changed."""
    try:
        status = path.stat()
    except OSError:
        return [os.path.abspath(path)]
    return [os.path.abspath(path), status.st_size, status.st_mtime_ns]
