"""The network of aisfx in Keras, at any of four frame rates.

The network divides time by 8, by three poolings. Frames that are nearer to each other come without any approximation:
where a pooling would skip frames it moves on by one instead, and whatever comes later reaches over the frames in
between (dilation). What the original gives for the sound moved by some spectrogram frames is then there as well.
"""

from typing import Any

import keras
from keras import layers, ops

from sedpool.frontends.aisfx_grid import REDUCTION, Layer, lead
from sedpool.frontends.aisfx_weights import Weights

BANDS = 96
FILTERS = {1: 64, 2: 128, 3: 256, 4: 512}


def build_network(weights: Weights, stride: int, layer: Layer = "embedding") -> keras.Model:
    """Build the network with its weights.

    Parameters
    ----------
    weights : mapping of str to ndarray
        See `sedpool.frontends.aisfx_weights.weights_of_wheel`.
    stride : {8, 4, 2, 1}
        Spectrogram frames from one embedding to the next.
    layer : {'embedding', 'block3'}
        Whose output.

    Returns
    -------
    network : keras.Model
        From spectrograms (batch, frames, 96) to ``{"features": (batch, frames // stride, n)}``, where n is 512, or 3072
        for ``'block3'``. In float32, whatever the dtype policy. Takes spectrograms from `stride` frames on.
    """
    inputs = keras.Input((None, BANDS), dtype="float32", name="spectrogram")
    before = lead(stride)
    x = layers.ZeroPadding1D((before, REDUCTION - stride - before), dtype="float32", name="beyond")(inputs)
    x = layers.Reshape((-1, BANDS, 1), dtype="float32", name="image")(x)
    reduced = dilation = 1
    for block in (1, 2, 3):
        x = convolutions(x, block, weights, dilation)
        if reduced < stride:
            x = layers.MaxPooling2D(2, dtype="float32", name=f"block{block}_pool")(x)
            reduced *= 2
        else:
            x = ops.maximum(x[:, :-dilation], x[:, dilation:])
            x = layers.MaxPooling2D((1, 2), dtype="float32", name=f"block{block}_pool")(x)
            dilation *= 2
    if layer == "embedding":
        x = ops.mean(convolutions(x, 4, weights, dilation), axis=2)
    else:
        x = layers.Reshape((-1, x.shape[2] * x.shape[3]), dtype="float32", name="flat")(x)
    return keras.Model(inputs, {"features": x}, name="aisfx")


def convolutions(x: Any, block: int, weights: Weights, dilation: int, **options: Any) -> Any:
    """Apply the two convolutions of a block, each with ReLU, to maps (batch, frames, bands, filters).

    Parameters
    ----------
    x : tensor
        The maps.
    block : int
        Which block, from 1.
    weights : mapping of str to ndarray
        See `sedpool.frontends.aisfx_weights.weights_of_wheel`.
    dilation : int
        Frames from one that a kernel looks at to the next one.
    **options
        For the layers; by default they are float32 and do not learn.
    """
    for index in (1, 2):
        name = f"block{block}_{index}"
        convolution = layers.Conv2D(
            FILTERS[block],
            3,
            padding="same",
            activation="relu",
            dilation_rate=(dilation, 1),
            kernel_initializer="zeros",  # draws nothing, so that what is built after it starts as without it
            name=name,
            **{"dtype": "float32", "trainable": False, **options},
        )
        x = convolution(x)
        convolution.set_weights([weights[f"{name}_kernel"], weights[f"{name}_bias"]])
    return x
