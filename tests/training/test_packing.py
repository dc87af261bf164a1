"""Packages of detectors from a notebook: loaded, they give the same scores to the bit, or one line says why not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

import sedpool as sp
from sedpool.augment import NONE
from sedpool.errors import ConfigError
from sedpool.experiment.load import load
from sedpool.experiment.pack import pack_run
from sedpool.inference.package import open_run, unpack
from sedpool.inference.trained_detector import TrainedDetector, TrainingResult
from sedpool.training.packing import FitPacker
from sedpool.training.recipe import STUDY

SR = 8000
FEATURES = sp.LogMel(sr=SR, n_fft=512, hop_length=256, n_mels=16)
RECIPE = replace(STUDY, patch_duration=4.0)
HISTORY = pd.DataFrame({"epoch": [1, 2], "val_accuracy": [0.5, 0.6]})


def trained(
    pooling: keras.layers.Layer, backbone: keras.Model | None = None, features: Any = FEATURES, **fields: Any
) -> TrainedDetector:
    """A detector with the weights that it was made with, as `sedpool.fit` returns it."""
    backbone = sp.compact_cnn(16, filters=(4, 4), head_filters=4) if backbone is None else backbone
    patch_frames = features.n_frames(RECIPE.patch_duration)
    detector = sp.build_detector(backbone, pooling, classes=("a, b", "<c>"), patch_frames=patch_frames)
    rng = np.random.default_rng(0)
    for variable in detector.network.weights:
        variable.assign(rng.uniform(0.1, 0.4, variable.shape))
    packer = FitPacker("my folder", {"train": 3, "validate": 2}, RECIPE, NONE, 0)
    return TrainedDetector(
        detector, TrainingResult(HISTORY, None, 2), features, Path("features"), patch_frames, packer=packer, **fields
    )


def scores(one: TrainedDetector) -> pd.DataFrame:
    """Frame scores of nine seconds, and clip scores of a patch, of which the pooling has a part."""
    rng = np.random.default_rng(1)
    frames = one.scores(rng.normal(0, 0.1, 9 * SR).astype(np.float32), sr=SR)
    clip = one.detector.predict(rng.normal(-40, 20, (1, one.patch_frames, 16)).astype(np.float32))["clip"]
    return frames.assign(**{f"clip {index}": value for index, value in enumerate(clip[0])})


POOLINGS = {
    "Attention": lambda: sp.Attention(),
    "AutoPool": lambda: sp.AutoPool(kernel_initializer="zeros", kernel_constraint=keras.constraints.NonNeg()),
    "AutoPool1D": lambda: sp.AutoPool1D(),
    "cap": lambda: sp.cap(max_weight=0.25),
    "rap": lambda: sp.rap(l2=1e-2),
    "GeneralizedMean": lambda: sp.GeneralizedMean(2.0),
    "GlobalWeightedRank": lambda: sp.GlobalWeightedRank(0.5),
    "Hierarchical": lambda: sp.Hierarchical(sp.TopKMean(2), sizes=(2, 3)),
    "ISR": lambda: sp.ISR(),
    "LinearSoftmax": lambda: sp.LinearSoftmax(),
    "LogSumExp": lambda: sp.LogSumExp(3.0),
    "Max": lambda: sp.Max(),
    "Mean": lambda: sp.Mean(),
    "Min": lambda: sp.Min(),
    "NoisyOr": lambda: sp.NoisyOr(),
    "Power": lambda: sp.Power(),
    "SoftMaxPool1D": lambda: sp.SoftMaxPool1D(),
    "Softmax": lambda: sp.Softmax(),
    "TopKMean": lambda: sp.TopKMean(k=5),
}


def test_every_pooling_of_sedpool_is_here() -> None:
    from sedpool.settings.targets import TARGETS

    assert {f"sedpool.{name}" for name in POOLINGS} | {"sedpool.AlphaBound"} == set(TARGETS["pooling"])


OFTEN = "AutoPool", "Attention", "Hierarchical", "TopKMean", "cap"
"""One of each kind; the others are tried with the slow tests."""


@pytest.mark.parametrize(
    "name", [name if name in OFTEN else pytest.param(name, marks=pytest.mark.slow) for name in POOLINGS]
)
def test_a_loaded_package_scores_to_the_bit(name: str, tmp_path: Path) -> None:
    POOLINGS[name]()  # takes the name that the layer has in a fresh process
    before = trained(POOLINGS[name](), decoder=sp.Decoder(threshold={"a, b": 0.4, "<c>": 0.7}, median_filter=0.3))
    before.save(tmp_path / "a.sedpool")
    after = load(tmp_path / "a.sedpool")
    assert after.detector.classes == before.detector.classes
    assert after.decoder == before.decoder
    assert after.result.best_epoch == 2
    pd.testing.assert_frame_equal(scores(after), scores(before), rtol=0, atol=0)
    after.save(tmp_path / "b.sedpool")
    assert (tmp_path / "a.sedpool").read_bytes() == (tmp_path / "b.sedpool").read_bytes()


@pytest.mark.parametrize(
    "make",
    [
        lambda: sp.paper_cnn(16, filters=[4, np.int64(4)], head_filters=4),
        lambda: sp.paper_crnn(n_mels=16, filters=(4,), head_filters=4, recurrent_units=2, recurrent_layers=2),
    ],
    ids=["paper_cnn", "paper_crnn"],
)
def test_other_networks_and_features_are_packed_too(make: Any, tmp_path: Path) -> None:
    make()
    before = trained(sp.Mean(), make(), sp.PCEN(sr=SR, n_fft=512, hop_length=256, n_mels=16))
    before.save(tmp_path / "a.sedpool")
    after = load(tmp_path / "a.sedpool")
    assert after.extractor == before.extractor
    pd.testing.assert_frame_equal(scores(after), scores(before), rtol=0, atol=0)


def test_a_card_is_made_where_it_is_packed_again(tmp_path: Path) -> None:
    trained(sp.Max()).save(tmp_path / "a.sedpool")
    about, parts = unpack((tmp_path / "a.sedpool").read_bytes(), "a.sedpool")
    assert about.name == "my folder-Max"
    assert "card.md" not in parts
    with open_run(tmp_path / "a.sedpool") as run:
        about, parts = unpack(pack_run(run, licence="MIT"), "b.sedpool")
    card = parts["card.md"].decode()
    assert "nothing is known of how well it detects" in card
    assert "3 train, 2 validate" in card
    assert "Terms of use: MIT" in card


def test_what_is_not_sedpools_own_is_named(tmp_path: Path) -> None:
    class MyFeatures(sp.LogMel):
        pass

    class MyMean(sp.Mean):
        pass

    inputs = keras.Input((None, 16))
    own = keras.Model(inputs, keras.layers.Dense(4)(inputs))
    changed = sp.compact_cnn(16, filters=(4, 4), head_filters=4)
    more = keras.Model(changed.input, keras.layers.Dense(5)(changed.output))
    for detector, expected in (
        (
            trained(sp.Mean(), features=MyFeatures(sr=SR, n_fft=512, hop_length=256, n_mels=16)),
            "features is a MyFeatures",
        ),
        (trained(MyMean()), "pooling is a MyMean"),
        (trained(keras.layers.GlobalAveragePooling1D()), "pooling is a ForeignPooling"),
        (trained(sp.Mean(), own), "model is not sedpool's"),
        (trained(sp.Mean(), more), "model is not sedpool's"),
        (trained(sp.AutoPool(kernel_constraint=Own())), "which is not executed"),
        (trained(sp.Mean(), decoder=sp.Decoder(threshold=0)), "decoder.threshold"),
        (replace(trained(sp.Mean()), packer=None), "not made by sedpool.fit or sedpool.load"),
    ):
        with pytest.raises(ConfigError) as caught:
            detector.save(tmp_path / "a.sedpool")
        assert expected in str(caught.value)
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "a.sedpool").exists()


@keras.saving.register_keras_serializable(package="mine")
class Own(keras.constraints.Constraint):
    """A constraint of the user's own."""

    def __call__(self, w: Any) -> Any:
        return w


def test_a_changed_network_is_refused(tmp_path: Path) -> None:
    one = trained(sp.Mean())
    (backbone,) = [layer for layer in one.detector.network.layers if hasattr(layer, "description")]
    backbone.description = backbone.description.replace('"head_filters": 4', '"head_filters": 5')
    with pytest.raises(ConfigError, match="changed after its constructor"):
        one.save(tmp_path / "a.sedpool")


def test_another_decoding_than_the_runs_is_no_longer_that_run(tmp_path: Path) -> None:
    finished = Path(__file__).parents[1] / "golden/fixtures/runs/demo-cap-s0-aaddf8ec49"
    loaded = load(finished, tuned=False)
    loaded.save(tmp_path / "a.sedpool")
    with pytest.raises(ConfigError, match="decodes in another way"):
        replace(loaded, decoder=sp.Decoder(threshold=0.123)).save(tmp_path / "b.sedpool")
