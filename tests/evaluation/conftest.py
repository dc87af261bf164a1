"""A pair of clips, small enough to score by hand."""

import pandas as pd
import pytest

from sedpool.datasets.dataset import Dataset
from sedpool.events import events_from_rows, tags_from_events

CLASSES = ("dog", "siren", "drill")
DURATIONS = {"a.wav": 10.0, "b.wav": 10.0, "silent.wav": 10.0}


@pytest.fixture
def reference():
    return events_from_rows([("a.wav", 0.0, 4.0, "dog"), ("a.wav", 2.0, 6.0, "siren"), ("b.wav", 0.0, 2.0, "siren")])


@pytest.fixture
def estimated():
    return events_from_rows([("a.wav", 1.0, 5.0, "dog"), ("b.wav", 0.1, 2.0, "siren")])


@pytest.fixture
def dataset(reference):
    names = list(DURATIONS)
    clips = pd.DataFrame(
        {"filename": names, "path": names, "duration": [DURATIONS[name] for name in names], "split": "test"}
    )
    return Dataset("tiny", CLASSES, clips, tags_from_events(reference, names, CLASSES), reference)
