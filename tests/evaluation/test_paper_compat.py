"""The published evaluation's defects, each with an answer known beforehand."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sedpool.datasets.base import Dataset
from sedpool.datasets.urbansed import CLASSES, load_urbansed
from sedpool.evaluation import segment_counts, segment_metrics
from sedpool.evaluation.paper_compat import (
    FRAME_RATE,
    STRONG_DURATION,
    paper_counts,
    paper_metrics,
    stretched_scores,
    substring_reference,
)
from sedpool.events import clip_to_duration, events_from_rows, tags_from_events
from sedpool.inference.decode import Decoder
from sedpool.scores import frame_scores

NAMES = tuple(f"soundscape_test_bimodal{number}.wav" for number in (1, 2, 10, 19, 100))
N_FRAMES, REDUCTION = 26, 16
EDGES = np.append(np.arange(N_FRAMES) * REDUCTION / FRAME_RATE, 10.0)
# Published Nref of the URBAN-SED test set by class: by substring, and by exact names.
N_REF = {
    "air_conditioner": (3926, 2685),
    "car_horn": (3315, 2144),
    "children_playing": (4081, 2870),
    "dog_bark": (3885, 2605),
    "drilling": (4032, 2775),
    "engine_idling": (4037, 2849),
    "gun_shot": (3439, 2264),
    "jackhammer": (3898, 2674),
    "siren": (4002, 2800),
    "street_music": (3986, 2742),
}
N_REF_STRONG = 38_546


@pytest.fixture
def miniature():
    """Clip number i has a siren in its own second i, so that every contaminated second is countable."""
    rows = [(name, float(index), index + 1.0, "siren") for index, name in enumerate(NAMES)]
    events = events_from_rows([*rows, (NAMES[2], 9.5, 10.0, "dog_bark")])
    clips = pd.DataFrame({"filename": NAMES, "path": NAMES, "duration": 10.0, "split": "test"})
    return Dataset("urbansed", CLASSES, clips, tags_from_events(events, NAMES, CLASSES), events)


def scores_of(values, name="a.wav", classes=("siren",)):
    return frame_scores(name, np.asarray(values).reshape(N_FRAMES, len(classes)), EDGES, classes)


def test_a_clip_receives_the_events_of_clips_whose_name_contains_its_own(miniature):
    reference = substring_reference(miniature.events, NAMES)
    sirens = reference.loc[reference["event_label"] == "siren"]
    seconds = {name: sorted(sirens.loc[sirens["filename"] == name, "onset"].astype(int)) for name in NAMES}
    # bimodal1 receives 10, 19 and 100; bimodal10 receives 100.
    assert list(seconds.values()) == [[0, 2, 3, 4], [1], [2, 4], [3], [4]]
    exact = sum(seconds == [index] for index, seconds in enumerate(seconds.values()))
    assert exact == 3


@pytest.mark.parametrize(("split", "exact", "published"), [("train", 13_201, 14_699), ("validate", 6_599, 7_899)])
def test_class_segments_of_the_annotation_subset(shared_data, split, exact, published):
    corpus = load_urbansed(shared_data / "urbansed_annotations", split, annotations="txt", allow_missing=True)
    settings = {"durations": corpus.durations, "classes": CLASSES}
    assert segment_counts(corpus.events, corpus.events, **settings).n_ref.sum() == exact
    reference = substring_reference(corpus.events, corpus.clips["filename"].tolist())
    assert segment_counts(reference, reference, **settings).n_ref.sum() == published


def test_n_ref_of_the_official_test_set_class_by_class():
    root = Path(os.environ.get("SEDPOOL_DATA", "data")) / "URBAN-SED"
    if not (root / "annotations" / "test").is_dir():
        pytest.skip("URBAN-SED's test annotations are not in SEDPOOL_DATA/URBAN-SED")
    corpus = load_urbansed(root, "test", annotations="txt", allow_missing=True)
    published = substring_reference(corpus.events, corpus.clips["filename"].tolist())
    for events, index in ((published, 0), (corpus.events, 1)):
        counts = segment_counts(events, events, durations=corpus.durations, classes=CLASSES).n_ref.sum(axis=0)
        assert dict(zip(CLASSES, counts, strict=True)) == {label: n_ref[index] for label, n_ref in N_REF.items()}
    cut = dict.fromkeys(corpus.durations, STRONG_DURATION)
    strong, _ = clip_to_duration(published, cut)
    assert segment_counts(strong, strong, durations=cut, classes=CLASSES).n_ref.sum() == N_REF_STRONG


@pytest.mark.parametrize(("frame", "error"), [(0, -0.17), (25, 0.15)])
def test_published_interpolation_is_early_at_the_start_and_late_at_the_end(frame, error):
    """When a frame's value is reached on a rising curve, against the middle of the input frames that it saw."""
    values = np.arange(N_FRAMES) / N_FRAMES
    rising = stretched_scores(scores_of(values)).query("siren < @values.max()")
    slope, intercept = np.polyfit(rising["siren"], rising["onset"], 1)
    seen = (REDUCTION * frame + (REDUCTION - 1) / 2) / FRAME_RATE
    assert round(slope * values[frame] + intercept - seen, 2) == error


