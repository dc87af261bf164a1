"""What the page decides and counts at every threshold is what sedpool does."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sedpool.evaluation.evaluation_input import EvaluationInput, reference_input
from sedpool.evaluation.levels import Criteria
from sedpool.events import events_from_rows
from sedpool.inference.decode import Decoder
from sedpool.inference.recordings import Selection
from sedpool.listening import Listening, ScoredRecording, write_page
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
