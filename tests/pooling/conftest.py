"""One of each operator, and calling and differentiating them alike on every backend of Keras."""

import os

os.environ.setdefault("JAX_ENABLE_X64", "1")  # finite differences need float64, which JAX offers only if asked early

import keras
import numpy as np
import pytest

from sedpool import pooling

OPERATORS = {
    "max": pooling.Max,
    "min": pooling.Min,
    "mean": pooling.Mean,
    "softmax": pooling.Softmax,
    "auto": pooling.AutoPool,
    "cap": lambda **kwargs: pooling.AutoPool(kernel_constraint=pooling.AlphaBound(bag_size=26), **kwargs),
    "attention": pooling.Attention,
    "linear_softmax": pooling.LinearSoftmax,
    "power": pooling.Power,
    "gwrp": pooling.GlobalWeightedRank,
    "top_k": pooling.TopKMean,
    "log_sum_exp": pooling.LogSumExp,
    "noisy_or": pooling.NoisyOr,
    "isr": pooling.ISR,
    "generalized_mean": pooling.GeneralizedMean,
    "hierarchical": lambda **kwargs: pooling.Hierarchical(pooling.LinearSoftmax(**kwargs), sizes=(2, 2), **kwargs),
}


@pytest.fixture(scope="session", params=OPERATORS)
def name(request):
    """Name of an operator, as its configuration file is called."""
    return request.param


@pytest.fixture(scope="session")
def make(name):
    """Maker of an operator, which takes the layer's keyword arguments."""
    return OPERATORS[name]


@pytest.fixture(scope="session")
def apply():
    """Call a layer on arrays and return an array."""

    def apply(pool, p, mask=None):
        return keras.ops.convert_to_numpy(pool(_tensor(p), mask=mask, **_logits(pool, p)))

    return apply


@pytest.fixture(scope="session")
def frame_weights():
    """Weights that a layer gives to frames, as an array."""

    def frame_weights(pool, p, mask=None):
        if not pool.built:
            pool.build(p.shape)
        return keras.ops.convert_to_numpy(pool.frame_weights(_tensor(p), mask, **_logits(pool, p)))

    return frame_weights


@pytest.fixture(scope="session")
def objective():
    """A layer's outputs combined to one number, each counting differently."""

    def objective(pool, p, mask=None):
        return float(keras.ops.convert_to_numpy(_objective(pool(_tensor(p), mask=mask, **_logits(pool, p)))))

    return objective


@pytest.fixture(scope="session")
def gradients():
    """Gradients of `objective` for p and for what the layer learns, as arrays."""
    return {"tensorflow": _gradients_tensorflow, "jax": _gradients_jax, "torch": _gradients_torch}[
        keras.backend.backend()
    ]


def _tensor(x):
    return keras.ops.convert_to_tensor(x, dtype=x.dtype.name)  # JAX and PyTorch narrow float64 arrays unless told


def _logits(pool, p):
    return (
        {"logits": _tensor(np.random.default_rng(0).normal(size=p.shape).astype(p.dtype))} if pool.needs_logits else {}
    )


def _objective(output):
    upstream = keras.ops.linspace(0.5, 1.5, int(np.prod(output.shape)), dtype=output.dtype)
    return keras.ops.sum(keras.ops.convert_to_tensor(output) * keras.ops.reshape(upstream, output.shape))


def _gradients_tensorflow(pool, p, mask=None):
    import tensorflow as tf

    logits = _logits(pool, p)
    p = _tensor(p)
    with tf.GradientTape() as tape:
        tape.watch(p)
        loss = _objective(pool(p, mask=mask, **logits))
    return [gradient.numpy() for gradient in tape.gradient(loss, [p, *pool.trainable_variables])]


def _gradients_jax(pool, p, mask=None):
    import jax

    if not pool.built:
        pool.build(p.shape)

    def loss(p, learned):
        return _objective(pool.stateless_call(learned, [], p, mask=mask, **logits)[0])

    logits = _logits(pool, p)
    of_p, of_learned = jax.grad(loss, argnums=(0, 1))(_tensor(p), [v.value for v in pool.trainable_variables])
    return [np.asarray(gradient) for gradient in (of_p, *of_learned)]


def _gradients_torch(pool, p, mask=None):
    import torch

    logits = _logits(pool, p)
    p = _tensor(p).requires_grad_()
    loss = _objective(pool(p, mask=mask, **logits))
    learned = [variable.value for variable in pool.trainable_variables]
    return [keras.ops.convert_to_numpy(gradient) for gradient in torch.autograd.grad(loss, [p, *learned])]
