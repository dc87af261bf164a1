"""How long augmentation takes: a pitch shift against librosa's, the others against doing them to the audio.

Keras has no layer that does any of these to features and their labels, hence other baselines.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

import numpy as np
from librosa.effects import pitch_shift as pitch_shift_of_librosa

from sedpool.audio.vocoder import pitch_shift
from sedpool.augment import Augmentation, Augmenter
from sedpool.features import LogMel

SR, SECONDS = 44100, 10
BATCH = (16, 430, 128)
STEPS = {
    "background": Augmentation(background="folder"),
    "gain": Augmentation(gain=6.0),
    "time shift": Augmentation(time_shift=1.0),
    "mixup": Augmentation(mixup=0.2),
    "masks": Augmentation(time_masks=2, mel_masks=2),
}


def measure(turns: int) -> list[dict[str, object]]:
    """One row an augmentation: seconds per clip or batch, and those of the baseline."""
    return [_pitch(turns, semitones) for semitones in (-2, 1)] + _batches(turns)


def _pitch(turns: int, semitones: int) -> dict[str, object]:
    samples = np.random.default_rng(0).normal(0, 0.1, SR * SECONDS).astype(np.float32)
    ours, theirs = _medians(
        turns,
        lambda: pitch_shift(samples, SR, semitones),
        lambda: pitch_shift_of_librosa(samples, sr=SR, n_steps=semitones),
    )
    return _row(f"pitch shift {semitones:+d}, a clip", ours, "librosa.effects.pitch_shift", theirs)


def _batches(turns: int) -> list[dict[str, object]]:
    generator = np.random.default_rng(0)
    samples = generator.normal(0, 0.1, SR * SECONDS).astype(np.float32)
    extractor = LogMel()
    background = generator.uniform(-80, 0, (900, BATCH[2])).astype(np.float32)
    batch = generator.uniform(-80, 0, BATCH).astype(np.float32)
    targets = generator.integers(2, size=(BATCH[0], 10)).astype(np.float32)
    everything = Augmentation(**{k: v for step in STEPS.values() for k, v in asdict(step).items() if v})
    rows = []
    for name, settings in {**STEPS, "all of these": everything}.items():
        augmenter = Augmenter(settings, extractor.silence, [background])
        ours, theirs = _medians(
            turns,
            partial(augmenter, batch, targets, generator),
            lambda: [extractor(samples) for _ in range(BATCH[0])],
        )
        rows.append(_row(f"{name}, a batch of {BATCH[0]}", ours, "log-mel of its audio anew", theirs))
    return rows


def _row(name: str, seconds: float, baseline: str, baseline_seconds: float) -> dict[str, object]:
    return {
        "name": name,
        "precision": "float32",
        "seconds": seconds,
        "baseline": baseline,
        "baseline_seconds": baseline_seconds,
        "vs_baseline": baseline_seconds / seconds,
    }


def _medians(turns: int, *functions: Callable[[], object]) -> list[float]:
    """Median seconds of each function, called in turns so that a busy moment touches all alike."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(turns + 1):
        for taken, function in zip(times, functions, strict=True):
            began = time.perf_counter()
            function()
            taken.append(time.perf_counter() - began)
    return [statistics.median(taken[1:]) for taken in times]
