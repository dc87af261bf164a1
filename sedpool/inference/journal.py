"""What was detected so far, so that the same command goes on where it was interrupted.

A journal, ``detections.jsonl``, has one JSON object per line: first how detections are made, then one for each
recording, with its events. Every other file of results follows from it.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sedpool import storage
from sedpool.errors import DataError, StorageError
from sedpool.events import validate_events
from sedpool.inference.recordings import Detected, Recording, file_state

FORMAT = 1
JOURNAL = "detections.jsonl"


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
        if entry is None or entry.get("source") != file_state(recording.path):
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

    def add(self, detected: Detected) -> None:
        """Keep what was detected in a recording."""
        columns = ["onset", "offset", "event_label", "confidence"]
        entry = {
            "filename": detected.recording.filename,
            "source": detected.state,
            "duration": detected.duration,
            "sr": detected.sr,
            "channels": detected.channels,
            "events": detected.events[columns].to_numpy(dtype=object).tolist(),
        }
        self._append(entry)
        self._done[detected.recording.filename] = entry

    def _append(self, entry: Mapping[str, Any]) -> None:
        with storage.full_disk_named(self.path), self.path.open("ab") as stream:
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
