"""How long a 10 s window takes in each runtime, against sedpool in Keras with its own features.

Candidates of one network take turns within one process; each number of threads has a process of its own, since
TensorFlow must know it before it starts. Medians count; beside other work the fastest turns say more.
"""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

SECONDS = 10
NETWORKS = ("compact", "paper", "crnn")
THREADS = (1, 2)


def measure(turns: int) -> list[dict[str, object]]:
    """Return one row per network, place of the features, number of threads and runtime: milliseconds of a window."""
    context = multiprocessing.get_context("spawn")
    rows: list[dict[str, object]] = []
    for network in NETWORKS:
        for threads in THREADS:
            with ProcessPoolExecutor(max_workers=1, mp_context=context) as processes:
                rows += processes.submit(_measure_network, network, threads, turns).result()
    return rows


def _measure_network(network: str, threads: int, turns: int) -> list[dict[str, object]]:
    from sedpool.runtime.backend import import_backend

    import_backend(threads)
    import sedpool as sp
    from sedpool.inference.export.parity import check_signal
    from sedpool.inference.export.runtimes import RUNTIMES
    from sedpool.inference.trained_detector import TrainedDetector
    from sedpool.settings.compose import compose
    from sedpool.settings.instantiate import build

    extractor = sp.LogMel()
    classes = [f"class {index}" for index in range(10)]
    detector = sp.build_detector(build(compose([f"model={network}"]), "model"), sp.cap(), classes=classes)
    trained = TrainedDetector(detector, None, extractor, Path("unused"))  # type: ignore[arg-type]
    audio = check_signal(extractor.sr)[None, : SECONDS * extractor.sr]
    features = extractor(audio[0])[None]
    ours = {
        "inside": lambda: detector.network.predict_on_batch(extractor(audio[0])[None]),
        "outside": lambda: detector.network.predict_on_batch(features),
    }
    rows: list[dict[str, object]] = []
    for place, batch in (("inside", audio), ("outside", features)):
        works: dict[str, Callable[[], Any]] = {"sedpool": ours[place]}
        with tempfile.TemporaryDirectory() as folder, threadpool_limits(threads):
            for name, runtime in RUNTIMES.items():
                path = Path(folder, f"detector{runtime.suffix}")
                sp.export(trained, path, to=name, features=place)  # type: ignore[arg-type]
                works[runtime.version] = LOADERS[name](str(path), batch, threads)
            taken = _seconds(works, turns)
        rows += [
            {
                "network": network,
                "features": place,
                "threads": threads,
                "runtime": name,
                "ms": 1000 * statistics.median(seconds),
                "fastest_ms": 1000 * min(seconds),
                "vs_sedpool": statistics.median(taken["sedpool"]) / statistics.median(seconds),
            }
            for name, seconds in taken.items()
        ]
    return rows


def _load_onnx(path: str, batch: np.ndarray, threads: int) -> Callable[[], Any]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return partial(session.run, None, {session.get_inputs()[0].name: batch})


def _load_tflite(path: str, batch: np.ndarray, threads: int) -> Callable[[], Any]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path, num_threads=threads)
    (given,) = interpreter.get_input_details()
    interpreter.resize_tensor_input(given["index"], batch.shape)
    interpreter.allocate_tensors()

    def run() -> Any:
        interpreter.set_tensor(given["index"], batch)
        interpreter.invoke()
        return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]

    return run


def _load_savedmodel(path: str, batch: np.ndarray, _: int) -> Callable[[], Any]:
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    return lambda: {name: value.numpy() for name, value in loaded.serve(tf.constant(batch)).items()}


def _load_keras(path: str, batch: np.ndarray, _: int) -> Callable[[], Any]:
    import keras

    return partial(keras.saving.load_model(path).predict_on_batch, batch)


LOADERS = {"onnx": _load_onnx, "tflite": _load_tflite, "savedmodel": _load_savedmodel, "keras": _load_keras}
"""Each loads a file as a program does that runs it again and again, and returns what scores the batch."""


def _seconds(works: Mapping[str, Callable[[], Any]], turns: int) -> dict[str, list[float]]:
    """Return the seconds of each, in turns after one to warm up."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(turns + 1):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            if turn:
                taken[name].append(time.perf_counter() - began)
    return taken
