import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool.evaluation import event_metrics

from .conftest import CLASSES, DURATIONS
from .test_segment import tables


def test_by_hand(reference, estimated):
    metrics = event_metrics(reference, estimated, durations=DURATIONS, classes=CLASSES)
    # The siren of b.wav starts 0.1 s late: found. The dog of a.wav starts 1 s late: missed, and a false alarm.
    assert metrics["class_wise"]["siren"]["f1"] == pytest.approx(2 / 3)
    assert metrics["class_wise"]["dog"]["f1"] == 0.0
    assert metrics["micro"]["f1"] == pytest.approx(2 / 5)
    assert metrics["micro"]["error_rate"] == pytest.approx(3 / 3)


def test_a_wider_collar_forgives_more(reference, estimated):
    metrics = event_metrics(reference, estimated, durations=DURATIONS, classes=CLASSES, collar=1.0)
    assert metrics["class_wise"]["dog"]["f1"] == 1.0


@settings(max_examples=30)
@given(tables, tables, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(reference, estimated, random):
    def shuffled(events):
        return events.iloc[random.sample(range(len(events)), len(events))]

    arguments = {"durations": DURATIONS, "classes": CLASSES}
    expected = event_metrics(reference, estimated, **arguments)
    assert event_metrics(shuffled(reference), shuffled(estimated), **arguments) == expected


@settings(max_examples=30)
@given(tables.filter(len))
def test_the_reference_itself_is_perfect(reference):
    micro = event_metrics(reference, reference, durations=DURATIONS, classes=CLASSES)["micro"]
    assert (micro["f1"], micro["error_rate"]) == (1.0, 0.0)
    assert np.isfinite(micro["precision"])
