"""Whether an exported file computes what the detector does."""

import math
from collections.abc import Sequence

import keras
import numpy as np
import pandas as pd

from sedpool.features.store import Extractor
from sedpool.inference.export.runtimes import Run
from sedpool.runtime.arrays import Float32Array

SECONDS = 30.0


def check_signal(sr: int) -> Float32Array:
    """Return 30 s of made sound with what real recordings have: noise, events of all levels and pitches, pauses."""
    generator = np.random.default_rng(0)
    n = round(SECONDS * sr)
    samples = generator.normal(0, 10 ** (-60 / 20), n)
    for _ in range(40):
        start, length = int(generator.integers(n)), round(generator.uniform(0.05, 2.0) * sr)
        time = np.arange(min(length, n - start)) / sr
        low, high = np.sort(generator.uniform(50, sr / 2, 2))
        sweep = np.sin(2 * np.pi * (low * time + (high - low) * time**2 / (2 * length / sr)))
        event = sweep if generator.random() < 0.5 else generator.normal(0, 0.3, len(time))
        samples[start : start + len(time)] += 10 ** (generator.uniform(-50, 0) / 20) * event
    samples[sr : 2 * sr] = 0
    normalised: Float32Array = (samples / np.abs(samples).max()).astype(np.float32)
    return normalised


def measure_parity(
    run: Run, network: keras.Model, extractor: Extractor, recordings: Sequence[Float32Array], *, features_inside: bool
) -> pd.DataFrame:
    """Compare the scores of a file with those of the network in Keras on features of `extractor`.

    Parameters
    ----------
    run : callable
        Runs the file.
    network : keras.Model
        The detector's, in float32.
    extractor : Extractor
        Computes what the network expects.
    recordings : sequence of ndarray, each of shape (samples,)
        Audio at the rate of `extractor`.
    features_inside : bool
        Whether the file takes audio.

    Returns
    -------
    DataFrame
        `seconds, samples, frames, clip`: the length of each recording, and the largest absolute difference of its
        frame and clip scores; infinite if they have another shape or are not finite.
    """
    rows = []
    for samples in recordings:
        features = extractor(samples)[None]
        expected = network.predict_on_batch(features)
        found = run(samples[None] if features_inside else features)
        row = {"seconds": len(samples) / extractor.sr, "samples": len(samples)}
        for name in ("frames", "clip"):
            fits = found[name].shape == expected[name].shape and bool(np.isfinite(found[name]).all())
            row[name] = float(np.abs(found[name] - expected[name]).max()) if fits else math.inf
        rows.append(row)
    return pd.DataFrame(rows)
