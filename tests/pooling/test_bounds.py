import numpy as np
import pytest

from sedpool.errors import ConfigError
from sedpool.pooling.bounds import alpha_for_max_weight, alpha_for_min_weight, gap_to_max, weight_bounds


def weights(alpha, p):
    return np.exp(alpha * p) / np.exp(alpha * p).sum()


@pytest.mark.parametrize("alpha", [-3.0, 0.0, 1.0, np.log(25)])
@pytest.mark.parametrize("bag_size", [2, 26, 430])
def test_bounds_are_reached_by_one_frame_against_all_others(alpha, bag_size):
    one = np.eye(bag_size)[0]
    reached = sorted([weights(alpha, one)[0], weights(alpha, 1 - one)[0]])
    np.testing.assert_allclose(weight_bounds(alpha, bag_size), reached, rtol=1e-12)


def test_bounds_of_many_bags_at_once():
    smallest, largest = weight_bounds(1.0, np.array([2, 10, 100]))
    assert (np.diff(largest - smallest) < 0).all()


def test_the_only_frame_of_a_bag_counts_1():
    assert [float(bound) for bound in weight_bounds(5.0, 1)] == [1, 1]


def test_the_papers_cap_is_ln_25_for_26_frames():
    assert alpha_for_max_weight(0.5, 26) == pytest.approx(3.2188758, abs=1e-7)


@pytest.mark.parametrize("max_weight", [0.05, 0.3, 0.5, 0.99])
def test_alpha_for_max_weight_gives_that_weight(max_weight):
    _, largest = weight_bounds(alpha_for_max_weight(max_weight, 26), 26)
    assert largest == pytest.approx(max_weight, rel=1e-12)


@pytest.mark.parametrize("min_weight", [1e-4, 0.01, 1 / 26])
def test_alpha_for_min_weight_gives_that_weight(min_weight):
    smallest, _ = weight_bounds(alpha_for_min_weight(min_weight, 26), 26)
    assert smallest == pytest.approx(min_weight, rel=1e-12)


@pytest.mark.parametrize(("max_weight", "bag_size"), [(1 / 26, 26), (0.01, 26), (1.0, 26), (0.5, 2), (0.9, 1)])
def test_a_max_weight_that_no_alpha_or_every_alpha_keeps_is_an_error(max_weight, bag_size):
    with pytest.raises(ConfigError, match="max_weight"):
        alpha_for_max_weight(max_weight, bag_size)


@pytest.mark.parametrize(("min_weight", "bag_size"), [(0.04, 26), (0.0, 26), (-0.1, 26), (1.0, 1)])
def test_a_min_weight_that_no_alpha_or_every_alpha_keeps_is_an_error(min_weight, bag_size):
    with pytest.raises(ConfigError, match="min_weight"):
        alpha_for_min_weight(min_weight, bag_size)


def largest_gap(alpha, bag_size, drops):
    """Farthest from the maximum that bags of one high frame and m − 1 equal low ones come, the worst there are."""
    return max(drops * (bag_size - 1) / (np.exp(alpha * drops) + bag_size - 1))


@pytest.mark.parametrize("alpha", [2.7, 5.0])
def test_the_gap_to_max_is_reached(alpha):
    assert largest_gap(alpha, 26, np.linspace(0, 1, 10_001)) == pytest.approx(gap_to_max(alpha, 26), rel=1e-6)


@pytest.mark.parametrize("alpha", [0.1, 1.0, 2.6])
def test_below_its_documented_alpha_only_frames_beyond_0_and_1_reach_the_gap_to_max(alpha):
    assert largest_gap(alpha, 26, np.linspace(0, 1, 10_001)) < (1 - 1e-4) * gap_to_max(alpha, 26)
    assert largest_gap(alpha, 26, np.linspace(0, 40, 400_001)) == pytest.approx(gap_to_max(alpha, 26), rel=1e-6)


def test_the_gap_to_max_is_even_in_alpha_and_infinite_at_0():
    assert gap_to_max(-3.0, 26) == gap_to_max(3.0, 26)
    assert gap_to_max([0.0, -0.0], 26).tolist() == [np.inf, np.inf]
    assert gap_to_max([0.0, 2.0], 1).tolist() == [0, 0]
