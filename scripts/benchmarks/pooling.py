"""Time and memory of one pooling step, forward and backward, on TensorFlow without its compiler (XLA).

A step is measured twice: eager, as in a notebook, and as a graph, as in training. Operators take turns, so that
whatever else the machine does falls on all of them; the median of many turns counts.
"""

import gc
import multiprocessing
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.memory import peak_mib
from sedpool import pooling

SHAPES = [(64, 26, 10), (64, 430, 17), (16, 1075, 527)]  # (batch, frames, classes): URBAN-SED, DCASE 2017, AudioSet
REFERENCE = "max"

Step = Callable[[], Any]


def operators() -> dict[str, keras.layers.Layer]:
    """One of each operator, and the published AutoPool where it is installed."""
    layers = {
        "max": pooling.Max(),
        "min": pooling.Min(),
        "mean": pooling.Mean(),
        "softmax": pooling.Softmax(),
        "auto": pooling.AutoPool(),
        "cap": pooling.cap(bag_size=26),
        "rap": pooling.rap(),
        "attention": pooling.Attention(),
        "linear_softmax": pooling.LinearSoftmax(),
        "power": pooling.Power(),
        "gwrp": pooling.GlobalWeightedRank(),
        "top_k": pooling.TopKMean(),
        "log_sum_exp": pooling.LogSumExp(),
        "noisy_or": pooling.NoisyOr(),
        "isr": pooling.ISR(),
        "generalized_mean": pooling.GeneralizedMean(),
        "hierarchical": pooling.Hierarchical(pooling.LinearSoftmax()),
    }
    try:
        import autopool.tf
    except ImportError:
        return layers
    return layers | {"autopool.tf": autopool.tf.AutoPool1D(axis=1, kernel_initializer="ones")}


def measure(turns: int) -> list[dict[str, object]]:
    """One row per shape and operator.

    In it: milliseconds of a step, eager and as a graph, with their ratios to max pooling, and the peak memory of an
    eager step in MiB beyond its input (missing off Linux).
    """
    tf.get_logger().setLevel("ERROR")  # one function per operator is taken for one that is traced over and over
    rows = []
    for shape in SHAPES:
        eager = {name: _step(layer, shape) for name, layer in operators().items()}
        graph = {name: tf.function(step, jit_compile=False) for name, step in eager.items()}
        times = {"eager_ms": _medians(eager, turns), "graph_ms": _medians(graph, turns)}
        for name, peak in _peaks_mib(shape, eager).items():
            row: dict[str, object] = {"shape": str(shape), "operator": name}
            for mode, medians in times.items():
                row[mode] = medians[name]
                row[f"{mode.removesuffix('_ms')}_ratio"] = medians[name] / medians[REFERENCE]
            rows.append(row | {"peak_mib": peak})
    return rows


def _step(layer: keras.layers.Layer, shape: tuple[int, ...]) -> Step:
    """Forward and backward pass over one batch."""
    rng = np.random.default_rng(0)
    p, logits = (tf.constant(rng.random(shape, dtype="float32")) for _ in range(2))
    upstream = tf.constant(rng.normal(size=(shape[0], shape[2])).astype("float32"))
    extra = {"logits": logits} if pooling.as_pooling(layer).needs_logits else {}
    layer.build(shape)

    def step() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(p)
            output = layer(p, **extra)
        gradients: list[tf.Tensor] = tape.gradient(output, [p, *layer.trainable_variables], output_gradients=upstream)
        return gradients

    return step


def _medians(steps: dict[str, Step], turns: int) -> dict[str, float]:
    """Median milliseconds of each step, the steps taking turns."""
    for step in steps.values():
        step()  # trace, allocate
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    gc.disable()  # as timeit does: a collection would count against whichever step set it off
    for _ in range(turns):
        for name, step in steps.items():
            seconds[name].append(_seconds(step))
    gc.enable()
    return {name: 1e3 * float(np.median(taken)) for name, taken in seconds.items()}


def _seconds(step: Step) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def _peaks_mib(shape: tuple[int, ...], names: Iterable[str]) -> dict[str, float | None]:
    """Peak memory of each operator, each in a process of its own: TensorFlow keeps what it once allocated."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "keras"])
    with ProcessPoolExecutor(max_workers=1, mp_context=context, max_tasks_per_child=1) as processes:
        return {name: processes.submit(_peak_mib, name, shape).result() for name in names}


def _peak_mib(name: str, shape: tuple[int, ...]) -> float | None:
    """Most memory that a step takes beyond its input; None where the system, not being Linux, does not tell."""
    _step(operators()[name], (1, 8, 1))()  # what the first step of a process loads is no operator's own
    return peak_mib(_step(operators()[name], shape))
