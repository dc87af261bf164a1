"""From counts to F1, precision, recall and error rate: one class, all classes pooled (micro), all averaged (macro).

With ``TP`` true positives, ``Nref`` reference and ``Nsys`` estimated units (clips, segments or events), precision is
``TP / Nsys``, recall ``TP / Nref`` and F1 ``2 TP / (Nref + Nsys)``; the error rate is substitutions, deletions and
insertions over ``Nref`` [1]_. What is undefined is NaN in arrays and None in the nested dict: JSON has no NaN.

References
----------
.. [1] A. Mesaros, T. Heittola, T. Virtanen, "Metrics for polyphonic sound event detection", Applied Sciences 6(6),
   2016.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sedpool.runtime.arrays import Float64Array, IntArray

Metrics = dict[str, Any]
"""F1, precision, recall, perhaps the error rate, and counts, by name; undefined values are None."""

Arrays = dict[str, Float64Array]
"""A number, or an array of them, by the metric's name; undefined values are NaN."""

OF_CLASS = ("true_positives", "n_ref", "n_sys")
"""Counts of each class, as `Totals` and `ClipCounts` hold them."""
OF_CLIP = ("substitutions", "deletions", "insertions")
"""Counts across classes; a level may have none."""

EMPTY_REFERENCE = "undefined: the reference is empty"


