"""Intervals of runs against the best run, tests of methods over seeds, and what the data cannot show."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.counts_table import OWN_STRETCHED, counts_of
from sedpool.run_folder import RunFolder, run_at
from sedpool.stats.clusters import Membership, membership
from sedpool.stats.power import SIGNIFICANCE_LEVEL, detectable_difference, smallest_p_sign_flip
from sedpool.stats.ranks import average_ranks, friedman, pairwise
from sedpool.stats.replicates import MetricKey, Statistic, count_difference, count_statistic
from sedpool.stats.resampling import clip_weights, interval_table
from sedpool.stats.tests import sign_flip_test

_STRETCHED = ["baselines", "clip_decisions_stretched", "segment"]
INTERVAL_COLUMNS = ("low", "high", "behind", "behind_low", "behind_high", "with_best")


@dataclass(frozen=True)
class CountMetric:
    """A metric that is computed from the counts of clips.

    Attributes
    ----------
    level : str
        Clip, segment, event or `sedpool.evaluation.counts_table.OWN_STRETCHED`.
    key : MetricKey
        Its average and name.
    is_tuned : bool
        Whether events were decoded as tuned on validation.
    """

    level: str
    key: MetricKey
    is_tuned: bool = False

    @property
    def sign(self) -> int:
        """−1 where less is better."""
        return -1 if self.key[2] == "error_rate" else 1

    def counts(self, run: RunFolder) -> ClipCounts | None:
        """Return the counts that the metric is computed from; None for a run without them."""
        table = run.tuned_counts if self.is_tuned else run.counts
        return None if table is None else counts_of(table, self.level)


def metric_at(keys: Sequence[str]) -> CountMetric:
    """Return the metric at a path of keys in ``metrics.json``, e.g. ``("tuned", "segment", "micro", "f1")``."""
    is_tuned = keys[0] == "tuned"
    *place, average, name = keys[1:] if is_tuned else keys
    level = OWN_STRETCHED if place == _STRETCHED else place[0]
    return CountMetric(level, (average, "", name), is_tuned)


def intervals(table: pd.DataFrame, metric: CountMetric) -> tuple[pd.DataFrame, list[str]]:
    """Compute the interval of every run, and of its gap to the best run on its corpus.

    Parameters
    ----------
    table : DataFrame
        One row per run, with `dataset` and `run` (its folder).
    metric : CountMetric
        What to compare.

    Returns
    -------
    table : DataFrame
        `INTERVAL_COLUMNS`, one row per run, in the order given: its 95 % interval, how far it is `behind` the best and
        the 95 % interval of that, paired over clips; `with_best` if that holds 0. NaN and False for a run without
        counts, or on other clips than the best.
    notes : list of str
        What was left out, and the smallest difference that each test set can show.
    """
    result = pd.DataFrame(np.nan, index=table.index, columns=list(INTERVAL_COLUMNS[:-1]))
    result["with_best"] = False
    notes = []
    for dataset, rows in table.groupby("dataset"):
        counts = {index: metric.counts(run_at(path)) for index, path in rows["run"].items()}
        known = {index: one for index, one in counts.items() if one is not None and len(one) > 1}
        if not known:
            reason = "no run holds counts of its clips; `sedpool tune` scores again"
            if any(
                (run.tuned_counts if metric.is_tuned else run.counts) is not None for run in map(run_at, rows["run"])
            ):
                reason = "its test clips have no times" if not any(counts.values()) else "a single test clip has none"
            notes.append(f"{dataset}: no intervals, for {reason}")
            continue
        best, comparable = _comparable(known, metric)
        if len(comparable) < len(rows):
            notes.append(
                f"{dataset}: {len(rows) - len(comparable)} runs without counts, or on other clips: no interval"
            )
        sources = _sources(run_at(dict(rows["run"].items())[best]), comparable[best].filenames)
        found, errors = _against_best(comparable, best, metric, sources)
        result.loc[found.index, list(INTERVAL_COLUMNS)] = found
        notes += _power_notes(str(dataset), len(comparable[best]), errors, sources)
    return result, notes


def _comparable(known: dict[Hashable, ClipCounts], metric: CountMetric) -> tuple[Hashable, dict[Hashable, ClipCounts]]:
    """Find the best run and all on the same clips and classes, with the clips in one order."""
    values = {index: metric.sign * _value(count_statistic(one), metric.key, len(one)) for index, one in known.items()}
    best = max(values, key=lambda index: -np.inf if np.isnan(values[index]) else values[index])
    clips, classes = sorted(known[best].filenames), known[best].classes
    same = {index: one for index, one in known.items() if sorted(one.filenames) == clips and one.classes == classes}
    return best, {index: one.select(clips) for index, one in same.items()}


def _value(statistic: Statistic, key: MetricKey, n_clips: int) -> float:
    return float(statistic(np.ones((1, n_clips)))[key][0])


def _sources(run: RunFolder, filenames: Sequence[str]) -> Membership | None:
    return None if run.sources is None else membership(filenames, run.sources)


def _against_best(
    counts: dict[Hashable, ClipCounts], best: Hashable, metric: CountMetric, sources: Membership | None
) -> tuple[pd.DataFrame, list[float]]:
    """Compute each run's intervals, and the standard errors of the differences from the best."""
    weights = clip_weights(len(counts[best]))

    def interval(statistic: Statistic, *, difference: bool) -> pd.Series:
        return interval_table(
            lambda rows: {metric.key: statistic(rows)[metric.key]}, weights, sources=sources, difference=difference
        ).iloc[0]

    rows, errors = {}, []
    for index, one in counts.items():
        pair = (counts[best], one) if metric.sign > 0 else (one, counts[best])
        own = interval(count_statistic(one), difference=False)
        behind = interval(count_difference(*pair), difference=True)
        with_best = bool(index == best or behind["low"] <= 0 <= behind["high"])
        rows[index] = (own["low"], own["high"], behind["estimate"], behind["low"], behind["high"], with_best)
        if behind["standard_error"] > 0:
            errors.append(float(behind["standard_error"]))
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(INTERVAL_COLUMNS)), errors


