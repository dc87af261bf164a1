"""Plots of one recording: what is drawn where, what is passed on, and what is refused in one line."""

from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

import sedpool as sp
from sedpool.errors import ConfigError, DataError
from sedpool.events import events_from_rows
from sedpool.plot.style import BLUE, GREEN, ORANGE, PINK
from tests.miniatures.runs import CLASSES, EDGES, NAMES, made_reference, made_scores

HOSTILE = "$<b>\\frac{"


@pytest.fixture
def ax() -> Iterator[Axes]:
    figure, axes = plt.subplots()
    yield axes
    figure.canvas.draw()  # whatever is drawn can be rendered
    plt.close(figure)


def rows(ax: Axes) -> list[str]:
    return [tick.get_text() for tick in ax.get_yticklabels()]


def bars(ax: Axes) -> list[tuple[float, float, float, str]]:
    return [
        (bar.get_x(), bar.get_x() + bar.get_width(), bar.get_y() + bar.get_height() / 2, to_hex(bar.get_facecolor()))
        for bar in ax.patches
    ]


@pytest.fixture
def scores() -> pd.DataFrame:
    return made_scores(made_reference(), np.random.default_rng(0))


def test_events_are_bars_in_the_rows_of_their_classes(ax: Axes) -> None:
    table = events_from_rows([("a", 1, 3, "dog"), ("a", 2, 4, "cat"), ("a", 5, 6, "dog")])
    assert sp.plot.events(table, ax=ax) is ax
    assert rows(ax) == ["dog", "cat"]
    assert [bar[:3] for bar in bars(ax)] == [(1, 3, 0), (2, 4, 1), (5, 6, 0)]
    assert ax.get_xlabel() == "time (s)"
    assert ax.get_ylim() == (1.5, -0.5)


def test_without_axes_the_current_ones_are_drawn_in(ax: Axes) -> None:
    plt.sca(ax)
    assert sp.plot.events(events_from_rows([("a", 1, 3, "dog")])) is ax


def test_only_the_classes_that_are_asked_for_are_drawn(ax: Axes, scores: pd.DataFrame) -> None:
    table = events_from_rows([("a", 1, 3, "dog"), ("a", 2, 4, "cat")])
    sp.plot.events(table, classes=["bird", "cat"], ax=ax)
    assert rows(ax) == ["bird", "cat"]
    assert [bar[:3] for bar in bars(ax)] == [(2, 4, 1)]


def test_scores_are_rows_of_colour_and_events_over_them_keep_the_rows(ax: Axes, scores: pd.DataFrame) -> None:
    sp.plot.scores(scores, NAMES[1], ax=ax)
    assert rows(ax) == list(CLASSES)
    expected = scores[scores["filename"] == NAMES[1]]
    for mesh, label in zip(ax.collections, CLASSES, strict=True):
        assert np.array_equal(np.ravel(mesh.get_array()), expected[label])
    assert ax.get_xlim() == (EDGES[0], EDGES[-1])
    sp.plot.events(events_from_rows([("x", 1, 2, "siren"), ("x", 1, 2, "new")]), ax=ax, fill=False)
    assert rows(ax) == [*CLASSES, "new"]
    assert [bar[2] for bar in bars(ax)] == [CLASSES.index("siren"), len(CLASSES)]
    ax.clear()
    sp.plot.events(events_from_rows([("x", 1, 2, "siren")]), ax=ax)
    assert rows(ax) == ["siren"]


def test_keywords_are_passed_on(ax: Axes, scores: pd.DataFrame) -> None:
    table = events_from_rows([("a", 1, 3, "dog")])
    sp.plot.events(table, ax=ax, fc="#123456", height=0.2)
    assert bars(ax)[0][3] == "#123456"
    assert ax.patches[0].get_height() == pytest.approx(0.2)
    sp.plot.scores(scores, NAMES[0], ax=ax, cmap="magma", vmax=0.5)
    assert ax.collections[0].get_cmap().name == "magma"
    assert ax.collections[0].get_clim() == (0.0, 0.5)


def test_comparison_tells_found_from_missed_and_right_from_false(ax: Axes) -> None:
    reference = events_from_rows([("a", 1, 3, "dog"), ("a", 5, 6, "dog"), ("b", 0, 1, "dog")])
    estimated = events_from_rows([("a", 1.1, 3.1, "dog"), ("a", 5, 6, "cat"), ("b", 0, 1, "dog")])
    sp.plot.comparison(reference, estimated, "a", ax=ax)
    assert rows(ax) == ["dog", "cat"]
    drawn = {(start, row): color for start, _, row, color in bars(ax)}
    expected = {(1, -0.2): GREEN, (5, -0.2): ORANGE, (1.1, 0.2): BLUE, (5, 1.2): PINK}
    assert {key: color.lower() for key, color in expected.items()} == {
        (round(start, 9), round(row, 9)): color for (start, row), color in drawn.items()
    }
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["reference, found", "reference, missed", "detected, right", "detected, false alarm"]


@pytest.mark.parametrize("empty", ["reference", "estimated", "both"])
def test_comparison_with_nothing(ax: Axes, empty: str) -> None:
    table, none = events_from_rows([("a", 1, 3, "dog")]), events_from_rows([])
    sp.plot.comparison(none if empty != "estimated" else table, none if empty != "reference" else table, ax=ax)
    assert len(bars(ax)) == (empty != "both")


