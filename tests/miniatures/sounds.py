"""Small corpora and sound libraries, written afresh for each test session."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from sedpool.formats import scaper_jams

SR = 44100


def observation(label: str = "siren", time: Any = 1.0, duration: Any = 2.0, role: str = "foreground") -> dict[str, Any]:
    value = {"label": label, "event_time": time, "event_duration": duration, "role": role}
    return {"time": time, "duration": duration, "value": value, "confidence": 1.0}


def write_jams(path: Path, *observations: Any, namespace: str = "scaper") -> Path:
    document = scaper_jams.document(10.0, [], {})
    document["annotations"][0] |= {"data": list(observations), "namespace": namespace}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def tone(seconds: float, frequency: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * SR)) / SR
    return 0.2 * np.sin(2 * np.pi * frequency * t) + 0.05 * rng.standard_normal(len(t))


@pytest.fixture(scope="session")
def foreground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes, four folds, a source each; padded with digital silence. The noise in them reaches 22 kHz."""
    root = tmp_path_factory.mktemp("foreground")
    for number, name in enumerate(["001 - Low hum", "002 - High hum"], start=1):
        (root / name).mkdir()
        for fold in (1, 2, 3, 4):
            samples = np.pad(tone(1.5, 300 * 4**number, 10 * number + fold), (SR // 4, SR))
            sf.write(root / name / f"{fold}-{number}0{fold}-A.wav", samples, SR, subtype="FLOAT")
    return root


@pytest.fixture(scope="session")
def background(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three backgrounds of 11 s sampled at 16 kHz, and three in a second kind."""
    root = tmp_path_factory.mktemp("background")
    rng = np.random.default_rng(0)
    for kind in ("park", "street"):
        (root / kind).mkdir()
        for index in range(3):
            sf.write(root / kind / f"{index}.wav", 0.05 * rng.standard_normal(11 * 16000), 16000)
    return root
