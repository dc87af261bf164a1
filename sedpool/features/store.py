"""The feature store: every clip's features on disk once, memory-mapped, never stale and never silently damaged.

A store is a folder named by the hash of the extractor's parameters, so that each set of parameters has its own. It
holds shards (see `sedpool.features.shards`), each of which appears when it is complete, so that a crash leaves complete
shards only. A clip is recognised by its recording's path, size and modification time, and by its window if it is a part
of it. Opening a store reads the index of each shard; features are compared with their checksum when they are first
read, and damaged ones are computed again.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from sedpool import audio, storage
from sedpool.errors import AudioError, StorageError
from sedpool.features import shards
from sedpool.runtime import parallel
from sedpool.runtime.arrays import Float32Array

logger = logging.getLogger(__name__)

FORMAT = 1
"""A part of the folder's name; shards have a format number of their own."""
CLIPS_A_JOB = 64
"""Up to as many are computed in this process, whose matrix products may use threads that workers have not."""
SHARD_BYTES = 1 << 25
SHARD_SECONDS = 30.0
"""A shard is written when it has so many bytes, or after so much time: the most that a crash can lose."""
SHARDS_MAPPED = 8

Window = tuple[float, float]
"""Onset and duration in seconds."""


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


class Features(Mapping[str, Float32Array]):
    """Features by `filename`, read from memory-mapped shards.

    A shard is mapped when one of its clips is read, and the last few stay mapped: a corpus of any size takes only the
    memory of the views in use, of these shards and of its index.

    Parameters
    ----------
    rows : mapping of str to int
        Position of each clip in the index.
    index : Index
        Where clips lie, and their checksums.
    mend : callable
        Called with the file name and key of a clip whose features are damaged; computes them again.
    """

    def __init__(
        self, rows: Mapping[str, int], index: shards.Index, mend: Callable[[str, npt.NDArray[Any]], Float32Array]
    ) -> None:
        self._rows = rows
        self._index = index
        self._frames = index.records["frames"]
        self._mend = mend
        self._checked = np.zeros(len(index.records), dtype=bool)
        self._mended: dict[int, Float32Array] = {}
        self._mapped = lru_cache(SHARDS_MAPPED)(lambda shard: shards.map_shard(index.paths[shard]))

    def __getitem__(self, filename: str) -> Float32Array:
        """Return a view of a clip's features, shape (frames, n_mels)."""
        row = self._rows[filename]
        if row in self._mended:
            return self._mended[row]
        start = int(self._index.start[row])
        features = self._mapped(int(self._index.shard[row]))[start : start + int(self._frames[row])]
        if not self._checked[row]:
            record = self._index.records[row]
            if storage.checksum(np.ascontiguousarray(features).data) != record["checksum"]:
                self._mended[row] = self._mend(filename, record["key"])
                return self._mended[row]
            self._checked[row] = True
        return features

    def __iter__(self) -> Iterator[str]:
        """Iterate over the file names."""
        return iter(self._rows)

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self._rows)

    def n_frames(self, filename: str) -> int:
        """Return the number of frames of a clip, which the index knows."""
        return int(self._frames[self._rows[filename]])


