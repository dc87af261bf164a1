"""What the length of frames allows, against a slow oracle."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool.evaluation import event_metrics, psds_of_operating_points
from sedpool.evaluation.baselines import resolution_ceiling
from sedpool.evaluation.evaluation_input import make_evaluation_input, reference_input
from sedpool.evaluation.frames import frame_grid
from sedpool.evaluation.levels import Criteria
from sedpool.evaluation.scenarios import SCENARIO_1
from sedpool.events import empty_events, events_from_rows
from sedpool.inference.decode import decode
from sedpool.scores import frame_scores

CLASSES = ("dog", "cat")
LENGTHS = {"b.wav": 4.0, "a.wav": 5.0, "c.wav": 2.5}

times = st.integers(0, 400).map(lambda hundredths: hundredths / 100)
rows = st.tuples(st.sampled_from(list(LENGTHS)), times, st.integers(1, 200), st.sampled_from(CLASSES))


def grid(step):
    tables = [
        frame_scores(name, np.zeros((n, 2)), np.minimum(np.arange(n + 1) * step, seconds), CLASSES)
        for name, seconds in LENGTHS.items()
        for n in [int(np.ceil(seconds / step - 1e-9))]
    ]
    return pd.concat(tables, ignore_index=True)


def ceiling_of(reference, frames, criteria):
    return resolution_ceiling(reference, frame_grid(frames, reference.durations), criteria)


def slowly_quantised(events, frames):
    """Frames of 0 and 1, by counting the hundredths of a second of each frame that events fill."""
    marked = frames.copy()
    for row in frames.itertuples():
        middles = np.arange(round(row.onset * 1000), round(row.offset * 1000)) / 1000 + 0.0005
        for label in CLASSES:
            filled = np.zeros(len(middles), dtype=bool)
            for event in events.itertuples():
                if (event.filename, event.event_label) == (row.filename, label):
                    filled |= (event.onset < middles) & (middles < event.offset)
            marked.loc[row.Index, label] = float(2 * filled.sum() >= len(middles))
    return marked


@given(events=st.lists(rows, min_size=1, max_size=8), step=st.sampled_from([0.1, 0.25, 0.4, 1.0]))
@settings(max_examples=40, deadline=None)
def test_the_ceiling_is_the_score_of_the_quantised_reference(events, step):
    table = events_from_rows(
        [
            (name, start, min(start + n / 100, LENGTHS[name]), label)
            for name, start, n, label in events
            if start < LENGTHS[name]
        ]
    )
    frames, shape = grid(step), {"durations": LENGTHS, "classes": CLASSES}
    ceiling = ceiling_of(reference_input(table, **shape), frames, Criteria(collar=0.1))
    ideal = slowly_quantised(table, frames)
    detected = decode(ideal)[list(table.columns)]
    scored = event_metrics(table, detected, collar=0.1, **shape)["micro"]
    assert ceiling["event"] == {name: scored[name] for name in ("f1", "precision", "recall")}
    assert ceiling["psds"]["scenario1"] == psds_of_operating_points([detected], table, scenario=SCENARIO_1, **shape)
    assert ceiling["frame_seconds"] == pytest.approx(step)


def test_events_on_the_grid_are_all_found_and_fine_frames_find_more():
    on_grid = events_from_rows([("a.wav", 0.4, 1.2, "dog"), ("c.wav", 0.0, 2.5, "cat")])
    off_grid = events_from_rows([("a.wav", 0.33, 0.6, "dog"), ("b.wav", 1.0, 1.3, "dog"), ("b.wav", 1.9, 3.3, "cat")])
    shape = {"durations": LENGTHS, "classes": CLASSES}
    assert ceiling_of(reference_input(on_grid, **shape), grid(0.4), Criteria())["event"]["f1"] == 1.0
    f1 = [
        ceiling_of(reference_input(off_grid, **shape), grid(step), Criteria(collar=0.05))["event"]["f1"]
        for step in (1.0, 0.4, 0.1, 0.02)
    ]
    assert f1[0] == 0.0
    assert f1[-1] == 1.0
    assert f1 == sorted(f1)


def test_without_frames_of_every_clip_there_is_no_ceiling():
    reference = reference_input(events_from_rows([("a.wav", 0, 1, "dog")]), durations=LENGTHS, classes=CLASSES)
    frames = grid(0.4)
    assert ceiling_of(reference, frames[frames["filename"] != "c.wav"], Criteria()) is None


def test_an_empty_reference_leaves_the_ceiling_undefined():
    ceiling = ceiling_of(reference_input(empty_events(), durations=LENGTHS, classes=CLASSES), grid(0.4), Criteria())
    assert ceiling["event"]["f1"] is None
    assert ceiling["psds"] == {"scenario1": None, "scenario2": None}


def test_psds_needs_lengths_that_are_known():
    events = events_from_rows([("a.wav", 0.0, 0.8, "dog")])
    compared = make_evaluation_input(events, empty_events(), {"a.wav": None}, classes=CLASSES)
    frames = grid(0.4)
    ceiling = ceiling_of(compared, frames[frames["filename"] == "a.wav"], Criteria())
    assert ceiling["event"]["f1"] == 1.0
    assert ceiling["psds"] == {}
