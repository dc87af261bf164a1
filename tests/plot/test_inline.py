"""The listening page inside a notebook's page."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sedpool as sp
from sedpool.errors import DataError
from sedpool.experiment.load import dataset_of
from sedpool.run_folder import RunFolder
from tests.listening.conftest import SECONDS, SR, Visit, browser, random_scores, write_clip
from tests.miniatures.runs import made_dataset

__all__ = ["browser"]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.wav", 0)


def test_it_plays_inside_a_notebook_which_it_cannot_touch(browser: Any, clip: Path, tmp_path: Path) -> None:
    scores = random_scores(str(clip), 0).rename(columns={"siren": '"><script>alert(1)</script>'})
    shown = sp.plot.player(scores, clip)
    assert "MB" in repr(shown)
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!DOCTYPE html><title>Notebook</title>{shown._repr_html_()}", encoding="utf-8")
    visit = Visit(browser, None)
    visit.page.goto(notebook.as_uri())
    frame = visit.page.frames[1]
    frame.wait_for_selector("#lanes .lane")
    assert visit.page.locator("body > *").count() == 1
    frame.locator("#play").click()
    frame.wait_for_selector("#play:has-text('Pause')")
    visit.page.wait_for_timeout(800)
    assert frame.evaluate("listening.time()") > 0.2
    assert frame.evaluate("window.origin") == "null"
    assert visit.elsewhere(tmp_path) == []
    frame.locator("#keys-button").click()
    frame.locator("#keys button").click()
    assert not frame.locator("#keys").is_visible()
    visit.close()


def test_what_is_given_in_every_form_is_the_same_page(clip: Path) -> None:
    scores = random_scores("other name", 0)
    page = sp.plot.player(scores, clip).page
    assert page == sp.plot.player(scores.assign(filename=str(clip)), [clip]).page
    samples = np.random.default_rng(0).normal(0, 0.1, (2, round(SECONDS * SR)))
    assert "audio" in sp.plot.player(scores, samples, SR, decoder=sp.Decoder(0.9)).page


@pytest.mark.parametrize(
    ("scores", "sr", "says"),
    [
        (random_scores("a", 0), 8000, "sr=8000"),
        (random_scores("a", 0).drop(columns=["onset", "offset"]), None, "whole clips"),
        (pd.concat([random_scores("a", 0), random_scores("b", 0)]), None, "no scores of"),
    ],
)
def test_what_does_not_fit_is_refused(scores: pd.DataFrame, sr: int | None, says: str, clip: Path) -> None:
    with pytest.raises(DataError, match=says):
        sp.plot.player(scores, clip, sr)


@pytest.mark.slow
def test_a_detector_plays_clips_of_its_corpus_with_what_is_there(
    finished: RunFolder, browser: Any, tmp_path: Path
) -> None:
    detector = sp.load(finished.path)
    test = dataset_of(finished).split("test")
    chosen = test.select(test.clips["filename"].tolist()[:2])
    path = tmp_path / "page.html"
    path.write_text(sp.plot.player(detector, chosen).page, encoding="utf-8")
    visit = Visit(browser, path)
    assert visit.page.locator("#recording option").count() == 2
    found = visit.page.evaluate("listening.scores(null).all.annotated")
    assert chosen.events is not None
    assert found == len(chosen.events)
    expected = detector.detect(chosen)
    assert len(visit.page.evaluate("listening.events(null)")) == len(expected)
    visit.close()


def test_detectors_runs_and_datasets_show_themselves_as_tables(finished: RunFolder, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    run = RunFolder(finished.path).called(dataset=hostile)
    for shown, says in (
        (run, "event F1 on test"),
        (sp.load(finished.path), "classes"),
        (made_dataset(hostile), "minutes"),
        (RunFolder(tmp_path / hostile), "not readable"),
    ):
        text = shown._repr_html_()
        assert says in text
        assert "<img" not in text
        assert text.count("<table>") == text.count("</table>") == 1
    assert hostile.replace("<", "&lt;").replace(">", "&gt;") in run._repr_html_()
