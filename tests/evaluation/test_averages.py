import pytest

from sedpool.evaluation.averages import (
    Counts,
    class_error_rate,
    f1_precision_recall,
    macro_average,
    micro_average,
)


def test_f1_is_the_harmonic_mean_of_precision_and_recall():
    metrics = f1_precision_recall(Counts(3, n_ref=4, n_sys=6))
    harmonic = 2 / (1 / metrics["precision"] + 1 / metrics["recall"])
    assert metrics["f1"] == pytest.approx(harmonic)


def test_class_error_rate_counts_deletions_and_insertions():
    assert class_error_rate(Counts(3, n_ref=4, n_sys=6)) == (1 + 3) / 4
    assert class_error_rate(Counts(0, n_ref=0, n_sys=6)) is None


def test_fault_16_classes_without_reference_or_estimate():
    class_wise = {
        "perfect": f1_precision_recall(Counts(2, 2, 2)),
        "never predicted": f1_precision_recall(Counts(0, 2, 0)),
        "never in the reference": f1_precision_recall(Counts(0, 0, 2)),
        "in neither": f1_precision_recall(Counts(0, 0, 0)),
    }
    assert [metrics["f1"] for metrics in class_wise.values()] == [1.0, 0.0, 0.0, None]
    macro = macro_average(class_wise)
    assert macro["f1"] == macro["precision"] == macro["recall"] == pytest.approx(1 / 3)
    assert (macro["n_classes"], macro["n_classes_excluded"]) == (3, 1)


def test_fault_17_an_empty_reference_has_no_f1():
    metrics = micro_average(Counts(0, n_ref=0, n_sys=3))
    assert metrics["f1"] is None
    assert "reference is empty" in metrics["note"]
    assert macro_average({"dog": f1_precision_recall(Counts(0, 0, 3))})["f1"] is None
