"""The training step of the paper's network on TensorFlow, against the same network of built-in Keras layers.

Everything takes turns within one process, so that whatever else the machine does falls on all of it; medians count.
The baseline is what a plain port does: built-in layers, ``model.fit``, float32, the faster of XLA on and off.
The peer is the fastest of PyTorch's variants in the same precision; they take turns in a process of their own.
"Convolutions alone" are those of the network with the gradients that its step needs, as operations of their own, one
after another: the first one's gradient to its input is not among them (built-in input normalisation learns from it;
sedpool's does without). "Matrix peak" is the time of their arithmetic at the speed of a large matrix product.
"""

import gc
import json
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.memory import peak_mib
from sedpool import pooling
from sedpool.models import BatchNormalization, build_detector, paper_cnn
from sedpool.models.input_convolution import InputConvolution
from sedpool.training.loop import compile_for_training
from sedpool.training.recipe import STUDY

BATCH, FRAMES, MELS, CLASSES = 16, 430, 128, 10
STEPS = 4  # of each turn
PRECISIONS = ("float32", "mixed_bfloat16")
MATRIX = 2048
_BUILTIN = "keras built-in, fit"

Step = Callable[[], Any]


def measure(turns: int, torch_python: str | None) -> list[dict[str, object]]:
    """Return one row per candidate: seconds of a step, and its speed relative to built-in Keras and to PyTorch."""
    x, y = batch()
    works = {(name, "float32"): fit for name, fit in builtin_fits(x, y).items()}
    for precision in PRECISIONS:
        ours = model(precision)
        works["sedpool", precision] = partial(steps, ours, x, y)
        works["convolutions alone", precision] = convolutions(ours, x, precision)
        works["matrix peak", precision] = matrix_product(precision)
    seconds = medians(works, turns)
    work = multiplications(ours, x)
    for precision in PRECISIONS:
        seconds["matrix peak", precision] *= work / MATRIX**3
    baseline = baseline_of({name: value for (name, _), value in seconds.items()})
    peers = torch_rows(turns, torch_python)
    worked = [row for row in peers if not row["note"]]
    peer = {of: min((row["seconds"] for row in worked if row["precision"] == of), default=np.nan) for of in PRECISIONS}
    notes = {(row["name"], row["precision"]): row["note"] for row in peers}
    seconds |= {(row["name"], row["precision"]): row["seconds"] for row in peers}
    peaks = step_peaks()
    return [
        {
            "name": name,
            "precision": precision,
            "seconds": value,
            "baseline_seconds": baseline,
            "vs_keras": baseline / value,
            "vs_pytorch": peer[precision] / value,
            "clips_per_second": BATCH / value,
            "share_of_convolutions": seconds.get(("convolutions alone", precision), np.nan) / value,
            "share_of_peak": seconds.get(("matrix peak", precision), np.nan) / value,
            "peak_mib": peaks.get((name, precision)),
            "note": notes.get((name, precision), ""),
        }
        for (name, precision), value in seconds.items()
    ]


def steps(training_model: keras.Model, x: np.ndarray, y: np.ndarray) -> None:
    """Take `STEPS` steps on one batch."""
    for _ in range(STEPS):
        training_model.train_on_batch(x, y)


def batch() -> tuple[np.ndarray, np.ndarray]:
    """Patches and tags that the step is measured on."""
    rng = np.random.default_rng(0)
    x = rng.normal(-40, 15, (BATCH, FRAMES, MELS)).astype("float32")
    return x, (rng.random((BATCH, CLASSES)) < 0.3).astype("float32")


def model(precision: str, change: Callable[[keras.layers.Layer], keras.layers.Layer] | None = None) -> keras.Model:
    """Build the paper's network with CAP, compiled as in training; `change` exchanges layers of its backbone."""
    keras.utils.clear_session()
    keras.config.set_dtype_policy(precision)
    keras.utils.set_random_seed(0)
    backbone = paper_cnn()
    if change:
        backbone = keras.models.clone_model(backbone, clone_function=change)
    training_model = build_detector(backbone, pooling.cap(), classes=[str(i) for i in range(CLASSES)]).training_model
    compile_for_training(training_model, replace(STUDY, alpha_lr_multiplier=1.0))
    return training_model


def builtin(jit: bool) -> keras.Model:
    """Build the same network of built-in layers, with Keras's own optimiser."""

    def change(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, BatchNormalization):
            return keras.layers.BatchNormalization(name=layer.name)
        if isinstance(layer, InputConvolution):
            convolution = keras.layers.Conv2D(layer.convolution.filters, 3, padding="same", activation="relu")
            return keras.Sequential([keras.layers.BatchNormalization(), convolution], name=layer.name)
        return type(layer).from_config(layer.get_config())

    training_model = model("float32", change)
    metric = keras.metrics.BinaryAccuracy()
    training_model.compile(
        keras.optimizers.Adam(), keras.losses.BinaryCrossentropy(), metrics=[metric], jit_compile=jit
    )
    return training_model


