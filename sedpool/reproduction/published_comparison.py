"""Every published cell, what our runs give for it, and whether the two agree.

A cell is compared with runs on its own corpus alone, whole, with and without augmentation as published; where nobody
has run, it stays blank.

**Which interval.** The published number is one run on the very test clips that ours were tested on (a mean over ten
splits at MedleyDB). What may set the two apart is the chance in training, so that the right interval is that of one
more run: with five seeds or splits and more, mean ± t · s · √(1/n + 1/k) for the published mean of k runs. Fewer say
too little about s; then it is the bootstrap over test clips of the mean over runs, by the published evaluation. That
takes clips for independent, which those of the contaminated reference of URBAN-SED are not quite. Without counts of
clips, two runs and more have the first interval, however wide, and a single run has none.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from sedpool.comparison.groups import RunGroup
from sedpool.comparison.means import run_mean
from sedpool.comparison.tables import look_up, metric_values
from sedpool.comparison.validity import flagged_runs
from sedpool.datasets.base import usable_and_listed
from sedpool.errors import DataError
from sedpool.evaluation.paper_compat import static_rule
from sedpool.reproduction.published import METRICS, published_cells
from sedpool.run_folder import RunFolder
from sedpool.runtime.arrays import Float64Array
from sedpool.stats.replicates import MetricKey, Statistic
from sedpool.stats.resampling import CONFIDENCE_LEVEL, clip_weights, interval_table

TOLERANCE = 0.02
"""How far outside our interval a published number may lie and still count as reproduced."""
ENOUGH_RUNS = 5
"""Seeds or splits whose spread is trusted."""
N_CLIPS = {"urbansed": 10_000, "dcase2017": 52_763, "medleydb": 531}
"""Clips in all splits of each corpus of the paper, listed whether there is audio or not."""
_PUBLISHED_RUNS = {"urbansed": 1, "dcase2017": 1, "medleydb": 10}
_KEYS = ("dataset", "augmented", "method", "column")
_NUMBERS = ("paper_compat", "low", "high", "correct", "tuned", "own_stretched", "true_tags", "spread", "coverage")
_OURS = (*_NUMBERS, "interval", "n_runs", "n_flagged")


def published_comparison(groups: Iterable[RunGroup]) -> pd.DataFrame:
    """Set our numbers beside every published cell.

    Parameters
    ----------
    groups : iterable of RunGroup
        Any runs; those on other corpora than the paper's, or on parts of these, are left out.

    Returns
    -------
    table : DataFrame
        The columns of `sedpool.reproduction.published.published_cells` and beside them: the mean over runs by the
        published evaluation (`paper_compat`) with its 95 % interval (`low`, `high`) and where that comes from
        (`interval`: ``"clips"``, ``"runs"`` or empty); the same cell by the correct evaluation at 0.5 (`correct`) and
        with thresholds tuned on validation (`tuned`); of the dynamic ones, what the runs' own clip decisions at 0.5
        (`own_stretched`) and the true tags (`true_tags`) give, stretched over the clip; the standard deviation of
        `paper_compat` over seeds or splits (`spread`); `n_runs`, and `n_flagged` of them that are not valid;
        `coverage`, the share of test clips that were scored; and `verdict`: ``"inside"`` our interval ±
        `TOLERANCE`, or ``"ours is lower"`` or ``"ours is higher"``. NaN and empty where nobody has run.

    Raises
    ------
    DataError
        If two groups of runs are on the same corpus, both with or both without augmentation.
    """
    found: dict[tuple[str, bool], RunGroup] = {}
    for group in filter(is_whole, groups):
        corpus, augmented = group.corpus, is_augmented(group)
        if (other := found.setdefault((corpus, augmented), group)) is not group:
            raise DataError(
                f"{other.name} and {group.name}: both are runs on {corpus} {'with' if augmented else 'without'} "
                "augmentation, and only one can stand beside the published numbers; leave the other out"
            )
    rows = [
        {"dataset": corpus, "augmented": augmented, "method": method} | row
        for (corpus, augmented), group in found.items()
        for method, runs in group.runs.items()
        for row in _rows(corpus, list(runs))
    ]
    ours = pd.DataFrame(rows, columns=[*_KEYS, *_OURS]).astype({"augmented": bool})
    table = published_cells().merge(ours, how="left", on=list(_KEYS))
    table = table.fillna({"interval": "", "n_runs": 0, "n_flagged": 0})
    verdicts = [
        _verdict(*row)
        for row in table[["n_runs", "published", "paper_compat", "low", "high"]].itertuples(index=False, name=None)
    ]
    return table.assign(verdict=verdicts).astype({"n_runs": int, "n_flagged": int} | dict.fromkeys(_NUMBERS, float))


def is_augmented(group: RunGroup) -> bool:
    """Whether the runs were trained on shifted pitches."""
    return any(run.config.get("augment", {}).get("pitch_shift") for run in group)


def is_whole(group: RunGroup) -> bool:
    """Whether the runs are on a corpus of the paper as it was published, not on a part or another one of its name."""
    if group.corpus not in N_CLIPS:
        return False
    expected = N_CLIPS[group.corpus]
    listed = [usable_and_listed(run.manifest)[1] if run.manifest else 0 for run in group]
    # Annotations were revised since: a clip more or less makes no other corpus.
    return all(abs(n_clips - expected) <= expected / 20 for n_clips in listed)


def _rows(corpus: str, runs: Sequence[RunFolder]) -> Iterator[dict[str, Any]]:
    """What the runs of one method give for every column of a table."""
    values = pd.DataFrame([metric_values(run) | {"fold": run.fold, "seed": run.config["seed"]} for run in runs])
    by_part = values.groupby("fold" if len(set(values["fold"])) > 1 else "seed").mean()
    intervals = _clip_intervals(corpus, runs) if len(by_part) < ENOUGH_RUNS else {}
    coverage = min(run.metrics["coverage"]["scored"] / run.metrics["coverage"]["expected"] for run in runs)
    for column, metric in METRICS.items():
        parts = by_part[f"paper_{column}"]
        yield {
            "column": column,
            "paper_compat": values[f"paper_{column}"].mean(),
            **_interval(parts.to_numpy(), intervals.get(column), _PUBLISHED_RUNS[corpus]),
            "correct": values[metric].mean(),
            "tuned": values[f"tuned_{metric}"].mean(),
            "own_stretched": _stretched(runs, "clip_decisions_stretched", column),
            "true_tags": _stretched(runs, "oracle_tags_stretched", column),
            "spread": parts.std(ddof=1),
            "n_runs": len(runs),
            "n_flagged": len(flagged_runs(runs)),
            "coverage": coverage,
        }


def _stretched(runs: Sequence[RunFolder], baseline: str, column: str) -> float:
    """What a baseline gives for a dynamic column, as a mean over runs; NaN for a static one, which has none."""
    level, _, metric = column.partition("_")
    if level == "static":
        return float("nan")
    found = [look_up(run.metrics, ("baselines", baseline, "segment", "micro", metric)) for run in runs]
    return float(pd.Series(found, dtype=float).mean())


def _interval(parts: Float64Array, of_clips: tuple[float, float] | None, n_published: int) -> dict[str, Any]:
    if of_clips is not None:
        return {"low": of_clips[0], "high": of_clips[1], "interval": "clips"}
    low, high = further_runs_interval(parts, n_published)
    return {"low": low, "high": high, "interval": "" if np.isnan(low) else "runs"}


def further_runs_interval(values: npt.ArrayLike, n_further: int) -> tuple[float, float]:
    """Where the mean of further runs should lie, with a probability of 95 %.

    Parameters
    ----------
    values : array_like of float, shape (runs,)
        What runs gave.
    n_further : int
        How many further runs are averaged.

    Returns
    -------
    low, high : float
        Mean ± t · s · √(1/n + 1/k), Student's t with n − 1 degrees of freedom; NaN for fewer than two runs.

    Examples
    --------
    >>> low, high = further_runs_interval([0.50, 0.51, 0.52, 0.53, 0.54], 1)
    >>> round(low, 3), round(high, 3)
    (0.472, 0.568)
    """
    given = np.asarray(values, dtype=np.float64)
    if given.size < 2:
        return float("nan"), float("nan")
    quantile = stats.t.ppf((1 + CONFIDENCE_LEVEL) / 2, given.size - 1)
    half = quantile * given.std(ddof=1) * math.sqrt(1 / given.size + 1 / n_further)
    return float(given.mean() - half), float(given.mean() + half)


def _clip_intervals(corpus: str, runs: Sequence[RunFolder]) -> dict[str, tuple[float, float]]:
    """The bootstrap interval of each column's mean over runs; of none where a run lacks the counts."""
    found: dict[str, tuple[float, float]] = {}
    for level, part in (("static", static_rule(corpus)), ("dynamic", "dynamic")):
        keys = {column: _key(column) for column in METRICS if column.startswith(level)}
        mean = run_mean(runs, part, table="paper_counts")
        if mean is not None and len(mean.clips) > 1:
            weights = clip_weights(len(mean.clips))
            table = interval_table(_only(mean.statistic, keys.values()), weights, sources=mean.sources)
            ends = table[["low", "high"]].itertuples(index=False, name=None)
            found |= dict(zip(keys, ends, strict=True))
    return found


def _only(statistic: Statistic, keys: Iterable[MetricKey]) -> Statistic:
    chosen = list(keys)

    def of_keys(weights: npt.ArrayLike) -> dict[MetricKey, Float64Array]:
        values = statistic(weights)
        return {key: values[key] for key in chosen}

    return of_keys


def _key(column: str) -> MetricKey:
    """Average and metric of a column: all are micro averages but static F1."""
    return "macro" if column == "static_f1" else "micro", "", column.partition("_")[2]


def _verdict(n_runs: float, published: float, ours: float, low: float, high: float) -> str:
    if not n_runs or math.isnan(ours):
        return ""
    low, high = (ours if math.isnan(end) else end for end in (low, high))
    if low - TOLERANCE <= published <= high + TOLERANCE:
        return "inside"
    return "ours is lower" if published > high else "ours is higher"
