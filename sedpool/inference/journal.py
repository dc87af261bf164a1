"""What was detected so far, so that the same command goes on where it was interrupted.

A journal, ``detections.jsonl``, has one JSON object per line: first how detections are made, then one for each
recording, with its events, and one for each file of results that is being written or was written, by which files that
somebody else made or changed are known. Every file of results follows from it.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from sedpool import storage
from sedpool.errors import DataError, StorageError
from sedpool.events import validate_events
from sedpool.inference.recordings import Detected, Recording
from sedpool.untrusted import parse_json

FORMAT = 1


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
        self._written: dict[str, str | None] = {}  # hash by path; None while a file is being written
        whole = 0
        for number, line in enumerate(self._lines(), start=1):
            entry = _parsed(line, f"{self.path}: line {number}")
            if number == 1 and entry != head:
                different = ", ".join(_differences(entry.get("method"), head["method"])) or "format"
                raise DataError(
                    f"{self.path}: detections made in another way ({different}); give another --out, or delete that "
                    "file"
                )
            if "written" in entry:
                self._written[str(entry["written"])] = entry.get("sha256")
            elif number > 1:
                self._done[str(entry.get("filename"))] = entry
            whole += len(line)
        with storage.writing(self.path):
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
        if entry is None or entry.get("source") != recording.state():
            return None
        try:
            rows = [(recording.filename, *row) for row in entry["events"]]
            events = pd.DataFrame(rows, columns=["filename", "onset", "offset", "event_label", "confidence"])
            events = validate_events(events, source=f"{self.path}: {recording.filename}")
            return Detected(
                recording, float(entry["duration"]), int(entry["sr"]), int(entry["channels"]), events, entry["source"]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise StorageError(f"{self.path}: {recording.filename}: damaged ({error}); delete that file") from None

    def has_scores(self, recording: Recording) -> bool:
        """Whether the scores of what was detected in a recording were written too."""
        return bool(self._done.get(recording.filename, {}).get("scores"))

    def add(self, detected: Detected, *, with_scores: bool = False) -> None:
        """Keep what was detected in a recording, and whether its scores were written."""
        columns = ["onset", "offset", "event_label", "confidence"]
        entry = {
            "filename": detected.recording.filename,
            "source": detected.state,
            "duration": detected.duration,
            "sr": detected.sr,
            "channels": detected.channels,
            "scores": with_scores,
            "events": detected.events[columns].to_numpy(dtype=object).tolist(),
        }
        self._append(entry)
        self._done[detected.recording.filename] = entry

    def is_own(self, path: Path) -> bool:
        """Whether a file of results is as it was written here, or was being written when the machine stopped."""
        key = self._key(path)
        return key in self._written and self._written[key] in (None, storage.sha256_file(path))

    @contextmanager
    def writing(self, path: Path) -> Iterator[None]:
        """Keep in mind that a file of results is written in the block, and its hash after it."""
        self.begin([path])
        yield
        self.end(path)

    def begin(self, paths: Iterable[Path]) -> None:
        """Keep in mind that files of results are going to be written."""
        keys = [key for key in map(self._key, paths) if self._written.get(key, "") is not None]
        self._append(*({"written": key, "sha256": None} for key in keys))
        self._written |= dict.fromkeys(keys)

    def end(self, path: Path) -> None:
        """Keep in mind what was written to a file of results."""
        key = self._key(path)
        self._written[key] = storage.sha256_file(path)
        self._append({"written": key, "sha256": self._written[key]})

    def _key(self, path: Path) -> str:
        return os.path.relpath(path, self.path.parent)

    def _append(self, *entries: Mapping[str, Any]) -> None:
        with storage.writing(self.path), self.path.open("ab") as stream:
            stream.write(b"".join(json.dumps(entry, ensure_ascii=False).encode() + b"\n" for entry in entries))
            stream.flush()
            os.fsync(stream.fileno())


def _differences(before: Any, now: Mapping[str, Any]) -> list[str]:
    """Return the names of the settings in which two methods differ, with the group that they are in."""
    before = before if isinstance(before, Mapping) else {}
    names = []
    for key, value in now.items():
        if isinstance(value, Mapping) and isinstance(before.get(key), Mapping):
            names += [f"{key}.{name}" for name in _differences(before[key], value)]
        elif before.get(key) != value:
            names.append(key)
    return names


def _parsed(line: bytes, where: str) -> dict[str, Any]:
    try:
        entry = parse_json(line)
    except ValueError as error:
        raise StorageError(f"{where}: damaged ({error}); delete that file to detect anew") from None
    if not isinstance(entry, dict):
        raise StorageError(f"{where}: damaged (no object); delete that file to detect anew")
    return entry
