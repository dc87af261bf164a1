"""Feature extractors: spectrogram in, one feature vector per output frame out.

A backbone is a Keras model from ``(batch, frames, n_mels)`` to ``(batch, frames // time_reduction, features)`` that
takes any number of frames from `time_reduction` on.
"""

import functools
import inspect
import json
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

import keras
from keras import layers

from sedpool.errors import ConfigError
from sedpool.models.input_convolution import InputConvolution
from sedpool.models.normalization import BatchNormalization

_Arguments = ParamSpec("_Arguments")


def described(make: Callable[_Arguments, keras.Model]) -> Callable[_Arguments, keras.Model]:
    """Have the networks of a constructor say how they were made; see `description_of`."""

    @functools.wraps(make)
    def make_described(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> keras.Model:
        backbone = make(*args, **kwargs)
        bound = inspect.signature(make).bind(*args, **kwargs)
        bound.apply_defaults()
        # As text, since Keras tracks dictionaries and lists.
        backbone.description = json.dumps({"_target_": f"sedpool.{make.__name__}", **bound.arguments}, default=int)
        return backbone

    return make_described


def description_of(network: keras.Model) -> dict[str, Any]:
    """Return the public name and the arguments of the constructor that made the backbone in a network.

    Raises
    ------
    ConfigError
        If it is none of those below.
    """
    found = [layer.description for layer in network.layers if hasattr(layer, "description")]
    if len(found) != 1:
        raise ConfigError("model is not sedpool's: only what its own constructors made can be packed")
    return dict(json.loads(found[0]))


@described
def paper_cnn(
    n_mels: int = 128,
    filters: Sequence[int] = (16, 32, 64, 128),
    head_filters: int = 256,
    time_reduction: int | None = None,
) -> keras.Model:
    """Convolutional network of McFee, Salamon and Bello 2018, section IV.B (``cnnL3_7`` in their code).

    Input batch-norm; blocks of two 3×3 convolutions (ReLU, then batch-norm) and 2×2 max-pooling; a convolution over
    the whole remaining height. 43 frames a second become 2.7, or more with a smaller `time_reduction`.

    Parameters
    ----------
    n_mels : int
        Mel bands of the input.
    filters : sequence of int
        Filters of each block; each block halves time and frequency.
    head_filters : int
        Filters of the last convolution: the features per output frame.
    time_reduction : int, optional
        Input frames per output frame: a power of two, up to one factor of 2 per block. The last blocks then halve
        frequency alone, with the same weights. By default every block halves time.

    Raises
    ------
    ConfigError
        If there are too many blocks for the mel bands, or the blocks cannot give `time_reduction`.
    """
    inputs = keras.Input((None, n_mels), name="features")
    return keras.Model(inputs, _paper_features(inputs, filters, head_filters, time_reduction), name="backbone")


@described
def paper_crnn(
    n_mels: int = 128,
    filters: Sequence[int] = (16, 32, 64, 128),
    head_filters: int = 256,
    recurrent_units: int = 128,
    recurrent_layers: int = 3,
    time_reduction: int | None = None,
) -> keras.Model:
    """Recurrent variant of the paper's network (``crnnL3_7`` in the authors' code).

    Bidirectional gated recurrent units over the features of `paper_cnn`, so that each frame knows the whole clip.

    Parameters
    ----------
    n_mels, filters, head_filters, time_reduction
        See `paper_cnn`.
    recurrent_units : int
        Units of each layer and direction: half the features per output frame.
    recurrent_layers : int
        Bidirectional layers.

    Raises
    ------
    ConfigError
        If there are fewer than one unit or layer; see also `paper_cnn`.
    """
    if min(recurrent_units, recurrent_layers) < 1:
        raise ConfigError(
            f"model: recurrent_units={recurrent_units}, recurrent_layers={recurrent_layers}; expected 1 or more of each"
        )
    inputs = keras.Input((None, n_mels), name="features")
    x = _paper_features(inputs, filters, head_filters, time_reduction)
    for index in range(1, recurrent_layers + 1):
        # The state is summed over many frames, for which eight bits of a bfloat16 are too few.
        unit = layers.GRU(recurrent_units, return_sequences=True, dtype="float32")
        x = layers.Bidirectional(unit, dtype="float32", name=f"recurrent{index}")(x)
    return keras.Model(inputs, x, name="backbone")


@described
def compact_cnn(
    n_mels: int = 128,
    filters: Sequence[int] = (24, 48, 64),
    head_filters: int = 128,
    time_reduction: int | None = None,
) -> keras.Model:
    """Small network for quick work: several times faster than `paper_cnn`, at the same output rate.

    A strided 4×4 convolution takes the place of the first block, where most of the paper network's work is; each
    further block has one convolution.

    Parameters
    ----------
    n_mels : int
        Mel bands of the input.
    filters : sequence of int
        Filters of the stem and of each further block; the stem reduces time and frequency by 4, a block by 2.
    head_filters : int
        Filters of the last convolution: the features per output frame.
    time_reduction : int, optional
        Input frames per output frame, a power of two. The last blocks then halve frequency alone, and below 4 the
        stem's kernel is as long as its stride. By default stem and blocks all reduce time.

    Raises
    ------
    ConfigError
        See `paper_cnn`.
    """
    n_halvings = len(filters) + 1
    _check_height(n_mels, filters, 2**n_halvings)
    in_time = _halvings_in_time(time_reduction, n_halvings)
    inputs = keras.Input((None, n_mels), name="features")
    stem = (2 ** min(in_time, 2), 4)
    x = _first_convolution(inputs, filters[0], stem, "stem", strides=stem, padding="valid")
    for block, width in enumerate(filters[1:], start=1):
        x = _convolution(x, width, (3, 3), f"block{block}")
        x = layers.MaxPooling2D((2 if block + 1 < in_time else 1, 2), name=f"block{block}_pool")(x)
    return keras.Model(inputs, _full_height(x, head_filters), name="backbone")


def time_reduction(backbone: keras.Model) -> int:
    """Input frames per output frame of a backbone.

    Raises
    ------
    ConfigError
        If the output rate does not divide the input rate.
    """
    probe = 4096
    shape = backbone.compute_output_shape((1, probe, backbone.input_shape[-1]))
    if len(shape) != 3 or not shape[1] or probe % shape[1]:
        raise ConfigError(
            f"model: {probe} frames become an output of shape {shape}; "
            "expected (batch, frames / r, features) with a whole number r"
        )
    return probe // int(shape[1])


def _paper_features(inputs: Any, filters: Sequence[int], head_filters: int, time_reduction: int | None) -> Any:
    _check_height(inputs.shape[-1], filters, 2 ** len(filters))
    in_time = _halvings_in_time(time_reduction, len(filters))
    x = inputs
    for block, width in enumerate(filters, start=1):
        for index in (1, 2):
            convolution = _first_convolution if x is inputs else _convolution
            x = convolution(x, width, (3, 3), f"block{block}_{index}")
        x = layers.MaxPooling2D((2 if block <= in_time else 1, 2), name=f"block{block}_pool")(x)
    return _full_height(x, head_filters)


def _halvings_in_time(time_reduction: int | None, most: int) -> int:
    """Return how often time is halved; pooling early is cheap, so that the first blocks do it."""
    if time_reduction is None:
        return most
    possible = [2**n for n in range(most + 1)]
    if time_reduction not in possible:
        raise ConfigError(
            f"model.time_reduction={time_reduction}: expected one of {', '.join(map(str, possible))}, "
            "the input frames per output frame"
        )
    return possible.index(time_reduction)


def _check_height(n_mels: int, filters: Sequence[int], reduction: int) -> None:
    if not filters or min(filters) < 1:
        raise ConfigError(f"model.filters={list(filters)}: expected one or more numbers of filters above 0")
    if n_mels < reduction:
        raise ConfigError(
            f"model: the blocks divide the mel bands by {reduction}, but there are {n_mels}: "
            "use fewer filters or more n_mels"
        )


def _first_convolution(inputs: Any, width: int, kernel: tuple[int, int], name: str, **kwargs: Any) -> Any:
    """Normalise the input as one channel, as the authors' code does: not each mel band by itself."""
    image = layers.Reshape((-1, inputs.shape[-1], 1), dtype="float32", name="image")(inputs)
    x = InputConvolution(width, kernel, name=name, **kwargs)(image)
    return BatchNormalization(name=f"{name}_norm")(x)


def _convolution(x: Any, width: int, kernel: tuple[int, int], name: str, **kwargs: Any) -> Any:
    options = {"padding": "same", "activation": "relu", "kernel_initializer": "he_normal", **kwargs}
    x = layers.Conv2D(width, kernel, name=name, **options)(x)
    return BatchNormalization(name=f"{name}_norm")(x)


def _full_height(x: Any, width: int) -> Any:
    x = _convolution(x, width, (1, x.shape[2]), "head", padding="valid")
    return layers.Reshape((-1, width), name="frame_features")(x)
