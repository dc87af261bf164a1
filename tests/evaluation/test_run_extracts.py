import numpy as np
import pandas as pd
import pytest

from sedpool.datasets.base import Dataset
from sedpool.evaluation.run_extracts import example_clip, write_extracts
from sedpool.events import events_from_rows, tags_from_events
from sedpool.inference.decode import SystemOutput
from sedpool.run_folder import RunFolder
from sedpool.scores import frame_scores

NAMES, CLASSES = ("a.wav", "b.wav"), ("dog", "siren")
EVENTS = events_from_rows([("a.wav", 0, 1, "dog"), ("b.wav", 0, 2, "dog"), ("b.wav", 1, 4, "siren")])


def dataset(events: pd.DataFrame | None) -> Dataset:
    clips = pd.DataFrame({"filename": NAMES, "path": NAMES, "duration": 5.0, "split": "test"})
    return Dataset("made", CLASSES, clips, tags_from_events(EVENTS, NAMES, CLASSES), events)


@pytest.fixture
def output() -> SystemOutput:
    frames = [frame_scores(name, np.full((5, 2), 0.25), np.arange(6.0), CLASSES) for name in NAMES]
    return SystemOutput(pd.concat(frames), pd.DataFrame({"filename": NAMES, "dog": 0.5, "siren": 0.5}))


def test_a_run_keeps_durations_and_the_clip_with_the_most_classes(tmp_path, output):
    run = RunFolder(tmp_path)
    write_extracts(run, dataset(EVENTS), output)
    durations = run.durations.set_index("event_label")
    assert durations.loc["dog", ["events", "duration_5", "duration_50"]].tolist() == [2, 1.05, 1.5]
    scores, events = run.example
    assert example_clip(dataset(EVENTS)) == "b.wav"
    assert set(scores["filename"]) == set(events["filename"]) == {"b.wav"}
    assert (len(scores), len(events)) == (5, 2)


def test_weak_labels_write_nothing(tmp_path, output):
    run = RunFolder(tmp_path)
    write_extracts(run, dataset(None), output)
    assert run.durations is None
    assert run.example is None