@pytest.mark.parametrize("sr", [100, 2000, 8000, 16000, 44100, 250000])
def test_the_axis_of_a_spectrogram_is_in_khz(ax: Axes, sr: int, tmp_path: Path) -> None:
    hertz = sr / 5
    samples = np.sin(2 * np.pi * hertz * np.arange(2 * sr) / sr)
    sf.write(tmp_path / "a.wav", samples, sr, subtype="FLOAT")
    assert sp.plot.spectrogram(tmp_path / "a.wav", ax=ax) is ax
    (mesh,) = ax.collections
    edges = mesh.get_coordinates()[:, 0, 1]
    loudest = np.asarray(mesh.get_array())[:, 3:-3].mean(axis=1).argmax()
    assert edges[loudest] - 0.01 * sr / 1000 <= hertz / 1000 <= edges[loudest + 1] + 0.01 * sr / 1000
    assert ax.get_ylabel() == "frequency (kHz)"
    assert ax.get_xlim() == pytest.approx((0, 2), abs=0.2)


def test_a_part_of_a_recording_stands_at_its_time(ax: Axes, tmp_path: Path) -> None:
    sr = 8000
    samples = np.concatenate([np.zeros(2 * sr), np.random.default_rng(0).normal(0, 0.1, sr), np.zeros(2 * sr)])
    sf.write(tmp_path / "a.wav", samples, sr, subtype="FLOAT")
    features = sp.LogMel(sr=sr, n_fft=512, hop_length=80, n_mels=32, scale="linear", fmax=3000.0)
    for recording, rate in ((tmp_path / "a.wav", None), (np.stack([samples, samples]), sr)):
        ax.clear()
        sp.plot.spectrogram(recording, rate, features=features, onset=1.5, duration=2.0, ax=ax)
        (mesh,) = ax.collections
        times = mesh.get_coordinates()[0, :, 0]
        loud = np.flatnonzero(np.asarray(mesh.get_array()).mean(axis=0) > -60)
        assert times[loud[0]] == pytest.approx(2, abs=0.05)
        assert times[loud[-1]] == pytest.approx(3, abs=0.05)
        assert ax.get_xlim() == pytest.approx((1.5, 3.5), abs=0.02)
        assert ax.get_ylim()[1] == pytest.approx(3, abs=0.1)


def test_names_are_only_text(ax: Axes, scores: pd.DataFrame) -> None:
    sp.plot.events(events_from_rows([("a", 1, 3, HOSTILE)]), ax=ax)
    sp.plot.scores(scores.rename(columns={"siren": HOSTILE}), NAMES[0], ax=ax)
    assert rows(ax)[0] == HOSTILE


EVENTS = events_from_rows([("a", 1, 3, "dog")])
TWO = events_from_rows([("a", 1, 3, "dog"), ("b", 1, 3, "dog")])
SCORES = made_scores(made_reference(), np.random.default_rng(0))
NOISE = np.random.default_rng(0).normal(0, 0.1, 8000)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda ax: sp.plot.events(EVENTS, ax=ax, colour="red"), ConfigError, "colour"),
        (lambda ax: sp.plot.events(EVENTS, ax=ax, color="rouge"), ConfigError, "valid color"),
        (lambda ax: sp.plot.events(EVENTS, ax=ax, left=3), ConfigError, "left"),
        (lambda ax: sp.plot.events(EVENTS, ax=ax, fc="red", facecolor="red"), ConfigError, "facecolor"),
        (lambda ax: sp.plot.events(EVENTS, ax=3), ConfigError, "ax=3"),
        (lambda ax: sp.plot.events(TWO, ax=ax), DataError, "2 recordings"),
        (lambda ax: sp.plot.events(SCORES, ax=ax), DataError, "event_label"),
        (lambda ax: sp.plot.comparison(EVENTS, EVENTS, ax=ax, colour="red"), ConfigError, "colour"),
        (lambda ax: sp.plot.comparison(EVENTS, TWO, ax=ax), DataError, "2 recordings"),
        (lambda ax: sp.plot.scores(SCORES, ax=ax), DataError, "3 recordings"),
        (lambda ax: sp.plot.scores(SCORES, "other.wav", ax=ax), DataError, "other.wav"),
        (lambda ax: sp.plot.scores(SCORES, NAMES[0], ax=ax, color_map="x"), ConfigError, "color_map"),
        (lambda ax: sp.plot.scores(SCORES, NAMES[0], ax=ax, cmap="nothing"), ConfigError, "nothing"),
        (lambda ax: sp.plot.scores(SCORES, NAMES[0], ax=ax, classes=["owl"]), ConfigError, "owl"),
        (lambda ax: sp.plot.scores(SCORES.drop(columns=["onset", "offset"]), ax=ax), DataError, "whole clips"),
        (lambda ax: sp.plot.spectrogram(NOISE, ax=ax), DataError, "sr=None"),
        (lambda ax: sp.plot.spectrogram("a.wav", 8000, ax=ax), DataError, "sr=8000"),
        (lambda ax: sp.plot.spectrogram("none.wav", ax=ax), DataError, "none.wav"),
        (lambda ax: sp.plot.spectrogram(NOISE, 8000, ax=ax, colormap="magma"), ConfigError, "colormap"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(ax: Axes, call, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says) as raised:
        call(ax)
    assert "\n" not in str(raised.value)
    assert not ax.patches
