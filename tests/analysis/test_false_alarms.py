import numpy as np
import pytest

from sedpool.analysis.confusion import NOTHING
from sedpool.analysis.false_alarms import false_alarms


def test_by_hand(line):
    table = false_alarms(line).set_index(["event_label", "sounded"])
    seconds = table["seconds"]
    assert seconds[seconds > 0].to_dict() == {
        ("dog", "siren"): 1.0,
        ("drill", "dog"): 0.5,  # both sound from 3 to 4 s, the siren alone until 5 s
        ("drill", "siren"): 1.5,
        ("siren", NOTHING): 2.0,
    }
    assert table.loc[("drill", "siren"), "share"] == 0.75
    assert table["share"].sum() == pytest.approx(3.0)


def test_a_class_without_false_alarms_has_no_shares(reference):
    from sedpool.analysis.timeline import timeline

    from .conftest import CLASSES, DURATIONS

    table = false_alarms(timeline(reference, reference, durations=DURATIONS, classes=CLASSES))
    assert np.isnan(table["share"]).all()
