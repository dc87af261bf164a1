"""What every layer refuses: bags, masks and parameters whose shape would silently mean something else."""

import keras
import numpy as np
import pytest

from sedpool import pooling
from sedpool.errors import ConfigError

P = np.random.default_rng(0).random((4, 6, 3), dtype="float32")


def called(pool, p, **kwargs):
    extra = {"logits": p} if pool.needs_logits else {}
    return pool(p, **extra, **kwargs)


def test_two_axes_are_refused(make):
    for p in (keras.Input((26,)), P[:, :, 0]):
        with pytest.raises(ConfigError, match=r"expected \(batch, frames, classes\)"):
            called(make(), p)


def test_an_axis_that_p_lacks_is_refused():
    with pytest.raises(ConfigError, match="axis=3"):
        pooling.Mean(axis=3)(P)


@pytest.mark.parametrize("make", [pooling.AutoPool, pooling.rap, pooling.Power, pooling.GeneralizedMean])
@pytest.mark.parametrize("axis", [2, -1])
def test_what_learns_per_class_does_not_pool_over_classes(make, axis):
    with pytest.raises(ConfigError, match="per class"):
        make(axis=axis)(P)


def test_classes_to_learn_for_must_be_known():
    with pytest.raises(ConfigError, match="state the last axis"):
        pooling.AutoPool()(keras.Input((26, None)))


def test_the_published_layers_take_the_axes_that_they_took():
    with pytest.raises(ConfigError, match="AutoPool1D got p of shape"):
        pooling.AutoPool1D()(P[0])
    assert pooling.SoftMaxPool1D()(P[0]).shape == (3,)
    assert pooling.AutoPool1D(axis=-1)(P).shape == (4, 6)


@pytest.mark.parametrize("shape", [(4,), (4, 7), (6,), (4, 6, 2), (5, 6), (4, 6, 3, 1)])
def test_a_mask_of_another_shape_is_refused(make, shape):
    with pytest.raises(ConfigError, match="mask has the shape"):
        called(make(), P, mask=np.ones(shape, bool))


@pytest.mark.parametrize("shape", [(), (7,), (6, 2)])
def test_a_mask_of_another_shape_is_refused_when_a_model_is_built(make, shape):
    with pytest.raises(ConfigError, match="mask has the shape"):
        called(make(), keras.Input((6, 3)), mask=keras.Input(shape, dtype="bool"))


@pytest.mark.parametrize("shape", [(4, 6), (1, 6), (4, 6, 1), (4, 6, 3)])
def test_a_mask_may_have_or_lack_the_last_axis(make, shape):
    every = called(make(), P)
    masked = called(make(), P, mask=np.ones(shape, bool))
    np.testing.assert_allclose(*map(keras.ops.convert_to_numpy, (masked, every)), rtol=1e-5)


@pytest.mark.parametrize("name", ["auto", "cap", "power", "hierarchical"], indirect=True)
def test_weights_can_be_asked_of_a_layer_that_was_never_called(make):
    weights = keras.ops.convert_to_numpy(make().frame_weights(P))
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)


def test_operators_state_whether_they_have_weights(make):
    no_mean = (pooling.NoisyOr, pooling.ISR, pooling.LogSumExp, pooling.GeneralizedMean)
    assert make().is_weighted_mean == (not isinstance(make(), no_mean))


def test_an_operator_that_says_nothing_asks_nothing_and_shows_nothing():
    pool = pooling.Pooling()
    assert (pool.needs_logits, pool.is_weighted_mean, pool.alpha, pool.alpha_max) == (False, False, None, None)
    assert pool.with_bag_size(26) is pool
    with pytest.raises(ConfigError, match="Pooling is no weighted mean"):
        pool.frame_weights(P)


def test_every_operator_keeps_the_contract(make):
    pool = make().with_bag_size(26)
    called(pool, P)
    assert pool.with_bag_size(430) is pool
    assert pool.alpha is None or pool.alpha.shape == (1, 3)
    assert pool.alpha_max is None or pool.alpha is not None


def test_the_minimum_of_an_empty_bag_is_0_without_a_sign(apply):
    output = apply(pooling.Min(), P, np.zeros(P.shape[:2], bool))
    assert not np.signbit(output).any()
