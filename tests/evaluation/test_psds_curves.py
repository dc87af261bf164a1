import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.evaluation.psds_curves import FALSE, FOUND, ClassCurve, CountDeltas, common_area

N_CLIPS = 3
deltas = st.lists(
    st.tuples(
        st.integers(0, 5), st.integers(0, N_CLIPS - 1), st.integers(FOUND, FALSE + 1), st.sampled_from([-1.0, 1.0])
    ),
    max_size=20,
).map(lambda rows: CountDeltas(*np.array(rows, dtype=float).reshape(-1, 4).T[[0]], *_columns(rows)))


def _columns(rows):
    clip, kind, change = np.array(rows, dtype=float).reshape(-1, 4).T[1:]
    return clip.astype(int), kind.astype(int), change


@given(deltas, st.lists(st.integers(0, 3), min_size=N_CLIPS, max_size=N_CLIPS))
def test_points_that_are_not_needed_change_nothing(deltas, weights):
    """The slow oracle: add up all changes down to each threshold."""
    weights, prices = np.array(weights, dtype=float), np.array([0.0, 1.0, 0.5])
    rates, found = ClassCurve(deltas, N_CLIPS).weighted(weights[None], prices[None])
    every = []
    for threshold in np.unique(deltas.threshold):
        so_far = deltas.select(deltas.threshold >= threshold)
        amount = weights[so_far.clip] * so_far.change
        every.append(((amount * prices[so_far.kind]).sum(), amount[so_far.kind == FOUND].sum()))
    points = {(0.0, 0.0), *zip(rates[0], found[0], strict=True)}
    assert points <= {(0.0, 0.0), *every}
    for rate, number in every:
        assert any(other <= rate and more >= number for other, more in points)


def test_what_would_happen_below_every_threshold_does_not():
    below = CountDeltas(np.array([-1.0]), np.array([0]), np.array([FALSE]), np.array([1.0]))
    assert ClassCurve(below, 1).n_points == 0


def test_the_area_under_one_step():
    curve = np.array([60.0, 150.0]), np.array([0.5, 1.0])
    assert common_area([curve], limit=100.0, alpha_st=1.0) == pytest.approx(0.4 * 0.5)
    assert np.isnan(common_area([], limit=100.0, alpha_st=1.0))
