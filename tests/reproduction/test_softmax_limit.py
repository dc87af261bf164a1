import numpy as np
import pytest

from sedpool.reproduction.softmax_limit import softmax_against_mean, weights_approach_mean


def test_weights_reach_their_bounds_and_approach_those_of_the_mean():
    table = softmax_against_mean()
    assert weights_approach_mean(table) == "held"
    assert table["weight_gap"].tolist() == pytest.approx(table["weight_bound"].tolist())


def test_outputs_meet_for_one_active_frame_and_not_for_an_active_share():
    table = softmax_against_mean().set_index("bag_size")
    assert table.loc[10_000, "one_frame"] < 2e-4
    root = np.sqrt(np.e)
    assert table["any_share"].iloc[-1] == pytest.approx((root - 1) / (root + 1), abs=1e-4)


def test_weights_that_do_not_fall_would_not_hold():
    table = softmax_against_mean((2, 5))
    assert weights_approach_mean(table) == "not held"