def n_frames(features: Mapping[str, Float32Array], filename: str) -> int:
    """Return the number of frames of a clip, without reading those of a store."""
    return features.n_frames(filename) if isinstance(features, Features) else len(features[filename])


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
        n_jobs: int | None = 1,
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
        n_jobs : int or None
            Number of worker processes; None for one per processor.
        track : callable, optional
            Called with the iteration over pieces of work and their number; returns an iteration that shows progress.

        Returns
        -------
        features : Features
            All readable clips.
        broken : dict of str to str
            The reason for every recording that could not be read.
        """
        windows = windows or {}
        keys = _keys(paths, windows)
        with self._alone():
            storage.remove_abandoned(self.folder)
            self._describe()
            index, rows = self._look_up(keys)
            broken: dict[bytes, str] = {}
            if None in rows:
                unknown = zip(paths, keys, rows, strict=True)
                todo = {key: (paths[name], windows.get(name)) for name, key, row in unknown if row is None}
                broken = self._compute(todo, n_jobs, track)
                index, rows = self._look_up(keys)
        known = {filename: row for filename, row in zip(paths, rows, strict=True) if row is not None}
        reasons = {name: broken[key] for name, key in zip(paths, keys, strict=True) if key in broken} if broken else {}
        return Features(known, index, lambda filename, key: self._mend(filename, key, paths, windows)), reasons

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
        try:
            if description.exists() and storage.read_json(description) != self._parameters:
                raise StorageError(f"{description}: describes other parameters than its folder is named by")
        except StorageError as error:  # the folder's name says what it holds, and each shard has its checksums
            logger.info(f"{error}; written anew")
            description.unlink()
        if not description.exists():
            storage.write_json(description, self._parameters)

    def _look_up(self, keys: Sequence[bytes]) -> tuple[shards.Index, list[int | None]]:
        """Read the index; find the position of each key in it, the last one where it has several."""
        index = shards.read_index(self.folder)
        latest = dict(zip(_as_bytes(index.records["key"]), range(len(index.records)), strict=True))
        return index, list(map(latest.get, keys))

    def _compute(
        self,
        todo: Mapping[bytes, tuple[str, Window | None]],
        n_jobs: int | None,
        track: Callable[[Iterable[Any], int], Iterable[Any]] | None,
    ) -> dict[bytes, str]:
        """Compute features of recordings by their keys; return the reasons for those that cannot be read."""
        items = list(todo.items())
        pieces = [items[first : first + CLIPS_A_JOB] for first in range(0, len(items), CLIPS_A_JOB)]
        results = parallel.each(partial(_features_of, extractor=self.extractor), pieces, n_jobs)
        broken: dict[bytes, str] = {}
        waiting: list[tuple[npt.NDArray[Any], Float32Array]] = []
        began = time.monotonic()
        try:
            for records, features, reasons in track(results, len(pieces)) if track else results:
                broken.update(reasons)
                waiting += [(records, features)] if len(records) else []
                size = sum(array.nbytes for _, array in waiting)
                if size >= SHARD_BYTES or time.monotonic() - began > SHARD_SECONDS:
                    self._write(waiting)
                    began = time.monotonic()
        finally:
            self._write(waiting)
        return broken

    def _write(self, waiting: list[tuple[npt.NDArray[Any], Float32Array]]) -> None:
        """Write what waits as the next shard."""
        if waiting:
            number = 1 + max((int(path.stem) for path in self.folder.iterdir() if path.stem.isdecimal()), default=-1)
            path = self.folder / f"{number:06d}{shards.SUFFIX}"
            shards.write_shard(path, np.concatenate([records for records, _ in waiting]), [x for _, x in waiting])
            waiting.clear()

    def _mend(
        self, filename: str, key: npt.NDArray[Any], paths: Mapping[str, str], windows: Mapping[str, Window]
    ) -> Float32Array:
        """Compute damaged features again."""
        path, window = paths[filename], windows.get(filename)
        (now,) = _keys({filename: path}, windows)
        records, features, broken = _features_of([(now, (path, window))], self.extractor)
        if broken or now != key.tobytes():
            reason = broken.get(now, f"{path} has changed")
            raise StorageError(f"{self.folder}: features of {filename} are damaged and {reason}; run again without it")
        logger.info(f"features of {filename} in {self.folder} were damaged: computed again")
        with self._alone():
            self._write([(records, features)])
        return features


def _keys(paths: Mapping[str, str], windows: Mapping[str, Window]) -> list[bytes]:
    """Identify clips without reading their recordings; a missing one is reported when it is read."""
    digests: dict[str, bytes] = {}
    for path in dict.fromkeys(paths.values()):
        try:
            status = os.stat(path)
            state = f"{status.st_size}|{status.st_mtime_ns}"
        except OSError:
            state = "missing"
        digests[path] = shards.source_digest(f"{os.path.abspath(path)}|{state}")
    keys = np.empty(len(paths), shards.KEY)
    keys["source"] = np.frombuffer(b"".join(map(digests.__getitem__, paths.values())), "V16")
    whole = (-1e-6, -1e-6)
    spans = np.fromiter(chain.from_iterable(windows.get(filename, whole) for filename in paths), float, 2 * len(paths))
    keys["onset"], keys["duration"] = np.rint(1e6 * spans.reshape(-1, 2)).astype(np.int64).T
    return _as_bytes(keys)


def _as_bytes(keys: npt.NDArray[Any]) -> list[bytes]:
    content: list[bytes] = np.ascontiguousarray(keys).view(f"V{shards.KEY.itemsize}").tolist()
    return content


def _features_of(
    sources: Sequence[tuple[bytes, tuple[str, Window | None]]], extractor: Extractor
) -> tuple[npt.NDArray[Any], Float32Array, dict[bytes, str]]:
    """Compute features one after another; return their records, the frames of all, and reasons for what failed."""
    records: list[tuple[bytes, int, int]] = []
    parts: list[Float32Array] = []
    broken: dict[bytes, str] = {}
    for key, (path, window) in sources:
        onset, duration = window or (0.0, None)
        try:
            features = extractor(audio.read(path, extractor.sr, onset=onset, duration=duration))
        except AudioError as error:
            broken[key] = str(error)
            continue
        records.append((key, len(features), storage.checksum(np.ascontiguousarray(features, dtype="<f4").data)))
        parts.append(features)
    rows = np.array(records, [("key", f"V{shards.KEY.itemsize}"), *shards.RECORD.descr[1:]]).view(shards.RECORD)
    return rows, np.concatenate(parts) if parts else np.empty((0, 0), np.float32), broken