@dataclass(frozen=True)
class Totals:
    """Counts of a set of clips, or of many such sets along leading axes: resamples, thresholds.

    Attributes
    ----------
    classes : tuple of str
        The labels that were scored.
    true_positives, n_ref, n_sys : ndarray of int, shape (..., classes)
        How many units of each class were right, annotated and estimated.
    substitutions, deletions, insertions : ndarray of int, shape (...), or None
        Errors across classes, at segment and event level; clip decisions have none.
    """

    classes: tuple[str, ...]
    true_positives: IntArray
    n_ref: IntArray
    n_sys: IntArray
    substitutions: IntArray | None = None
    deletions: IntArray | None = None
    insertions: IntArray | None = None

    def class_wise(self) -> Arrays:
        """Compute F1, precision, recall and error rate of every class, shape (..., classes).

        F1 is 0 where only the reference or only the estimate has units, and undefined where neither has. The error
        rate counts deletions and insertions: within a class nothing is substituted.
        """
        rates = _f1_precision_recall(self.true_positives, self.n_ref, self.n_sys)
        if self.has_errors:
            errors = self.n_ref + self.n_sys - 2 * self.true_positives
            rates["error_rate"] = ratio(errors, self.n_ref)
        return rates

    def micro(self) -> Arrays:
        """Compute F1, precision, recall, error rate and its three parts of all classes pooled, shape (...).

        F1 is undefined if the reference is empty. A single class that the reference lacks has F1 = 0 once it is
        estimated, but where there is nothing at all to find, no F1 could tell a good system from a bad one.
        """
        n_ref = self.n_ref.sum(axis=-1)
        rates = _f1_precision_recall(self.true_positives.sum(axis=-1), n_ref, self.n_sys.sum(axis=-1))
        rates["f1"] = np.where(n_ref > 0, rates["f1"], np.nan)
        if self.substitutions is not None and self.deletions is not None and self.insertions is not None:
            rates["error_rate"] = ratio(self.substitutions + self.deletions + self.insertions, n_ref)
            rates["substitution_rate"] = ratio(self.substitutions, n_ref)
            rates["deletion_rate"] = ratio(self.deletions, n_ref)
            rates["insertion_rate"] = ratio(self.insertions, n_ref)
        return rates

    def macro(self) -> Arrays:
        """Average F1, precision, recall and error rate over classes, unweighted, shape (...).

        Classes that neither the reference nor the estimate has are left out. For the others, undefined precision
        (never estimated) or recall (never in the reference) counts as 0, as the F1 of 0 that goes with it; sed_eval
        skips it instead, so that a system gains by never predicting a difficult class. The error rate has no such
        limit and is averaged over the classes that the reference has.
        """
        present = self._present
        has_reference = self.n_ref.any(axis=-1)
        rates = self.class_wise()
        means = {
            name: np.where(has_reference, mean_of(np.nan_to_num(rates[name]), present), np.nan)
            for name in ("f1", "precision", "recall")
        }
        if "error_rate" in rates:
            means["error_rate"] = mean_of(rates["error_rate"], self.n_ref > 0)
        return means

    def sed_eval_macro(self) -> Arrays:
        """Average as sed_eval does, over the classes where each metric is defined, shape (...).

        sed_eval's F1 needs a defined precision and recall. Its error rate is 0 where a class has neither reference nor
        estimate, and 1e16, undefined here, where it has an estimate alone.
        """
        rates = self.class_wise()
        annotated, estimated = self.n_ref > 0, self.n_sys > 0
        means = {
            "f1": mean_of(rates["f1"], annotated & estimated),
            "precision": mean_of(rates["precision"], estimated),
            "recall": mean_of(rates["recall"], annotated),
        }
        if "error_rate" in rates:
            everywhere = np.nan_to_num(rates["error_rate"]).mean(axis=-1)
            means["error_rate"] = np.where((annotated | ~estimated).all(axis=-1), everywhere, np.nan)
        return means

    def metrics(self) -> Metrics:
        """Derive the content of one level of ``metrics.json``, for one set of clips.

        Returns
        -------
        metrics : dict
            ``{"micro": M, "macro": M, "sed_eval_macro": M, "class_wise": {label: M}}``, the third only for
            segments and events, with the rates in each ``M`` and, except in the averages, `n_ref` and `n_sys`. `macro`
            says how many classes it averages over (`n_classes`) and leaves out (`n_classes_excluded`).

        Examples
        --------
        >>> one = Totals(("siren",), *(np.array([count]) for count in (0, 4, 0)))
        >>> one.metrics()["class_wise"]["siren"]
        {'f1': 0.0, 'precision': None, 'recall': 0.0, 'n_ref': 4, 'n_sys': 0}
        """
        n_ref, n_sys = self.n_ref.tolist(), self.n_sys.tolist()
        rates = self.class_wise()
        class_wise = {
            label: plain({name: values[index] for name, values in rates.items()})
            | {"n_ref": n_ref[index], "n_sys": n_sys[index]}
            for index, label in enumerate(self.classes)
        }
        micro = plain(self.micro()) | {"n_ref": sum(n_ref), "n_sys": sum(n_sys)}
        if not sum(n_ref):
            micro["note"] = EMPTY_REFERENCE
        n_classes = int(self._present.sum())
        macro = plain(self.macro()) | {
            "n_classes": n_classes,
            "n_classes_excluded": len(self.classes) - n_classes,
        }
        own = {"sed_eval_macro": plain(self.sed_eval_macro())} if self.has_errors else {}
        return {"micro": micro, "macro": macro, **own, "class_wise": class_wise}

    @property
    def has_errors(self) -> bool:
        """Whether substitutions, deletions and insertions were counted: at segment and event level."""
        return self.substitutions is not None

    @property
    def _present(self) -> npt.NDArray[np.bool_]:
        """Which classes the reference or the estimate has."""
        return (self.n_ref > 0) | (self.n_sys > 0)


def _f1_precision_recall(true_positives: IntArray, n_ref: IntArray, n_sys: IntArray) -> Arrays:
    return {
        "f1": ratio(2 * true_positives, n_ref + n_sys),
        "precision": ratio(true_positives, n_sys),
        "recall": ratio(true_positives, n_ref),
    }


def ratio(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> Float64Array:
    """Divide; NaN where the quotient is undefined.

    Examples
    --------
    >>> ratio([2, 0], [4, 0])
    array([0.5, nan])
    """
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    undefined = np.full(numerator.shape, np.nan)
    return np.asarray(np.divide(numerator, denominator, out=undefined, where=denominator != 0))


def mean_of(values: Float64Array, included: npt.NDArray[np.bool_]) -> Float64Array:
    """Average the included values along the last axis; NaN where there is none."""
    return ratio(np.where(included, values, 0.0).sum(axis=-1), included.sum(axis=-1))


def plain(rates: Mapping[str, Any]) -> Metrics:
    """Convert to JSON numbers: None instead of NaN."""
    return {name: None if np.isnan(value) else float(value) for name, value in rates.items()}
