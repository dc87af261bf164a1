"""Half precision, dtype policies and extreme parameters: no NaN, no Inf, nothing computed in less than float32."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sedpool.pooling import functional

SHAPE = (2, 9, 2)
HALF = ("float16", "bfloat16")
probabilities = st.one_of(st.sampled_from([0.0, 1.0, 1e-7, 0.5]), st.floats(0, 1, width=16))
bags = arrays(np.float16, SHAPE, elements=probabilities)
extremes = st.one_of(st.sampled_from([-1e6, -1.0, 0.0, 1.0, 1e6]), st.floats(-1e6, 1e6))
few = settings(max_examples=12, deadline=None)


def half(p, dtype):
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(p, dtype)))


@pytest.mark.parametrize("dtype", [*HALF, "float32"])
@few
@given(p=bags, learned=extremes)
def test_value_and_gradients_are_finite(make, apply, gradients, dtype, p, learned):
    pool = make()
    pool.build(SHAPE)
    for variable in pool.trainable_variables:
        variable.assign(np.full(variable.shape, learned, "float32"))
    p = half(p, dtype)
    assert np.isfinite(apply(pool, p)).all()
    assert all(np.isfinite(gradient.astype("float32")).all() for gradient in gradients(pool, p))


@pytest.mark.parametrize("dtype", HALF)
def test_half_precision_input_is_pooled_in_float32(make, apply, dtype):
    p = half(np.random.default_rng(0).random(SHAPE), dtype)
    pool = make()
    if pool.needs_logits:
        pytest.skip("the logits of the two calls would differ by their own rounding")
    output = apply(pool, p)
    assert output.dtype == np.float32
    np.testing.assert_array_equal(output, apply(pool, p.astype("float32")))


@pytest.mark.parametrize("policy", [*HALF, "mixed_float16", "mixed_bfloat16"])
def test_a_narrow_policy_changes_nothing(make, apply, policy):
    p = np.random.default_rng(0).random(SHAPE, dtype="float32")
    pool = make(dtype=policy)
    np.testing.assert_array_equal(apply(pool, p), apply(make(), p))
    assert all(variable.dtype == "float32" for variable in pool.trainable_variables)


def test_a_model_in_mixed_precision_pools_in_float32(make):
    if make().needs_logits:
        pytest.skip("takes two inputs; see test_attention.py")
    features = keras.Input((9, 3))
    frames = keras.layers.Dense(2, "sigmoid", dtype="mixed_bfloat16")(features)
    output = make(dtype="mixed_bfloat16")(frames)
    assert (frames.dtype, output.dtype, output.shape) == ("bfloat16", "float32", (None, 2))


@few
@given(p=bags, exponent=extremes)
def test_functions_of_an_exponent_are_finite(p, exponent):
    for function in (functional.power_weights, functional.generalized_mean):
        assert np.isfinite(keras.ops.convert_to_numpy(function(p, exponent))).all()
