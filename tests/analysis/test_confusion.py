import pytest
from hypothesis import given, settings

from sedpool.analysis.confusion import NOTHING, confusion
from sedpool.analysis.timeline import timeline

from .conftest import CLASSES, DURATIONS
from .test_timeline import tables


def test_by_hand(line):
    seconds = confusion(line).set_index(["reference", "estimated"])["seconds"]
    found = seconds[seconds > 1e-9].to_dict()
    assert found == pytest.approx(
        {
            ("dog", "dog"): 3.0,
            ("dog", NOTHING): 1.0,
            # From 3 to 4 s the siren is taken for a drill, from 4 to 5 s for a drill and a dog at once.
            ("siren", "drill"): 1.5,
            ("siren", "dog"): 0.5,
            ("siren", "siren"): 2.0,
            ("siren", NOTHING): 2.0,
            (NOTHING, "drill"): 0.5,
            (NOTHING, "dog"): 0.5,
            (NOTHING, "siren"): 2.0,
        }
    )


@settings(max_examples=40)
@given(tables, tables)
def test_rows_sum_to_what_sounds_and_columns_to_what_is_detected(reference, estimated):
    line = timeline(reference, estimated, durations=DURATIONS, classes=CLASSES)
    table = confusion(line)
    sounding = table.groupby("reference")["seconds"].sum()
    detected = table.groupby("estimated")["seconds"].sum()
    for index, label in enumerate(CLASSES):
        assert sounding[label] == pytest.approx(line.seconds @ line.reference[:, index])
        assert detected[label] == pytest.approx(line.seconds @ line.estimated[:, index])


@settings(max_examples=20)
@given(tables)
def test_a_perfect_answer_is_on_the_diagonal(reference):
    table = confusion(timeline(reference, reference, durations=DURATIONS, classes=CLASSES))
    assert table.loc[table["reference"] != table["estimated"], "seconds"].max() == pytest.approx(0.0, abs=1e-9)
