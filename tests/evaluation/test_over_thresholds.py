"""What scores say over all thresholds, in ``metrics.json``: equal to the functions of the library."""

from dataclasses import replace

import pytest

from sedpool.datasets.base import Dataset, clips_from_rows
from sedpool.evaluation import (
    SCENARIO_1,
    SCENARIO_2,
    evaluate_run,
    event_ranking_metrics,
    pi_psds,
    psds_by_class,
    psds_of_operating_points,
    psds_of_scores,
)
from sedpool.evaluation.evaluation_input import reference_input
from sedpool.evaluation.over_thresholds import psds_of_boxes
from sedpool.evaluation.tuning import WINDOWS, Tuned
from sedpool.events import events_from_rows, tags_from_events
from sedpool.inference.decode import Decoder, SystemOutput
from sedpool.scores import highest_frames

from .test_psds import CLASSES, MINUTES, noisy_scores

SHAPE = {"durations": MINUTES, "classes": CLASSES}
SCENARIOS = {"scenario1": SCENARIO_1, "scenario2": SCENARIO_2}


@pytest.fixture(scope="module")
def noisy():
    return noisy_scores(0)


def dataset_of(reference):
    clips = clips_from_rows([(name, name, seconds, "test") for name, seconds in MINUTES.items()])
    return Dataset("minutes", CLASSES, clips, tags_from_events(reference, list(MINUTES), CLASSES), reference)


def test_metrics_of_a_run_hold_what_the_functions_say(noisy):
    scores, reference = noisy
    tuned = Tuned(Decoder(0.4, median_filter=1.5, box_filter=1.0), "all", "segment F1", 1)
    output = SystemOutput(scores, highest_frames(scores))
    metrics = evaluate_run(output, dataset_of(reference), tuned=tuned)
    for part, filtered in ((metrics, scores), (metrics["tuned"], tuned.decoder.smoothed(scores))):
        assert part["event_ranking"] == event_ranking_metrics(filtered, reference, **SHAPE)
        for name, scenario in SCENARIOS.items():
            by_class = part["psds_by_class"][name]
            assert by_class["class_wise"] == psds_by_class(filtered, reference, scenario=scenario, **SHAPE)
            even = psds_of_scores(filtered, reference, scenario=replace(scenario, alpha_st=0.0), **SHAPE)
            assert by_class["mean"] == pytest.approx(even, abs=1e-12)
    versions = [Decoder(median_filter=seconds).smoothed(scores) for seconds in WINDOWS]
    for name, scenario in SCENARIOS.items():
        assert metrics["pi_psds"][name] == pytest.approx(pi_psds(versions, reference, scenario=scenario, **SHAPE))
    assert metrics["box_psds"] == {}
    assert set(metrics["tuned"]["box_psds"]) == set(SCENARIOS)
    weak = evaluate_run(output, replace(dataset_of(reference), events=None))
    assert weak["event_ranking"] is None
    assert weak["pi_psds"] == weak["psds_by_class"] == weak["box_psds"] == {}


@pytest.mark.parametrize("seed", range(2))
def test_boxes_have_the_psds_of_an_operating_point_at_each_confidence(seed):
    scores, reference = noisy_scores(seed)
    decoder = Decoder(box_filter=2.0, min_duration=1.0)
    output = SystemOutput(scores, highest_frames(scores), decoder)
    boxes = replace(decoder, threshold=0.0).events(scores)
    tables = [
        boxes.loc[boxes["confidence"] >= value].drop(columns="confidence") for value in boxes["confidence"].unique()
    ]
    found = psds_of_boxes(reference_input(reference, **SHAPE), output)
    for name, scenario in SCENARIOS.items():
        slow = psds_of_operating_points(tables, reference, scenario=scenario, **SHAPE)
        assert found[name] == pytest.approx(slow, abs=1e-12)
    assert found == psds_of_boxes(
        reference_input(reference, **SHAPE), replace(output, decoder=replace(decoder, threshold=0.9))
    )


def test_events_are_ranked_in_the_clips_that_are_known(noisy):
    scores, reference = noisy
    name = next(iter(MINUTES))
    dataset = dataset_of(reference).with_unknown(events_from_rows([(name, 0.0, 1.0, CLASSES[0])]))
    metrics = evaluate_run(SystemOutput(scores, highest_frames(scores)), dataset)
    others = [scores.loc[scores["filename"] != name], reference.loc[reference["filename"] != name]]
    lengths = {clip: length for clip, length in dataset.durations.items() if clip != name}
    expected = event_ranking_metrics(*others, durations=lengths, classes=CLASSES)["class_wise"][CLASSES[0]]
    assert metrics["event_ranking"]["class_wise"][CLASSES[0]] == pytest.approx(expected)
    assert metrics["psds_by_class"]["scenario1"]["mean"] is not None
