"""How often do confidence intervals hold the truth? ``python scripts/interval_coverage.py --json FILE``.

Test sets are drawn from a model whose true scores are known, and the intervals of each are looked at. The table, with
command, commit and seed, is in docs/statistics.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from benchmark import report
from rich.progress import track

from sedpool.evaluation.counts import ClipCounts
from sedpool.runtime.arrays import Float64Array, IntArray
from sedpool.stats.clusters import Membership, membership
from sedpool.stats.replicates import MetricKey, Statistic, count_statistic
from sedpool.stats.resampling import clip_weights, interval_table

CONFIDENCE_LEVEL = 0.95
METRICS: dict[str, MetricKey] = {"micro F1": ("micro", "", "f1"), "macro F1": ("macro", "", "f1")}
Intervals = dict[str, dict[str, tuple[float, float]]]
"""Ends by method and metric."""


@dataclass(frozen=True)
class World:
    """What test sets are drawn from.

    Attributes
    ----------
    name : str
        Name in the table.
    n_clips : int
        Clips of a test set.
    frequencies : tuple of float
        Share of each class among the events.
    n_sources : int or None
        Recordings of each class that the events of a test set are cut from; None: each event from its own.
    source_spread : float
        Standard deviation, in logits, of how hard recordings are; clips vary by 0.5 beside it.
    """

    name: str
    n_clips: int
    frequencies: tuple[float, ...]
    n_sources: int | None = None
    source_spread: float = 1.0


EVEN = (0.1,) * 10
RARE = (0.3, 0.3, 0.2, 0.1, 0.06, 0.02, 0.008, 0.006, 0.004, 0.002)
WORLDS = (
    World("100 clips", 100, EVEN),
    World("500 clips", 500, EVEN),
    World("500, rare classes", 500, RARE),
    World("400, 8 recordings", 400, EVEN, n_sources=8),
    World("400, 40 recordings", 400, EVEN, n_sources=40),
    World("400, 8 alike", 400, EVEN, n_sources=8, source_spread=0.0),
)


def main(
    draws: Annotated[int, typer.Option(help="Test sets of each kind.")] = 1000,
    resamples: Annotated[int, typer.Option(help="Resamples of each test set.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of everything.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the table.")] = None,
) -> None:
    """Coverage and mean width of 95 % intervals, by kind of test set, metric and method."""
    rows = [row for world in WORLDS for row in coverage(world, draws, resamples, seed)]
    report("coverage", rows, json_file)


def coverage(world: World, draws: int, resamples: int, seed: int) -> list[dict[str, object]]:
    """One row a metric and method: how many of the intervals hold the truth, and how wide they are."""
    true = truth(world)
    ends: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for draw in track(range(draws), description=world.name):
        counts, sources = test_set(world, np.random.default_rng([seed, draw]))
        for method, intervals in all_intervals(counts, sources, resamples, seed=draw).items():
            for metric, interval in intervals.items():
                ends.setdefault((metric, method), []).append(interval)
    return [
        {
            "test set": world.name,
            "metric": metric,
            "method": method,
            "true score (%)": 100 * true[metric],
            "coverage (%)": 100 * float(np.mean([low <= true[metric] <= high for low, high in intervals])),
            "mean width (points)": 100 * float(np.mean([high - low for low, high in intervals])),
        }
        for (metric, method), intervals in ends.items()
    ]


def test_set(world: World, generator: np.random.Generator) -> tuple[ClipCounts, Membership | None]:
    """Counts of random clips: one to nine events of one to four units, found by how hard recording and clip are."""
    n_classes = len(world.frequencies)
    clip = np.repeat(np.arange(world.n_clips), generator.integers(1, 10, size=world.n_clips))
    label = generator.choice(n_classes, size=clip.size, p=world.frequencies)
    units = generator.integers(1, 5, size=clip.size)
    source, easiness = draw_sources(world, label, generator)
    easiness = easiness + generator.normal(0, 0.5, world.n_clips)[clip]
    found = generator.binomial(units, 1 / (1 + np.exp(-easiness)))
    # False alarms follow the class's frequency, and come twice as often in half of the clips.
    noisy = generator.random((world.n_clips, 1)) < 0.5
    alarms = generator.poisson(np.array(world.frequencies) * np.where(noisy, 4.0, 1.0))

    def in_cells(values: IntArray) -> IntArray:
        sums = np.bincount(clip * n_classes + label, weights=values, minlength=world.n_clips * n_classes)
        cells: IntArray = sums.reshape(world.n_clips, n_classes).astype(np.int64)
        return cells

    names = tuple(str(index) for index in range(world.n_clips))
    right = in_cells(found)
    counts = ClipCounts(names, tuple(map(str, range(n_classes))), right, n_ref=in_cells(units), n_sys=right + alarms)
    if world.n_sources is None:
        return counts, None
    pairs = pd.DataFrame({"filename": np.array(names)[clip], "source": label * world.n_sources + source})
    return counts, membership(names, pairs)


def draw_sources(world: World, label: IntArray, generator: np.random.Generator) -> tuple[IntArray, Float64Array]:
    """Each event's recording, and how easy it is in logits; easier where the class is frequent."""
    base = 0.5 + np.linspace(0.5, -0.5, len(world.frequencies))
    if world.n_sources is None:
        return np.arange(label.size), base[label] + generator.normal(0, world.source_spread, label.size)
    source = generator.integers(world.n_sources, size=label.size)
    offsets = generator.normal(0, world.source_spread, (len(world.frequencies), world.n_sources))
    return source, base[label] + offsets[label, source]