def _power_notes(dataset: str, n_clips: int, errors: list[float], sources: Membership | None) -> list[str]:
    notes = []
    if errors:
        least = detectable_difference(float(np.median(errors)))
        notes.append(
            f"{dataset}: on {n_clips} clips two runs must differ by about {least:.3f} to be distinguished "
            "(power 80 %; median over the runs compared with the best)"
        )
    if sources is not None:
        notes.append(f"{dataset}: its clips share {sources.shape[1]} recordings; intervals are widened for that")
    return notes


def seed_notes(table: pd.DataFrame, metric: str, *, unit: str = "seeds") -> list[str]:
    """Say whether the methods differ over seeds, and whether so few seeds can show it.

    Parameters
    ----------
    table : DataFrame
        One row per run, with `dataset`, `method`, `seed` and the column `metric`.
    metric : str
        What to compare.
    unit : str
        What `seed` counts: seeds, or folds.
    """
    notes = []
    for dataset, rows in table.groupby("dataset"):
        if len(set(rows["method"])) > 1:
            blocks = seed_blocks(rows, metric)
            few = f"no test over {unit}: it needs two {unit} that each method ran with once"
            notes.append(f"{dataset}: {few if blocks is None else _test_over(blocks, unit)}")
    return notes


def seed_blocks(rows: pd.DataFrame, metric: str, by: Sequence[str] = ("seed",)) -> pd.DataFrame | None:
    """Arrange scores by seed (rows) and method (columns), signed so that more is better.

    None if there are not two methods and two seeds that all of them ran with, or a method ran twice with one seed.

    Parameters
    ----------
    rows : DataFrame
        One row per run, with `method`, the columns `by` and the column `metric`.
    metric : str
        What is compared.
    by : sequence of str
        What runs must share to be compared: their seed, and the corpus where rows are of several.
    """
    if rows.duplicated(["method", *by]).any():
        return None
    blocks = rows.astype({metric: float}).pivot_table(index=list(by), columns="method", values=metric).dropna()
    if min(blocks.shape) < 2:
        return None
    return -blocks if metric.endswith("error_rate") else blocks


def _test_over(blocks: pd.DataFrame, unit: str) -> str:
    """Test whether methods differ over seeds or folds, and name those behind the best by Holm's correction."""
    n_seeds, n_methods = blocks.shape
    if n_methods == 2:
        p_value = sign_flip_test(*(blocks[method] for method in blocks.columns))
        title, smallest = "sign-flip test of two methods", smallest_p_sign_flip(n_seeds)
    else:
        found = friedman(blocks)
        title, p_value, smallest = f"Friedman's test of {n_methods} methods", found.p_value, found.smallest_p
    said = f"{title} over {n_seeds} {unit}: p = {p_value:.2g}"
    if smallest > SIGNIFICANCE_LEVEL:
        return f"{said}; cannot be significant: the smallest possible p is {smallest:.2g}"
    if n_methods > 2 and p_value <= SIGNIFICANCE_LEVEL:
        best = str(average_ranks(blocks).idxmin())
        against = pairwise(blocks, control=best)
        behind = against.loc[against["p_holm"] <= SIGNIFICANCE_LEVEL, "second"]
        said += f"; behind {best} (Holm): {', '.join(behind) or 'none'}"
    return said
