"""Does training wait for its data? Steps on patches from the feature store, against steps on one batch in memory."""

import tempfile
import time
from collections.abc import Mapping
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.memory import status_mib
from benchmarks.training import BATCH, CLASSES, FRAMES, MELS, batch, model
from sedpool.features.store import CLIPS_A_SHARD, Features, _Entry
from sedpool.training.batches import Patches, Prefetched

STEPS = 8  # of each turn


def measure(turns: int, n_clips: int) -> list[dict[str, object]]:
    """Two rows: seconds of a step, the time relative to memory, and what reading all clips once added to it."""
    with tempfile.TemporaryDirectory() as folder:
        features = made_store(Path(folder), n_clips)
        before = status_mib("VmRSS")
        patches = from_store(features)
        for index in range(len(patches)):
            patches[index]
        grown = status_mib("VmRSS") - before
        return [row | {"clips": n_clips, "resident_mib": grown} for row in compared(patches, turns)]


def compared(patches: Patches, turns: int) -> list[dict[str, Any]]:
    """Steps of both kinds, taking turns."""
    trainee = model("mixed_bfloat16")  # the faster the step, the harder for the input
    taken: dict[str, list[float]] = {"one batch in memory": [], "from the store": []}
    trainee.train_on_batch(*batch())
    for turn in range(turns):
        patches.set_epoch(turn)
        coming = iter(Prefetched(patches))
        for name, batches in (("one batch in memory", repeat(batch())), ("from the store", coming)):
            began = time.perf_counter()
            for x, y in islice(batches, STEPS):
                trainee.train_on_batch(x, y)
            taken[name].append((time.perf_counter() - began) / STEPS)
        coming.close()
    medians = {name: float(np.median(values)) for name, values in taken.items()}
    baseline = medians["one batch in memory"]
    return [
        {
            "name": name,
            "precision": "mixed_bfloat16",
            "seconds": value,
            "baseline_seconds": baseline,
            "speed_of_memory": baseline / value,
        }
        for name, value in medians.items()
    ]


def from_store(features: Mapping[str, Any]) -> Patches:
    """An epoch that shows every clip."""
    targets = {name: np.zeros(CLASSES, dtype=bool) for name in features}
    return Patches(features, targets, patch_frames=FRAMES, batch_size=BATCH, seed=0)


def made_store(folder: Path, n_clips: int) -> Features:
    """Shards of noise as the feature store lays them out."""
    rng = np.random.default_rng(0)
    entries = {}
    for first in range(0, n_clips, CLIPS_A_SHARD):
        count = min(CLIPS_A_SHARD, n_clips - first)
        shard = folder / f"{first // CLIPS_A_SHARD:05d}.npy"
        np.save(shard, rng.random((count * FRAMES, MELS), dtype=np.float32) * -80)
        entries |= {f"{first + clip}": _Entry(shard, clip * FRAMES, FRAMES, 0) for clip in range(count)}
    return Features(entries)
