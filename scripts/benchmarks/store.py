"""How a feature store of many clips opens, streams and what it takes, against a NumPy file per clip."""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.memory import status_mib
from sedpool import storage
from sedpool.features import shards
from sedpool.features.store import SHARD_BYTES, Features, FeatureStore, _keys
from sedpool.training.batches import Patches

BATCH = 64
STREAMED = 20_000  # sparse clips, whose features would fill no disk but take long to read
FILES = 20_000
TURNS = 5


class Noise:
    """Stands for an extractor whose features are in the store: it computes none."""

    sr, frame_rate, unit, silence, context, is_local = 8000, 8.0, "dB", -80.0, 0, True
    parameters = {"kind": "noise"}  # noqa: RUF012

    def n_frames(self, duration: float) -> int:
        """Return the number of frames."""
        return int(duration * self.frame_rate)

    def __call__(self, samples: Any) -> Any:
        """Refuse to compute: the benchmark would measure something else."""
        raise NotImplementedError("the store should have these features")


def measure(n_clips: int, sparse: bool) -> list[dict[str, object]]:
    """One row per way of keeping features: seconds to open, microseconds of a clip in an epoch's order, memory."""
    n_frames, n_mels = (862, 64) if sparse else (8, 16)
    with tempfile.TemporaryDirectory() as folder:
        paths, windows = made_store(Path(folder), n_clips, n_frames, n_mels, sparse)
        store = FeatureStore(folder, Noise())
        opened = []
        for _ in range(TURNS):
            began = time.perf_counter(), time.process_time()
            features, _ = store.prepare(paths, windows=windows)
            opened.append((time.perf_counter() - began[0], time.process_time() - began[1]))
        row: dict[str, Any] = {"name": "store", "clips": n_clips, "bytes": 4 * n_frames * n_mels * n_clips}
        row["open_seconds"], row["open_core_seconds"] = np.min(opened, axis=0).tolist()
        row |= {"microseconds": streamed(features, STREAMED if sparse else n_clips), "peak_mib": status_mib("VmHWM")}
        if sparse:
            return [row]
        files = FilePerClip(Path(folder, "files"), features, min(n_clips, FILES))
        row_of_files = {"name": "a file per clip", "clips": len(files), "microseconds": streamed(files, len(files))}
        return [row, dict.fromkeys(row) | row_of_files]


def streamed(features: Any, n_clips: int) -> float:
    """Make the batches of an epoch until they hold `n_clips` clips; return microseconds per clip."""
    targets = dict.fromkeys(features, np.zeros(10, bool))
    n_frames = len(features[next(iter(features))])
    patches = Patches(features, targets, patch_frames=n_frames, batch_size=BATCH, silence=0.0, seed=0)
    n_batches = min(len(patches), -(-n_clips // BATCH))
    began = time.perf_counter()
    for index in range(n_batches):
        patches[index]
    return 1e6 * (time.perf_counter() - began) / (n_batches * BATCH)


class FilePerClip(dict[str, Path]):
    """Features of the first clips, each in a file of its own."""

    def __init__(self, folder: Path, features: Features, n_clips: int) -> None:
        folder.mkdir()
        for _, filename in zip(range(n_clips), features, strict=False):
            np.save(folder / f"{filename}.npy", features[filename])
            super().__setitem__(filename, folder / f"{filename}.npy")

    def __getitem__(self, filename: str) -> Any:
        """Read a clip."""
        return np.load(super().__getitem__(filename), allow_pickle=False)


def made_store(
    folder: Path, n_clips: int, n_frames: int, n_mels: int, sparse: bool = False
) -> tuple[dict[str, str], dict[str, tuple[float, float]]]:
    """Write a store of noise, or of zeros that take no room; return the path and the window of each of its clips."""
    recording = folder / "recording.wav"
    recording.touch()
    store = FeatureStore(folder, Noise())
    paths = {f"{clip}": str(recording) for clip in range(n_clips)}
    windows = {name: (float(name), 1.0) for name in paths}
    keys = np.frombuffer(b"".join(_keys(paths, windows)), shards.KEY)
    rng = np.random.default_rng(0)
    size = max(1, SHARD_BYTES // (4 * n_frames * n_mels))
    zeros = storage.checksum(np.zeros((n_frames, n_mels), np.float32).data)
    for first in range(0, n_clips, size):
        records = np.zeros(min(size, n_clips - first), shards.RECORD)
        records["key"], records["frames"], records["checksum"] = keys[first : first + size], n_frames, zeros
        path = store.folder / f"{first // size:06d}{shards.SUFFIX}"
        if sparse:
            shards.write_shard(path, records, [np.empty((0, n_mels), np.float32)])
            os.truncate(path, path.stat().st_size + 4 * n_mels * n_frames * len(records))
            continue
        values = rng.random((len(records), n_frames, n_mels), dtype=np.float32) * -80
        records["checksum"] = [storage.checksum(value.data) for value in values]
        shards.write_shard(path, records, [values.reshape(-1, n_mels)])
    return paths, windows
