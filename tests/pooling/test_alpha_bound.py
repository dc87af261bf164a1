import keras
import numpy as np
import pytest

from sedpool.errors import ConfigError
from sedpool.pooling import AlphaBound

ALPHA = np.array([[-10.0, -1.0, 0.0, 2.0, 10.0]], "float32")
BOUND = np.float32(np.log(25))


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        ("norm", [[-BOUND, -1, 0, 2, BOUND]]),
        ("upper", [[-10, -1, 0, 2, BOUND]]),
        ("nonneg", [[0, 0, 0, 2, BOUND]]),
    ],
)
def test_alpha_moves_to_the_nearest_allowed_value(kind, allowed):
    constraint = AlphaBound(max_weight=0.5, kind=kind, bag_size=26)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(constraint(ALPHA)), np.array(allowed, "float32"))


def test_norm_is_what_the_authors_impose():
    """A max-norm on each class's α, but for the epsilon by which Keras's max-norm shrinks what it leaves alone."""
    theirs = keras.constraints.MaxNorm(float(BOUND), axis=0)(ALPHA)
    ours = AlphaBound(bag_size=26)(ALPHA)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(ours), keras.ops.convert_to_numpy(theirs), atol=1e-5)


def test_the_tighter_of_two_weights_counts():
    assert AlphaBound(0.5, min_weight=0.03, bag_size=26).alpha_max < AlphaBound(0.5, bag_size=26).alpha_max
    assert AlphaBound(0.5, min_weight=1e-4, bag_size=26).alpha_max == AlphaBound(0.5, bag_size=26).alpha_max


def test_a_stated_bound_needs_no_bag_size():
    assert AlphaBound(alpha_max=2.0).alpha_max == 2.0
    assert AlphaBound(alpha_max=2.0, bag_size=26).alpha_max == 2.0


def test_an_unknown_bag_size_is_an_error_until_told():
    constraint = AlphaBound()
    with pytest.raises(ConfigError, match="bag_size"):
        constraint(ALPHA)
    assert constraint.with_bag_size(26).alpha_max == pytest.approx(float(BOUND))


def test_a_known_bag_size_stays():
    constraint = AlphaBound(bag_size=26)
    assert constraint.with_bag_size(430) is constraint


@pytest.mark.parametrize(
    "wrong", [{"kind": "lower"}, {"alpha_max": -1.0}, {"max_weight": 0.01}, {"max_weight": 1.0}, {"min_weight": 0.5}]
)
def test_settings_that_cannot_hold_are_errors(wrong):
    with pytest.raises(ConfigError):
        AlphaBound(**{"bag_size": 26, **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        *({"bag_size": size} for size in (0, 1, -3, 26.5, True, float("nan"), "26")),
        *({"alpha_max": bound} for bound in (-1.0, float("inf"), float("nan"), "3")),
        *({name: weight} for name in ("max_weight", "min_weight") for weight in (0, 1, 5.0, float("nan"), "0.5")),
        {"max_weight": None},
    ],
    ids=str,
)
def test_what_is_no_bag_size_bound_or_weight_is_refused_by_its_name(wrong):
    with pytest.raises(ConfigError, match=f"^{next(iter(wrong))}=.*must be a"):
        AlphaBound(**wrong)


def test_it_survives_serialisation():
    constraint = AlphaBound(0.4, min_weight=0.001, kind="upper", bag_size=26)
    copy = keras.constraints.deserialize(keras.constraints.serialize(constraint))
    assert copy.get_config() == constraint.get_config()
    assert copy.alpha_max == constraint.alpha_max
