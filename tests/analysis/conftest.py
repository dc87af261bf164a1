"""Two clips, small enough to look at by hand."""

import pytest

from sedpool.analysis.timeline import timeline
from sedpool.events import events_from_rows

CLASSES = ("dog", "siren", "drill")
DURATIONS = {"a.wav": 10.0, "b.wav": 10.0, "silent.wav": 10.0}


@pytest.fixture
def reference():
    return events_from_rows([("a.wav", 0.0, 4.0, "dog"), ("a.wav", 2.0, 6.0, "siren"), ("b.wav", 0.0, 2.0, "siren")])


@pytest.fixture
def estimated():
    """The dog a second late; a drill for the siren of a.wav from 3 to 5 s; the siren of b.wav two seconds too long."""
    return events_from_rows([("a.wav", 1.0, 5.0, "dog"), ("a.wav", 3.0, 5.0, "drill"), ("b.wav", 0.0, 4.0, "siren")])


@pytest.fixture
def line(reference, estimated):
    return timeline(reference, estimated, durations=DURATIONS, classes=CLASSES)
