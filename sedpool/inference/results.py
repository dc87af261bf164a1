"""Write what was detected: one file for each recording and format, and one of all where a format holds several."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from filelock import FileLock, Timeout

from sedpool import storage
from sedpool.audio import stem
from sedpool.errors import AudioError, ConfigError, DataError
from sedpool.events import empty_events
from sedpool.formats.clip import RecordingInfo
from sedpool.formats.detections import ALL, JOURNAL, SCORES_SUFFIX
from sedpool.formats.write import WRITERS, write_events
from sedpool.inference.journal import Journal
from sedpool.inference.recordings import Detected, Method, Recording, detect_recording
from sedpool.scores import scores_file

SCORES = "scores"
"""Name of the format of frame scores."""
_OF_ALL = (ALL, "summary", "clips/clips")


@dataclass(frozen=True)
class Results:
    """Where results go, in which formats.

    Attributes
    ----------
    recordings : sequence of Recording
        All recordings: those whose results would otherwise take the name of another file keep their suffix in it.
    formats : sequence of str
        Names in `sedpool.formats.write.WRITERS`, or ``"scores"``.
    folder : Path or None
        Folder of the results, with the folders of the recordings in it; None to write beside each recording.

    Raises
    ------
    ConfigError
        If there is no such format.
    """

    recordings: Sequence[Recording]
    formats: Sequence[str]
    folder: Path | None

    def __post_init__(self) -> None:
        for name in self.formats:
            if name not in (*WRITERS, SCORES):
                raise ConfigError(f"format {name!r}: unknown; expected {', '.join((*WRITERS, SCORES))}")

    @cached_property
    def _taken(self) -> Counter[str]:
        """How many recordings may give their results a name; those of all recordings count as one."""
        names = Counter(name for one in self.recordings for name in {self._key(one), stem(self._key(one))})
        return names + Counter([] if self.folder is None else _OF_ALL)

    def _key(self, recording: Recording) -> str:
        return recording.path.absolute().as_posix() if self.folder is None else recording.filename

    @property
    def event_formats(self) -> list[str]:
        """Formats of events."""
        return [name for name in self.formats if name != SCORES]

    def path(self, recording: Recording, suffix: str) -> Path:
        """Return the path of a recording's result."""
        key = self._key(recording)
        name = stem(key) if self._taken[stem(key)] == 1 else key
        if self.folder is None:
            return recording.path.with_name(Path(name).name + suffix)
        return self.folder / (name + suffix)

    def scores_path(self, recording: Recording) -> Path | None:
        """Return the path of a recording's frame scores; None if they are not wanted."""
        return self.path(recording, SCORES_SUFFIX) if SCORES in self.formats else None

    @property
    def journal_path(self) -> Path:
        """Where the journal lies: with the results, or in the folder that all recordings share."""
        shared = os.path.commonpath([one.path.absolute().parent for one in self.recordings])
        return Path(self.folder or shared, JOURNAL)

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Keep other processes from writing results there, and remove what killed ones leave of a file in a folder."""
        where = self.journal_path.parent
        with storage.writing(where):
            try:
                where.mkdir(parents=True, exist_ok=True)
                lock = FileLock(where / f".{JOURNAL}.lock", timeout=0).acquire()
            except Timeout:
                reason = "another process writes its results there; wait or give another --out"
                raise ConfigError(f"{where}: {reason}") from None
        with lock:
            folders = {self.folder, *(self.path(one, "").parent for one in self.recordings)} if self.folder else set()
            for folder in folders:
                storage.remove_abandoned(folder)
            yield
            for folder in folders:
                storage.remove_abandoned(folder)

    def refuse_foreign(self, journal: Journal) -> None:
        """Check that no file would be lost that was made or changed by somebody else.

        Raises
        ------
        DataError
            If there is one; it names the first.
        """
        suffixes = [SCORES_SUFFIX if name == SCORES else WRITERS[name].suffix for name in self.formats]
        paths = [self.path(recording, suffix) for recording in self.recordings for suffix in suffixes]
        foreign = [path for path in paths if path.exists() and not journal.is_own(path)]
        if foreign:
            more = f" (and {len(foreign) - 1} more files)" if len(foreign) > 1 else ""
            raise DataError(
                f"{foreign[0]}{more}: would be replaced, and it was not written by this command or was changed since; "
                "move it, or give another --out"
            )

    def write(self, detected: Detected, journal: Journal) -> None:
        """Write the results of one recording in every format."""
        for name in self.event_formats:
            path = self.path(detected.recording, WRITERS[name].suffix)
            with journal.writing(path):
                write_events(detected.events, path, name, recordings=recording_infos([detected]))

    def write_all(self, detected: Sequence[Detected]) -> list[Path]:
        """Write one file of all recordings for each format that holds several; return their paths."""
        if self.folder is None:
            return []
        events, written = all_events(detected), []
        for name in self.event_formats:
            if WRITERS[name].holds_several:
                written.append(self.folder / (ALL + WRITERS[name].suffix))
                write_events(events, written[-1], name, recordings=recording_infos(detected))
        return written


def all_events(detected: Sequence[Detected]) -> pd.DataFrame:
    """Return one table of the events of all recordings."""
    found = [one.events for one in detected if len(one.events)]
    return pd.concat(found, ignore_index=True) if found else empty_events().assign(confidence=[])


def recording_infos(detected: Sequence[Detected]) -> dict[str, RecordingInfo]:
    """Return what label files state of each recording, by its id."""
    return {
        one.recording.filename: RecordingInfo(one.duration, one.recording.place, one.sr / 2, one.recording.start)
        for one in detected
    }


class Task(NamedTuple):
    """A recording to detect in, and where its frame scores go, if they are to be written."""

    recording: Recording
    scores: Path | None = None


Workers = Callable[[Sequence[Task]], Iterator[Detected | AudioError]]
"""Detects in recordings elsewhere; yields what `detect_one` returns, in their order."""


def detect_all(
    method: Method,
    recordings: Sequence[Recording],
    results: Results | None = None,
    progress: Callable[[Recording, float], None] = lambda recording, seconds: None,
    workers: Workers | None = None,
) -> Iterator[Detected | AudioError]:
    """Detect the events of recordings, and write them.

    Parameters
    ----------
    method : Method
        How.
    recordings : sequence of Recording
        Where.
    results : Results, optional
        Where to write, and a journal: recordings that it has are not read again.
    progress : callable
        Called with a recording and the seconds of it that were read, or known from before, piece by piece.
    workers : callable, optional
        Detects in several at a time, by the same method; by default one after another here.

    Yields
    ------
    detected : Detected or AudioError
        What was detected in each recording, or why it cannot be read; in the order of the recordings.

    Raises
    ------
    ConfigError
        If another process writes results there.
    DataError
        If a file of results was made or changed by somebody else.
    """
    if results is None:
        yield from _compute(method, [Task(recording) for recording in recordings], progress, workers)
        return
    with results.reserved():
        journal = Journal(results.journal_path, method.description)
        results.refuse_foreign(journal)
        tasks = [Task(one, results.scores_path(one)) for one in recordings]
        known = {task: found for task in tasks if (found := _known(task, journal)) is not None}
        left = [task for task in tasks if task not in known]
        journal.begin(task.scores for task in left if task.scores is not None)
        computed = _compute(method, left, progress, workers)
        for task in tasks:
            is_known = task in known
            detected: Detected | AudioError = known.pop(task) if is_known else next(computed)
            if isinstance(detected, Detected):
                if is_known:
                    progress(task.recording, detected.duration)
                else:
                    if task.scores is not None:
                        journal.end(task.scores)
                    journal.add(detected, with_scores=task.scores is not None)
                results.write(detected, journal)
            yield detected


def _compute(
    method: Method,
    tasks: Sequence[Task],
    progress: Callable[[Recording, float], None],
    workers: Workers | None,
) -> Iterator[Detected | AudioError]:
    """Detect in recordings, in their order."""
    if workers is None:
        with ThreadPoolExecutor() as executor:
            for task in tasks:
                yield detect_one(method, task, executor, partial(progress, task.recording))
        return
    for task, detected in zip(tasks, workers(tasks), strict=True):
        if isinstance(detected, Detected):
            progress(task.recording, detected.duration)
        yield detected


def _known(task: Task, journal: Journal) -> Detected | None:
    """Return what was detected in a recording before, with its scores if they are wanted."""
    has_scores = task.scores is None or (journal.has_scores(task.recording) and task.scores.exists())
    return journal.get(task.recording) if has_scores else None


def detect_one(
    method: Method,
    task: Task,
    executor: Executor | None = None,
    progress: Callable[[float], None] | None = None,
) -> Detected | AudioError:
    """Detect in one recording, and write its scores if they have a place; return the error if it cannot be read."""
    recording, scores = task
    try:
        if scores is None:
            return detect_recording(method, recording, executor=executor, progress=progress)
        first = method.detectors[0]
        with scores_file(scores, recording.filename, first.step, first.detector.classes) as file:
            detected = detect_recording(method, recording, executor=executor, keep_scores=file.add, progress=progress)
            file.finish(detected.duration)
        return detected
    except AudioError as error:
        return error
