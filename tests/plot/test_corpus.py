from pathlib import Path

import pytest

import sedpool as sp
from sedpool.datasets.desed import load_desed
from sedpool.evaluation.baselines import stretched_tags_score
from sedpool.plot.corpus import corpus_figure
from sedpool.plot.style import write_figure


def titles(figure) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes]


def test_tags_stretched_over_the_clip_score_half_of_urbansed(shared_data: Path, tmp_path: Path) -> None:
    train = sp.load_urbansed(shared_data / "urbansed_annotations", split="train", allow_missing=True)
    assert stretched_tags_score(train)["micro"]["f1"] == pytest.approx(0.51, abs=0.005)
    figure = corpus_figure(train)
    assert "Without locating: F1 0.51" in titles(figure)
    assert {"Event durations", "Co-occurrence", "Balance", "Polyphony", "Classes in a clip"} <= set(titles(figure))
    write_figure(corpus_figure(train), tmp_path / "train.png")
    assert (tmp_path / "train.png").read_bytes().startswith(b"\x89PNG")


def test_weak_labels_have_no_panels_of_events(shared_data: Path) -> None:
    weak = load_desed(shared_data / "desed", split="train", allow_missing=True)
    assert titles(corpus_figure(weak)) == ["Balance", "Co-occurrence", "Classes in a clip"]
