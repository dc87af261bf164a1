"""From a trained detector to a file for another runtime, with a description of it for programs."""

import math
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import keras
import pandas as pd

from sedpool import audio, storage
from sedpool.errors import ConfigError, ExportError, SedpoolError
from sedpool.features.logmel import LogMel
from sedpool.features.store import Extractor
from sedpool.inference.export.builtin_network import builtin_network, float32_network, foreign_layers
from sedpool.inference.export.parity import check_signal, measure_parity
from sedpool.inference.export.runtimes import RUNTIMES, fixed_batch
from sedpool.inference.trained_detector import TrainedDetector
from sedpool.models.detector import Detector
from sedpool.runtime.arrays import Float32Array
from sedpool.runtime.backend import stderr_aside

TOLERANCE = 1e-4
"""Largest difference of any score from Keras's."""

MAX_CHECK = 60.0
"""Seconds of a recording that scores are compared on."""

FORMAT = 1

Target = Literal["onnx", "tflite", "savedmodel", "keras"]
Features = Literal["inside", "outside"]


def export(
    detector: TrainedDetector,
    path: str | Path,
    *,
    to: Target = "onnx",
    features: Features = "inside",
    check: str | Path | None = None,
) -> pd.DataFrame:
    """Write a trained detector as a file that runs without sedpool, and a description of it.

    The file computes in float32. Its scores are compared with those of Keras on features of sedpool, on audio of three
    lengths, before it takes its place.

    Parameters
    ----------
    detector : TrainedDetector
        What to export.
    path : path-like
        Ends in ``.onnx``, ``.tflite``, ``.keras`` or ``.savedmodel`` (a folder) as `to` says. The description is
        written beside it, as ``<path>.json``: classes, rates, input and outputs, decoding, and the comparison.
    to : {'onnx', 'tflite', 'savedmodel', 'keras'}
        For ONNX Runtime, for LiteRT (TFLite), for TensorFlow, or for Keras.
    features : {'inside', 'outside'}
        Whether the input is audio (batch, samples) at the sampling rate of the features, or the features (batch,
        frames, bands) themselves.
    check : path-like, optional
        A recording to compare on, its first minute at most; by default 30 s of made sound.

    Returns
    -------
    DataFrame
        One row for each length: `seconds, samples`, and the largest difference of `frames` and of `clip` scores.

    Raises
    ------
    ConfigError
        If an argument is none of the above, or a package is missing (``pip install 'sedpool[export]'``).
    ExportError
        If the network cannot be written so, or a score differs by more than 1e-4. Then there is no file, and an
        earlier one stays.
    """
    path = Path(path)
    if to not in RUNTIMES or features not in ("inside", "outside"):
        raise ConfigError(f"to={to!r}, features={features!r}; expected one of {', '.join(RUNTIMES)}; inside or outside")
    runtime = RUNTIMES[to]
    if path.suffix != runtime.suffix:
        raise ConfigError(f"{path}: expected a name that ends in {runtime.suffix} for {to}")
    if keras.backend.backend() != "tensorflow":
        raise ConfigError(f"export runs on TensorFlow; unset KERAS_BACKEND={keras.backend.backend()}")
    runs_on, extractor = runtime.version, detector.extractor
    inside = extractor if isinstance(extractor, LogMel) and features == "inside" else None
    if features == "inside" and inside is None:
        raise ConfigError(
            f"features of {type(extractor).__name__} cannot be computed inside an exported file, only those of LogMel; "
            "use features=outside"
        )
    recordings = _recordings(check, extractor, _shortest(detector.detector, extractor, inside))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
        written = Path(folder, path.name)
        try:
            with stderr_aside(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of converters, about themselves
                reference = float32_network(detector.detector.network)
                network = builtin_network(reference)
                runtime.write(network, written, inside)
                run = runtime.load(written)
                parity = measure_parity(run, reference, extractor, recordings, features_inside=inside is not None)
        except SedpoolError:
            raise
        except Exception as error:  # whatever a converter or a runtime raises
            foreign = {type(layer).__name__ for layer in foreign_layers(detector.detector.network)}
            reason = " ".join(str(error).split())[:300]
            raise ExportError(
                f"no {to} file can be made of {', '.join(foreign) or 'this network'}: {reason}"
            ) from error
        for row in parity.to_dict("records"):
            if max(row["frames"], row["clip"]) > TOLERANCE:
                raise ExportError(
                    f"{to}: on {row['seconds']:.2f} s of audio frame scores differ from Keras's by {row['frames']:.1e} "
                    f"and clip scores by {row['clip']:.1e}; expected at most {TOLERANCE:.0e}, so no file was written"
                )
        _replace(written, path)
    classes = detector.detector.classes
    description = {
        "model": path.name,
        "target": to,
        "runs_on": runs_on,
        "made_by": f"sedpool {version('sedpool')}",
        **_describe(detector, inside, fixed_batch(network) if to == "tflite" else None),
        "decoding": {
            name: value if value is None or isinstance(value, Mapping) else dict.fromkeys(classes, value)
            for name, value in detector.decoder.settings().items()
        },
        "parity": {"tolerance": TOLERANCE, "rows": parity.to_dict("records")},
    }
    storage.write_json(path.with_name(f"{path.name}.json"), {"format": FORMAT, **description})
    return parity


def _recordings(check: str | Path | None, extractor: Extractor, shortest: int) -> list[Float32Array]:
    """Three lengths of what to compare on."""
    samples = check_signal(extractor.sr) if check is None else audio.read(check, extractor.sr, duration=MAX_CHECK)
    if len(samples) < shortest:
        raise ConfigError(
            f"{check}: {len(samples) / extractor.sr:.2f} s; expected at least the {shortest / extractor.sr:.2f} s that "
            "the network needs for an output"
        )
    between = round((shortest * len(samples)) ** 0.5)
    return [samples[:length] for length in (shortest, between, len(samples))]


def _replace(written: Path, path: Path) -> None:
    """Put a file, or a SavedModel's folder, in its place."""
    if path.is_dir():
        if not (path / "saved_model.pb").is_file():
            raise ExportError(f"{path}: a folder without a SavedModel in it; give another name")
        shutil.rmtree(path)
    written.replace(path)


def _shortest(detector: Detector, extractor: Extractor, inside: LogMel | None) -> int:
    """Return the fewest samples that give an output."""
    shortest = math.ceil(round(detector.min_frames * extractor.sr / extractor.frame_rate, 3))
    return shortest if inside is None else max(shortest, inside.n_fft)


def _describe(trained: TrainedDetector, inside: LogMel | None, batch: int | None) -> dict[str, Any]:
    """Say what a program must know to use the file."""
    detector, extractor = trained.detector, trained.extractor
    size, n_classes = batch or "batch", len(detector.classes)
    if inside is not None:
        shortest = _shortest(detector, extractor, inside)
        given = {"name": "audio", "shape": [size, "samples"], "minimum": shortest, "silence": 0.0}
    else:
        shape = [size, "frames", detector.n_mels]
        given = {"name": "features", "shape": shape, "minimum": detector.min_frames, "silence": extractor.silence}
    return {
        "classes": list(detector.classes),
        "sampling_rate": extractor.sr,
        "frame_rate": extractor.frame_rate,
        "reduction": detector.reduction,
        "seconds_per_output_frame": trained.step,
        "seconds_of_a_training_window": trained.patch_frames / extractor.frame_rate,
        "features": {"computed": "outside" if inside is None else "inside", **extractor.parameters},
        "input": {**given, "dtype": "float32"},
        "outputs": {
            "frames": {"name": "frames", "shape": [size, "output frames", n_classes], "dtype": "float32"},
            "clip": {"name": "clip", "shape": [size, n_classes], "dtype": "float32"},
        },
    }
