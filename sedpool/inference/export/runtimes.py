"""What writes each kind of exported file, and what runs it."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import keras

from sedpool.errors import ConfigError, ExportError
from sedpool.features.logmel import LogMel
from sedpool.inference.export.builtin_network import foreign_layers
from sedpool.inference.export.front_end import with_audio_input
from sedpool.runtime.arrays import Float32Array

Run = Callable[[Float32Array], Mapping[str, Float32Array]]
"""From a batch of inputs to ``frames`` and ``clip``."""


@dataclass(frozen=True)
class Runtime:
    """One kind of file.

    Attributes
    ----------
    suffix : str
        How its name ends.
    package : str
        What runs it.
    tools : tuple of str
        Further packages that are needed to write it.
    write : callable
        Takes a network of Keras's own layers, the path, and the features to compute inside the file, or None.
    load : callable
        Takes the path; returns what runs the file.
    """

    suffix: str
    package: str
    tools: tuple[str, ...]
    write: Callable[[keras.Model, Path, LogMel | None], None]
    load: Callable[[Path], Run]

    @property
    def version(self) -> str:
        """What runs it, with its version.

        Raises
        ------
        ConfigError
            If that, or what is needed to write it, is not installed.
        """
        for package in (self.package, *self.tools):
            try:
                version(package)
            except PackageNotFoundError:
                raise ConfigError(
                    f"export to {self.suffix}: {package} is not installed; pip install 'sedpool[export]'"
                ) from None
        return f"{self.package} {version(self.package)}"


def _write_onnx(network: keras.Model, path: Path, extractor: LogMel | None) -> None:
    from sedpool.inference.export.onnx_graph import write_onnx

    write_onnx(network, path, extractor)


def _load_onnx(path: Path) -> Run:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given, made = session.get_inputs()[0].name, [output.name for output in session.get_outputs()]
    return lambda batch: dict(zip(made, session.run(made, {given: batch}), strict=True))


def _write_tflite(network: keras.Model, path: Path, extractor: LogMel | None) -> None:
    import tensorflow as tf

    model = _model(network, extractor)
    given = keras.InputSpec(
        shape=(fixed_batch(network), *model.input_shape[1:]), dtype="float32", name=model.inputs[0].name
    )
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, format="tf_saved_model", input_signature=[given], verbose=False)
        path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())


def fixed_batch(network: keras.Model) -> int | None:
    """Return how many inputs at a time a TFLite file must be made for: one with recurrent layers, else any (None)."""
    is_recurrent = any(isinstance(layer, keras.layers.RNN | keras.layers.Bidirectional) for layer in network.layers)
    return 1 if is_recurrent else None


def _load_tflite(path: Path) -> Run:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    given = interpreter.get_input_details()[0]["index"]

    def run(batch: Float32Array) -> Mapping[str, Float32Array]:
        interpreter.resize_tensor_input(given, batch.shape)
        interpreter.allocate_tensors()
        signature = interpreter.get_signature_runner("serving_default")
        outputs: Mapping[str, Float32Array] = signature(**dict.fromkeys(signature.get_input_details(), batch))
        return outputs

    return run


def _write_savedmodel(network: keras.Model, path: Path, extractor: LogMel | None) -> None:
    _model(network, extractor).export(str(path), format="tf_saved_model", verbose=False)


def _load_savedmodel(path: Path) -> Run:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    return lambda batch: {name: value.numpy() for name, value in loaded.serve(tf.constant(batch)).items()}


def _write_keras(network: keras.Model, path: Path, extractor: LogMel | None) -> None:
    if names := ", ".join(sorted({type(layer).__name__ for layer in foreign_layers(network)})):
        raise ExportError(f"{names}: not a layer of Keras, so that a Keras file would need its code; use savedmodel")
    _model(network, extractor).save(path)


def _load_keras(path: Path) -> Run:
    model = keras.saving.load_model(path)
    return lambda batch: {name: keras.ops.convert_to_numpy(value) for name, value in model(batch).items()}


def _model(network: keras.Model, extractor: LogMel | None) -> keras.Model:
    return network if extractor is None else with_audio_input(network, extractor)


RUNTIMES: Mapping[str, Runtime] = {
    "onnx": Runtime(".onnx", "onnxruntime", ("onnx", "tf2onnx"), _write_onnx, _load_onnx),
    "tflite": Runtime(".tflite", "ai-edge-litert", (), _write_tflite, _load_tflite),
    "savedmodel": Runtime(".savedmodel", "tensorflow", (), _write_savedmodel, _load_savedmodel),
    "keras": Runtime(".keras", "keras", (), _write_keras, _load_keras),
}
