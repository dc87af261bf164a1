"""The closed-form gradient against automatic differentiation of the plain formula, to second order."""

import keras
import numpy as np
import pytest

from sedpool.pooling import functional

if keras.backend.backend() != "tensorflow":
    pytest.skip("the closed form serves TensorFlow", allow_module_level=True)

import tensorflow as tf

from sedpool.pooling.closed_form import softmax_pool_with_known_gradient
from sedpool.pooling.masked import prepare

P = np.random.default_rng(0).random((4, 6, 3))
MASK = np.arange(6) < np.array([6, 3, 1, 0])[:, None]


def plain(p, alpha, axis, mask):
    return functional.weighted_mean(p, functional.softmax_weights(p, alpha, axis, mask), axis, mask)


def closed(p, alpha, axis, mask):
    p, mask = prepare(p, mask)
    return softmax_pool_with_known_gradient(p, alpha, axis, mask)


def derivatives(pool, p, alpha, axis, mask):
    """Value, gradient, and gradient of the gradient's norm."""
    p, alpha = tf.convert_to_tensor(p), tf.convert_to_tensor(alpha)
    with tf.GradientTape() as outer:
        outer.watch([p, alpha])
        with tf.GradientTape() as inner:
            inner.watch([p, alpha])
            value = pool(p, alpha, axis, mask)
            loss = tf.reduce_sum(value**2)
        first = inner.gradient(loss, [p, alpha])
        norm = sum(tf.reduce_sum(gradient**2) for gradient in first)
    return [value, *first, *outer.gradient(norm, [p, alpha])]


@pytest.mark.parametrize("alpha", [2.0, [-3.0, 0.0, 5.0], [[[-3.0, 0.0, 5.0]]]], ids=["scalar", "vector", "rank of p"])
@pytest.mark.parametrize(("axis", "mask"), [(1, None), (1, MASK), (0, None), (-2, None)])
@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_closed_form_is_automatic_differentiation(alpha, axis, mask, mode):
    alpha = np.array(alpha)
    run = derivatives if mode == "eager" else tf.function(derivatives)
    for a, b in zip(run(closed, P, alpha, axis, mask), run(plain, P, alpha, axis, mask), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
