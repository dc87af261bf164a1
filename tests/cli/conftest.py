"""A corpus of six clips of 1 s in URBAN-SED's layout."""

import json
from pathlib import Path

import numpy as np
import pytest

from sedpool import audio
from sedpool.formats import scaper_jams

SR = 8000
EVENT = {"label": "siren", "event_time": 0.2, "event_duration": 0.5, "role": "foreground"}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    root = tmp_path / "URBAN-SED"
    rng = np.random.default_rng(0)
    for split in ("train", "validate", "test"):
        for index in range(2):
            stem = f"{split}{index}"
            annotation = root / "annotations" / split / f"{stem}.jams"
            annotation.parent.mkdir(parents=True, exist_ok=True)
            document = scaper_jams.document(1.0, [EVENT], {})
            annotation.write_text(json.dumps(document), encoding="utf-8")
            audio.write_wav(root / "audio" / split / f"{stem}.wav", 0.1 * rng.standard_normal(SR), SR)
    return root
