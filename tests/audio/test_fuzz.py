"""Recordings with damage of any kind: samples of the stated length, or the one error, soon and in little memory.

`make fuzz` tries 2,000 files of each format, the suite a few. A file that fails is repeated by its seed and number.
"""

import os
import random
import resource
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from sedpool import audio
from sedpool.errors import AudioError

N_FILES = int(os.environ.get("SEDPOOL_FUZZ", "12"))
SEED = os.environ.get("SEDPOOL_FUZZ_SEED", "0")
MOST_SECONDS, MOST_MEGABYTES = 5.0, 300
SR = 8000
FORMATS = {
    "wav": ("WAV", "PCM_16"),
    "gsm.wav": ("WAV", "GSM610"),
    "rf64.wav": ("RF64", "PCM_16"),
    "w64": ("W64", "FLOAT"),
    "aiff": ("AIFF", "PCM_24"),
    "caf": ("CAF", "PCM_16"),
    "au": ("AU", "ULAW"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Change bytes, most of them near the start, put in or take out some, cut the end, or join a file to itself."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(min(len(changed), rng.choice((64, 200, 1 << 20))) or 1)
        end = at + rng.choice((1, 1, 4, 8))
        changed[at:end] = rng.choice(
            (
                rng.randbytes(end - at),
                b"\xff" * (end - at),
                bytes(end - at),
                b"",
                bytes(changed[at:end]) * 2,
                rng.randbytes(rng.choice((1, 100))),
            )
        )
        if rng.random() < 0.2:
            del changed[rng.randrange(len(changed) + 1) :]
        if rng.random() < 0.05:
            changed += bytes(changed)
    return bytes(changed)


@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_recordings_are_read_or_refused(tmp_path: Path, kind: str) -> None:
    container, subtype = FORMATS[kind]
    path = tmp_path / f"x.{kind}"
    sf.write(path, 0.1 * np.random.default_rng(0).standard_normal(SR // 2), SR, format=container, subtype=subtype)
    whole = path.read_bytes()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(N_FILES):
        path.write_bytes(mutated(whole, random.Random(f"{SEED} {kind} {number}")))
        try:
            _read_or_refused(path)
        except Exception as error:
            raise AssertionError(f"seed {SEED}, {kind}, file {number}: {error!r}; it is {path}") from error
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < MOST_MEGABYTES * 1000


def _read_or_refused(path: Path) -> None:
    began = time.perf_counter()
    message, samples, stated = "", None, None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            stated = audio.info(path)
            samples = audio.read(path, stated.samplerate)
        except AudioError as error:
            message = str(error)
    assert time.perf_counter() - began < MOST_SECONDS, "it takes too long"
    assert "\n" not in message, "the message has several lines"
    if samples is not None and stated is not None:
        assert np.isfinite(samples).all()
        assert len(samples) == round(stated.duration * stated.samplerate), "it has another length than stated"
