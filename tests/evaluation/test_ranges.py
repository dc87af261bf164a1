"""Numbers out of range are refused in one line, before anything of their size is made."""

import numpy as np
import pytest

import sedpool as sp
from sedpool import evaluation as ev
from sedpool.errors import ConfigError, DataError, EvaluationError
from sedpool.events import events_from_rows
from sedpool.scores import frame_scores

from .conftest import CLASSES, DURATIONS

SETTINGS = {"durations": DURATIONS, "classes": CLASSES}
SCORES = frame_scores("a.wav", np.full((20, 3), 0.5), np.arange(0, 10.5, 0.5), CLASSES)
ONE = {"durations": {"a.wav": 10.0}, "classes": CLASSES}
NONE_AT_ALL = [-1.0, 1e12, 1e308, float("inf"), float("nan")]
dogs = events_from_rows([("a.wav", 0.0, 4.0, "dog")])


@pytest.mark.parametrize("resolution", [1e-9, 0.0, *NONE_AT_ALL])
def test_resolutions(reference, estimated, resolution):
    for counted in (
        lambda: ev.segment_metrics(reference, estimated, resolution=resolution, **SETTINGS),
        lambda: ev.segment_sweep(SCORES, dogs, [0.5], resolution=resolution, **ONE),
    ):
        with pytest.raises(EvaluationError, match=r"resolution=\S+: expected seconds from 0.001 to 1e\+07"):
            counted()


def test_more_segments_than_can_be_held():
    clip = {"durations": {"a.wav": 1e7}, "classes": CLASSES}
    with pytest.raises(EvaluationError, match=r"resolution=0.001: .*enough for the longest clip \(1e\+07 s\)"):
        ev.segment_metrics(dogs, dogs, resolution=0.001, **clip)
    assert ev.segment_metrics(dogs, dogs, resolution=60.0, **clip)["micro"]["f1"] == 1.0


@pytest.mark.parametrize("seconds", NONE_AT_ALL)
def test_tolerances_and_lengths(reference, estimated, seconds):
    for name, message in (("collar", "expected seconds"), ("offset_tolerance_ratio", "expected a share from 0 to 1")):
        with pytest.raises(EvaluationError, match=rf"{name}=\S+: {message}"):
            ev.event_metrics(reference, estimated, **{name: seconds}, **SETTINGS)
    with pytest.raises(EvaluationError, match=r"dtc=\S+: expected a share above 0, up to 1"):
        ev.intersection_metrics(reference, estimated, dtc=seconds, **SETTINGS)
    with pytest.raises(EvaluationError, match=r"durations: a\.wav lasts \S+ s; expected at most 1e\+07 s, 115 days"):
        ev.event_metrics(reference, estimated, durations={**DURATIONS, "a.wav": seconds}, classes=CLASSES)
    for name in ("median_filter", "max_gap", "min_duration"):
        with pytest.raises(ConfigError, match=rf"{name}: \S+; expected seconds"):
            sp.decode(SCORES, **{name: seconds})


@pytest.mark.parametrize("offset", [1.7e9, 1e12, 1e308, float("inf")])
def test_times_of_events(dataset, reference, offset):
    late = reference.assign(offset=offset)
    with pytest.raises(DataError, match=r"estimate: row 1 .*(115 days|not a finite number)"):
        sp.evaluate(late, dataset)
