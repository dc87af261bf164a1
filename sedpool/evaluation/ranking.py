"""Do clips that have a class score above those that have not? Clip-level metrics that need no threshold.

Average precision is the mean precision at the ranks of the true items, the area under the staircase of precision over
recall. AUC, the area under the receiver operating characteristic, is the probability that a true item scores above a
false one. Both rank the clips of one class; lwlrap, the label-weighted label-ranking average precision, ranks the
classes of one clip: the mean, over all true labels, of the precision at that label's rank [1]_. Equal scores share the
lowest of their ranks. Unknown tags are not ranked.

References
----------
.. [1] E. Fonseca et al., "Audio tagging with noisy labels and minimal supervision", DCASE Workshop 2019.
"""

import numpy as np
import pandas as pd

from sedpool.errors import DataError
from sedpool.evaluation.averages import Metrics, mean_of, plain, ratio
from sedpool.evaluation.clip import aligned
from sedpool.regions import tag_arrays
from sedpool.runtime.arrays import BoolArray, Float64Array
from sedpool.scores import classes_of, validate_scores

RANKING_NAMES = ("average_precision", "roc_auc", "lwlrap")


def ranking_metrics(true_tags: pd.DataFrame, clip_scores: pd.DataFrame) -> Metrics:
    """Compute average precision, AUC and lwlrap of clip scores.

    Parameters
    ----------
    true_tags : DataFrame of bool
        The clips' true classes: one row per clip (index `filename`), one column per class; unknown ones are
        ``pd.NA``.
    clip_scores : DataFrame
        Clip scores (see `sedpool.scores`) of the same clips and classes, in any order.

    Returns
    -------
    metrics : dict
        ``{"micro": M, "macro": M, "class_wise": {label: M}}`` with `average_precision`, `roc_auc` and `lwlrap` in each
        ``M``. A class without true clips has none of them and one without false clips has no AUC: these are None and
        left out of the macro average. `macro` holds mAP, `micro` the lwlrap that is known by that name; micro averages
        of the other two rank all pairs of clip and class together.

    Raises
    ------
    DataError
        If a score is not a probability (NaN included), or a clip occurs twice.
    EvaluationError
        If the two differ in their classes or clips.

    Examples
    --------
    >>> names = pd.Index(["a.wav", "b.wav", "c.wav"], name="filename")
    >>> true_tags = pd.DataFrame({"siren": [True, False, True]}, index=names)
    >>> clip_scores = pd.DataFrame({"siren": [0.9, 0.6, 0.3]}, index=names).reset_index()
    >>> siren = ranking_metrics(true_tags, clip_scores)["class_wise"]["siren"]
    >>> round(siren["average_precision"], 3), siren["roc_auc"]  # precision 1/1 at rank 1, 2/3 at rank 3
    (0.833, 0.5)
    """
    true, known, scores = comparable_scores(true_tags, clip_scores)
    precisions = label_precisions(true, known, scores)
    n_labels = true.sum(axis=0)
    columns = [(own[kept], of_class[kept]) for own, kept, of_class in zip(true.T, known.T, scores.T, strict=True)]
    class_wise = {
        "average_precision": np.array([_average_precision(*column) for column in columns]),
        "roc_auc": np.array([_roc_auc(*column) for column in columns]),
        "lwlrap": ratio(precisions.sum(axis=0), n_labels),
    }
    micro = {
        "average_precision": _average_precision(true[known], scores[known]),
        "roc_auc": _roc_auc(true[known], scores[known]),
        "lwlrap": float(ratio(precisions[known].sum(), n_labels.sum())),
    }
    macro = {name: mean_of(values, ~np.isnan(values)) for name, values in class_wise.items()}
    return {
        "micro": plain(micro),
        "macro": plain(macro),
        "class_wise": {
            label: plain({name: values[index] for name, values in class_wise.items()})
            for index, label in enumerate(true_tags.columns)
        },
    }


def with_decisions(rankings: Metrics, decisions: Metrics) -> Metrics:
    """Put rankings, which need no threshold, beside the metrics of clip decisions."""
    both = {name: decisions[name] | rankings[name] for name in ("micro", "macro")}
    class_wise = {label: values | rankings["class_wise"][label] for label, values in decisions["class_wise"].items()}
    return both | {"class_wise": class_wise}


def comparable_scores(true_tags: pd.DataFrame, clip_scores: pd.DataFrame) -> tuple[BoolArray, BoolArray, Float64Array]:
    """Check tags and scores as `ranking_metrics` does.

    Returns
    -------
    true, known : ndarray of bool, shape (clips, classes)
        In the tags' order; tags that are not known are not true.
    scores : ndarray, shape (clips, classes)
    """
    table = validate_scores(clip_scores, source="clip scores").set_index("filename")
    if not table.index.is_unique:
        twice = table.index[table.index.duplicated()][0]
        raise DataError(f"clip scores: {twice} occurs twice; expected one row per clip")
    table = aligned(true_tags, table.loc[:, list(classes_of(clip_scores))])
    return *tag_arrays(true_tags), table.to_numpy(dtype=np.float64)


def _average_precision(true: BoolArray, scores: Float64Array) -> float:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(true, scores)) if true.any() else np.nan


def _roc_auc(true: BoolArray, scores: Float64Array) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(true, scores)) if true.any() and not true.all() else np.nan


def label_precisions(true: BoolArray, known: BoolArray, scores: Float64Array) -> Float64Array:
    """Compute the precision at the rank of each true label in its clip, 0 elsewhere, shape (clips, classes)."""
    from scipy.stats import rankdata

    rank = rankdata(np.where(known, -scores, np.inf), method="max", axis=1)
    rank_among_true = rankdata(np.where(true, -scores, np.inf), method="max", axis=1)
    return np.asarray(np.where(true, rank_among_true / rank, 0.0))
