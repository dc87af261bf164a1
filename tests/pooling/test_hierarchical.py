import keras
import numpy as np
import pytest

from sedpool.errors import ConfigError
from sedpool.pooling import Attention, AutoPool, Hierarchical, LinearSoftmax, Max, Mean, NoisyOr, cap
from sedpool.pooling.bounds import alpha_for_max_weight


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


def test_a_learning_operator_finds_the_classes_where_frames_lie_last(p, apply):
    there, back = Hierarchical(AutoPool(), axis=-1), Hierarchical(AutoPool())
    np.testing.assert_allclose(apply(there, np.moveaxis(p, 1, 2)), apply(back, p), rtol=1e-6)


def test_frames_have_weights_where_the_operator_gives_them(p):
    assert Hierarchical(Mean()).is_weighted_mean
    assert not Hierarchical(Hierarchical(NoisyOr())).is_weighted_mean
    with pytest.raises(ConfigError, match="NoisyOr is no weighted mean"):
        Hierarchical(NoisyOr()).frame_weights(p)


@pytest.mark.parametrize(
    ("sizes", "bag_size", "smallest"), [((4, 5), 200, 4), ((6, 5), 90, 3), ((30,), 26, 30), ((1, 1), 26, 26)]
)
def test_cap_inside_is_told_the_smallest_bag_of_any_stage(sizes, bag_size, smallest):
    pool = Hierarchical(cap(max_weight=0.6), sizes=sizes, name="head").with_bag_size(bag_size)
    assert pool.operator.alpha_max == pytest.approx(alpha_for_max_weight(0.6, smallest))
    assert (pool.name, pool.sizes) == ("head", sizes)
    assert pool.with_bag_size(430) is pool


def test_at_no_stage_anything_counts_more_than_cap_inside_allows():
    pool = Hierarchical(cap(max_weight=0.6), sizes=(4,)).with_bag_size(24)
    pool.build((None, 24, 1))
    pool.operator.alpha.assign([[pool.operator.alpha_max]])
    group = np.array([1, 0, 0, 0], "float32")
    loud = np.concatenate([group, np.zeros(20, "float32")])[None, :, None]
    weights = keras.ops.convert_to_numpy(pool.frame_weights(loud))[0, :, 0].reshape(6, 4)
    assert (weights / weights.sum(axis=1, keepdims=True)).max() == pytest.approx(0.6)
    assert weights.sum(axis=1).max() < 0.6


def test_what_has_no_use_for_a_bag_size_stays():
    pool = Hierarchical(Mean())
    assert pool.with_bag_size(26) is pool


def test_bags_of_unknown_length_can_be_pooled(p):
    frames = keras.Input((None, 3))
    pool = Hierarchical(AutoPool(), sizes=(4, 3))
    model = keras.Model(frames, pool(frames))
    short = p[:, :17]
    np.testing.assert_allclose(model.predict(short, verbose=0), keras.ops.convert_to_numpy(pool(short)), rtol=1e-6)


@pytest.mark.parametrize(
    ("operator", "sizes"),
    [
        (Attention(), (2,)),
        (Mean(axis=0), (2,)),
        (Mean, (2,)),
        *((Mean(), sizes) for sizes in [(), (2, 0), 3, (2.5,), (True,), "3"]),
    ],
)
def test_what_cannot_be_stacked_is_an_error(operator, sizes):
    with pytest.raises(ConfigError):
        Hierarchical(operator, sizes=sizes)
