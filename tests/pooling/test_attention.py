import keras
import numpy as np
import pytest

from sedpool.errors import ConfigError
from sedpool.pooling import Attention


@pytest.fixture
def p():
    return np.random.default_rng(0).random((2, 5, 3), dtype="float32")


def test_weights_are_a_softmax_of_the_logits_over_time(p):
    logits = np.random.default_rng(1).normal(size=p.shape).astype("float32")
    weights = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    output = keras.ops.convert_to_numpy(Attention()(p, logits=logits))
    np.testing.assert_allclose(output, (weights * p).sum(axis=1), rtol=1e-6)


def test_equal_logits_are_the_mean(p):
    output = keras.ops.convert_to_numpy(Attention()(p, logits=np.full_like(p, 3.0)))
    np.testing.assert_allclose(output, p.mean(axis=1), rtol=1e-6)


def test_missing_logits_are_an_error(p):
    with pytest.raises(ConfigError, match="logits"):
        Attention()(p)


def test_missing_logits_are_an_error_when_a_model_is_built():
    frames = keras.Input((None, 3))
    with pytest.raises(ConfigError, match="logits"):
        Attention()(frames)


def test_logits_in_the_place_of_the_mask_are_an_error(p):
    frames, scores = keras.Input((None, 3)), keras.Input((None, 3))
    with pytest.raises(ConfigError, match="the second is the mask"):
        Attention()(frames, scores)
    with pytest.raises(ConfigError, match="the second is the mask"):
        Attention()(p, p)


@pytest.mark.parametrize("shape", [(5, 4), (6, 3), (5,), (5, 3, 1)])
def test_logits_of_another_shape_are_an_error(p, shape):
    with pytest.raises(ConfigError, match="logits have the shape"):
        Attention()(keras.Input((5, 3)), logits=keras.Input(shape))
    with pytest.raises(ConfigError, match="logits have the shape"):
        Attention()(p, logits=np.zeros((2, *shape), "float32"))


def test_weights_without_logits_are_an_error(p):
    with pytest.raises(ConfigError, match="logits"):
        Attention().frame_weights(p)


def test_a_model_hands_it_logits():
    features = keras.Input((None, 4))
    scores = keras.layers.Dense(3)(features)
    clip = Attention()(keras.ops.sigmoid(scores), logits=scores)
    assert keras.Model(features, clip).predict(np.ones((2, 6, 4), "float32"), verbose=0).shape == (2, 3)
