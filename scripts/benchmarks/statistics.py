"""How long a bootstrap of all segment metrics takes, against a loop that adds up and scores each resample."""

import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from sedpool.evaluation.counts import ClipCounts
from sedpool.stats.clusters import membership
from sedpool.stats.replicates import count_statistic
from sedpool.stats.resampling import clip_weights, interval_table

N_CLIPS, N_CLASSES, N_SEGMENTS = 2000, 17, 10
N_TURNS = 5
N_IN_LOOP = 100  # resamples of the plain loop; its time is scaled up


def measure(n_resamples: int) -> list[dict[str, object]]:
    """One row a way: seconds for `n_resamples` resamples, and how many times faster than the loop it is."""
    counts = made_counts()
    seconds = {
        "plain loop": seconds_of(lambda: plain_loop(counts, N_IN_LOOP)) * n_resamples / N_IN_LOOP,
        "bootstrap": seconds_of(lambda: bootstrap(counts, n_resamples)),
        "bootstrap, shared sources": seconds_of(lambda: bootstrap(counts, n_resamples, shared=True)),
    }
    return [
        {"way": way, "resamples": n_resamples, "seconds": taken, "times faster": seconds["plain loop"] / taken}
        for way, taken in seconds.items()
    ]


def seconds_of(work: Callable[[], object]) -> float:
    """Wall-clock seconds of a call, the median of several."""
    taken = []
    for _ in range(N_TURNS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def bootstrap(counts: ClipCounts, n_resamples: int, *, shared: bool = False) -> None:
    """Intervals of every metric, weights included."""
    pairs = pd.DataFrame({"filename": counts.filenames * 3, "source": np.arange(3 * N_CLIPS) % 200})
    sources = membership(counts.filenames, pairs) if shared else None
    interval_table(count_statistic(counts), clip_weights(N_CLIPS, n_resamples=n_resamples), sources=sources)


def plain_loop(counts: ClipCounts, n_resamples: int) -> None:
    """Compute the metrics of one resample after the other, each as ``metrics.json`` has them."""
    generator = np.random.default_rng(0)
    for _ in range(n_resamples):
        drawn = generator.integers(N_CLIPS, size=N_CLIPS)
        counts.select([counts.filenames[clip] for clip in drawn]).metrics()


def made_counts() -> ClipCounts:
    """Segment counts of random clips of ten segments."""
    generator = np.random.default_rng(0)
    n_ref = generator.binomial(N_SEGMENTS, 0.15, size=(N_CLIPS, N_CLASSES))
    right = generator.binomial(n_ref, 0.6)
    n_sys = right + generator.binomial(N_SEGMENTS, 0.05, size=n_ref.shape)
    missed, added = (n_ref - right).sum(axis=1), (n_sys - right).sum(axis=1)
    swapped = np.minimum(missed, added)
    return ClipCounts(
        tuple(f"{clip}.wav" for clip in range(N_CLIPS)),
        tuple(f"class {label}" for label in range(N_CLASSES)),
        true_positives=right,
        n_ref=n_ref,
        n_sys=n_sys,
        substitutions=swapped,
        deletions=missed - swapped,
        insertions=added - swapped,
    )
