"""Recordings that are the same bytes on any machine, and copies of what lies in ``fixtures``."""

import json
import os
import shutil
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.golden import current

FIXTURES = Path(__file__).parent / "fixtures"

SR = 44100
SOURCES = (1, 3, 4)
"""A recording of each of these folds: of training, validation and test."""
MODIFIED = 1_700_000_000_000_000_000
"""When recordings were changed last, in nanoseconds: a feature store knows them by that too."""


def write_recording(path: Path, n_samples: int, factor: int) -> None:
    """Write noise that follows from `factor`, in whole numbers only."""
    samples = np.arange(n_samples, dtype=np.int64) ** 2 * factor % 20011 - 10005
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SR, n_samples, "NONE", "not compressed"))
        file.writeframes(samples.astype("<i2").tobytes())


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of events and a kind of backgrounds, a recording of each in every split."""
    folder = tmp_path_factory.mktemp("libraries")
    for fold in SOURCES:
        for label, factor in (("dog", 3), ("siren", 7)):
            write_recording(folder / "events" / label / f"{fold}-{100 + factor}{fold}-0.wav", SR, factor * fold)
        write_recording(folder / "backgrounds" / f"{fold}.wav", 10 * SR, 11 * fold)
    return folder


@pytest.fixture(scope="session")
def expected() -> dict[str, Any]:
    """What is known of the runs in ``fixtures``."""
    return dict(json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory, expected: dict[str, Any]) -> Path:
    """A folder in which the recorded runs lie as if they had been made there, with their corpus."""
    folder = tmp_path_factory.mktemp("workplace")
    shutil.copytree(FIXTURES / "runs", folder / "runs")
    current.demo(folder / "data" / "demo", expected["corpus"])
    return folder


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """The recordings whose features lie in ``fixtures``."""
    folder = tmp_path / "recordings"
    for factor, name in enumerate(("a.wav", "b.wav", "sub/c.wav"), start=5):
        write_recording(folder / name, SR // 2, factor)
        os.utime(folder / name, ns=(MODIFIED, MODIFIED))
    return folder


@pytest.fixture
def stores(tmp_path: Path, recordings: Path) -> Path:
    """The recorded feature store, its recordings lying where they lie now."""
    folder = Path(shutil.copytree(FIXTURES / "feature_store", tmp_path / "stores"))
    for index in folder.glob("*/[0-9]*.json"):
        index.write_text(index.read_text(encoding="utf-8").replace("{root}", str(recordings)), encoding="utf-8")
    return folder
