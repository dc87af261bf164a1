"""Files of every kind, cut, joined and with bytes changed: samples or the one error, whatever their headers say."""

import io
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sedpool import audio
from sedpool.errors import AudioError

KINDS = ["WAV", "RF64", "W64", "AIFF", "CAF", "AU", "FLAC", "OGG", "MP3"]
SECONDS = 0.5


@cache
def healthy(kind: str) -> bytes:
    file = io.BytesIO()
    sf.write(file, 0.1 * np.random.default_rng(0).standard_normal(round(SECONDS * 22050)), 22050, format=kind)
    return file.getvalue()


def read(path: Path) -> float:
    """Return the number of seconds that are read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        info = audio.info(path)
        inspection = audio.inspect(path)
        samples = audio.read(path, 22050)
    assert inspection.duration == info.duration
    assert np.isfinite(samples).all()
    assert len(samples) == pytest.approx(info.duration * 22050, abs=1)
    return info.duration


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(KINDS),
    changes=st.lists(st.tuples(st.integers(0, 200), st.binary(min_size=1, max_size=5)), max_size=4),
    cut=st.none() | st.floats(0, 1),
    tail=st.none() | st.binary(max_size=50) | st.sampled_from(KINDS),
)
def test_fault_07_damaged_files_give_samples_or_the_one_error(
    tmp_path: Path, kind: str, changes: list[tuple[int, bytes]], cut: float | None, tail: bytes | str | None
) -> None:
    content = bytearray(healthy(kind))
    for at, value in changes:
        content[at : at + len(value)] = value
    if cut is not None:
        del content[round(cut * len(content)) :]
    content += healthy(tail) if isinstance(tail, str) else tail or b""
    (tmp_path / "x").write_bytes(content)
    problem = ""
    try:
        read(tmp_path / "x")
    except AudioError as error:
        problem = str(error)
    assert not problem or (str(tmp_path / "x") in problem and "\n" not in problem)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0.05, 0.98))
def test_fault_05_to_07_nothing_is_shorter_in_silence(tmp_path: Path, kind: str, share: float) -> None:
    content = healthy(kind)
    (tmp_path / "x").write_bytes(content[: round(share * len(content))])
    with pytest.raises(AudioError):
        read(tmp_path / "x")
