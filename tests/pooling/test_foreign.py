"""Layers that were not written for sedpool, under the contract of its own."""

import keras
import numpy as np
import pytest

from sedpool import pooling
from sedpool.errors import ConfigError
from sedpool.pooling import Hierarchical, Pooling, as_pooling

P = np.random.default_rng(0).random((4, 6, 3), dtype="float32")


class Largest(keras.layers.Layer):
    """Takes no mask."""

    def call(self, p):
        return keras.ops.max(p, axis=1)


class Average(keras.layers.Layer):
    """Takes a mask, and says how much each frame counts."""

    def call(self, p, mask=None):
        return keras.ops.sum(self.frame_weights(p, mask) * p, axis=1)

    def frame_weights(self, p, mask=None):
        counts = keras.ops.ones_like(p) if mask is None else keras.ops.ones_like(p) * keras.ops.cast(mask, "float32")
        return counts / keras.ops.sum(counts, axis=1, keepdims=True)


class Adaptive(keras.layers.Layer):
    """Learns α, one for each class or as many as it is told."""

    def __init__(self, n_alphas=None, **kwargs):
        super().__init__(**kwargs)
        self.n_alphas = n_alphas

    def build(self, shape):
        self.alpha = self.add_weight(name="alpha", shape=(1, self.n_alphas or shape[-1]), initializer="ones")

    def call(self, p):
        return keras.ops.sum(keras.ops.softmax(self.alpha * p, axis=1) * p, axis=1)


class Fixed(Largest):
    alpha = 2.0


def test_a_pooling_passes_unchanged(make):
    pool = make()
    assert as_pooling(pool) is pool


@pytest.mark.parametrize("wrong", [keras.layers.GlobalMaxPooling1D, pooling.Max, keras.ops.max, "max", None])
def test_what_is_no_layer_is_refused(wrong):
    with pytest.raises(ConfigError, match=r"must be a Keras layer, as Mean\(\)"):
        as_pooling(wrong)


def test_what_a_foreign_layer_does_not_say_is_as_pooling_has_it():
    pool = as_pooling(Largest())
    assert isinstance(pool, Pooling)
    assert (pool.needs_logits, pool.is_weighted_mean, pool.alpha, pool.alpha_max) == (False, False, None, None)
    assert pool.with_bag_size(26) is pool
    with pytest.raises(ConfigError, match="no weighted mean"):
        pool.frame_weights(P)


@pytest.mark.parametrize("layer", [Largest, keras.layers.GlobalMaxPooling1D])
def test_a_layer_without_a_mask_pools(apply, layer):
    np.testing.assert_array_equal(apply(as_pooling(layer()), P), P.max(axis=1))


def test_a_mask_that_the_layer_does_not_take_is_refused():
    with pytest.raises(ConfigError, match="Largest takes no mask"):
        as_pooling(Largest())(P, mask=np.ones(P.shape[:2], bool))


def test_a_layer_that_takes_a_mask_gets_it(apply):
    mask = np.arange(6) < np.array([6, 4, 2, 1])[:, None]
    expected = [bag[valid].mean(axis=0) for bag, valid in zip(P, mask, strict=True)]
    np.testing.assert_allclose(apply(as_pooling(keras.layers.GlobalAveragePooling1D()), P, mask), expected, rtol=1e-5)


def test_a_layer_with_frame_weights_is_a_weighted_mean(frame_weights):
    pool, mask = as_pooling(Average()), np.ones((4, 6, 1), bool)
    assert pool.is_weighted_mean
    for given in (None, mask):
        np.testing.assert_allclose(frame_weights(pool, P, given), np.full(P.shape, 1 / 6), rtol=1e-6)


def test_a_variable_with_a_number_for_each_class_is_alpha():
    pool = as_pooling(Adaptive())
    assert pool.alpha is None
    pool(P)
    assert pool.alpha is pool.layer.alpha


@pytest.mark.parametrize("layer", [Fixed(), Adaptive(n_alphas=1)])
def test_another_alpha_is_none(layer):
    pool = as_pooling(layer)
    pool(P)
    assert pool.alpha is None


@pytest.mark.parametrize(
    "layer", [keras.layers.MaxPooling1D(2), keras.layers.Flatten(), keras.layers.Lambda(lambda p: p[:, :, 0])]
)
def test_a_layer_that_makes_something_else_is_named(layer):
    with pytest.raises(ConfigError, match=rf"{type(layer).__name__} made .* expected \(batch, classes\)"):
        as_pooling(layer)(keras.Input(P.shape[1:]))


def test_the_layer_itself_is_in_the_network_by_its_name():
    frames = keras.Input((None, 3))
    layer = Adaptive(name="theirs")
    network = keras.Model(frames, as_pooling(layer)(frames))
    assert layer in network.layers
    assert [variable.path for variable in network.weights] == ["theirs/alpha"]


def test_a_foreign_layer_cannot_be_stacked():
    for layer in (Largest(), as_pooling(Largest())):
        with pytest.raises(ConfigError, match="pooling layer of sedpool"):
            Hierarchical(layer)
