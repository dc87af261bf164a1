from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from sedpool import pooling
from sedpool.errors import TrainingError
from sedpool.models import Detector, build_detector, compact_cnn
from sedpool.runtime.backend import configure
from sedpool.training.batches import Patches
from sedpool.training.loop import train
from sedpool.training.recipe import STUDY

RECIPE = replace(STUDY, epochs=3, batch_size=8, alpha_lr_multiplier=100.0)
CLASSES = ("low", "high")


def patches(n: int, seed: int | None, supervision: str = "weak") -> Patches:
    """Clips of 64 frames; half of them hold a bright burst of 24 frames in the low or the high bands."""
    rng = np.random.default_rng(0)
    features, targets = {}, {}
    for index in range(n):
        x = rng.normal(-60, 3, (64, 32)).astype(np.float32)
        y = np.zeros((64, 2), dtype=np.float32)
        for label in range(2):
            if rng.random() < 0.5:
                start = rng.integers(0, 40)
                x[start : start + 24, 16 * label : 16 * label + 16] += 40
                y[start : start + 24, label] = 1
        features[str(index)] = x
        targets[str(index)] = y if supervision == "strong" else y.max(axis=0)
    return Patches(features, targets, patch_frames=64, batch_size=8, silence=-80.0, seed=seed)


def detector(pool: keras.layers.Layer, supervision: str = "weak") -> Detector:
    configure(seed=0, threads=None, precision="float32")
    backbone = compact_cnn(n_mels=32, filters=(8, 8), head_filters=16)
    return build_detector(backbone, pool, classes=CLASSES, patch_frames=64, supervision=supervision)


def fit(pool: keras.layers.Layer, folder: Path | None = None, supervision: str = "weak", **changes: object):
    built = detector(pool, supervision)
    recipe = replace(RECIPE, **changes)
    data = patches(64, 0, supervision), patches(16, None, supervision)
    return built, train(built, *data, recipe, folder=folder, progress=False)


@pytest.mark.parametrize("supervision", ["weak", "strong"])
def test_training_learns(supervision: str) -> None:
    _, result = fit(pooling.AutoPool(), supervision=supervision, epochs=30, learning_rate=5e-3)
    assert result.history["loss"].iloc[-1] < 0.5 * result.history["loss"].iloc[0]
    assert result.history["val_accuracy"].max() > 0.8


def test_history_and_alpha_are_written_as_training_goes(tmp_path: Path) -> None:
    _, result = fit(pooling.cap(), tmp_path)
    assert (tmp_path / "history.csv").read_text().count("\n") == 1 + 3
    assert {"epoch", "loss", "val_accuracy", "learning_rate", "clips_per_second"} <= set(result.history.columns)
    alpha = result.alpha
    assert alpha is not None
    assert alpha["epoch"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert alpha["event_label"].tolist() == list(CLASSES) * 4
    assert alpha["bound"].tolist() == pytest.approx([np.log(8 - 1)] * 8)  # 64 frames at 1/8 rate
    assert (alpha["alpha"].abs() <= alpha["bound"] + 1e-6).all()
    last = alpha.loc[alpha["epoch"] == 3, "alpha"].to_numpy() - alpha.loc[alpha["epoch"] == 2, "alpha"].to_numpy()
    assert result.history["alpha_change"].iloc[-1] == pytest.approx(np.abs(last).max())
    assert result.history["alpha_at_bound"].iloc[-1] in (0.0, 0.5, 1.0)


def test_alpha_within_hierarchical_pooling_is_recorded() -> None:
    built, result = fit(pooling.Hierarchical(pooling.cap(0.6), sizes=(3,)), epochs=1)
    assert result.alpha is not None
    assert result.alpha["bound"].tolist() == pytest.approx([np.log(0.6 / 0.4) + np.log(3 - 1)] * 4)
    assert result.alpha["alpha"].tolist()[2:] == built.pooling.operator.alpha.numpy().ravel().tolist()


def test_pooling_without_alpha_and_strong_supervision_have_no_alpha() -> None:
    assert fit(pooling.Max(), epochs=1)[1].alpha is None
    assert fit(pooling.Hierarchical(pooling.Mean()), epochs=1)[1].alpha is None
    assert fit(pooling.AutoPool(), supervision="strong", epochs=1)[1].alpha is None


def test_the_best_epochs_weights_are_kept() -> None:
    built, result = fit(pooling.Mean(), epochs=8, learning_rate=0.02)
    training_model = built.training_model
    training_model.compile(loss="binary_crossentropy", metrics=[keras.metrics.BinaryAccuracy(name="accuracy")])
    validation = patches(16, None)
    x, y = (np.concatenate(parts) for parts in zip(*map(validation.__getitem__, range(len(validation))), strict=True))
    accuracy = training_model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]
    assert result.history["val_accuracy"].max() == pytest.approx(accuracy)
    assert result.history["val_accuracy"].idxmax() + 1 == result.best_epoch


def test_training_stops_early() -> None:
    _, result = fit(pooling.Max(), epochs=10, learning_rate=1e-9, early_stopping_patience=2)
    assert len(result.history) <= 4


def test_same_seed_gives_the_same_bits() -> None:
    first, second = (fit(pooling.AutoPool())[0].network.get_weights() for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_fault_41_numbers_that_are_none_stop_training() -> None:
    built = detector(pooling.Max())
    broken = patches(64, 0)
    broken.features["3"][0, 0] = np.nan
    with pytest.raises(TrainingError, match=r"became (nan|NaN)"):
        train(built, broken, patches(16, None), RECIPE, progress=False)
