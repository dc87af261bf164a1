"""Every operator against its formula in plain NumPy, one bag at a time, and against finite differences."""

import numpy as np
import pytest

LEARNED = np.array([-0.7, 0.4, 2.5])  # values of a learned parameter, one for each class
SHAPE = (2, 7, 3)
LENGTHS = np.array([7, 4])  # valid frames of the two bags


def mean(weights, p):
    return (weights * p).sum() / weights.sum()


def by_rank(weights, p):
    return mean(weights[: len(p)], np.sort(p)[::-1])


def linear_softmax(p, _=None):
    return mean(p, p)


def hierarchical(p, _=None):
    for _stage in range(2):
        p = np.array([linear_softmax(p[start : start + 2]) for start in range(0, len(p), 2)])
    return linear_softmax(p)


FORMULAS = {
    "max": lambda p, _: p.max(),
    "min": lambda p, _: p.min(),
    "mean": lambda p, _: p.mean(),
    "softmax": lambda p, _: mean(np.exp(p), p),
    "auto": lambda p, alpha: mean(np.exp(alpha * p), p),
    "cap": lambda p, alpha: mean(np.exp(alpha * p), p),
    "linear_softmax": linear_softmax,
    "power": lambda p, exponent: mean(p**exponent, p),
    "gwrp": lambda p, _: by_rank(0.9 ** np.arange(len(p)), p),
    "top_k": lambda p, _: by_rank(np.ones(3), p[np.argsort(p)[-3:]]),
    "log_sum_exp": lambda p, _: np.log(np.exp(5 * p).mean()) / 5,
    "noisy_or": lambda p, _: 1 - np.prod(1 - p),
    "isr": lambda p, _: (p / (1 - p)).sum() / (1 + (p / (1 - p)).sum()),
    "generalized_mean": lambda p, exponent: (p**exponent).mean() ** (1 / exponent),
    "hierarchical": hierarchical,
}


@pytest.fixture(scope="module")
def p():
    return np.random.default_rng(1).uniform(0.01, 0.99, SHAPE)


@pytest.fixture(scope="module")
def mask():
    return np.arange(SHAPE[1]) < LENGTHS[:, None]


def built(make, dtype):
    pool = make(dtype=dtype)
    pool.build(SHAPE)
    for variable in pool.trainable_variables:
        variable.assign(LEARNED[None])
    return pool


def expected(formula, p):
    return [[formula(p[i, :length, c], LEARNED[c]) for c in range(SHAPE[2])] for i, length in enumerate(LENGTHS)]


@pytest.mark.parametrize("name", FORMULAS, indirect=True)
def test_output_is_the_formula_in_float32(name, make, p, mask, apply):
    output = apply(built(make, "float32"), p.astype("float32"), mask)
    np.testing.assert_allclose(output, expected(FORMULAS[name], p), atol=2e-6)


def test_gradients_are_finite_differences_in_float64(make, p, mask, gradients, objective):
    pool = built(make, "float64")
    of_p, *of_learned = gradients(pool, p, mask)
    np.testing.assert_allclose(of_p, differences(lambda x: objective(pool, x, mask), p), rtol=1e-6, atol=1e-8)
    for variable, gradient in zip(pool.trainable_variables, of_learned, strict=True):

        def value_at(learned, variable=variable):
            variable.assign(learned)
            return objective(pool, p, mask)

        np.testing.assert_allclose(gradient, differences(value_at, LEARNED[None]), rtol=1e-6, atol=1e-8)


def test_gradients_in_float32_are_those_in_float64(make, p, mask, gradients):
    """So that backends, whose float64 gradients all pass the test above, agree to 1e-5 in float32."""
    wide = gradients(built(make, "float64"), p, mask)
    narrow = gradients(built(make, "float32"), p.astype("float32"), mask)
    for a, b in zip(wide, narrow, strict=True):
        assert b.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=5e-6, atol=5e-6)


def differences(function, x, step=1e-6):
    """Central differences of a function of an array."""
    result = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        offset = np.zeros_like(x)
        offset[index] = step
        result[index] = (function(x + offset) - function(x - offset)) / (2 * step)
    return result
