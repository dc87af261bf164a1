"""What would the metrics be if each clip counted so many times? One row of weights a resample, one value a row.

Pooled metrics are functions of sums over clips, so a thousand resamples are one matrix product. Ranking metrics sort
each class once and accumulate the weights in that order.
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.evaluation.averages import FloatArray, IntArray, ratio
from sedpool.evaluation.counts import ClipCounts, paired
from sedpool.evaluation.ranking import comparable_scores, label_precisions

Key = tuple[str, str, str]
"""Average (``"micro"``, ``"macro"`` or ``"class_wise"``), class (empty for averages) and name of a metric."""

Statistic = Callable[[npt.ArrayLike], Mapping[Key, FloatArray]]
"""From weights, shape (resamples, clips), to every metric, shape (resamples,); undefined values are NaN."""


def count_statistic(counts: ClipCounts) -> Statistic:
    """F1, precision, recall and, beyond clip decisions, error rate: micro, macro and of every class.

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

    def statistic(weights: npt.ArrayLike) -> dict[Key, FloatArray]:
        totals = counts.total(weights)
        values: dict[Key, FloatArray] = {("micro", "", name): rates for name, rates in totals.micro().items()}
        values |= {("macro", "", name): rates for name, rates in totals.macro().items()}
        for name, rates in totals.class_wise().items():
            values |= {("class_wise", label, name): rates[..., index] for index, label in enumerate(totals.classes)}
        return values

    return statistic


def ranking_statistic(true_tags: pd.DataFrame, clip_scores: pd.DataFrame) -> Statistic:
    """Average precision, AUC and lwlrap of every class and as their means (macro), and lwlrap of all labels (micro).

    They are those of `sedpool.evaluation.ranking.ranking_metrics`. Classes without a true clip, or for AUC a false one,
    in a resample are undefined there and left out of the mean.

    Parameters
    ----------
    true_tags : DataFrame of bool
        One row a clip (index `filename`), one column a class.
    clip_scores : DataFrame
        Clip scores of the same clips and classes (see `sedpool.scores`).

    Raises
    ------
    DataError, EvaluationError
        If the two do not fit.
    """
    true, scores = comparable_scores(true_tags, clip_scores)
    rankings = [_Ranking(*column) for column in zip(true.T, scores.T, strict=True)]
    precisions, labels = label_precisions(true, scores), true.astype(np.float64)

    def statistic(weights: npt.ArrayLike) -> dict[Key, FloatArray]:
        rows = np.asarray(weights, dtype=np.float64)
        measured = [ranking.metrics(rows) for ranking in rankings]
        by_class = {
            name: np.stack([one[name] for one in measured], axis=-1) for name in ("average_precision", "roc_auc")
        }
        by_class["lwlrap"] = ratio(rows @ precisions, rows @ labels)
        values: dict[Key, FloatArray] = {
            ("micro", "", "lwlrap"): ratio(rows @ precisions.sum(axis=1), rows @ labels.sum(axis=1))
        }
        values |= {("macro", "", name): _mean_of_defined(columns) for name, columns in by_class.items()}
        for name, columns in by_class.items():
            values |= {("class_wise", label, name): columns[:, i] for i, label in enumerate(true_tags.columns)}
        return values

    return statistic


class _Ranking:
    """The clips in falling order of one class's score; tied clips make one group, which is passed at once."""

    def __init__(self, positive: npt.NDArray[np.bool_], scores: FloatArray) -> None:
        self.order: IntArray = np.argsort(-scores, kind="stable")
        self.positive = positive[self.order]
        self.group_ends: IntArray = np.flatnonzero(np.append(np.diff(scores[self.order]) != 0, True))

    def metrics(self, weights: FloatArray) -> dict[str, FloatArray]:
        """Average precision and ROC area under each row of weights."""
        ranked = weights[:, self.order]
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


def _mean_of_defined(values: FloatArray) -> FloatArray:
    return ratio(np.nansum(values, axis=-1), np.isfinite(values).sum(axis=-1))


def count_difference(first: ClipCounts, second: ClipCounts) -> Statistic:
    """By how much the metrics of `first` exceed those of `second`, both seeing the same resample of clips.

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
    """As `count_difference`, for the metrics of `ranking_statistic`.

    Parameters
    ----------
    true_tags : DataFrame of bool
        One row a clip (index `filename`), one column a class; weights are for the clips in this order.
    first, second : DataFrame
        Clip scores of two systems.

    Raises
    ------
    DataError, EvaluationError
        If the scores do not fit the tags.
    """
    return _difference(ranking_statistic(true_tags, first), ranking_statistic(true_tags, second))


def _difference(first: Statistic, second: Statistic) -> Statistic:
    def statistic(weights: npt.ArrayLike) -> dict[Key, FloatArray]:
        other = second(weights)
        return {key: value - other[key] for key, value in first(weights).items()}

    return statistic