def truth(world: World) -> dict[str, float]:
    """Scores over all clips and recordings there could be: those of a very large independent test set."""
    large = replace(world, n_clips=500_000, n_sources=None)
    counts, _ = test_set(large, np.random.default_rng(12345))
    values = count_statistic(counts)(np.ones((1, len(counts))))
    return {metric: float(values[key][0]) for metric, key in METRICS.items()}


def all_intervals(counts: ClipCounts, sources: Membership | None, resamples: int, *, seed: int) -> Intervals:
    """Every method's intervals on one test set."""
    statistic = of_interest(count_statistic(counts))
    weights = clip_weights(len(counts), n_resamples=resamples, seed=seed)
    intervals = {
        "percentile": percentile(statistic(weights)),
        "BCa": ends_of(interval_table(statistic, weights, confidence_level=CONFIDENCE_LEVEL)),
    }
    if sources is None:
        return intervals
    return intervals | {
        "BCa, sources": ends_of(interval_table(statistic, weights, confidence_level=CONFIDENCE_LEVEL, sources=sources)),
        "pigeonhole": percentile(statistic(pigeonhole_weights(sources, resamples, seed))),
    }


def of_interest(statistic: Statistic) -> Statistic:
    """Only the metrics that are looked at."""
    return lambda weights: {key: value for key, value in statistic(weights).items() if key in METRICS.values()}


def ends_of(table: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return the intervals in a table of `interval_table`."""
    keys = zip(table["average"], table["event_label"], table["metric"], strict=True)
    found = dict(zip(keys, zip(table["low"], table["high"], strict=True), strict=True))
    return {metric: found[key] for metric, key in METRICS.items()}


def percentile(replicates: Mapping[MetricKey, Float64Array]) -> dict[str, tuple[float, float]]:
    """Return the central share of the replicates."""
    low, high = (1 - CONFIDENCE_LEVEL) / 2, (1 + CONFIDENCE_LEVEL) / 2
    return {m: (np.quantile(replicates[key], low), np.quantile(replicates[key], high)) for m, key in METRICS.items()}


def pigeonhole_weights(sources: Membership, resamples: int, seed: int) -> Float64Array:
    """Weights of clips: the product of how often each of their recordings is drawn."""
    drawn = clip_weights(sources.shape[1], n_resamples=resamples, seed=seed)
    logarithms = np.log(np.maximum(drawn, 1)) @ sources.T
    never = (drawn == 0).astype(float) @ sources.T > 0
    return np.where(never, 0.0, np.rint(np.exp(logarithms)))


if __name__ == "__main__":
    typer.run(main)
