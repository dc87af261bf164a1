"""What the page decides and counts at every threshold is what sedpool does."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from typer.testing import CliRunner

from sedpool.cli.app import app
from sedpool.evaluation.evaluation_input import EvaluationInput, reference_input
from sedpool.evaluation.levels import Criteria
from sedpool.events import events_from_rows
from sedpool.formats import read_tsv, write_tsv
from sedpool.inference.decode import Decoder
from sedpool.inference.recordings import Selection
from sedpool.listening import Listening, ScoredRecording, write_page
from sedpool.run_folder import RunFolder
from tests.listening.conftest import CLASSES, SECONDS, Visit

THRESHOLDS = [*np.arange(0.025, 1, 0.05).round(3).tolist(), 0.0, 1.0]
OWN = {"siren": 0.6, "dog_bark": 0.35, "gun_shot": 0.8}

DECODERS = {
    "plain": Decoder(),
    "own": Decoder(OWN, low_threshold={name: value / 2 for name, value in OWN.items()}),
    "smooth": Decoder(
        0.4, median_filter=0.5, max_gap=0.3, min_duration={"siren": 0.2, "dog_bark": 0.4, "gun_shot": 1.0}
    ),
    "boxes": Decoder(0.4, box_filter=0.6, max_gap=0.2, min_duration=0.2),
}


def reference_of(clips: list[ScoredRecording], decoder: Decoder) -> EvaluationInput:
    """What the decoder finds, moved about, some of it left out and doubled, with times that nobody knows."""
    rng = np.random.default_rng(1)
    found = pd.concat([decoder.events(one.scores) for one in clips], ignore_index=True)
    found = found[rng.random(len(found)) < 0.8]
    onset = np.clip(found["onset"] + rng.choice([0, 0, 0.15, -0.3], len(found)), 0, SECONDS - 0.2)
    offset = np.clip(found["offset"] + rng.choice([0, 0.1, 0.5], len(found)), onset + 0.1, SECONDS)
    rows = list(zip(found["filename"], onset, offset, found["event_label"], strict=True))
    rows += [(name, start, min(SECONDS, end + 0.1), label) for name, start, end, label in rows[::4]]
    unknown = events_from_rows([("clip_0.wav", 0.0, 1.5, "siren"), ("clip_1.wav", 4.0, 5.0, "")])
    durations = {one.filename: SECONDS for one in clips[:3]}
    rows = [row for row in rows if row[0] in durations]
    return reference_input(events_from_rows(rows), durations=durations, classes=CLASSES, unknown=unknown)


@pytest.mark.parametrize("name", DECODERS)
def test_the_page_decides_and_counts_as_python_does(
    name: str, clips: list[ScoredRecording], browser: Any, tmp_path: Path
) -> None:
    decoder = DECODERS[name]
    reference = reference_of(clips, decoder)
    write_page(tmp_path / "page.html", Listening("Test", CLASSES, decoder, reference=reference), clips)
    visit = Visit(browser, tmp_path / "page.html")
    n_different = set()
    for threshold in [None, *THRESHOLDS]:
        chosen = decoder if threshold is None else replace(decoder, threshold=threshold, low_threshold=None)
        expected = pd.concat([chosen.events(one.scores) for one in clips], ignore_index=True)
        rows = expected[["filename", "onset", "offset", "event_label", "confidence"]].to_numpy().tolist()
        assert visit.page.evaluate("value => listening.events(value)", threshold) == rows
        scored = expected[expected["filename"] != "clip_3.wav"]
        metrics = Criteria().count("event", reference.with_estimated(scored)).metrics()
        found = visit.page.evaluate("value => listening.scores(value)", threshold)
        for ours, theirs in [
            (found["all"], metrics["micro"]),
            *zip(found["classes"].values(), metrics["class_wise"].values(), strict=True),
        ]:
            assert (ours["annotated"], ours["detected"]) == (theirs["n_ref"], theirs["n_sys"])
            for rate in ("f1", "precision", "recall"):
                assert ours[rate] == pytest.approx(theirs[rate], abs=1e-12), (threshold, rate)
        n_different.add(found["all"]["f1"])
    assert len(n_different) > 5
    visit.close()


def test_the_page_keeps_the_events_that_were_asked_for(
    clips: list[ScoredRecording], browser: Any, tmp_path: Path
) -> None:
    selection, chosen = Selection(min_confidence=0.6, classes=("gun_shot", "siren"), top=2), ("siren", "gun_shot")
    decoder = Decoder(0.3)
    write_page(tmp_path / "page.html", Listening("Test", chosen, decoder, selection), clips)
    visit = Visit(browser, tmp_path / "page.html")
    for threshold in THRESHOLDS:
        found = visit.page.evaluate("value => listening.events(value)", threshold)
        tables = [selection.of(replace(decoder, threshold=threshold).events(one.scores)) for one in clips]
        expected = pd.concat(tables)[["filename", "onset", "offset", "event_label", "confidence"]]
        assert found == expected.to_numpy().tolist()
    visit.close()


@pytest.mark.slow
def test_the_slider_says_what_the_commands_say(finished: RunFolder, browser: Any, tmp_path: Path) -> None:
    for name, seed in (("a.wav", 1), ("b.wav", 2)):
        rng = np.random.default_rng(seed)
        samples = rng.normal(0, 0.1, 6 * 44100) * np.repeat(rng.random(12), 22050)
        sf.write(tmp_path / name, samples, 44100)
    rows = [("a.wav", 1.0, 3.5, "siren"), ("b.wav", 0.0, 3.0, "siren"), ("b.wav", 2.0, 4.5, "dog_bark")]
    rows += [("a.wav", 4.0, 5.0, label) for label in finished.classes]  # each counts in the evaluation
    write_tsv(events_from_rows(rows), tmp_path / "labels.tsv")
    (tmp_path / "lengths.tsv").write_text("filename\tduration\na.wav\t6\nb.wav\t6\n", encoding="utf-8")
    given = [finished.path, tmp_path / "a.wav", tmp_path / "b.wav"]
    sedpool("detect", *given, "--html", tmp_path / "page.html", "--reference", tmp_path / "labels.tsv")
    visit = Visit(browser, tmp_path / "page.html")
    different = set()
    for threshold in THRESHOLDS[:20]:
        out = tmp_path / str(threshold)
        sedpool("detect", *given, "--threshold", threshold, "--out", out)
        detected = read_tsv(out / "detections.tsv")
        found = visit.page.evaluate("value => listening.events(value)", threshold)
        columns = ["filename", "onset", "offset", "event_label", "confidence"]
        expected = detected[columns].to_numpy(dtype=object).tolist()
        assert [[row[0], row[3]] for row in found] == [[row[0], row[3]] for row in expected]
        for column in (1, 2, 4):
            ours, theirs = ([row[column] for row in table] for table in (found, expected))
            assert ours == pytest.approx(theirs, abs=2e-6)
        arguments = [
            "-r",
            tmp_path / "labels.tsv",
            "-e",
            out / "detections.tsv",
            "--durations",
            tmp_path / "lengths.tsv",
        ]
        metrics = json.loads(sedpool("evaluate", *arguments, "-m", "event", "--json", "-"))["event"]["micro"]
        scores = visit.page.evaluate("value => listening.scores(value).all", threshold)
        assert [scores[name] for name in ("f1", "precision", "recall")] == pytest.approx(
            [metrics[name] for name in ("f1", "precision", "recall")], abs=1e-9
        )
        different.add(len(found))
    assert len(different) > 3
    visit.close()


def sedpool(*arguments: object) -> str:
    result = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout
