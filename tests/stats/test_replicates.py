from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool import evaluation as ev
from sedpool.errors import EvaluationError
from sedpool.evaluation.evaluation_input import reference_input
from sedpool.evaluation.frames import frame_arrays
from sedpool.evaluation.psds import count_psds
from sedpool.evaluation.ranking import ranking_metrics
from sedpool.events import events_from_rows
from sedpool.scores import frame_scores
from sedpool.stats import replicates
from sedpool.stats.replicates import (
    count_difference,
    count_statistic,
    psds_difference,
    psds_statistic,
    ranking_difference,
    ranking_statistic,
)
from sedpool.stats.resampling import clip_weights
from tests.evaluation.conftest import CLASSES as LABELS
from tests.evaluation.random_scores import LENGTHS, reference_tables, scores_of_all_clips

from .conftest import CLASSES, made_counts


def test_weights_equal_repeated_clips(counts):
    """The slow oracle: draw the clips, rename them, and score what was drawn."""
    weights = clip_weights(len(counts), n_resamples=20, seed=3)
    fast = count_statistic(counts)(weights)
    for row, drawn in enumerate(weights.astype(int)):
        metrics = counts.select(np.repeat(counts.filenames, drawn).tolist()).metrics()
        for (average, label, name), values in fast.items():
            slow = (metrics[average][label] if label else metrics[average])[name]
            assert values[row] == pytest.approx(np.nan if slow is None else slow, abs=1e-12, nan_ok=True)


def test_a_class_without_any_unit_is_undefined(counts):
    values = count_statistic(counts)(np.ones((1, len(counts))))
    assert np.isnan(values["class_wise", "never", "f1"])
    assert values["macro", "", "f1"] == np.mean([values["class_wise", label, "f1"] for label in CLASSES[:3]])


scores = st.integers(0, 4).map(lambda step: step / 4)  # few levels, so that there are ties
clips = st.tuples(st.tuples(st.booleans(), st.booleans()), st.tuples(scores, scores), st.integers(0, 3))


@settings(max_examples=50)
@given(st.lists(clips, min_size=2, max_size=20).filter(lambda rows: any(count for *_, count in rows)))
def test_weighted_rankings_equal_those_of_repeated_clips(rows):
    """The slow oracle: repeat the clips, and let scikit-learn rank what was drawn."""
    names = [f"{index}.wav" for index in range(len(rows))]
    tags = pd.DataFrame([row[0] for row in rows], columns=["dog", "siren"], index=pd.Index(names, name="filename"))
    table = pd.DataFrame([row[1] for row in rows], columns=["dog", "siren"])
    table.insert(0, "filename", names)
    weights = np.array([row[2] for row in rows])
    fast = ranking_statistic(tags, table)(weights[None])
    drawn = np.repeat(np.arange(len(rows)), weights)
    new_names = pd.Index([f"{index}" for index in range(len(drawn))], name="filename")
    metrics = ranking_metrics(
        tags.iloc[drawn].set_axis(new_names), table.iloc[drawn].assign(filename=new_names).reset_index(drop=True)
    )
    for (average, label, name), values in fast.items():
        slow = (metrics[average][label] if label else metrics[average])[name]
        assert values[0] == pytest.approx(np.nan if slow is None else slow, rel=1e-12, abs=1e-12, nan_ok=True)
    assert {key[2] for key in fast if key[0] == "micro"} == set(metrics["micro"])


def repeated(table, drawn):
    """Rows of the clips that were drawn, each time under another name."""
    copies = [
        table[table["filename"] == name].assign(filename=f"{copy}/{name}")
        for name, count in drawn.items()
        for copy in range(count)
    ]
    return pd.concat([table.iloc[:0], *copies], ignore_index=True)


def as_repeated(psds, table, reference, drawn, scenario):
    """The slow oracle: PSDS of the clips as they were drawn."""
    durations = {f"{copy}/{name}": LENGTHS[name] for name, count in drawn.items() for copy in range(count)}
    tables = [repeated(one, drawn) for one in table] if isinstance(table, list) else repeated(table, drawn)
    value = psds(tables, repeated(reference, drawn), durations=durations, classes=LABELS, scenario=scenario)
    return np.nan if value is None else value


# Few false alarms fit into clips of seconds, so that the curve must go on for long.
scenarios = pytest.mark.parametrize(
    "scenario", [replace(one, max_efpr=3000.0) for one in (ev.SCENARIO_1, ev.SCENARIO_2)], ids=["1", "2"]
)
times_drawn = st.lists(st.integers(0, 3), min_size=3, max_size=3).filter(any)


@scenarios
@settings(max_examples=12)
@given(scores=scores_of_all_clips(), reference=reference_tables, drawn=times_drawn)
def test_weighted_psds_of_scores_equals_that_of_repeated_clips(scenario, scores, reference, drawn):
    annotated = reference_input(reference, durations=LENGTHS, classes=LABELS)
    counts = count_psds(annotated, frame_arrays(scores, LENGTHS, LABELS), {"one": scenario})
    (value,) = psds_statistic(counts)([drawn])["one", "", "psds"]
    drawn = dict(zip(LENGTHS, drawn, strict=True))
    expected = as_repeated(ev.psds_of_scores, scores, reference, drawn, scenario)
    assert value == pytest.approx(expected, abs=1e-12, nan_ok=True)


