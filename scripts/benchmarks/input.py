"""Does training wait for its data? Steps on patches from the feature store, against steps on one batch in memory.

Built-in Keras takes its turns on the batch in memory too, as the baseline of every benchmark of training.
"""

import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.memory import status_mib
from benchmarks.store import Noise, made_store
from benchmarks.training import BATCH, CLASSES, FRAMES, MELS, baseline_of, batch, builtin_fits, model
from benchmarks.training import STEPS as FIT_STEPS
from sedpool.features.store import FeatureStore
from sedpool.training.batches import Patches, Prefetched

STEPS = 8  # of each turn


def measure(turns: int, n_clips: int) -> list[dict[str, object]]:
    """One row a candidate: seconds of a step, its speed relative to others, and what reading all clips once added."""
    with tempfile.TemporaryDirectory() as folder:
        paths, windows = made_store(Path(folder), n_clips, FRAMES, MELS)
        features, _ = FeatureStore(folder, Noise()).prepare(paths, windows=windows)
        before = status_mib("VmRSS")
        patches = from_store(features)
        for index in range(len(patches)):
            patches[index]
        grown = status_mib("VmRSS") - before
        return [row | {"clips": n_clips, "resident_mib": grown} for row in compared(patches, turns)]


def compared(patches: Patches, turns: int) -> list[dict[str, Any]]:
    """Time steps of every kind in turns."""
    builtin = builtin_fits(*batch())
    for fit in builtin.values():
        fit()  # compile
    training_model = model("mixed_bfloat16")  # the faster the step, the harder for the input
    taken: dict[str, list[float]] = {name: [] for name in ("one batch in memory", "from the store", *builtin)}
    training_model.train_on_batch(*batch())
    for turn in range(turns):
        patches.set_epoch(turn)
        with closing(iter(Prefetched(patches))) as coming:
            for name, batches in (("one batch in memory", repeat(batch())), ("from the store", coming)):
                began = time.perf_counter()
                for x, y in islice(batches, STEPS):
                    training_model.train_on_batch(x, y)
                taken[name].append((time.perf_counter() - began) / STEPS)
        for name, fit in builtin.items():
            began = time.perf_counter()
            fit()
            taken[name].append((time.perf_counter() - began) / FIT_STEPS)
    return rows({name: float(np.median(values)) for name, values in taken.items()})


def rows(seconds: dict[str, float]) -> list[dict[str, Any]]:
    """Seconds of a step by name, with both ratios."""
    baseline = baseline_of(seconds)
    return [
        {
            "name": name,
            "precision": "float32" if name.startswith("keras") else "mixed_bfloat16",
            "seconds": value,
            "baseline_seconds": baseline,
            "vs_keras": baseline / value,
            "vs_memory": seconds["one batch in memory"] / value,
        }
        for name, value in seconds.items()
    ]


def from_store(features: Mapping[str, Any]) -> Patches:
    """Make an epoch that shows every clip."""
    targets = {name: np.zeros(CLASSES, dtype=bool) for name in features}
    return Patches(features, targets, patch_frames=FRAMES, batch_size=BATCH, silence=-80.0, seed=0)
