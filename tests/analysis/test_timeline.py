import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool.analysis.timeline import timeline
from sedpool.errors import DataError
from sedpool.events import empty_events, events_from_rows

from .conftest import CLASSES, DURATIONS

times = st.integers(0, 9)
rows = st.builds(
    lambda filename, onset, length, label: (filename, float(onset), min(onset + length, 10.0), label),
    st.sampled_from(sorted(DURATIONS)),
    times,
    st.integers(1, 8),
    st.sampled_from(CLASSES),
)
tables = st.lists(rows, max_size=10).map(events_from_rows)


def seconds_by_brute_force(reference, estimated):
    """For each class the whole seconds in which it sounds, is detected, and both."""
    active = np.zeros((2, len(DURATIONS), 10, len(CLASSES)), dtype=bool)
    for table, events in enumerate((reference, estimated)):
        for filename, onset, offset, label in events.itertuples(index=False, name=None):
            active[table, list(DURATIONS).index(filename), int(onset) : int(offset), CLASSES.index(label)] = True
    return active


@settings(max_examples=60)
@given(tables, tables)
def test_time_adds_up(reference, estimated):
    line = timeline(reference, estimated, durations=DURATIONS, classes=CLASSES)
    active = seconds_by_brute_force(reference, estimated)
    assert line.seconds.sum() == pytest.approx(30.0)
    np.testing.assert_allclose(line.seconds @ line.reference, active[0].sum(axis=(0, 1)))
    np.testing.assert_allclose(line.seconds @ line.estimated, active[1].sum(axis=(0, 1)))
    np.testing.assert_allclose(line.seconds @ (line.reference & line.estimated), active.all(axis=0).sum(axis=(0, 1)))
    lengths = (line.events["offset"] - line.events["onset"]).to_numpy()
    np.testing.assert_allclose(line.sum_over_events(np.ones(len(line.seconds))), lengths, atol=1e-9)


def test_nothing_at_all_is_a_timeline_of_silence():
    line = timeline(empty_events(), empty_events(), durations=DURATIONS, classes=CLASSES)
    assert line.seconds.sum() == 30.0
    assert not line.reference.any()
    assert line.events.empty


def test_an_unknown_label_is_an_error(reference):
    with pytest.raises(DataError, match="unknown label"):
        timeline(reference, events_from_rows([("a.wav", 0, 1, "cat")]), durations=DURATIONS, classes=CLASSES)
