"""The feature store: every clip's features on disk once, memory-mapped, never stale and never silently damaged.

A store is a folder named by the hash of the extractor's parameters, so that each set of parameters has its own. It
holds shards: ``NNNNN.npy`` (all frames of some clips, one after another) with ``NNNNN.json`` (which clips, where, and
the checksum of each). A clip is recognised by its path, size and modification time, and by its window if it is a
part of its file; a shard's index is written after its data, both atomically, so that a crash leaves complete shards
only.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from filelock import FileLock

from sedpool import audio, storage
from sedpool.errors import AudioError, StorageError
from sedpool.runtime.arrays import Float32Array

FORMAT = 1
CLIPS_A_SHARD = 64

Window = tuple[float, float]
"""Onset and duration in seconds."""


class _Source(NamedTuple):
    path: str
    window: Window | None


class Extractor(Protocol):
    """What turns audio into features."""

    @property
    def sr(self) -> int:
        """Sampling rate in Hz; audio is resampled to it."""
        ...

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        ...

    @property
    def unit(self) -> str:
        """What values are in, as figures name it; only ``"dB"`` can be added to and mixed as sound."""
        ...

    @property
    def silence(self) -> float:
        """Value of digital silence beside other sound, with which short features are made longer."""
        ...

    @property
    def context(self) -> int:
        """Frames at either end of a part of a recording whose values depend on what is beyond it."""
        ...

    @property
    def is_local(self) -> bool:
        """Whether, except for `context`, the values of a frame do not depend on where a recording is cut."""
        ...

    @property
    def parameters(self) -> dict[str, Any]:
        """All settings that the values depend on."""
        ...

    def n_frames(self, duration: float) -> int:
        """Return the number of frames of a clip of `duration` seconds; at least 1."""
        ...

    def __call__(self, samples: Float32Array) -> Float32Array:
        """Compute features, shape (frames, n_mels), of mono audio at the rate `sr`."""
        ...


@dataclass(frozen=True)
class _Entry:
    shard: Path
    start: int
    frames: int
    checksum: int


class Features(Mapping[str, Float32Array]):
    """Features by `filename`, read from memory-mapped shards.

    A shard is mapped when one of its clips is read, and only the last one stays mapped: a corpus of any size takes only
    the memory of the views in use and of one shard.

    Parameters
    ----------
    entries : mapping of str to entry
        Shard, position and checksum of each clip.
    """

    def __init__(self, entries: Mapping[str, _Entry]) -> None:
        self._entries = entries
        self._last: tuple[Path, Float32Array] | None = None

    def __getitem__(self, filename: str) -> Float32Array:
        """Return a view of a clip's features, shape (frames, n_mels)."""
        entry = self._entries[filename]
        last = self._last
        if last is None or last[0] != entry.shard:
            last = self._last = entry.shard, _mapped(entry.shard)
        return last[1][entry.start : entry.start + entry.frames]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the file names."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self._entries)


