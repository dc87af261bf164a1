"""MedleyDB in small: sines for stems, activations on the corpus's own grid."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile as sf
import yaml

SR = 44100
HOP = 2048 / SR
FRAMES_A_SECOND = 22  # rounded up

Instruments = Sequence[str | list[str]]


def stem_samples(number: int, seconds: int = 1) -> np.ndarray:
    """Stereo, the right channel half as loud: its mono mix is 0.75 of the left."""
    left = 0.5 * np.sin(2 * np.pi * 110 * number * np.arange(seconds * SR) / SR)
    return np.stack([left, 0.5 * left], axis=1).astype(np.float32)


def coefficient(number: int) -> float:
    """Mixing coefficient of a stem."""
    return 0.25 + 0.5 * number


def confidences(number: int, seconds: int = 1) -> np.ndarray:
    """Stem `number` sounds for a quarter of the piece: in its frames from `number` on, six a second."""
    values = np.full(FRAMES_A_SECOND * seconds, 0.2)
    values[number * seconds : (number + 6) * seconds] = 0.5
    return values


def write_medleydb(root: Path, tracks: Mapping[str, tuple[str, Instruments]], seconds: int = 1) -> Path:
    """A corpus of multitracks: artist and instruments of the stems by name."""
    for folder in ("Metadata", "Activation_Confidence_v2"):
        (root / folder).mkdir(parents=True)
    for name, (artist, instruments) in tracks.items():
        _write_multitrack(root, name, artist, instruments, seconds)
    weights = {name: {n + 1: coefficient(n + 1) for n in range(len(stems))} for name, (_, stems) in tracks.items()}
    (root / "mixing_coefficients.yaml").write_text(yaml.safe_dump(weights), encoding="utf-8")
    return root


def _write_multitrack(root: Path, name: str, artist: str, instruments: Instruments, seconds: int) -> None:
    folder = root / "Audio" / name
    for kind in ("STEMS", "RAW"):
        (folder / f"{name}_{kind}").mkdir(parents=True)
    stems: dict[str, Mapping[str, object]] = {}
    for number, instrument in enumerate(instruments, start=1):
        stem, raw = f"{name}_STEM_{number:02d}.wav", f"{name}_RAW_{number:02d}_01.wav"
        sf.write(folder / f"{name}_STEMS" / stem, stem_samples(number, seconds), SR)
        sf.write(folder / f"{name}_RAW" / raw, stem_samples(number, seconds), SR)
        raws = {"R01": {"filename": raw, "instrument": instrument}}
        stems[f"S{number:02d}"] = {"component": "", "filename": stem, "instrument": instrument, "raw": raws}
    sf.write(folder / f"{name}_MIX.wav", stem_samples(1, seconds), SR)
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
    times = HOP * np.arange(FRAMES_A_SECOND * seconds)
    columns = np.stack([times, *(confidences(n + 1, seconds) for n in range(len(instruments)))], axis=1)
    header = ",".join(["time", *stems])
    path = root / "Activation_Confidence_v2" / f"{name}_ACTIVATION_CONF.lab"
    np.savetxt(path, columns, fmt="%.4f", delimiter=",", header=header, comments="")
