import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sedpool import audio
from sedpool.audio.stream import blocks
from sedpool.errors import AudioError

SR = 44100
SOUND = (0.3 * np.sin(2 * np.pi * 440 * np.arange(20 * SR) / SR) * np.linspace(0.2, 1, 20 * SR)).astype(np.float32)


@pytest.fixture
def av() -> Any:
    return pytest.importorskip("av", reason="AAC and WMA need PyAV, the extra `media`")


def write(av: Any, path: Path, codec: str, **options: str) -> None:
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=SR, layout="mono")
        stream.bit_rate = 128000
        for first in range(0, len(SOUND), 4096):
            frame = av.AudioFrame.from_ndarray(SOUND[None, first : first + 4096].copy(), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SR, first, Fraction(1, SR)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.mark.parametrize(("name", "codec"), [("x.m4a", "aac"), ("x.M4A", "alac"), ("x.aac", "aac"), ("x.wma", "wmav2")])
def test_the_sound_is_read(av: Any, tmp_path: Path, name: str, codec: str) -> None:
    path = tmp_path / name
    write(av, path, codec)
    samples = audio.read(path, SR)
    delay = {"x.aac": 1024}.get(name, 0)  # raw AAC does not state the delay of its encoder
    part = slice(SR, 18 * SR)
    if codec != "wmav2":
        np.testing.assert_allclose(samples[delay:][part], SOUND[part], atol=0.02)
    assert abs(len(samples) - len(SOUND)) < 4096
    assert audio.info(path) == audio.Info(len(samples) / SR, SR, 1)
    assert audio.list_files(tmp_path, "test") == [name]
    assert np.array_equal(np.concatenate(list(blocks(path, SR, block_seconds=1.0))), samples)
    for onset in (0.0, 0.1, 7.3, 19.0):
        piece = audio.read(path, SR, onset=onset, duration=2.0)
        first = round(onset * SR)
        np.testing.assert_allclose(piece, samples[first : first + 2 * SR], atol=1e-3)


def test_an_mp4_has_the_length_that_it_states(av: Any, tmp_path: Path) -> None:
    write(av, tmp_path / "x.m4a", "aac")
    assert audio.info(tmp_path / "x.m4a").duration == 20.0


@pytest.mark.parametrize(("name", "codec"), [("x.m4a", "aac"), ("y.m4a", "aac"), ("x.aac", "aac"), ("x.wma", "wmav2")])
def test_fault_07_a_cut_file_is_an_error(av: Any, tmp_path: Path, name: str, codec: str) -> None:
    path = tmp_path / name
    write(av, path, codec, **({"movflags": "faststart"} if name == "y.m4a" else {}))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 11])
    with pytest.raises(AudioError, match=rf"{name}: (truncated; the header promises|damaged; .* can be|not readable)"):
        audio.read(path, SR)


def test_fault_07_what_is_no_audio_is_named(av: Any, tmp_path: Path) -> None:
    (tmp_path / "x.m4a").write_bytes(b"<html>404</html>")
    with pytest.raises(AudioError, match=r"x\.m4a: not readable audio \(Invalid data"):
        audio.read(tmp_path / "x.m4a", SR)
    with pytest.raises(AudioError, match=r"y\.m4a: no such file"):
        audio.read(tmp_path / "y.m4a", SR)


def test_without_pyav_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    (tmp_path / "x.m4a").write_bytes(b"anything")
    with pytest.raises(AudioError, match=r"x\.m4a: \.m4a files need PyAV: pip install 'sedpool\[media\]'"):
        audio.read(tmp_path / "x.m4a", SR)
