import tracemalloc

import numpy as np
import pandas as pd
import pytest

from sedpool.errors import EvaluationError
from sedpool.evaluation import clip_metrics

NAMES = ["a.wav", "b.wav", "c.wav"]


def tags(**columns):
    return pd.DataFrame(columns, index=NAMES).astype(bool)


def test_by_hand():
    true = tags(dog=[1, 1, 0], siren=[1, 0, 0], drill=[0, 0, 0])
    predicted = tags(dog=[1, 0, 1], siren=[1, 0, 0], drill=[0, 0, 0])
    metrics = clip_metrics(true, predicted)
    assert metrics["class_wise"]["dog"]["f1"] == 0.5
    assert metrics["micro"]["f1"] == pytest.approx(2 / 3)
    assert metrics["macro"]["f1"] == 0.75
    assert metrics["macro"]["n_classes_excluded"] == 1


def test_rows_and_columns_may_come_in_another_order():
    true = tags(dog=[1, 1, 0], siren=[1, 0, 0])
    assert clip_metrics(true, true.loc[NAMES[::-1], ["siren", "dog"]])["micro"]["f1"] == 1.0


def test_fault_19_unknown_classes_are_named():
    with pytest.raises(EvaluationError, match="classes unicorn"):
        clip_metrics(tags(dog=[1, 1, 0]), tags(dog=[1, 1, 0], unicorn=[0, 0, 0]))


def test_fault_21_clips_without_reference_are_listed():
    true = tags(dog=[1, 1, 0])
    with pytest.raises(EvaluationError, match=r"1 file is not in .*c\.wav"):
        clip_metrics(true.iloc[:2], true)


def test_fault_22_clips_without_predictions_are_listed():
    true = tags(dog=[1, 1, 0])
    with pytest.raises(EvaluationError, match=r"1 clip of the reference is missing \(c\.wav\)"):
        clip_metrics(true, true.iloc[:2])


def test_agrees_with_scikit_learn():
    from sklearn.metrics import f1_score

    generator = np.random.default_rng(0)
    true, predicted = (pd.DataFrame(generator.random((40, 4)) < 0.4, columns=list("abcd")) for _ in range(2))
    metrics = clip_metrics(true, predicted)
    assert metrics["micro"]["f1"] == pytest.approx(f1_score(true, predicted, average="micro"))
    assert metrics["macro"]["f1"] == pytest.approx(f1_score(true, predicted, average="macro"))


def test_fault_72_many_clips_are_counted_in_little_memory():
    rng = np.random.default_rng(0)
    names, classes = [f"{index}.wav" for index in range(40_000)], [f"class {index}" for index in range(50)]
    true, predicted = (
        pd.DataFrame(rng.random((len(names), len(classes))) < 0.1, index=names, columns=classes) for _ in range(2)
    )
    tracemalloc.start()
    metrics = clip_metrics(true, predicted)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 15 * true.size  # bytes, with names; sums as 64-bit numbers alone would take 24
    both, either = (true & predicted).to_numpy(), true.to_numpy().sum() + predicted.to_numpy().sum()
    assert metrics["micro"]["f1"] == 2 * both.sum() / either
    assert metrics["class_wise"]["class 7"]["recall"] == both[:, 7].sum() / true["class 7"].sum()
