"""Drop-in for the authors' package: same arguments, same numbers, same gradients."""

import keras
import numpy as np
import pytest
import scipy.special

from sedpool.pooling import AutoPool, AutoPool1D, Softmax, SoftMaxPool1D

AXES = [0, 1, 2, -1, -2, -3]
SHAPE = (4, 5, 3)


@pytest.fixture(scope="module")
def theirs():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("autopool.tf runs on TensorFlow")
    return pytest.importorskip("autopool.tf", reason="needs `pip install --no-deps autopool==0.2.0`")


@pytest.fixture
def p():
    return np.random.default_rng(0).random(SHAPE, dtype="float32")


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("initializer", ["zeros", "ones", keras.initializers.RandomNormal(stddev=5.0, seed=1)])
def test_autopool1d_equals_theirs_forward_and_backward(theirs, gradients, apply, p, axis, initializer):
    ours, published = (layer(axis=axis, kernel_initializer=initializer) for layer in (AutoPool1D, theirs.AutoPool1D))
    published.needs_logits = False
    np.testing.assert_allclose(apply(ours, p), published(p).numpy(), atol=1e-6)
    np.testing.assert_array_equal(ours.kernel.numpy(), published.kernel.numpy())
    for a, b in zip(gradients(ours, p), gradients(published, p), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(("layer", "alpha"), [(AutoPool1D, 0), (SoftMaxPool1D, 1)])
def test_defaults_are_a_softmax_weighted_mean_beyond_probabilities_too(apply, axis, layer, alpha):
    x = np.random.default_rng(0).normal(size=SHAPE) ** 2
    weights = scipy.special.softmax(alpha * x, axis=axis)
    np.testing.assert_allclose(apply(layer(axis=axis), x), (weights * x).sum(axis=axis), rtol=1e-5)


@pytest.mark.parametrize("axis", AXES)
def test_softmaxpool1d_equals_theirs_forward_and_backward(theirs, gradients, apply, p, axis):
    ours, published = SoftMaxPool1D(axis), theirs.SoftMaxPool1D(axis)
    published.needs_logits = False
    np.testing.assert_allclose(apply(ours, p), published(p).numpy(), atol=1e-6)
    np.testing.assert_allclose(gradients(ours, p)[0], gradients(published, p)[0], atol=1e-6)


def test_configurations_saved_by_theirs_load_with_ours(theirs):
    published = theirs.AutoPool1D(
        axis=1, kernel_constraint=keras.constraints.NonNeg(), kernel_regularizer=keras.regularizers.L2(1e-3)
    )
    ours = AutoPool1D.from_config(published.get_config())
    assert ours.axis == 1
    assert isinstance(ours.kernel_constraint, keras.constraints.NonNeg)
    assert SoftMaxPool1D.from_config(theirs.SoftMaxPool1D(axis=1).get_config()).axis == 1


def test_defaults_are_theirs_and_not_autopools():
    published, own = AutoPool1D(), AutoPool()
    published.build(SHAPE)
    own.build(SHAPE)
    assert (published.axis, own.axis) == (0, 1)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(published.kernel), np.zeros((1, 3)))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(own.alpha), np.ones((1, 3)))
    assert (SoftMaxPool1D().axis, Softmax().axis) == (0, 1)


@pytest.mark.parametrize("axis", AXES)
def test_any_axis_is_pooled_away(apply, p, axis):
    np.testing.assert_allclose(apply(AutoPool1D(axis=axis), p), p.mean(axis=axis), atol=1e-6)
    assert AutoPool1D(axis=axis).compute_output_shape(SHAPE) == p.mean(axis=axis).shape
