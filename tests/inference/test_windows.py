"""Recordings in windows against recordings at once."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool.errors import ConfigError
from sedpool.features.logmel import LogMel
from sedpool.inference.predict import padded
from sedpool.inference.windows import Windows, WindowScorer, margin_of, training_windows
from sedpool.models.backbones import compact_cnn, paper_cnn, paper_crnn
from sedpool.models.detector import build_detector
from sedpool.pooling import Max

FIXED = LogMel(sr=8000, n_fft=256, hop_length=128, n_mels=32, reference="fixed")
STEP = 16 * 128  # samples of an output frame
CLASSES = ("dog", "cat")


def detector_of(backbone, supervision="weak"):
    return build_detector(backbone, Max(), classes=CLASSES, patch_frames=256, supervision=supervision)


@pytest.fixture(scope="module", params=["compact", "paper", "strong", "compact, fine"])
def detector(request):
    keras.utils.set_random_seed(0)
    filters = {"n_mels": 32, "filters": (4, 6, 8, 8)}
    fine = request.param.endswith("fine")
    if request.param.startswith("compact"):
        return detector_of(compact_cnn(32, (4, 6, 8), 8, time_reduction=2 if fine else None))
    backbone = paper_cnn(**filters, head_filters=8, time_reduction=4 if fine else None)
    return detector_of(backbone, "strong" if request.param == "strong" else "weak")


def at_once(detector, samples):
    features = padded(FIXED(samples), detector.min_frames, FIXED.silence)
    return detector.predict(features[None])["frames"][0]


def in_pieces(detector, samples, cuts, **options):
    scorer = WindowScorer(detector, FIXED, training_windows(detector, FIXED, 256), **options)
    return np.concatenate([*map(scorer.push, np.split(samples, cuts)), scorer.finish()])


@given(
    n_samples=st.integers(1, 80 * STEP),
    cuts=st.lists(st.integers(0, 80 * STEP), max_size=5).map(sorted),
    batch_size=st.sampled_from([1, 3, 32]),
)
@settings(max_examples=25, deadline=None)
def test_windows_give_the_scores_of_the_whole_however_it_is_cut(detector, n_samples, cuts, batch_size):
    samples = np.random.default_rng(n_samples).normal(0, 0.1, n_samples).astype(np.float32)
    scores = in_pieces(detector, samples, cuts, batch_size=batch_size)
    np.testing.assert_allclose(scores, at_once(detector, samples), atol=2e-4)
    np.testing.assert_array_equal(scores, in_pieces(detector, samples, [], batch_size=batch_size))


@pytest.mark.parametrize("steps_more", [0, 1])
def test_a_recording_of_training_length_is_scored_as_in_evaluation(detector, steps_more):
    n_samples = (256 + steps_more * detector.min_frames) * 128 - steps_more
    samples = np.random.default_rng(0).normal(0, 0.1, n_samples).astype(np.float32)
    np.testing.assert_array_equal(in_pieces(detector, samples, [STEP]), at_once(detector, samples))


def test_a_recording_that_is_not_cut_has_the_probability_of_a_whole_clip(detector):
    windows = training_windows(detector, FIXED, 256)
    for steps in (windows.length, windows.length + 1):
        samples = np.random.default_rng(0).normal(0, 0.1, steps * detector.min_frames * 128).astype(np.float32)
        scorer = WindowScorer(detector, FIXED, windows)
        scorer.push(samples)
        assert scorer.clip_scores is None
        assert scorer.is_cut == (steps > windows.length)
        scorer.finish()
        if scorer.is_cut:
            assert scorer.clip_scores is None
        else:
            features = padded(FIXED(samples), detector.min_frames, FIXED.silence)
            np.testing.assert_array_equal(scorer.clip_scores, detector.predict(features[None])["clip"][0])


def test_margins_are_as_wide_as_the_networks_reach():
    keras.utils.set_random_seed(0)
    compact, paper = detector_of(compact_cnn(32, (4, 6, 8), 8)), detector_of(paper_cnn(32, (4, 6, 8, 8), 8))
    # 12 and 30 input frames, and that of the features; an output frame has 16.
    assert [margin_of(one, FIXED, 16) for one in (compact, paper)] == [1, 2]
    recurrent = detector_of(paper_crnn(32, (4, 6, 8, 8), 8, recurrent_units=8, recurrent_layers=1))
    assert training_windows(recurrent, FIXED, 256).margin == 4  # a quarter of 16: a memory has no end


def test_margins_of_finer_frames_are_shorter_in_time():
    keras.utils.set_random_seed(0)
    fine = compact_cnn(32, (4, 6, 8), 8, time_reduction=4), paper_cnn(32, (4, 6, 8, 8), 8, time_reduction=4)
    # 8 and 22 input frames, and that of the features; an output frame has 4.
    assert [margin_of(detector_of(one), FIXED, 64) for one in fine] == [3, 6]


def test_windows_without_a_middle_are_refused():
    with pytest.raises(ConfigError, match="nothing is left"):
        Windows(length=4, margin=2)
    assert Windows(length=1, margin=0).hop == 1