def builtin_fits(x: np.ndarray, y: np.ndarray) -> dict[str, Step]:
    """Take `STEPS` steps of ``fit`` with XLA off and on, by name."""
    many = np.concatenate([x] * STEPS), np.concatenate([y] * STEPS)
    return {
        f"{_BUILTIN}, jit {'on' if jit else 'off'}": partial(
            builtin(jit).fit, *many, batch_size=BATCH, shuffle=False, verbose=0
        )
        for jit in (False, True)
    }


def baseline_of(seconds: Mapping[str, float]) -> float:
    """Return the faster of the built-in ones."""
    return min(value for name, value in seconds.items() if name.startswith(_BUILTIN))


def convolutions(training_model: keras.Model, x: np.ndarray, precision: str) -> Step:
    """Run every convolution `STEPS` times, with gradients of filters and, except for the first, of inputs."""
    dtype = "float32" if precision == "float32" else "bfloat16"
    backbone = training_model.get_layer("backbone")
    found = convolutional(backbone)
    inputs = keras.Model(backbone.input, [layer.input for layer, _ in found])(x)
    work = [
        (tf.cast(image, dtype), tf.cast(convolution.kernel.value, dtype), convolution.padding.upper(), is_first(layer))
        for image, (layer, convolution) in zip(inputs, found, strict=True)
    ]
    strides = [1, 1, 1, 1]

    def step() -> list[tf.Tensor]:
        results = []
        for image, kernel, padding, first in work:
            output = tf.nn.conv2d(image, kernel, 1, padding)
            shared = {"out_backprop": output, "strides": strides, "padding": padding}
            results.append(tf.raw_ops.Conv2DBackpropFilter(input=image, filter_sizes=kernel.shape, **shared))
            if not first:
                results.append(tf.raw_ops.Conv2DBackpropInput(input_sizes=image.shape, filter=kernel, **shared))
        return [result[:1, :1, :1, :1] for result in results]

    graph = tf.function(step, jit_compile=False)
    return lambda: [graph() for _ in range(STEPS)]


def convolutional(backbone: keras.Model) -> list[tuple[keras.layers.Layer, keras.layers.Conv2D]]:
    """Layers that convolve, with the convolution in each."""
    kinds = (keras.layers.Conv2D, InputConvolution)
    return [(layer, getattr(layer, "convolution", layer)) for layer in backbone.layers if isinstance(layer, kinds)]


def is_first(layer: keras.layers.Layer) -> bool:
    """Whether the layer takes the features, to which nothing needs a gradient."""
    return isinstance(layer, InputConvolution)


def multiplications(training_model: keras.Model, x: np.ndarray) -> float:
    """Multiplications of a step's convolutions: each output costs the kernel's size, forward and for each gradient."""
    backbone = training_model.get_layer("backbone")
    found = convolutional(backbone)
    outputs = keras.Model(backbone.input, [layer.output for layer, _ in found])(x)
    sizes = [
        int(tf.size(output)) * int(np.prod(convolution.kernel.shape[:3])) * (2 if is_first(layer) else 3)
        for output, (layer, convolution) in zip(outputs, found, strict=True)
    ]
    return float(sum(sizes))


def matrix_product(precision: str) -> Step:
    """Multiply large matrices `STEPS` times."""
    dtype = "float32" if precision == "float32" else "bfloat16"
    matrix = tf.cast(tf.random.normal((MATRIX, MATRIX)), dtype)
    product = tf.function(lambda: tf.matmul(matrix, matrix), jit_compile=False, autograph=False)
    return lambda: [product() for _ in range(STEPS)]


def medians(works: dict[tuple[str, str], Step], turns: int) -> dict[tuple[str, str], float]:
    """Median seconds of one step of each, the candidates taking turns."""
    for work in works.values():
        work()
        work()
    taken: dict[tuple[str, str], list[float]] = {name: [] for name in works}
    gc.disable()
    for _ in range(turns):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            taken[name].append((time.perf_counter() - began) / STEPS)
    gc.enable()
    return {name: float(np.median(values)) for name, values in taken.items()}


def step_peaks() -> dict[tuple[str, str], float | None]:
    """Peak memory of a step, each in a process of its own: TensorFlow keeps what it once allocated."""
    cases = [(f"{_BUILTIN}, jit off", "float32"), *(("sedpool", precision) for precision in PRECISIONS)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context, max_tasks_per_child=1) as processes:
        return {case: processes.submit(_step_peak, *case).result() for case in cases}


def _step_peak(name: str, precision: str) -> float | None:
    training_model = model(precision) if name == "sedpool" else builtin(jit=False)
    x, y = batch()
    training_model.train_on_batch(x[:1, :32], y[:1])  # what the first step of a process loads is no network's own
    return peak_mib(lambda: [training_model.train_on_batch(x, y) for _ in range(3)])


def torch_rows(turns: int, python: str | None) -> list[dict[str, Any]]:
    """Return the rows of ``torch_step.py``, run in a process of its own, or one row that says why there are none."""
    command = [python or sys.executable, "-P", str(Path(__file__).with_name("torch_step.py")), str(turns)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
        return rows
    reason = (done.stderr.splitlines() or [f"exit status {done.returncode}"])[-1]
    return [{"name": "PyTorch", "precision": "float32", "seconds": np.nan, "note": f"failed: {reason}"}]
