"""Recordings that are the same bytes on any machine."""

import wave
from pathlib import Path

import numpy as np
import pytest

SR = 44100
SOURCES = (1, 3, 4)
"""A recording of each of these folds: of training, validation and test."""


def write_recording(path: Path, n_samples: int, factor: int) -> None:
    """Write noise that follows from `factor`, in whole numbers only."""
    samples = np.arange(n_samples, dtype=np.int64) ** 2 * factor % 20011 - 10005
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SR, n_samples, "NONE", "not compressed"))
        file.writeframes(samples.astype("<i2").tobytes())


@pytest.fixture(scope="session")
def banks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of events and a kind of backgrounds, a recording of each in every split."""
    folder = tmp_path_factory.mktemp("banks")
    for fold in SOURCES:
        for label, factor in (("dog", 3), ("siren", 7)):
            write_recording(folder / "events" / label / f"{fold}-{100 + factor}{fold}-0.wav", SR, factor * fold)
        write_recording(folder / "backgrounds" / f"{fold}.wav", 10 * SR, 11 * fold)
    return folder