class FeatureStore:
    """Features of recordings, computed once.

    Parameters
    ----------
    root : path-like
        Parent folder of all stores.
    extractor : Extractor
        Converts samples to features; its `parameters` name the store.
    """

    def __init__(self, root: str | os.PathLike[str], extractor: Extractor) -> None:
        self.extractor = extractor
        parameters = {**extractor.parameters, "store": FORMAT}
        self.folder = Path(root) / storage.hash_value(parameters)[:16]
        self._parameters = parameters

    def prepare(
        self,
        paths: Mapping[str, str],
        *,
        windows: Mapping[str, Window] | None = None,
        n_jobs: int = 1,
        track: Callable[[Iterable[Any], int], Iterable[Any]] | None = None,
    ) -> tuple[Features, dict[str, str]]:
        """Compute the missing features of clips and open those of all.

        Only one process computes at a time; another waits and then finds the work done.

        Parameters
        ----------
        paths : mapping of str to str
            Audio file of every `filename`.
        windows : mapping of str to (float, float), optional
            Onset and duration in seconds of the clips that are a part of their file.
        n_jobs : int
            Number of worker processes.
        track : callable, optional
            Called with the iteration over new shards and their number; returns an iteration that shows progress.

        Returns
        -------
        features : Features
            All readable clips.
        broken : dict of str to str
            The reason for every recording that could not be read.
        """
        sources = {filename: _Source(path, (windows or {}).get(filename)) for filename, path in paths.items()}
        wanted = {filename: _fingerprint(source) for filename, source in sources.items()}
        with self._alone():
            storage.remove_abandoned(self.folder)
            self._describe()
            known = self._known(set(wanted.values()))
            todo = [(wanted[filename], source) for filename, source in sources.items() if wanted[filename] not in known]
            broken = self._compute(todo, n_jobs, track)
            if todo:
                known = self._known(set(wanted.values()))
        entries = {filename: known[key] for filename, key in wanted.items() if key in known}
        reasons = {filename: broken[key] for filename, key in wanted.items() if key in broken}
        return Features(entries), reasons

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = FileLock(self.folder / "lock")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except OSError as error:
            reason = f"features cannot be kept here ({error.strerror})"
            raise StorageError(f"{self.folder}: {reason}; choose a folder to write in, cache=FOLDER") from None
        try:
            yield
        finally:
            lock.release()

    def _describe(self) -> None:
        description = self.folder / "store.json"
        if not description.exists():
            storage.write_json(description, self._parameters)
        elif storage.read_json(description) != self._parameters:
            raise StorageError(f"{description}: describes other parameters; delete {self.folder} and run again")

    def _known(self, wanted: set[str]) -> dict[str, _Entry]:
        """Return the entries of wanted clips whose data match their checksum."""
        entries: dict[str, _Entry] = {}
        for index in sorted(self.folder.glob("[0-9]*.json")):
            try:
                rows = storage.read_json(index)
                data = _mapped(index.with_suffix(".npy"))
            except StorageError:
                continue
            for key, start, frames, checksum in rows:
                if key not in wanted:
                    continue
                part = data[start : start + frames]
                if len(part) == frames and storage.checksum(np.ascontiguousarray(part).data) == checksum:
                    entries[key] = _Entry(index.with_suffix(".npy"), start, frames, checksum)
        return entries

    def _compute(
        self,
        todo: Sequence[tuple[str, _Source]],
        n_jobs: int,
        track: Callable[[Iterable[Any], int], Iterable[Any]] | None,
    ) -> dict[str, str]:
        from joblib import Parallel, delayed

        chunks = [todo[first : first + CLIPS_A_SHARD] for first in range(0, len(todo), CLIPS_A_SHARD)]
        number = 1 + max((int(index.stem) for index in self.folder.glob("[0-9]*.json")), default=-1)
        jobs = (
            delayed(_write_shard)(self.folder / f"{number + offset:05d}", chunk, self.extractor)
            for offset, chunk in enumerate(chunks)
        )
        results = Parallel(n_jobs=min(n_jobs, max(1, len(chunks))), return_as="generator")(jobs)
        broken: dict[str, str] = {}
        for reasons in track(results, len(chunks)) if track else results:
            broken.update(reasons)
        return broken


def _fingerprint(source: _Source) -> str:
    """Identify a source without reading it; a missing file is reported when it is read."""
    window = "" if source.window is None else "|{:.6f}|{:.6f}".format(*source.window)
    try:
        status = os.stat(source.path)
    except OSError:
        return f"{os.path.abspath(source.path)}|missing{window}"
    return f"{os.path.abspath(source.path)}|{status.st_size}|{status.st_mtime_ns}{window}"


def _mapped(shard: Path) -> Float32Array:
    try:
        data: Float32Array = np.load(shard, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise StorageError(f"{shard}: not readable ({error}); run again to compute its features anew") from None
    return data


def _write_shard(stem: Path, sources: Sequence[tuple[str, _Source]], extractor: Extractor) -> dict[str, str]:
    rows: list[tuple[str, int, int, int]] = []
    parts: list[Float32Array] = []
    broken: dict[str, str] = {}
    start = 0
    for key, (path, window) in sources:
        onset, duration = window or (0.0, None)
        try:
            features = extractor(audio.read(path, extractor.sr, onset=onset, duration=duration))
        except AudioError as error:
            broken[key] = str(error)
            continue
        rows.append((key, start, len(features), storage.checksum(features.data)))
        parts.append(features)
        start += len(features)
    if parts:
        with storage.atomic_path(stem.with_suffix(".npy")) as temporary:
            np.save(temporary, np.concatenate(parts), allow_pickle=False)
        storage.write_json(stem.with_suffix(".json"), rows)
    return broken
