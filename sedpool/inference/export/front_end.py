"""The log-mel spectrogram as part of a network: audio in, scores out."""

import math

import keras
import numpy as np
from keras import layers, ops

from sedpool.features.bands import band_filters
from sedpool.features.logmel import AMIN, LogMel
from sedpool.runtime.arrays import Float32Array

DECIBELS = 10 / math.log(10)
"""What the natural logarithm of a power is multiplied by."""


def band_weights(extractor: LogMel) -> Float32Array:
    """Return how much the squared magnitude of each spectral bin counts in each band, shape (bins, bands)."""
    settings = extractor.sr, extractor.n_fft, extractor.n_mels, extractor.fmin, extractor.highest, extractor.scale
    filters = band_filters(*settings).T
    if extractor.reference == "window":
        return filters
    # A sine at full scale has the magnitude n_fft / 4 in its bin, since Hann's window sums to n_fft / 2.
    return np.asarray(filters * (extractor.sr / extractor.n_fft * (4 / extractor.n_fft) ** 2), dtype=np.float32)


def least_power(extractor: LogMel) -> float:
    """Return the power that everything below it counts as."""
    return AMIN if extractor.reference == "window" else float(10 ** (extractor.silence / 10))


def with_audio_input(network: keras.Model, extractor: LogMel) -> keras.Model:
    """Return a model that computes the features of audio and applies a network to them.

    Parameters
    ----------
    network : keras.Model
        From features to a dictionary of scores.
    extractor : LogMel
        What computes its features elsewhere.

    Returns
    -------
    keras.Model
        From ``audio``, float32 of shape (batch, samples) at the rate ``extractor.sr``, to the same dictionary. Takes
        audio from ``extractor.n_fft`` samples on.
    """
    audio = keras.Input((None,), name="audio")
    real, imaginary = ops.stft(audio, extractor.n_fft, extractor.hop_length, extractor.n_fft)
    bands = layers.Dense(extractor.n_mels, use_bias=False, trainable=False, name="bands")
    powers = bands(ops.square(real) + ops.square(imaginary))
    bands.set_weights([band_weights(extractor)])
    decibels = DECIBELS * ops.log(ops.maximum(powers, least_power(extractor)))
    if extractor.reference == "window":
        decibels = ops.maximum(decibels - ops.max(decibels, axis=(1, 2), keepdims=True), extractor.silence)
    return keras.Model(audio, network(decibels[:, :-1]), name="detector_of_audio")
