from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from sedpool import pooling
from sedpool.inference.trained_detector import TrainingResult
from sedpool.models import build_detector, compact_cnn
from sedpool.training.batches import Patches
from sedpool.training.gradient_share import GradientShare, frame_shares, varied_clips
from tests.training import small_run as small


@pytest.fixture
def p() -> np.ndarray:
    return np.random.default_rng(0).uniform(size=(3, 6, 2)).astype(np.float32)


def shares_of(pool: keras.layers.Layer, p: np.ndarray) -> np.ndarray:
    return frame_shares(pool, {"p": p})


def test_max_gives_all_to_the_largest_frame_and_the_mean_gives_every_frame_the_same(p: np.ndarray) -> None:
    assert np.array_equal(shares_of(pooling.Max(), p), p == p.max(axis=1, keepdims=True))
    assert shares_of(pooling.Mean(), p) == pytest.approx(np.full(p.shape, 1 / 6))


def test_shares_of_autopool_are_those_of_its_known_gradient(p: np.ndarray) -> None:
    pool = pooling.AutoPool()
    pool.build(p.shape)
    pool.alpha.assign([[4.0, -2.0]])
    weights = np.exp(np.array([4.0, -2.0]) * p)
    weights /= weights.sum(axis=1, keepdims=True)
    gradient = weights * (1 + np.array([4.0, -2.0]) * (p - (weights * p).sum(axis=1, keepdims=True)))
    expected = np.abs(gradient) / np.abs(gradient).sum(axis=1, keepdims=True)
    assert shares_of(pool, p) == pytest.approx(expected, abs=1e-5)


def test_frames_without_any_gradient_share_equally(p: np.ndarray) -> None:
    assert shares_of(pooling.NoisyOr(), np.ones_like(p)) == pytest.approx(np.full(p.shape, 1 / 6))


def test_classes_take_turns_and_clips_without_a_class_are_left_out() -> None:
    targets = {"a": [1, 0], "none": [0, 0], "b": [1, 0], "c": [1, 0], "d": [0, 1], "both": [1, 1]}
    weak = {name: np.array(tags, dtype=bool) for name, tags in targets.items()}
    strong = {name: np.stack([np.zeros(2, bool), tags]) for name, tags in weak.items()}
    for given in (weak, strong):
        assert varied_clips(given, 4) == ["a", "d", "b", "both"]
        assert varied_clips(given, 10) == ["a", "d", "b", "both", "c"]


def test_every_epoch_has_a_row_for_each_class_that_has_clips(whole_run: tuple[Path, TrainingResult]) -> None:
    folder, result = whole_run
    table = result.gradient_share
    assert table is not None
    assert table["epoch"].tolist() == list(np.repeat(range(len(result.history) + 1), 2))
    assert set(table["frames"]) == {small.N_FRAMES // 4}
    assert table["largest_share"].between(1 / table["frames"] - 1e-9, 1).all()
    assert table["effective_frames"].between(1, table["frames"] + 1e-9).all()
    pd.testing.assert_frame_equal(pd.read_csv(folder / "gradient_share.csv"), table)


def test_training_gives_the_same_bits_without_it(
    uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GradientShare, "add", lambda *_: None)
    small.small_run(tmp_path)
    assert (tmp_path / "weights.sha256").read_text() == (uninterrupted / "weights.sha256").read_text()
    assert not (tmp_path / "gradient_share.csv").exists()


def test_attention_is_looked_at_with_its_logits_and_patches_with_their_own_tags() -> None:
    backbone = compact_cnn(n_mels=32, filters=(8, 8), head_filters=16)
    detector = build_detector(backbone, pooling.Attention(), classes=("a", "b"), patch_frames=64)
    features = {"long": np.random.default_rng(0).normal(-60, 3, (192, 32)).astype(np.float32)}
    activity = np.zeros((192, 2), dtype=bool)
    activity[:20, 0] = activity[90:, 1] = True  # the middle patch has the second class only
    validation = Patches(features, {"long": activity}, patch_frames=64, batch_size=8, silence=-80.0, min_activity=0.1)
    share = GradientShare(detector, validation, None)
    share.on_epoch_begin(0)
    assert share.table["event_label"].tolist() == ["b"]
    weights = detector.pooling.frame_weights(**detector.pooling_inputs(features["long"][None, 64:128], training=False))
    assert share.table["largest_share"].item() == pytest.approx(np.asarray(weights)[0, :, 1].max(), abs=1e-6)
