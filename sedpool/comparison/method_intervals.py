"""Intervals of each method's mean over its runs, and of its gap to the best method of the study."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.comparison.labels import METRIC_NAMES
from sedpool.comparison.means import RunMean, Table, run_means
from sedpool.comparison.significance import INTERVAL_COLUMNS
from sedpool.run_folder import RunFolder
from sedpool.runtime.arrays import Float64Array
from sedpool.stats.replicates import MetricKey, Statistic
from sedpool.stats.resampling import clip_weights, interval_table, within_range

COLUMNS = ("average", "metric", "method", "estimate", *INTERVAL_COLUMNS)

_BEHIND = "behind "


def method_intervals(
    methods: Mapping[str, Sequence[RunFolder]], level: str = "segment", *, tuned: bool = False
) -> pd.DataFrame:
    """Compute the interval of every method's mean over its runs, and of its gap to the best method.

    Parameters
    ----------
    methods : mapping of str to sequence of RunFolder
        Finished runs of one study, by method.
    level : str
        Clip, segment, event or `sedpool.evaluation.counts_table.OWN_STRETCHED`.
    tuned : bool
        Whether decisions are those tuned on validation.

    Returns
    -------
    table : DataFrame
        `COLUMNS`; one row per average (micro, macro), metric and method. ``estimate`` is the mean over runs; the others
        are those of `sedpool.comparison.significance.intervals`. Methods without counts, or on other clips than most
        methods, are left out.
    """
    return intervals_by_level(methods, [level], tuned=tuned)[level]


def intervals_by_level(
    methods: Mapping[str, Sequence[RunFolder]], levels: Sequence[str], *, tuned: bool = False
) -> dict[str, pd.DataFrame]:
    """Compute `method_intervals` at several levels, for which each run's table of counts is read once."""
    table: Table = "tuned_counts" if tuned else "counts"
    means = {name: run_means(runs, levels, table=table) for name, runs in methods.items()}
    return {level: _intervals({name: of_level[level] for name, of_level in means.items()}) for level in levels}


def _intervals(all_means: Mapping[str, RunMean | None]) -> pd.DataFrame:
    means = _comparable(all_means)
    if not means:
        return pd.DataFrame(columns=list(COLUMNS))
    first = next(iter(means.values()))
    table = interval_table(_with_gaps(means), clip_weights(len(first.clips)), sources=first.sources, difference=True)
    is_gap = table["average"].str.startswith(_BEHIND)
    gaps = _by_method(table[is_gap].assign(average=table["average"].str.removeprefix(_BEHIND)))
    table = _by_method(within_range(table[~is_gap]))
    table = table.assign(behind=gaps["estimate"], behind_low=gaps["low"], behind_high=gaps["high"])
    table["with_best"] = (table["behind_low"] <= 0) & (table["behind_high"] >= 0)
    return table.reset_index()[list(COLUMNS)]


def _by_method(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={"event_label": "method"}).set_index(["average", "metric", "method"])


def _comparable(means: Mapping[str, RunMean | None]) -> dict[str, RunMean]:
    """Keep the largest set of methods that were tested on the very same clips."""
    known = {name: mean for name, mean in means.items() if mean is not None and len(mean.clips) > 1}
    tested = [mean.clips for mean in known.values()]
    return {name: mean for name, mean in known.items() if mean.clips == max(tested, key=tested.count)}


def _with_gaps(means: Mapping[str, RunMean]) -> Statistic:
    """Return the statistic of every method's averages and their gaps to those of the best method on all clips.

    The method takes the place of the class in its keys.
    """

    def averages(weights: npt.ArrayLike) -> dict[MetricKey, Float64Array]:
        return {
            (average, method, name): values
            for method, mean in means.items()
            for (average, label, name), values in mean.statistic(weights).items()
            if average in ("micro", "macro") and name in METRIC_NAMES and not label
        }

    of_all_clips = averages(np.ones((1, len(next(iter(means.values())).clips))))

    def best(key: MetricKey) -> MetricKey:
        rivals = {other: _sign(other) * value[0] for other, value in of_all_clips.items() if other[::2] == key[::2]}
        return max(rivals, key=lambda other: -np.inf if np.isnan(rivals[other]) else rivals[other])

    best_keys = {key: best(key) for key in of_all_clips}

    def statistic(weights: npt.ArrayLike) -> dict[MetricKey, Float64Array]:
        own = averages(weights)
        gaps = {
            (_BEHIND + key[0], *key[1:]): _sign(key) * (own[best_keys[key]] - values) for key, values in own.items()
        }
        return own | gaps

    return statistic


def _sign(key: MetricKey) -> int:
    """Return −1 for metrics where less is better, else 1."""
    return -1 if key[2] == "error_rate" else 1
