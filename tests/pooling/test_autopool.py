"""AutoPool as a layer: where α starts, what CAP and RAP do to it, through training."""

import keras
import numpy as np
import pytest

from sedpool.errors import ConfigError
from sedpool.pooling import AlphaBound, AutoPool, cap, rap
from sedpool.pooling.bounds import alpha_for_max_weight

FRAMES, CLASSES = 26, 3


@pytest.fixture
def p():
    return np.random.default_rng(0).random((16, FRAMES, CLASSES), dtype="float32")


def alpha(pool):
    return keras.ops.convert_to_numpy(pool.alpha)


def trained(pool, p, labels, steps=12):
    """α after every step (each an epoch) of a training that drives it as fast as it can."""
    frames = keras.Input((None, CLASSES))
    model = keras.Model(frames, pool(frames))
    model.compile(keras.optimizers.SGD(500.0), "binary_crossentropy", run_eagerly=True)
    history = []
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: history.append(alpha(pool).copy()))
    model.fit(p, labels, batch_size=len(p), epochs=steps, shuffle=False, verbose=0, callbacks=[watch])
    return np.array(history)


def test_alpha_starts_at_1_for_every_class(p):
    pool = AutoPool()
    pool(p)
    np.testing.assert_array_equal(alpha(pool), np.ones((1, CLASSES)))
    assert pool.alpha.path.endswith("/alpha")
    assert pool.alpha_max is None


def test_the_initial_alpha_obeys_the_constraint(p):
    pool = AutoPool(kernel_initializer=keras.initializers.Constant(9.0), kernel_constraint=AlphaBound(bag_size=FRAMES))
    pool(p)
    np.testing.assert_allclose(alpha(pool), np.log(FRAMES - 1), rtol=1e-6)


def test_cap_with_an_unknown_bag_size_refuses_to_build(p):
    with pytest.raises(ConfigError, match="bag_size"):
        cap()(p)


def test_cap_is_told_its_bag_size():
    pool = cap(max_weight=0.4, l2=1e-3).with_bag_size(FRAMES)
    assert pool.alpha_max == pytest.approx(alpha_for_max_weight(0.4, FRAMES))
    assert pool.kernel_regularizer is not None
    assert pool.with_bag_size(430) is pool


def test_a_layer_without_cap_has_no_use_for_a_bag_size():
    pool = rap()
    assert pool.with_bag_size(FRAMES) is pool


@pytest.mark.parametrize("make", [cap, rap])
def test_cap_and_rap_take_what_autopool_takes(make):
    start = keras.initializers.Constant(0.25)
    options = {"alpha_max": 2.0} if make is cap else {}
    pool = make(name="head", axis=2, kernel_initializer=start, dtype="float64", **options)
    pool.build((None, 5, 7, CLASSES))
    assert (pool.name, pool.axis, pool.alpha.dtype) == ("head", 2, "float64")
    np.testing.assert_array_equal(alpha(pool), np.full((1, CLASSES), 0.25))


def test_rap_adds_the_squared_alphas_to_the_loss(p):
    pool = rap(l2=0.1)
    pool(p)
    assert keras.ops.convert_to_numpy(sum(pool.losses)) == pytest.approx(0.1 * CLASSES)


@pytest.mark.parametrize("towards", [0.0, 1.0])
def test_without_cap_training_drives_alpha_past_its_bound(p, towards):
    history = trained(AutoPool(), p, np.full((16, CLASSES), towards))
    assert np.abs(history).max() > 2 * np.log(FRAMES - 1)


@pytest.mark.parametrize("towards", [0.0, 1.0])
@pytest.mark.parametrize(("kind", "lowest"), [("norm", -np.log(FRAMES - 1)), ("upper", -np.inf), ("nonneg", 0.0)])
def test_caps_alpha_never_leaves_its_bounds(p, kind, lowest, towards):
    history = trained(cap(kind=kind, bag_size=FRAMES), p, np.full((16, CLASSES), towards))
    assert (history <= np.log(FRAMES - 1) + 1e-6).all()
    assert (history >= lowest - 1e-6).all()


@pytest.mark.parametrize("towards", [0.0, 1.0])
def test_after_training_no_frame_of_a_long_enough_bag_counts_more_than_max_weight(p, towards):
    pool = cap(max_weight=0.3, bag_size=FRAMES)
    trained(pool, p, np.full((16, CLASSES), towards))
    for frames in (FRAMES, FRAMES + 1, 430):
        one = np.eye(frames, dtype="float32")[:, :CLASSES]
        bags = np.stack([one, 1 - one])
        assert keras.ops.convert_to_numpy(pool.frame_weights(bags)).max() <= 0.3 + 1e-6


def test_in_a_shorter_bag_the_documented_bound_holds():
    pool = cap(max_weight=0.5, bag_size=FRAMES)
    pool.build((None, None, CLASSES))
    pool.alpha.assign(np.full((1, CLASSES), pool.alpha_max))
    for frames in (2, 10, 25):
        one = np.eye(frames, dtype="float32")[None, :, :1] * np.ones(CLASSES, "float32")
        largest = keras.ops.convert_to_numpy(pool.frame_weights(one)).max()
        assert largest == pytest.approx((FRAMES - 1) / (FRAMES - 1 + frames - 1), rel=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"kernel_constraint": keras.constraints.NonNeg()},
        {"kernel_constraint": keras.constraints.MaxNorm(2.0, axis=0)},
        {"kernel_regularizer": keras.regularizers.L2(1e-4)},
    ],
    ids=["NonNeg", "MaxNorm", "L2"],
)
def test_keras_own_constraints_and_regularisers_work(p, options):
    history = trained(AutoPool(**options), p, np.zeros((16, CLASSES)))
    if "kernel_constraint" not in options:
        return
    limits = (0, np.inf) if isinstance(options["kernel_constraint"], keras.constraints.NonNeg) else (-2, 2)
    assert (history >= limits[0]).all()
    assert (history <= limits[1]).all()
