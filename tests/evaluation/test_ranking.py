import json

import numpy as np
import pandas as pd
import pytest

from sedpool.errors import DataError, EvaluationError
from sedpool.evaluation import ranking_metrics

NAMES = pd.Index(["a.wav", "b.wav", "c.wav"], name="filename")


def tables(true, scores, labels=("dog", "siren")):
    columns = list(labels)
    tags = pd.DataFrame(np.array(true, dtype=bool), index=NAMES[: len(true)], columns=columns)
    return tags, pd.DataFrame(scores, index=tags.index, columns=columns).reset_index()


def test_by_hand():
    metrics = ranking_metrics(*tables([[1, 0], [1, 1], [0, 0]], [[0.9, 0.2], [0.4, 0.6], [0.5, 0.8]]))
    dog, siren = metrics["class_wise"]["dog"], metrics["class_wise"]["siren"]
    # Dogs rank 1 and 3, the siren 2; within the clips the siren of b.wav is first and its dog second.
    assert dog == {"average_precision": pytest.approx((1 + 2 / 3) / 2), "roc_auc": 0.5, "lwlrap": 1.0}
    assert siren == {"average_precision": 0.5, "roc_auc": 0.5, "lwlrap": 1.0}
    assert metrics["macro"]["average_precision"] == pytest.approx((5 / 6 + 1 / 2) / 2)


def test_agrees_with_scikit_learn():
    from sklearn.metrics import average_precision_score, label_ranking_average_precision_score, roc_auc_score

    generator = np.random.default_rng(0)
    true, scores = generator.random((60, 5)) < 0.4, generator.random((60, 5)).round(1)
    names = pd.Index([f"{clip}.wav" for clip in range(60)], name="filename")
    tags = pd.DataFrame(true, index=names, columns=list("abcde"))
    metrics = ranking_metrics(tags, pd.DataFrame(scores, index=names, columns=tags.columns).reset_index())
    for average in ("micro", "macro"):
        expected = average_precision_score(true, scores, average=average)
        assert metrics[average]["average_precision"] == pytest.approx(expected)
        assert metrics[average]["roc_auc"] == pytest.approx(roc_auc_score(true, scores, average=average))
    lwlrap = label_ranking_average_precision_score(true, scores, sample_weight=true.sum(axis=1))
    assert metrics["micro"]["lwlrap"] == pytest.approx(lwlrap)


def test_rows_and_columns_may_come_in_another_order():
    tags, scores = tables([[1, 0], [1, 1], [0, 0]], [[0.9, 0.2], [0.4, 0.6], [0.5, 0.8]])
    assert ranking_metrics(tags, scores.loc[[2, 0, 1], ["siren", "filename", "dog"]]) == ranking_metrics(tags, scores)


def test_fault_16_classes_that_no_clip_has_are_left_out():
    metrics = ranking_metrics(*tables([[1, 0], [0, 0]], [[0.9, 0.2], [0.4, 0.6]]))
    assert set(metrics["class_wise"]["siren"].values()) == {None}
    assert metrics["macro"]["average_precision"] == 1.0


def test_a_class_that_every_clip_has_has_no_auc():
    metrics = ranking_metrics(*tables([[1, 0], [1, 1]], [[0.9, 0.2], [0.4, 0.6]]))
    assert metrics["class_wise"]["dog"]["roc_auc"] is None
    assert metrics["class_wise"]["dog"]["average_precision"] == 1.0


def test_fault_17_an_empty_reference_is_undefined():
    metrics = ranking_metrics(*tables([[0, 0], [0, 0]], [[0.9, 0.2], [0.4, 0.6]]))
    assert set(metrics["micro"].values()) == set(metrics["macro"].values()) == {None}
    json.dumps(metrics, allow_nan=False)


def test_fault_19_unknown_classes_are_named():
    tags, scores = tables([[1, 0]], [[0.9, 0.2]])
    with pytest.raises(EvaluationError, match="classes siren, unicorn"):
        ranking_metrics(tags, scores.rename(columns={"siren": "unicorn"}))


def test_fault_21_and_22_other_clips_are_listed():
    tags, scores = tables([[1, 0], [0, 1]], [[0.9, 0.2], [0.4, 0.6]])
    with pytest.raises(EvaluationError, match=r"1 file is not in .*b\.wav"):
        ranking_metrics(tags.iloc[:1], scores)
    with pytest.raises(EvaluationError, match=r"1 clip of the reference is missing \(b\.wav\)"):
        ranking_metrics(tags, scores.iloc[:1])


def test_fault_24_a_score_that_is_not_a_number_is_an_error():
    with pytest.raises(DataError, match=r"a\.wav, class dog: nan is not a probability"):
        ranking_metrics(*tables([[1, 0]], [[np.nan, 0.2]]))


def test_a_clip_that_occurs_twice_is_an_error():
    tags, scores = tables([[1, 0]], [[0.9, 0.2]])
    with pytest.raises(DataError, match=r"a\.wav occurs twice"):
        ranking_metrics(tags, pd.concat([scores, scores]))
