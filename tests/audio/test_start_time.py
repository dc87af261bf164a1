import struct
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from sedpool.audio.start_time import Clock, later
from sedpool.errors import ConfigError

DAWN = datetime(2024, 6, 1, 5, 30)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20240601_053000.WAV", DAWN),
        ("20240601_053000T.WAV", DAWN),
        ("24F3190361E5F4E6_20240601_053000.WAV", DAWN),
        ("SM4_20240601_053000.wav", DAWN),
        ("SM4_0+1_20240601_053000.wav", DAWN),
        ("BOG-1_20240601$053000.wav", DAWN),
        ("PREFIX_20240601_053000_000.wav", DAWN),
        ("PREFIX_20240601_053000_250.wav", DAWN.replace(microsecond=250_000)),
        ("PREFIX_20240601_053000_250000.wav", DAWN.replace(microsecond=250_000)),
        ("PREFIX_20240601_053000_0001.wav", DAWN),
        ("20240601T053000Z.flac", DAWN.replace(tzinfo=UTC)),
        ("20240601T053000+0200_REC.flac", DAWN.replace(tzinfo=timezone(timedelta(hours=2)))),
        ("20240601T053000-03:30.flac", DAWN.replace(tzinfo=timezone(-timedelta(hours=3, minutes=30)))),
        ("5E90A4D4.WAV", datetime(2020, 4, 10, 16, 54, 44, tzinfo=UTC)),
        ("12345678_123456_20240601_053000.wav", DAWN),
        ("12345678_123456.wav", None),
        ("20241301_053000.wav", None),
        ("20240601.wav", None),
        ("99991231_235959.wav", None),
        ("00010101T000000Z.wav", None),
        ("00C0FFEE.wav", None),
        ("DEADBEEF.wav", None),
        ("monday 1.wav", None),
    ],
)
def test_names_that_recorders_give_are_understood(name: str, expected: datetime | None) -> None:
    assert Clock().start(Path("season", name)) == expected


def with_chunk(path: Path, name: bytes, content: bytes, *, before_samples: bool) -> Path:
    """Write a WAV file with one more chunk."""
    sf.write(path, np.zeros(800), 8000, format="WAV")
    whole = path.read_bytes()
    chunk = name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
    body = whole[12:36] + chunk + whole[36:] if before_samples else whole[12:] + chunk
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body)
    return path


def comment(zone: str) -> bytes:
    text = f"Recorded at 05:30:00 01/06/2024 ({zone}) by AudioMoth 24F3 at medium gain while battery was 4.2V.".encode()
    return b"INFOICMT" + struct.pack("<I", len(text) + 1) + text + b"\0" * (1 + (len(text) + 1) % 2)


@pytest.mark.parametrize("before_samples", [True, False])
@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (b"LIST", comment("UTC"), DAWN.replace(tzinfo=UTC)),
        (b"LIST", comment("UTC+2"), DAWN.replace(tzinfo=timezone(timedelta(hours=2)))),
        (b"LIST", comment("UTC-3:30"), DAWN.replace(tzinfo=timezone(-timedelta(hours=3, minutes=30)))),
        (b"guan", b"GUANO|Version: 1.0\nTimestamp: 2024-06-01T05:30:00+02:00\n", DAWN.replace(tzinfo=BERLIN)),
        (b"guan", b"GUANO|Version: 1.0\r\nTimestamp:2024-06-01 05:30:00.000\r\nTE: 1", DAWN),
        (b"guan", b"GUANO|Version: 1.0\nTimestamp: yesterday\n", None),
        (b"bext", bytes(320) + b"2024-06-0105:30:00" + bytes(300), DAWN),
        (b"bext", bytes(320) + b"2024:06:01" + b"05-30-00", DAWN),
        (b"bext", bytes(602), None),
        (b"junk", comment("UTC"), None),
    ],
)
def test_metadata_of_wav_files_is_understood(
    tmp_path: Path, name: bytes, content: bytes, expected: datetime | None, before_samples: bool
) -> None:
    path = with_chunk(tmp_path / "monday.wav", name, content, before_samples=before_samples)
    assert Clock().start(path) == expected


