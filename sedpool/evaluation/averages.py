"""From counts to F1, precision, recall and error rate: one class, all classes pooled (micro), all averaged (macro).

With ``TP`` true positives, ``Nref`` reference and ``Nsys`` estimated units (clips, segments or events), precision is
``TP / Nsys``, recall ``TP / Nref`` and F1 ``2 TP / (Nref + Nsys)``; the error rate is substitutions, deletions and
insertions over ``Nref`` [1]_. What is undefined is None, never NaN: JSON has no NaN, and no sum should meet one.

References
----------
.. [1] A. Mesaros, T. Heittola, T. Virtanen, "Metrics for polyphonic sound event detection", Applied Sciences 6(6),
   2016.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Metrics = dict[str, Any]
"""F1, precision, recall, perhaps the error rate, and counts, by name; undefined values are None."""


@dataclass(frozen=True)
class Counts:
    """How many units of one class were right, annotated and estimated."""

    true_positives: int
    n_ref: int
    n_sys: int


def f1_precision_recall(counts: Counts) -> Metrics:
    """F1, precision and recall of one class, or of all classes pooled.

    F1 is 0 where only the reference or only the estimate has units, and None where neither has.

    Examples
    --------
    >>> f1_precision_recall(Counts(true_positives=2, n_ref=4, n_sys=4))
    {'f1': 0.5, 'precision': 0.5, 'recall': 0.5, 'n_ref': 4, 'n_sys': 4}
    >>> f1_precision_recall(Counts(true_positives=0, n_ref=4, n_sys=0))
    {'f1': 0.0, 'precision': None, 'recall': 0.0, 'n_ref': 4, 'n_sys': 0}
    """
    return {
        "f1": ratio(2 * counts.true_positives, counts.n_ref + counts.n_sys),
        "precision": ratio(counts.true_positives, counts.n_sys),
        "recall": ratio(counts.true_positives, counts.n_ref),
        "n_ref": counts.n_ref,
        "n_sys": counts.n_sys,
    }


def class_error_rate(counts: Counts) -> float | None:
    """Deletions and insertions of one class over its reference units; within a class nothing is substituted."""
    return ratio(counts.n_ref + counts.n_sys - 2 * counts.true_positives, counts.n_ref)


def ratio(numerator: float, denominator: float) -> float | None:
    """The quotient, None where it is undefined."""
    return float(numerator / denominator) if denominator else None


def pooled(counts: Mapping[str, Counts]) -> Counts:
    """Counts of all classes together."""
    return Counts(
        true_positives=sum(one.true_positives for one in counts.values()),
        n_ref=sum(one.n_ref for one in counts.values()),
        n_sys=sum(one.n_sys for one in counts.values()),
    )


def micro_average(counts: Counts) -> Metrics:
    """F1, precision and recall of the pooled counts; F1 is None, with a note, if the reference is empty.

    A single class that the reference lacks has F1 = 0 once it is estimated, but where there is nothing at all to find,
    no F1 could tell a good system from a bad one.
    """
    metrics = f1_precision_recall(counts)
    if counts.n_ref == 0:
        metrics |= {"f1": None, "note": "undefined: the reference is empty"}
    return metrics


def macro_average(class_wise: Mapping[str, Metrics]) -> Metrics:
    """Unweighted mean over classes.

    Parameters
    ----------
    class_wise : mapping of str to Metrics
        One entry a class. Classes that neither the reference nor the estimate has are left out and counted. For the
        others, undefined precision (never estimated) or recall (never in the reference) counts as 0, as the F1 of 0
        that goes with it; sed_eval skips it instead, so that a system gains by never answering a difficult class. The
        error rate has no such limit and is averaged over the classes that the reference has.

    Returns
    -------
    macro : Metrics
        With `n_classes` averaged over and `n_classes_excluded`.
    """
    included = [metrics for metrics in class_wise.values() if metrics["n_ref"] or metrics["n_sys"]]
    has_reference = any(metrics["n_ref"] for metrics in included)
    macro: Metrics = {
        name: _mean([metrics[name] or 0.0 for metrics in included]) if has_reference else None
        for name in ("f1", "precision", "recall")
    }
    if any("error_rate" in metrics for metrics in class_wise.values()):
        macro["error_rate"] = _mean([m["error_rate"] for m in included if m["error_rate"] is not None])
    return macro | {"n_classes": len(included), "n_classes_excluded": len(class_wise) - len(included)}


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None