@scenarios
@settings(max_examples=12)
@given(tables=st.lists(reference_tables, min_size=1, max_size=4), reference=reference_tables, drawn=times_drawn)
def test_weighted_psds_of_operating_points_equals_that_of_repeated_clips(scenario, tables, reference, drawn):
    annotated = reference_input(reference, durations=LENGTHS, classes=LABELS)
    points = [annotated.with_estimated(table).estimated for table in tables]
    (value,) = psds_statistic(count_psds(annotated, points, {"one": scenario}))([drawn])["one", "", "psds"]
    drawn = dict(zip(LENGTHS, drawn, strict=True))
    expected = as_repeated(ev.psds_of_operating_points, tables, reference, drawn, scenario)
    assert value == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_many_resamples_are_computed_some_at_a_time(monkeypatch):
    monkeypatch.setattr(replicates, "_CELLS", 10)
    names = pd.Index([f"{index}.wav" for index in range(6)], name="filename")
    tags = pd.DataFrame({"dog": [True, False] * 3, "siren": [True] * 3 + [False] * 3}, index=names)
    scores = pd.DataFrame(np.random.default_rng(0).random((6, 2)), columns=["dog", "siren"]).assign(filename=names)
    weights = clip_weights(6, n_resamples=7)
    together = ranking_statistic(tags, scores)(weights)
    one_by_one = [ranking_statistic(tags, scores)(row[None]) for row in weights]
    for key, values in together.items():
        np.testing.assert_array_equal(values, np.concatenate([row[key] for row in one_by_one]))


def test_a_difference_of_psds_is_paired():
    edges = np.array([0.0, 5.0, 10.0])
    tables = [frame_scores(f"{clip}.wav", np.array([[0.9], [clip / 10]]), edges, ["dog"]) for clip in range(5)]
    reference = events_from_rows([(f"{clip}.wav", 0, 5, "dog") for clip in range(5)])
    durations = {f"{clip}.wav": 10.0 for clip in range(5)}
    annotated = reference_input(reference, durations=durations, classes=["dog"])
    frames = frame_arrays(pd.concat(tables, ignore_index=True), durations, ["dog"])
    counts = count_psds(annotated, frames, {"scenario1": ev.SCENARIO_1})
    difference = psds_difference(counts, counts)(clip_weights(5, n_resamples=9))
    assert (difference["scenario1", "", "psds"] == 0).all()
    with pytest.raises(EvaluationError, match="other scenarios or clips"):
        psds_difference(counts, {"scenario2": counts["scenario1"]})
    with pytest.raises(EvaluationError, match="weights of 4 clips for counts of 5"):
        psds_statistic(counts)(clip_weights(4))


def test_the_rows_of_scores_may_come_in_any_order():
    names = pd.Index(["a.wav", "b.wav", "c.wav"], name="filename")
    tags = pd.DataFrame({"dog": [True, False, False]}, index=names)
    table = pd.DataFrame({"filename": ["c.wav", "a.wav", "b.wav"], "dog": [0.1, 0.9, 0.5]})
    assert ranking_statistic(tags, table)(np.ones((1, 3)))["macro", "", "average_precision"] == [1.0]


def test_a_difference_is_paired(counts):
    weights = clip_weights(len(counts), n_resamples=10)
    assert all(np.nan_to_num(values).max() == 0 for values in count_difference(counts, counts)(weights).values())
    other = made_counts(40, seed=1)
    key = ("micro", "", "f1")
    separate = count_statistic(counts)(weights)[key] - count_statistic(other)(weights)[key]
    np.testing.assert_allclose(count_difference(counts, other)(weights)[key], separate)


def test_the_clips_of_a_pair_may_come_in_any_order(counts):
    turned = counts.select(counts.filenames[::-1])
    differences = count_difference(counts, turned)(clip_weights(len(counts), n_resamples=10))
    assert all(np.nan_to_num(values).max() == 0 for values in differences.values())


def test_systems_on_other_clips_or_classes_are_no_pair(counts):
    with pytest.raises(EvaluationError, match=r"40 and 39 clips: 1 in one only \(clip39\)"):
        count_difference(counts, counts.select(counts.filenames[:-1]))
    with pytest.raises(EvaluationError, match=r"differ in the classes .*bird"):
        count_difference(counts, replace(counts, classes=("bird", *counts.classes[1:])))


def test_weights_of_another_number_of_clips_are_an_error(counts):
    with pytest.raises(EvaluationError, match="weights of 30 clips for counts of 40"):
        count_statistic(counts)(clip_weights(30))


def test_a_difference_of_rankings_is_paired_by_name():
    tags = pd.DataFrame({"dog": [True, False, True]}, index=pd.Index(["a.wav", "b.wav", "c.wav"], name="filename"))
    scores = pd.DataFrame({"filename": tags.index, "dog": [0.9, 0.5, 0.1]})
    differences = ranking_difference(tags, scores, scores[::-1])(np.ones((1, 3)))
    assert differences["macro", "", "average_precision"] == [0.0]
