import keras
import numpy as np
import pytest

import sedpool as sp
from sedpool.errors import ConfigError
from sedpool.models import time_reduction
from sedpool.models.backbones import description_of


@pytest.mark.parametrize("hidden", [(), (8,), (16, 4)])
def test_a_head_reads_each_frame_by_itself(hidden: tuple[int, ...]) -> None:
    head = sp.embedding_head(12, hidden, dropout=0.5)
    x = np.random.default_rng(0).random((2, 9, 12)).astype(np.float32)
    outputs = keras.ops.convert_to_numpy(head(x))
    assert outputs.shape == (2, 9, hidden[-1] if hidden else 12)
    assert np.allclose(outputs[:, 4:5], keras.ops.convert_to_numpy(head(x[:, 4:5])), atol=1e-6)
    assert time_reduction(head) == 1
    described = description_of(keras.Model(head.input, head(head.input)))
    assert described == {"_target_": "sedpool.embedding_head", "n_features": 12, "hidden": [*hidden], "dropout": 0.5}


def test_values_are_standardised_as_training_saw_them() -> None:
    head = sp.embedding_head(4)
    x = np.random.default_rng(0).normal(7, [1, 2, 3, 0], (64, 50, 4)).astype(np.float32)
    for _ in range(500):
        head(x, training=True)
    outputs = keras.ops.convert_to_numpy(head(x)).reshape(-1, 4)
    assert outputs.mean(axis=0) == pytest.approx([0, 0, 0, 0], abs=0.1)
    assert outputs.std(axis=0) == pytest.approx([1, 1, 1, 0], abs=0.05)


@pytest.mark.parametrize("settings", [{"n_features": 0}, {"hidden": [8, 0]}, {"dropout": 1.0}])
def test_impossible_settings_are_refused(settings: dict) -> None:
    with pytest.raises(ConfigError, match=r"expected (numbers of )?1 or more"):
        sp.embedding_head(**settings)


@pytest.mark.usefixtures("front_ends")
@pytest.mark.parametrize("period", [186, 93, 46])
def test_the_last_block_starts_as_the_frozen_network(period: int) -> None:
    spectrogram = np.random.default_rng(0).random((203, 96), dtype=np.float32)
    backbone = sp.aisfx_last_block(period)
    before = keras.Model(backbone.input, backbone.get_layer("standard").input)
    maps = sp.Aisfx(period, layer="block3").embed(spectrogram)
    embeddings = keras.ops.convert_to_numpy(before(maps[None]))[0]
    assert np.abs(embeddings - sp.Aisfx(period).embed(spectrogram)).max() < 1e-4
    assert [layer.name for layer in backbone.layers if layer.trainable_weights] == ["block4_1", "block4_2", "standard"]
    assert time_reduction(backbone) == 1