def test_published_interpolation_by_hand():
    ramp = np.arange(N_FRAMES) / N_FRAMES
    published = stretched_scores(scores_of(ramp))
    assert len(published) == 430
    # Frame i stands at i · 10 s / 26, so that the ramp reads t / 10 s until the last frame, which holds.
    expected = np.minimum(np.arange(430) / FRAME_RATE / 10, 25 / 26)
    assert published["siren"].to_numpy() == pytest.approx(expected)


def test_the_correct_evaluation_places_a_click_where_its_frames_are():
    for frame in (0, 12, 25):
        click = np.zeros(N_FRAMES)
        click[frame] = 1.0
        (event,) = Decoder().events(scores_of(click)).itertuples()
        assert event.onset == pytest.approx(frame * REDUCTION / FRAME_RATE)
        assert event.offset == pytest.approx((frame + 1) * REDUCTION / FRAME_RATE if frame < 25 else 10.0)


def test_scores_at_the_input_rate_stay_as_they_are():
    edges = np.append(np.arange(430) / FRAME_RATE, 10.0)
    scores = frame_scores("a.wav", np.random.default_rng(0).random((430, 2)), edges, ("dog", "siren"))
    pd.testing.assert_frame_equal(stretched_scores(scores), scores)


def perfect(dataset):
    """Scores that are right by exact names."""
    tables = []
    for name in NAMES:
        values = np.zeros((430, len(CLASSES)))
        for _, onset, offset, label in dataset.events.loc[dataset.events["filename"] == name].itertuples(index=False):
            values[int(np.ceil(onset * FRAME_RATE)) : int(offset * FRAME_RATE), CLASSES.index(label)] = 1.0
        tables.append(frame_scores(name, values, np.append(np.arange(430) / FRAME_RATE, 10.0), CLASSES))
    frames = pd.concat(tables, ignore_index=True)
    return frames, frames.groupby("filename", sort=False)[list(CLASSES)].max().reset_index()


def test_a_perfect_detector_loses_recall_and_no_precision(miniature):
    frames, clips = perfect(miniature)
    correct = segment_metrics(
        miniature.events, Decoder().events(frames), durations=miniature.durations, classes=CLASSES
    )["micro"]
    assert (correct["precision"], correct["recall"]) == (1.0, 1.0)
    dynamic = paper_metrics(paper_counts(frames, clips, miniature))["dynamic"]
    # Of the contaminated reference's 9 siren and 2 dog seconds it has found 5 and 1.
    assert dynamic["class_wise"]["siren"]["n_ref"] == 9
    assert dynamic["micro"]["n_ref"] == 11
    assert (dynamic["micro"]["precision"], dynamic["micro"]["recall"]) == (1.0, 6 / 11)


def test_the_strong_model_is_not_asked_about_the_end(miniature):
    frames, clips = perfect(miniature)
    counts = paper_counts(frames, clips, miniature, strong=True)
    assert paper_metrics(counts)["dynamic"]["micro"]["n_ref"] == 9
    assert round(STRONG_DURATION, 3) == 9.288


def test_static_averages_are_mixed_and_both_definitions_given(miniature):
    frames, _ = perfect(miniature)
    clips = pd.DataFrame(0.0, index=range(len(NAMES)), columns=list(CLASSES)).assign(siren=[1.0, 1, 1, 0, 0])
    clips.insert(0, "filename", NAMES)
    static = paper_metrics(paper_counts(frames, clips, miniature))["static"]
    # Pooled: siren F1 is 2·3/(3+5), the other nine classes count 0; micro recall has the dog in it.
    assert static["pooled"] == {"f1": pytest.approx(0.075), "precision": 1.0, "recall": 3 / 6}
    assert static["highest_frame"] == {"f1": pytest.approx(0.2), "precision": 1.0, "recall": 1.0}


def test_weak_labels_have_no_dynamic_numbers(miniature):
    frames, clips = perfect(miniature)
    assert paper_metrics(paper_counts(frames, clips, replace(miniature, events=None)))["dynamic"] is None
