"""What holds for every bag: limits, bounds, order, masks."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sedpool.pooling import functional
from sedpool.pooling.bounds import gap_to_max, weight_bounds

SHAPE = (2, 9, 2)
FRAMES = SHAPE[1]
EPSILON = 1e-6

few = settings(max_examples=12, deadline=None)
bags = arrays(np.float32, SHAPE, elements=st.floats(0, 1, width=32))
masks = arrays(bool, SHAPE[:2])
alphas = st.one_of(st.floats(-20, 20), st.floats(-1e6, 1e6))
positive_alphas = st.one_of(st.floats(1e-3, 20), st.floats(1e-3, 1e6))

ORDERLESS_MEANS = ["max", "min", "mean", "softmax", "auto", "cap", "linear_softmax", "power", "gwrp", "top_k"]
WEIGHTED_MEANS = [*ORDERLESS_MEANS, "attention", "hierarchical"]
ORDERLESS = [*ORDERLESS_MEANS, "log_sum_exp", "noisy_or", "isr", "generalized_mean"]


def array(x):
    return keras.ops.convert_to_numpy(x)


@few
@given(p=bags)
def test_alpha_0_is_the_mean_and_1_softmax_pooling(p):
    np.testing.assert_allclose(array(functional.softmax_pool(p, 0.0)), p.mean(axis=1), atol=EPSILON)
    weights = np.exp(p) / np.exp(p).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(array(functional.softmax_pool(p, 1.0)), (weights * p).sum(axis=1), atol=EPSILON)


@few
@given(p=bags, alpha=positive_alphas)
def test_the_gap_to_max_and_to_min_is_bounded_by_lambert_w(p, alpha):
    bound = gap_to_max(alpha, FRAMES) + EPSILON
    above, below = array(functional.softmax_pool(p, alpha)), array(functional.softmax_pool(p, -alpha))
    assert (p.max(axis=1) - above >= -EPSILON).all()
    assert (p.max(axis=1) - above <= bound).all()
    assert (below - p.min(axis=1) >= -EPSILON).all()
    assert (below - p.min(axis=1) <= bound).all()


@few
@given(p=bags)
def test_mean_softmax_and_max_are_in_order(p):
    softmax = array(functional.softmax_pool(p, 1.0))
    assert (p.mean(axis=1) <= softmax + EPSILON).all()
    assert (softmax <= p.max(axis=1) + EPSILON).all()


@few
@given(p=bags, low=alphas, high=alphas)
def test_autopool_grows_with_alpha(p, low, high):
    low, high = sorted((low, high))
    assert (array(functional.softmax_pool(p, low)) <= array(functional.softmax_pool(p, high)) + EPSILON).all()


@few
@given(p=bags, alpha=alphas)
def test_softmax_weights_respect_their_bounds(p, alpha):
    weights = array(functional.softmax_weights(p, alpha))
    smallest, largest = weight_bounds(alpha, FRAMES)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=EPSILON)
    assert (weights >= smallest - EPSILON).all()
    assert (weights <= largest + EPSILON).all()


@pytest.mark.parametrize("name", ORDERLESS, indirect=True)
@few
@given(p=bags, order=st.permutations(range(FRAMES)))
def test_the_order_of_frames_does_not_matter(make, apply, p, order):
    pool = make()
    np.testing.assert_allclose(apply(pool, p[:, order]), apply(pool, p), atol=EPSILON)


@pytest.mark.parametrize("name", WEIGHTED_MEANS, indirect=True)
@few
@given(p=bags, mask=masks)
def test_weighted_means_lie_within_the_bag_and_their_weights_sum_to_1(make, apply, frame_weights, p, mask):
    pool = make()
    output, weights = apply(pool, p, mask), frame_weights(pool, p, mask)
    assert (weights >= 0).all()
    assert (weights[~mask] == 0).all()
    for bag, pooled, weight, valid in zip(p, output, weights, mask, strict=True):
        if valid.any():
            np.testing.assert_allclose(weight.sum(axis=0), 1, atol=EPSILON)
            assert (bag[valid].min(axis=0) - EPSILON <= pooled).all()
            assert (pooled <= bag[valid].max(axis=0) + EPSILON).all()
        np.testing.assert_allclose(pooled, (weight * bag).sum(axis=0), atol=EPSILON)


@few
@given(p=bags, mask=masks)
def test_operators_that_add_up_evidence_are_at_least_the_maximum(p, mask):
    largest = np.where(mask[..., None], p, 0).max(axis=1)
    assert (array(functional.noisy_or(p, mask=mask)) >= largest - EPSILON).all()
    assert (array(functional.isr(p, mask=mask)) >= largest - EPSILON).all()


@few
@given(p=bags, mask=masks, garbage=st.sampled_from([np.nan, np.inf, -np.inf, -3.0, 1e30]))
def test_masked_frames_have_no_influence_and_get_no_gradient(make, apply, gradients, p, mask, garbage):
    pool = make()
    padded = np.where(mask[..., None], p, np.float32(garbage))
    np.testing.assert_array_equal(apply(pool, padded, mask), apply(pool, p, mask))
    of_p, *of_learned = gradients(pool, padded, mask)
    assert (of_p[~mask] == 0).all()
    for a, b in zip(of_learned, gradients(pool, p, mask)[1:], strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_bag_without_a_valid_frame_gives_0(make, apply, gradients):
    p = np.full(SHAPE, 0.7, "float32")
    mask = np.zeros(SHAPE[:2], bool)
    np.testing.assert_array_equal(apply(make(), p, mask), 0)
    assert all((gradient == 0).all() for gradient in gradients(make(), p, mask))


@pytest.mark.parametrize("name", [*ORDERLESS, "hierarchical"], indirect=True)
@few
@given(p=bags, frames=st.integers(1, FRAMES))
def test_a_padded_bag_is_pooled_like_the_bag(make, apply, p, frames):
    pool = make()
    mask = np.broadcast_to(np.arange(FRAMES) < frames, SHAPE[:2])
    np.testing.assert_allclose(apply(pool, p, mask), apply(pool, p[:, :frames]), atol=EPSILON)
