"""The model card: complete, true to the run, and safe whatever names say."""

import ast
import re
import shlex
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from sedpool import storage
from sedpool.comparison.run_intervals import run_intervals
from sedpool.datasets.catalog import CORPORA
from sedpool.inference.package import About
from sedpool.reports.model_card import ModelCard, card_texts, model_card
from sedpool.run_folder import RunFolder
from sedpool.settings.compose import compose

ABOUT = About(1, "City sounds", "0.2.0", ["car_horn", "dog_bark"], "demo", {"train": 16, "test": 3}, 0.3715, None, None)


@pytest.fixture
def run(make_run):
    """A run with every setting, on three clips."""
    folder = make_run()
    config = compose(["tracking=none"]) | {"corpus": "demo", "method": "cap"}
    storage.write_text(folder.file("config.yaml"), yaml.safe_dump(config))
    return RunFolder(folder.path)


def card_of(run: RunFolder, about: About = ABOUT) -> ModelCard:
    return model_card(about, run, run_intervals(run))


def test_scores_are_those_of_the_run_with_their_intervals(run: RunFolder) -> None:
    card = card_of(run)
    assert card.scores is not None
    micro = {row.title: row.cells[0] for row in card.scores.rows}
    for title, metrics in (("as set", run.metrics), ("tuned", run.metrics["tuned"])):
        cell = micro[f"Segments of 1 s, {title}"]
        assert cell.value == metrics["segment"]["micro"]["f1"]
    cell = micro["Segments of 1 s, as set"]
    assert cell.value is not None
    assert cell.interval is not None
    assert cell.interval[0] <= cell.value <= cell.interval[1]
    assert f"{cell.value:.3f} [{cell.interval[0]:.3f}, {cell.interval[1]:.3f}]" == cell.text
    assert card.class_scores is not None
    assert [row.title for row in card.class_scores.rows] == list(run.classes)
    assert [len(row.cells) for row in card.class_scores.rows] == [6] * 4


def test_scores_of_other_detectors_are_said_to_be_theirs(run: RunFolder) -> None:
    assert "which it was not trained on" in card_of(run).test
    storage.write_json(run.file("metrics.json"), dict(run.metrics) | {"cross_validated": 4})
    said = card_of(RunFolder(run.path)).test
    assert "which it was not trained on" not in said
    assert said.startswith(
        "Measured by cross-validation, on 3 test clips of demo, with 4 detectors trained as this one"
    )


def test_a_run_with_weak_labels_has_scores_of_clips(make_run) -> None:
    folder = make_run(weak=True)
    storage.write_text(folder.file("config.yaml"), yaml.safe_dump(compose([]) | {"corpus": "demo", "method": "cap"}))
    card = card_of(RunFolder(folder.path))
    assert card.scores is not None
    assert {row.title for row in card.scores.rows} == {"Clips, as set", "Clips, tuned"}


def test_a_detector_that_was_not_tested_says_so(run: RunFolder) -> None:
    intervals = run_intervals(run)
    run.file("metrics.json").unlink()
    card = model_card(ABOUT, run, intervals)
    assert card.scores is None
    for text in card_texts(card):
        assert "nothing is known of how well it detects" in text


def test_both_forms_say_everything(run: RunFolder) -> None:
    card = card_of(run, replace(ABOUT, author="A. Author", licence="CC-BY-4.0"))
    html, markdown = card_texts(card)
    for text in (markdown.replace("\\", ""), html.replace("<wbr>", "")):
        for said in (
            *(
                "car_horn",
                "dog_bark",
                "A. Author",
                "CC-BY-4.0",
                "City sounds",
                "16 train",
                "10.1109/TASLP.2018.2858559",
            ),
            *("sedpool detect", "0.37 s", "22.05 kHz", "weak labels", "loudest sound", "training.learning_rate"),
        ):
            assert said in text, said
        assert "`" not in html
    assert "\n\n\n\n" not in markdown
    assert not re.search(r"https?://(?!\S*zenodo)", re.sub(r"<pre>.*?</pre>", "", html, flags=re.DOTALL))


