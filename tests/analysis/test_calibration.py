import numpy as np
import pandas as pd
import pytest

from sedpool.analysis.calibration import (
    calibration_error,
    clip_calibration,
    frame_calibration,
    reliability,
    sounding_frames,
)
from sedpool.events import events_from_rows
from sedpool.scores import frame_scores


def test_probabilities_that_are_true_lie_on_the_diagonal():
    generator = np.random.default_rng(0)
    probabilities = generator.random(200_000)
    table = reliability(probabilities, generator.random(200_000) < probabilities)
    assert (table["predicted"] - table["observed"]).abs().max() < 0.01
    assert calibration_error(table) < 0.005


def test_certainty_that_is_always_wrong_has_error_one():
    assert calibration_error(reliability(np.ones(5), np.zeros(5, dtype=bool))) == 1.0


def test_clips_and_classes_are_matched_by_name():
    tags = pd.DataFrame({"dog": [True, False], "siren": [False, False]}, index=["a.wav", "b.wav"])
    scores = pd.DataFrame({"filename": ["b.wav", "a.wav"], "siren": [0.1, 0.1], "dog": [0.1, 0.9]})
    table = clip_calibration(scores, tags, n_bins=2)
    assert table["n_cases"].tolist() == [3, 1]
    assert table["observed"].tolist() == [0.0, 1.0]


def test_a_frame_counts_as_sounding_by_its_middle():
    edges = [0.0, 1.0, 2.0, 3.0]
    scores = pd.concat(
        [frame_scores(name, np.full((3, 2), 0.9), np.array(edges), ["dog", "siren"]) for name in ("a.wav", "b.wav")]
    )
    reference = events_from_rows([("b.wav", 0.4, 1.6, "siren"), ("elsewhere.wav", 0, 3, "dog")])
    sounding = sounding_frames(scores.reset_index(drop=True), reference)
    assert np.argwhere(sounding).tolist() == [[3, 1], [4, 1]]
    assert frame_calibration(scores.reset_index(drop=True), reference)["observed"].iloc[-1] == pytest.approx(2 / 12)
