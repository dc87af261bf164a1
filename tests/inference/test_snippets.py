from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from sedpool.formats.clip import RecordingInfo
from sedpool.inference.snippets import choose_events, distinct, plain_name, write_snippets

SR = 8000


def detected(rows: list[tuple[str, float, float, str, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["filename", "onset", "offset", "event_label", "confidence"])


def test_the_most_confident_of_each_class_are_chosen() -> None:
    events = detected([(f"{n}.wav", n, n + 1, "dog" if n % 2 else "cat", n % 4 / 10) for n in range(1, 9)])
    chosen = choose_events(events, 3, "confidence")
    assert chosen["event_label"].tolist() == ["cat"] * 3 + ["dog"] * 3
    assert chosen["filename"].tolist() == ["2.wav", "6.wav", "4.wav", "3.wav", "7.wav", "1.wav"]
    assert choose_events(events.iloc[:0], 3, "confidence").empty


def test_random_events_are_the_same_each_time_and_all_if_there_are_few() -> None:
    events = detected([(f"{n}.wav", n, n + 1, "dog", n / 100) for n in range(100)])
    chosen = choose_events(events, 10, "random")
    assert chosen.equals(choose_events(events, 10, "random"))
    assert chosen["onset"].is_monotonic_increasing
    assert not chosen["confidence"].isin(events["confidence"].nlargest(10)).all()
    assert len(choose_events(events.head(4), 10, "random")) == 4


def test_snippets_hold_the_event_with_its_margin_at_the_recordings_own_rate(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (10 * SR, 2))
    sf.write(tmp_path / "a.flac", samples, SR, subtype="PCM_16")
    rows = [("n/a.flac", 2.0, 3.5, "dog", 0.9), ("n/a.flac", 0.25, 9.5, "dog", 0.4), ("n/a.flac", 2.0, 3.0, "Dog", 0.5)]
    info = {"n/a.flac": RecordingInfo(10.0, str(tmp_path / "a.flac"), start=datetime(2024, 6, 1, 5))}
    path = write_snippets(detected(rows), info, tmp_path / "clips")
    table = pd.read_csv(path, sep="\t")
    assert list(table) == ["event_label", "filename", "onset", "offset", "confidence", "datetime", "clip"]
    assert table["clip"].tolist() == [
        "dog/0.900_n_a_2.000s.wav",
        "dog/0.400_n_a_0.250s.wav",
        "Dog-2/0.500_n_a_2.000s.wav",
    ]
    assert table["datetime"].iloc[0] == "2024-06-01T05:00:02.000"
    whole = sf.read(tmp_path / "a.flac", dtype="int16")[0]
    for clip, first, last in zip(table["clip"], (1, 0, 1), (4.5, 10, 4), strict=True):
        written, sr = sf.read(tmp_path / "clips" / clip, dtype="int16")
        assert sr == SR
        assert np.array_equal(written, whole[first * SR : round(last * SR)])
    before = {path: path.read_bytes() for path in (tmp_path / "clips").rglob("*.*")}
    write_snippets(detected(rows), info, tmp_path / "clips")
    assert {path: path.read_bytes() for path in (tmp_path / "clips").rglob("*.*")} == before


@given(st.lists(st.text(max_size=300), max_size=8))
def test_names_suit_every_file_system(texts: list[str]) -> None:
    names = distinct([plain_name(text) for text in texts])
    assert len({name.casefold() for name in names}) == len(texts)
    for name in names:
        assert not set(name) & set('<>:"/\\|?*\0\n ')
        assert not name.endswith((".", " "))
        assert name not in ("", ".", "..")
        assert len(name.encode()) < 170


@pytest.mark.parametrize("name", ["CON", "nul.wav", "Com1", "lpt9.txt"])
def test_names_that_windows_keeps_for_itself_are_changed(name: str) -> None:
    assert plain_name(name) == f"{name}_"