def test_the_command_and_the_code_take_names_as_they_are(run: RunFolder) -> None:
    file = "a b\"; rm -rf $HOME-'.sedpool"
    card = card_of(run, replace(ABOUT, name="a b\"; rm -rf $HOME/'"))
    assert shlex.split(card.command) == ["sedpool", "detect", file, "recording.wav"]
    assert ast.literal_eval(card.code.removeprefix("detector = sp.load")) == file
    html, markdown = card_texts(card)
    assert f"    {card.command}\n" in markdown
    assert f"<pre>{card.command}</pre>" in unescape(html)


def test_what_to_cite_is_what_the_citation_file_says(run: RunFolder) -> None:
    citation = yaml.safe_load((Path(__file__).parents[2] / "CITATION.cff").read_text(encoding="utf-8"))
    (paper,) = citation["references"]
    bibtex = card_of(run).bibtex
    assert f"{{{citation['title']}:" in bibtex
    for key in ("title", "journal", "volume", "year", "doi"):
        assert f"{{{paper[key]}}}" in bibtex
    assert f"{{{paper['start']}--{paper['end']}}}" in bibtex
    names = " and ".join(f"{author['family-names']}, {author['given-names']}" for author in paper["authors"])
    assert f"{{{names}}}" in bibtex


class Tags(HTMLParser):
    """The tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)


def test_every_name_is_escaped(run: RunFolder) -> None:
    odd = "<script>alert(1)</script>*|`x`"
    about = About(1, odd, odd, [odd], odd, {odd: 1}, 0.3715, odd, odd)
    config = dict(run.config) | {"supervision": odd, "corpus": "x", "method": "y"}
    storage.write_text(run.file("config.yaml"), yaml.safe_dump(config))
    card = card_of(RunFolder(run.path), about)
    html, markdown = card_texts(card)
    assert not Tags(html).found & {"script", "img", "iframe", "object"}
    outside_code = "\n".join(line for line in markdown.splitlines() if not line.startswith("    "))
    assert not re.search(r"(?<!\\)<script", outside_code)


@pytest.mark.parametrize("corpus", [corpus.name for corpus in CORPORA])
def test_origin_and_terms_of_known_corpora_are_stated(corpus: str, run: RunFolder) -> None:
    config = dict(run.config) | {"dataset": {"_target_": f"sedpool.load_{corpus}"}}
    storage.write_text(run.file("config.yaml"), yaml.safe_dump(config))
    said = " ".join(card_of(RunFolder(run.path)).data)
    (entry,) = [one for one in CORPORA if one.name == corpus]
    assert (entry.licence in said) == (corpus in ("urbansed", "dcase2017", "medleydb", "desed", "demo"))
    assert (entry.citation in said) == bool(entry.homepage)
    assert ("are not known" in said) != (entry.licence in said)


def test_levels_and_bands_follow_the_features(run: RunFolder) -> None:
    config = dict(run.config)
    for features, said in (
        (
            {"_target_": "sedpool.LogMel", "sr": 8000, "fmax": 3000, "reference": "fixed"},
            ["3 kHz", "overall loudness"],
        ),
        ({"_target_": "sedpool.PCEN", "sr": 8000}, ["4 kHz", "overall loudness"]),
        ({"_target_": "mine.Features"}, ["loudest sound"]),
    ):
        storage.write_text(run.file("config.yaml"), yaml.safe_dump(config | {"features": features}))
        limits = " ".join(card_of(RunFolder(run.path)).limits)
        assert all(one in limits for one in said), limits


def test_the_card_says_what_the_frames_allow(run: RunFolder) -> None:
    run.metrics["ceiling"] = {"frame_seconds": 0.37, "event": {"f1": 0.8}, "psds": {"scenario1": 0.5}}
    assert card_of(run).test.endswith("a detector that is right about every frame reaches event F1 0.800, PSDS1 0.500.")
    run.metrics["ceiling"] = None
    assert "Resolution ceiling" not in card_of(run).test
