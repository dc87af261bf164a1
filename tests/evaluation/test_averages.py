import json

import numpy as np
import pytest

from sedpool.evaluation import Totals


def totals(true_positives, n_ref, n_sys, **errors):
    """One class for each count given."""
    counts = [np.array(values) for values in (true_positives, n_ref, n_sys)]
    return Totals(tuple("abcd"[: counts[0].shape[-1]]), *counts, **errors)


def test_f1_is_the_harmonic_mean_of_precision_and_recall():
    rates = totals([3], [4], [6]).micro()
    assert rates["f1"] == pytest.approx(2 / (1 / rates["precision"] + 1 / rates["recall"]))


def test_class_error_rate_counts_deletions_and_insertions():
    rates = totals([3, 0], [4, 0], [6, 6], substitutions=0, deletions=1, insertions=9).class_wise()
    np.testing.assert_array_equal(rates["error_rate"], [(1 + 3) / 4, np.nan])


def test_many_sets_of_clips_at_once_give_what_each_gives_alone():
    generator = np.random.default_rng(0)
    n_ref, n_sys = generator.integers(0, 3, (2, 5, 4))
    true_positives = np.minimum(n_ref, n_sys)
    errors = {name: generator.integers(0, 3, 5) for name in ("substitutions", "deletions", "insertions")}
    together = Totals(tuple("abcd"), true_positives, n_ref, n_sys, **errors)
    for index in range(5):
        alone = totals(
            true_positives[index], n_ref[index], n_sys[index], **{name: e[index] for name, e in errors.items()}
        )
        for average in ("micro", "macro", "sed_eval_macro", "class_wise"):
            many, one = getattr(together, average)(), getattr(alone, average)()
            for name in one:
                np.testing.assert_array_equal(many[name][index], one[name])


def test_fault_16_classes_without_reference_or_estimate():
    # perfect; never predicted; never in the reference; in neither
    metrics = totals([2, 0, 0, 0], [2, 2, 0, 0], [2, 0, 2, 0]).metrics()
    assert [values["f1"] for values in metrics["class_wise"].values()] == [1.0, 0.0, 0.0, None]
    macro = metrics["macro"]
    assert macro["f1"] == macro["precision"] == macro["recall"] == pytest.approx(1 / 3)
    assert (macro["n_classes"], macro["n_classes_excluded"]) == (3, 1)


def test_fault_17_an_empty_reference_has_no_f1():
    metrics = totals([0], [0], [3]).metrics()
    assert metrics["micro"]["f1"] is None
    assert "reference is empty" in metrics["micro"]["note"]
    assert metrics["macro"]["f1"] is None
    json.dumps(metrics, allow_nan=False)
