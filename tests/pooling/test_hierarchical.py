import keras
import numpy as np
import pytest

from sedpool.errors import ConfigError
from sedpool.pooling import Attention, AutoPool, Hierarchical, LinearSoftmax, Max, Mean, NoisyOr


@pytest.fixture
def p():
    return np.random.default_rng(0).random((2, 24, 3), dtype="float32")


def test_means_of_equal_groups_are_the_mean(p, apply):
    np.testing.assert_allclose(apply(Hierarchical(Mean(), sizes=(2, 3)), p), p.mean(axis=1), rtol=1e-6)


def test_maxima_of_any_groups_are_the_maximum(p, apply):
    np.testing.assert_array_equal(apply(Hierarchical(Max(), sizes=(5, 2)), p), p.max(axis=1))


def test_noisy_or_does_not_care_for_groups(p, apply):
    small = p / 20
    np.testing.assert_allclose(apply(Hierarchical(NoisyOr(), sizes=(5, 2)), small), apply(NoisyOr(), small), rtol=1e-5)


def test_a_quiet_group_counts_for_more_than_without_groups(apply):
    bag = np.array([[[0.9], [0.9], [0.1], [0.0]]], "float32")
    flat, grouped = LinearSoftmax(), Hierarchical(LinearSoftmax(), sizes=(2,))
    weights = [keras.ops.convert_to_numpy(pool.frame_weights(bag))[0, 2, 0] for pool in (flat, grouped)]
    assert weights[0] < weights[1]


def test_frames_may_lie_on_another_axis(p, apply):
    there, back = Hierarchical(LinearSoftmax(), axis=0), Hierarchical(LinearSoftmax())
    np.testing.assert_array_equal(apply(there, np.moveaxis(p, 1, 0)), apply(back, p))


def test_bags_of_unknown_length_can_be_pooled(p):
    frames = keras.Input((None, 3))
    pool = Hierarchical(AutoPool(), sizes=(4, 3))
    model = keras.Model(frames, pool(frames))
    short = p[:, :17]
    np.testing.assert_allclose(model.predict(short, verbose=0), keras.ops.convert_to_numpy(pool(short)), rtol=1e-6)


@pytest.mark.parametrize(
    ("operator", "sizes"), [(Attention(), (2,)), (Mean(axis=0), (2,)), (Mean(), ()), (Mean(), (2, 0))]
)
def test_what_cannot_be_stacked_is_an_error(operator, sizes):
    with pytest.raises(ConfigError):
        Hierarchical(operator, sizes=sizes)