def test_what_states_its_zone_goes_first(tmp_path: Path) -> None:
    audiomoth = with_chunk(tmp_path / "20240601_053000.WAV", b"LIST", comment("UTC"), before_samples=True)
    assert Clock().start(audiomoth) == DAWN.replace(tzinfo=UTC)
    bext = bytes(320) + b"2020-01-0100:00:00"
    named = with_chunk(tmp_path / "SM4_20240601_053000.wav", b"bext", bext, before_samples=True)
    assert Clock().start(named) == DAWN


def test_times_are_given_in_the_zone_asked_for() -> None:
    in_berlin = Clock(timezone="Europe/Berlin")
    assert in_berlin.start("20240601_053000.wav").isoformat() == "2024-06-01T05:30:00+02:00"  # type: ignore[union-attr]
    assert in_berlin.start("20240601T053000Z.wav").isoformat() == "2024-06-01T07:30:00+02:00"  # type: ignore[union-attr]
    fixed = Clock(timezone="-03:30").start("20240601_053000.wav")
    assert fixed is not None
    assert fixed.isoformat() == "2024-06-01T05:30:00-03:30"


def test_patterns_are_found_anywhere_in_a_path() -> None:
    assert Clock("%Y-%m-%d/%Hh%M").start("a/2024-06-01/05h30 dawn.wav") == DAWN
    assert Clock("%j.%Y %I%M%p").start("153.2024 0530AM.wav") == DAWN
    assert Clock("%d %b %Y 100%% %H%M").start("1/01 Jun 2024 100% 0530.wav") == DAWN
    assert Clock("%y%m%d").start("240601.wav") == datetime(2024, 6, 1)
    assert Clock("%Y%m%dT%H%M%S%z").start("20240601T053000Z.wav") == DAWN.replace(tzinfo=UTC)
    assert Clock("%Y%m%d").start("991301 20240601_053000.wav") == datetime(2024, 6, 1)
    assert Clock("%Y%m%d").start("monday.wav") is None


@pytest.mark.parametrize(
    ("pattern", "zone", "expected"),
    [
        ("%H%M", None, "no date in it"),
        ("%Y%m%d_%s", None, "%s is unknown; expected some of %m"),
        (None, "Mars/Olympus", "timezone 'Mars/Olympus': unknown"),
        (None, "../etc/passwd", "unknown"),
        (None, "Europe", "unknown"),
    ],
)
def test_wrong_settings_end_in_one_line(pattern: str | None, zone: str | None, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected) as error:
        Clock(pattern, zone)
    assert "\n" not in str(error.value)


def test_unreadable_and_unfinished_files_have_no_time(tmp_path: Path) -> None:
    assert Clock().start(tmp_path / "missing.wav") is None
    sf.write(tmp_path / "unfinished.wav", np.zeros(1 << 20), 8000)
    whole = tmp_path.joinpath("unfinished.wav").read_bytes()
    at = whole.index(b"data") + 4
    (tmp_path / "unfinished.wav").write_bytes(whole[:at] + bytes(4) + whole[at + 4 :])
    assert Clock().start(tmp_path / "unfinished.wav") is None


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=st.sampled_from([UTC, BERLIN])),
    st.floats(0, 1e6),
)
def test_later_counts_the_seconds_that_pass(start: datetime, seconds: float) -> None:
    start = start.astimezone(UTC).astimezone(start.tzinfo)  # a time that exists
    passed = later(start, seconds).timestamp() - start.timestamp()
    assert passed == pytest.approx(seconds, abs=1e-4)


def test_an_offset_of_days_is_no_timezone() -> None:
    with pytest.raises(ConfigError, match=r"timezone '\+99:00': unknown"):
        Clock(timezone="+99:00")
