"""What would the metrics be if each clip counted so many times? One row of weights per resample, one value per row.

Pooled metrics are functions of sums over clips, so a thousand resamples are one matrix product. Ranking metrics sort
each class once and accumulate the weights in that order, some resamples at a time.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import mean_of, ratio
from sedpool.evaluation.counts import ClipCounts, paired
from sedpool.evaluation.psds import PsdsCounts
from sedpool.evaluation.ranking import comparable_scores, label_precisions
from sedpool.runtime.arrays import Float64Array, IntArray

MetricKey = tuple[str, str, str]
"""Average (``"micro"``, ``"macro"`` or ``"class_wise"``), class (empty for averages) and name of a metric."""

Statistic = Callable[[npt.ArrayLike], Mapping[MetricKey, Float64Array]]
"""From weights, shape (resamples, clips), to every metric, shape (resamples,); undefined values are NaN."""

_RANKED = ("average_precision", "roc_auc")
_CELLS = 4_000_000  # of an array of resamples by ranks or operating points, 32 MB


def count_statistic(counts: ClipCounts) -> Statistic:
    """F1, precision, recall and, for segments and events, error rate: micro, macro and of every class.

    Parameters
    ----------
    counts : ClipCounts
        Counts of every clip, whatever the unit.

    Examples
    --------
    >>> ones = np.ones((2, 1), dtype=np.int64)
    >>> counts = ClipCounts(("a.wav", "b.wav"), ("siren",), true_positives=[[1], [0]] * ones, n_ref=ones, n_sys=ones)
    >>> count_statistic(counts)([[1, 1], [2, 0]])["micro", "", "f1"]
    array([0.5, 1. ])
    """

    def statistic(weights: npt.ArrayLike) -> dict[MetricKey, Float64Array]:
        totals = counts.total(weights)
        values: dict[MetricKey, Float64Array] = {("micro", "", name): rates for name, rates in totals.micro().items()}
        values |= {("macro", "", name): rates for name, rates in totals.macro().items()}
        if totals.has_errors:
            values |= {("sed_eval_macro", "", name): rates for name, rates in totals.sed_eval_macro().items()}
        for name, rates in totals.class_wise().items():
            values |= {("class_wise", label, name): rates[..., index] for index, label in enumerate(totals.classes)}
        return values

    return statistic


def ranking_statistic(true_tags: pd.DataFrame, clip_scores: pd.DataFrame) -> Statistic:
    """Average precision, AUC and lwlrap of every class, as their means (macro), and of all labels together (micro).

    They are those of `sedpool.evaluation.ranking.ranking_metrics`. Classes without a true clip, or for AUC a false one,
    in a resample are undefined there and left out of the mean.

    Parameters
    ----------
    true_tags : DataFrame of bool
        One row per clip (index `filename`), one column per class.
    clip_scores : DataFrame
        Clip scores of the same clips and classes (see `sedpool.scores`).

    Raises
    ------
    DataError, EvaluationError
        If the two do not fit.
    """
    true, known, scores = comparable_scores(true_tags, clip_scores)
    rankings = [
        _Ranking(own[kept], of_class[kept], np.flatnonzero(kept))
        for own, kept, of_class in zip(true.T, known.T, scores.T, strict=True)
    ]
    together = _Ranking(true[known], scores[known], np.nonzero(known)[0])
    precisions, labels = label_precisions(true, known, scores), true.astype(np.float64)

    def of_rows(rows: Float64Array) -> dict[MetricKey, Float64Array]:
        measured = [ranking.metrics(rows) for ranking in rankings]
        by_class = {name: np.stack([one[name] for one in measured], axis=-1) for name in _RANKED}
        by_class["lwlrap"] = ratio(rows @ precisions, rows @ labels)
        micro = together.metrics(rows)
        micro["lwlrap"] = ratio(rows @ precisions.sum(axis=1), rows @ labels.sum(axis=1))
        values: dict[MetricKey, Float64Array] = {("micro", "", name): column for name, column in micro.items()}
        values |= {("macro", "", name): mean_of(columns, np.isfinite(columns)) for name, columns in by_class.items()}
        for name, columns in by_class.items():
            values |= {("class_wise", label, name): columns[:, i] for i, label in enumerate(true_tags.columns)}
        return values

    return _some_at_a_time(of_rows, true.size)


class _Ranking:
    """Items in falling order of their scores, each of one clip; tied items make one group, which is passed at once."""

    def __init__(self, positive: npt.NDArray[np.bool_], scores: Float64Array, clip: IntArray) -> None:
        order = np.argsort(-scores, kind="stable")
        self.clip, self.positive = clip[order], positive[order]
        self.group_ends: IntArray = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))

    def metrics(self, weights: Float64Array) -> dict[str, Float64Array]:
        """Average precision and ROC area under each row of weights."""
        if not len(self.clip):  # nothing is known of any
            return {name: np.full(len(weights), np.nan) for name in _RANKED}
        ranked = weights[:, self.clip]
        seen = np.cumsum(ranked, axis=1)[:, self.group_ends]
        hits = np.cumsum(ranked * self.positive, axis=1)[:, self.group_ends]
        new_hits = np.diff(hits, axis=1, prepend=0.0)
        n_positive, n_negative = hits[:, -1], seen[:, -1] - hits[:, -1]
        precision = np.divide(hits, seen, out=np.zeros_like(hits), where=seen > 0)
        new_misses = np.diff(seen - hits, axis=1, prepend=0.0)
        pairs_won = (new_misses * (hits - new_hits / 2)).sum(axis=1)  # a tie is half a win
        return {
            "average_precision": ratio((precision * new_hits).sum(axis=1), n_positive),
            "roc_auc": ratio(pairs_won, n_positive * n_negative),
        }


def psds_statistic(counts: Mapping[str, PsdsCounts]) -> Statistic:
    """Compute PSDS in each scenario, whose name stands in place of the average: ``("scenario1", "", "psds")``.

    The lengths of the drawn clips count for the rates of false alarms, and classes without an event are left out.

    Parameters
    ----------
    counts : mapping of str to PsdsCounts
        By scenario; see `sedpool.evaluation.psds`.
    """

    def of_rows(rows: Float64Array) -> dict[MetricKey, Float64Array]:
        return {(name, "", "psds"): one.weighted(rows) for name, one in counts.items()}

    return _some_at_a_time(of_rows, max((one.n_points for one in counts.values()), default=1))


def _some_at_a_time(of_rows: Callable[[Float64Array], dict[MetricKey, Float64Array]], n_cells: int) -> Statistic:
    """Split any number of resamples into batches that fit in memory; `n_cells` is what one of them needs."""
    at_once = max(1, _CELLS // max(1, n_cells))

    def statistic(weights: npt.ArrayLike) -> dict[MetricKey, Float64Array]:
        rows = np.asarray(weights, dtype=np.float64)
        parts = [of_rows(rows[first : first + at_once]) for first in range(0, len(rows), at_once)]
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}

    return statistic


def mean_statistic(parts: Sequence[tuple[Statistic, slice]]) -> Statistic:
    """Average the metrics of several runs, leaving out undefined ones.

    Parameters
    ----------
    parts : sequence of (Statistic, slice)
        Each run's metrics, and which of the clips are its own: all runs' test clips stand side by side in the weights,
        those of one fold once for all its seeds.

    Examples
    --------
    >>> first = lambda weights: {("micro", "", "f1"): weights[:, 0]}
    >>> mean_statistic([(first, slice(0, 1)), (first, slice(1, 2))])([[1.0, 3.0]])["micro", "", "f1"]
    array([2.])
    """

    def of_rows(rows: Float64Array) -> dict[MetricKey, Float64Array]:
        values = [part(rows[:, clips]) for part, clips in parts]
        stacked = {key: np.stack([one[key] for one in values], axis=-1) for key in values[0]}
        return {key: mean_of(columns, np.isfinite(columns)) for key, columns in stacked.items()}

    first, clips = parts[0]
    return _some_at_a_time(of_rows, len(parts) * len(first(np.ones((1, clips.stop - clips.start)))))


def count_difference(first: ClipCounts, second: ClipCounts) -> Statistic:
    """Compute by how much the metrics of `first` exceed those of `second` on the same resamples of clips.

    Parameters
    ----------
    first, second : ClipCounts
        Counts of two systems on the same clips, in any order; weights are for the clips in the order of `first`.

    Raises
    ------
    EvaluationError
        If the two differ in their clips or classes.
    """
    return _difference(count_statistic(first), count_statistic(paired(first, second)))


def ranking_difference(true_tags: pd.DataFrame, first: pd.DataFrame, second: pd.DataFrame) -> Statistic:
    """Compute differences of the metrics of `ranking_statistic`; see `count_difference`.

    Parameters
    ----------
    true_tags : DataFrame of bool
        One row per clip (index `filename`), one column per class; weights are for the clips in this order.
    first, second : DataFrame
        Clip scores of two systems.

    Raises
    ------
    DataError, EvaluationError
        If the scores do not fit the tags.
    """
    return _difference(ranking_statistic(true_tags, first), ranking_statistic(true_tags, second))


def psds_difference(first: Mapping[str, PsdsCounts], second: Mapping[str, PsdsCounts]) -> Statistic:
    """Compute differences of PSDS; see `count_difference`.

    Raises
    ------
    EvaluationError
        If the two differ in their scenarios, or their clips or the order of these.
    """
    clips = [{name: one.filenames for name, one in counts.items()} for counts in (first, second)]
    if clips[0] != clips[1]:
        raise EvaluationError("pair of PSDS: other scenarios or clips, or in another order; give both the same")
    return _difference(psds_statistic(first), psds_statistic(second))


def _difference(first: Statistic, second: Statistic) -> Statistic:
    def statistic(weights: npt.ArrayLike) -> dict[MetricKey, Float64Array]:
        other = second(weights)
        return {key: value - other[key] for key, value in first(weights).items()}

    return statistic
