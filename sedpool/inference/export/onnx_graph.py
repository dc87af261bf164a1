"""ONNX: a network by tf2onnx, and the log-mel spectrogram as a graph that is joined to it.

The graph that Keras's own STFT becomes is not valid ONNX; ONNX has an operation for it since opset 17.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import scipy.signal
from onnx import compose, numpy_helper, parser
from tf2onnx import utils
from tf2onnx.handler import tf_op

from sedpool.features.logmel import LogMel
from sedpool.inference.export.front_end import DECIBELS, band_weights, least_power

OPSET = 17

LOG_MEL = """
<ir_version: {ir_version}, opset_import: ["" : {opset}]>
log_mel (float[batch, samples] audio) => (float[batch, log_mel_frames, {n_mels}] log_mel_features)
{{
    log_mel_first = Constant<value_ints = [0]>()
    log_mel_last = Constant<value_ints = [-1]>()
    log_mel_axis_of_frames = Constant<value_ints = [1]>()
    log_mel_margins = Constant<value_ints = [0, {margin}, 0, {margin}]>()
    log_mel_step = Constant<value_int = {hop_length}>()
    log_mel_length = Constant<value_int = {n_fft}>()
    log_mel_least = Constant<value_float = {least}>()
    log_mel_decibels = Constant<value_float = {decibels}>()

    log_mel_mirrored = Pad<mode = "reflect">(audio, log_mel_margins)
    log_mel_signal = Unsqueeze(log_mel_mirrored, log_mel_last)
    log_mel_spectra = STFT(log_mel_signal, log_mel_step, log_mel_window, log_mel_length)
    log_mel_squares = Mul(log_mel_spectra, log_mel_spectra)
    log_mel_bins = ReduceSum<keepdims = 0>(log_mel_squares, log_mel_last)
    log_mel_powers = MatMul(log_mel_bins, log_mel_bands)
    log_mel_bounded = Max(log_mel_powers, log_mel_least)
    log_mel_logarithms = Log(log_mel_bounded)
    log_mel_absolute = Mul(log_mel_logarithms, log_mel_decibels)
{levels}
    log_mel_features = Slice(log_mel_levels, log_mel_first, log_mel_last, log_mel_axis_of_frames)
}}
"""

LEVELS = {
    "window": """
    log_mel_floor = Constant<value_float = {floor}>()
    log_mel_highest = ReduceMax<axes = [1, 2], keepdims = 1>(log_mel_absolute)
    log_mel_relative = Sub(log_mel_absolute, log_mel_highest)
    log_mel_levels = Max(log_mel_relative, log_mel_floor)""",
    "fixed": "log_mel_levels = Identity(log_mel_absolute)",
}


@tf_op(["Expm1", "Log1p"])
class OneAdded:
    """How tf2onnx writes two functions that ONNX lacks, and some pooling operators use."""

    @classmethod
    def version_7(cls, graph: Any, node: Any, **_: Any) -> None:
        """Add the 1 that they leave out."""
        one = graph.make_const(utils.make_name("one"), np.float32(1)).output[0]
        if node.type == "Log1p":
            more = graph.make_node("Add", [node.input[0], one]).output[0]
            graph.replace_input(node, node.input[0], more, 0)
            node.type = "Log"
        else:
            node.type = "Exp"
            graph.insert_new_node_on_output("Sub", node.output[0], inputs=[node.output[0], one])


def write_onnx(network: keras.Model, path: Path, extractor: LogMel | None) -> None:
    """Write a network of Keras's own layers as ONNX.

    Parameters
    ----------
    network : keras.Model
        From features to a dictionary of scores.
    path : Path
        The file.
    extractor : LogMel or None
        What computes the features inside the file; None if they are its input.
    """
    features = keras.InputSpec(shape=network.input_shape, dtype="float32", name="features")
    network.export(str(path), format="onnx", opset_version=OPSET, input_signature=[features], verbose=False)
    model = onnx.load(path)
    if extractor is not None:
        log_mel = _log_mel(extractor, model.ir_version)
        model = compose.merge_models(log_mel, model, [("log_mel_features", "features")])
    _name_axes(model.graph)
    model.producer_name = "sedpool"
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def _log_mel(extractor: LogMel, ir_version: int) -> onnx.ModelProto:
    text = LOG_MEL.format(
        ir_version=ir_version,
        opset=OPSET,
        margin=extractor.n_fft // 2,
        n_mels=extractor.n_mels,
        n_fft=extractor.n_fft,
        hop_length=extractor.hop_length,
        least=least_power(extractor),
        decibels=DECIBELS,
        levels=LEVELS[extractor.reference].format(floor=extractor.silence),
    )
    model: onnx.ModelProto = parser.parse_model(text)
    window = scipy.signal.get_window("hann", extractor.n_fft).astype(np.float32)
    arrays = {"log_mel_window": window, "log_mel_bands": band_weights(extractor)}
    model.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in arrays.items())
    return model


def _name_axes(graph: Any) -> None:
    """Call the axes of open length by what they are."""
    frames = {"audio": "samples", "features": "frames", "frames": "output frames"}
    for value in [*graph.input, *graph.output]:
        for axis, size in enumerate(value.type.tensor_type.shape.dim):
            if not size.dim_value:
                size.dim_param = frames[value.name] if axis else "batch"
