"""What goes on top of a front-end: small networks that read its embeddings frame by frame."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from sedpool.errors import ConfigError
from sedpool.frontends.aisfx import Aisfx
from sedpool.frontends.aisfx_grid import REDUCTION
from sedpool.frontends.aisfx_network import FILTERS, convolutions
from sedpool.frontends.aisfx_weights import read_weights
from sedpool.frontends.onnx_network import OnnxEmbedding
from sedpool.models.backbones import described


@described
def embedding_head(n_features: int = 512, hidden: Sequence[int] = (), dropout: float = 0.0) -> keras.Model:
    """Network for embeddings: each value is standardised, then fully connected layers read each frame by itself.

    Parameters
    ----------
    n_features : int
        Values per frame of the embeddings.
    hidden : sequence of int
        Units of each layer, with ReLU; with none the detector is linear in the embedding.
    dropout : float
        Share of the values before each layer, and before the output, that a training step leaves out.

    Raises
    ------
    ConfigError
        If a number is out of range.
    """
    if n_features < 1:
        raise ConfigError(f"model.n_features={n_features}: expected 1 or more values per frame")
    inputs = keras.Input((None, n_features), name="features")
    return keras.Model(inputs, _read(inputs, hidden, dropout), name="backbone")


def onnx_head(path: str, hidden: Sequence[int] = (), dropout: float = 0.0) -> keras.Model:
    """Make an `embedding_head` as wide as the frames of a network in an ONNX file.

    Parameters
    ----------
    path : str
        The file; see `sedpool.OnnxEmbedding`.
    hidden, dropout
        See `embedding_head`.

    Raises
    ------
    ConfigError
        If there is no such network, or a number is out of range.
    """
    return embedding_head(OnnxEmbedding(path).n_features, hidden, dropout)


@described
def aisfx_last_block(frame_period: int = 93, hidden: Sequence[int] = (), dropout: float = 0.0) -> keras.Model:
    """Network for ``sedpool.Aisfx(layer="block3")``: the last block of aisfx, which trains further, and a head.

    It starts from the pretrained weights: before the first step its embeddings are those of the frozen network.

    Parameters
    ----------
    frame_period : {186, 93, 46, 23}
        Milliseconds between frames, as the features have it.
    hidden, dropout
        See `embedding_head`.

    Raises
    ------
    ConfigError
        If the weights are not there, or a number is out of range.
    """
    features = Aisfx(frame_period, layer="block3")
    inputs = keras.Input((None, features.n_features), name="features")
    maps = layers.Reshape((-1, features.n_features // FILTERS[3], FILTERS[3]), name="maps")(inputs)
    dilation = REDUCTION // features.stride
    x = ops.mean(convolutions(maps, 4, read_weights(), dilation, trainable=True, dtype=None), axis=2)
    return keras.Model(inputs, _read(x, hidden, dropout), name="backbone")


def _read(x: Any, hidden: Sequence[int], dropout: float) -> Any:
    """Standardise embeddings (batch, frames, values) and apply fully connected layers."""
    if min(hidden, default=1) < 1 or not 0 <= dropout < 1:
        raise ConfigError(
            f"model: hidden={list(hidden)}, dropout={dropout}; expected numbers of 1 or more, and a share below 1"
        )
    # Statistics are float32 whatever the precision of what follows, and settle within the few steps of a small corpus.
    x = layers.BatchNormalization(momentum=0.9, name="standard", dtype="float32")(x)
    for index, units in enumerate(hidden, start=1):
        x = layers.Dropout(dropout, name=f"dropout{index}")(x)
        x = layers.Dense(units, activation="relu", kernel_initializer="he_normal", name=f"hidden{index}")(x)
    return layers.Dropout(dropout, name="dropout")(x)
