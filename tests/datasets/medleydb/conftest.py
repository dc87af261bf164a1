"""Multitracks made in MedleyDB's layout: three artists, sines for stems, activations on the corpus's own grid."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import yaml

SR = 44100
HOP = 2048 / SR
N_FRAMES = 22
DURATION = 1.0

TRACKS: dict[str, tuple[str, list[str | list[str]]]] = {
    "First_Song": ("First", ["piano", "male singer", "piano", "synthesizer"]),
    "Second_Song": ("Second", ["drum set", "cello"]),
    "Second_Other": ("Second", ["drum set", ["female singer", "vocalists"], "electric bass"]),
    "Third_Song": ("Third", ["acoustic guitar", "violin", "flute"]),
    "Lone_Stem": ("Lone", ["piano"]),
}


def stem_samples(number: int) -> np.ndarray:
    """Stereo, the right channel half as loud: its mono mix is 0.75 of the left."""
    left = 0.5 * np.sin(2 * np.pi * 110 * number * np.arange(round(DURATION * SR)) / SR)
    return np.stack([left, 0.5 * left], axis=1).astype(np.float32)


def coefficient(number: int) -> float:
    return 0.25 + 0.5 * number


def confidences(number: int) -> np.ndarray:
    """Stem `number` sounds in the frames from `number` on, six of them."""
    values = np.full(N_FRAMES, 0.2)
    values[number : number + 6] = 0.5
    return values


def write_multitrack(root: Path, name: str, artist: str, instruments: list[str | list[str]]) -> None:
    folder = root / "Audio" / name
    for kind in ("STEMS", "RAW"):
        (folder / f"{name}_{kind}").mkdir(parents=True)
    stems: dict[str, Mapping[str, object]] = {}
    for number, instrument in enumerate(instruments, start=1):
        stem, raw = f"{name}_STEM_{number:02d}.wav", f"{name}_RAW_{number:02d}_01.wav"
        sf.write(folder / f"{name}_STEMS" / stem, stem_samples(number), SR)
        sf.write(folder / f"{name}_RAW" / raw, stem_samples(number), SR)
        raws = {"R01": {"filename": raw, "instrument": instrument}}
        stems[f"S{number:02d}"] = {"component": "", "filename": stem, "instrument": instrument, "raw": raws}
    sf.write(folder / f"{name}_MIX.wav", stem_samples(1), SR)
    metadata = {
        "artist": artist,
        "excerpt": "no",
        "has_bleed": "no",
        "mix_filename": f"{name}_MIX.wav",
        "raw_dir": f"{name}_RAW",
        "stem_dir": f"{name}_STEMS",
        "stems": stems,
        "title": name.partition("_")[2],
        "version": 1.2,
    }
    (root / "Metadata" / f"{name}_METADATA.yaml").write_text(yaml.safe_dump(metadata), encoding="utf-8")
    columns = np.stack([HOP * np.arange(N_FRAMES), *(confidences(n + 1) for n in range(len(instruments)))], axis=1)
    header = ",".join(["time", *stems])
    path = root / "Activation_Confidence_v2" / f"{name}_ACTIVATION_CONF.lab"
    np.savetxt(path, columns, fmt="%.4f", delimiter=",", header=header, comments="")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    root = tmp_path / "MedleyDB"
    for folder in ("Metadata", "Activation_Confidence_v2"):
        (root / folder).mkdir(parents=True)
    for name, (artist, instruments) in TRACKS.items():
        write_multitrack(root, name, artist, instruments)
    weights = {name: {n + 1: coefficient(n + 1) for n in range(len(stems))} for name, (_, stems) in TRACKS.items()}
    (root / "mixing_coefficients.yaml").write_text(yaml.safe_dump(weights), encoding="utf-8")
    return root
