"""Pooling operators of one's own, from the network to what a run keeps: foreign Keras layers and subclasses of ours."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from sedpool.inference.responsibility import responsibility
from sedpool.models import build_detector
from sedpool.pooling import Pooling, WeightedMean, functional
from sedpool.training.loop import train
from sedpool.training.weights import load_weights, save_weights
from tests.training import small_run as small


class NoMask(keras.layers.Layer):
    def call(self, p: keras.KerasTensor) -> keras.KerasTensor:
        return keras.ops.max(p, axis=1)


class Adaptive(keras.layers.Layer):
    """With a mask, an α and weights of its own."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.alpha = self.add_weight(name="alpha", shape=(1, shape[-1]), initializer="ones")

    def frame_weights(self, p: keras.KerasTensor, mask: keras.KerasTensor = None) -> keras.KerasTensor:
        return functional.softmax_weights(p, self.alpha, 1, mask)

    def call(self, p: keras.KerasTensor, mask: keras.KerasTensor = None) -> keras.KerasTensor:
        return functional.weighted_mean(p, self.frame_weights(p, mask), 1, mask)


class Gated(WeightedMean):
    """A subclass that asks for logits, and learns an α."""

    needs_logits = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.alpha = self.add_class_weight("alpha", input_shape, initializer="ones")

    def frame_weights(
        self, p: keras.KerasTensor, mask: keras.KerasTensor = None, logits: keras.KerasTensor = None
    ) -> keras.KerasTensor:
        return functional.attention_weights(self.alpha * logits, self.axis, mask)

    def call(
        self, p: keras.KerasTensor, mask: keras.KerasTensor = None, logits: keras.KerasTensor = None
    ) -> keras.KerasTensor:
        return functional.weighted_mean(p, self.frame_weights(p, mask, logits), self.axis, mask)


@pytest.mark.parametrize(
    ("make", "adaptive", "names"),
    [
        (NoMask, False, []),
        (keras.layers.GlobalAveragePooling1D, False, []),
        (Adaptive, True, ["own/alpha"]),
        (Gated, True, ["attention_logits/kernel", "attention_logits/bias", "own/alpha"]),
    ],
)
def test_it_trains_and_its_weights_come_back(
    make: type[keras.layers.Layer], adaptive: bool, names: list[str], tmp_path: Path
) -> None:
    def detector() -> small.Detector:
        keras.utils.clear_session()
        return build_detector(
            small.noisy_backbone(), make(name="own"), classes=small.CLASSES, patch_frames=small.N_FRAMES
        )

    built = detector()
    assert isinstance(built.pooling, Pooling)
    before = built.network.get_weights()
    recipe = replace(small.RECIPE, epochs=1)
    result = train(built, small.patches(16, 0, 1), small.patches(8, 1, 1), recipe, folder=tmp_path, progress=False)
    assert len(result.history) == 1
    assert any((old != new).any() for old, new in zip(before, built.network.get_weights(), strict=True))
    assert (result.alpha is not None) == adaptive
    if result.alpha is not None:
        assert result.alpha["bound"].isna().all()
        last = result.alpha.loc[result.alpha["epoch"] == 1, "alpha"]
        assert last.tolist() == keras.ops.convert_to_numpy(built.pooling.alpha).ravel().tolist()

    save_weights(built.network, tmp_path / "weights.npz")
    copy = detector()
    load_weights(copy.network, tmp_path / "weights.npz")
    assert [path for path in (v.path for v in copy.network.weights) if path.startswith(("own", "attention"))] == names
    for ours, theirs in zip(copy.network.get_weights(), built.network.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_weights_of_its_own_explain_the_clip() -> None:
    features = np.random.default_rng(0).normal(-40, 10, (64, small.N_MELS)).astype("float32")
    for make in (Adaptive, Gated):
        built = build_detector(small.noisy_backbone(), make(), classes=small.CLASSES, patch_frames=small.N_FRAMES)
        output = {name: keras.ops.convert_to_numpy(value)[0] for name, value in built.network(features[None]).items()}
        weights = responsibility(built, features, -80.0)
        assert weights is not None
        assert (weights * output["frames"]).sum(axis=0) == pytest.approx(output["clip"], abs=1e-5)
    unexplained = build_detector(small.noisy_backbone(), NoMask(), classes=small.CLASSES, patch_frames=small.N_FRAMES)
    assert responsibility(unexplained, features, -80.0) is None
