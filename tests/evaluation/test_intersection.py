import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool.evaluation import intersection_metrics
from sedpool.events import events_from_rows

from .conftest import CLASSES, DURATIONS

SETTINGS = {"durations": DURATIONS, "classes": CLASSES}


def test_by_hand(reference, estimated):
    metrics = intersection_metrics(reference, estimated, **SETTINGS)
    # The dog of a.wav is covered by three quarters, the siren of b.wav wholly; the siren of a.wav is missed.
    assert metrics["class_wise"]["dog"]["f1"] == 1.0
    assert metrics["class_wise"]["siren"] == {
        "f1": pytest.approx(2 / 3),
        "precision": 1.0,
        "recall": 0.5,
        "n_ref": 2,
        "n_sys": 1,
    }
    strict = intersection_metrics(reference, estimated, gtc=0.8, **SETTINGS)["class_wise"]["dog"]
    assert (strict["f1"], strict["n_sys"]) == (0.0, 0)  # relevant, but it finds nothing
    assert intersection_metrics(reference, estimated, dtc=0.8, **SETTINGS)["class_wise"]["dog"]["n_sys"] == 1


def test_an_exact_share_is_enough():
    reference = events_from_rows([("a.wav", 0.1, 0.4, "dog")])
    estimated = events_from_rows([("a.wav", 0.3, 0.5, "dog")])
    assert intersection_metrics(reference, estimated, dtc=0.5, gtc=1 / 3, **SETTINGS)["micro"]["f1"] == 1.0


tenths = st.integers(0, 99)
rows = st.builds(
    lambda filename, begin, length, label: (filename, begin / 10, min(begin + length, 100) / 10, label),
    st.sampled_from(sorted(DURATIONS)),
    tenths,
    st.integers(1, 40),
    st.sampled_from(CLASSES),
)
tables = st.lists(rows, max_size=12).map(events_from_rows)


def cells(filename, onset, offset, label):
    """An event as tenths of a second."""
    return {(filename, label, tenth) for tenth in range(round(onset * 10), round(offset * 10))}


@settings(max_examples=60)
@given(tables, tables, st.sampled_from([0.1, 0.5, 0.7]), st.sampled_from([0.1, 0.5, 0.7]))
def test_equals_a_count_by_brute_force(reference, estimated, dtc, gtc):
    true, detected = ([cells(*row) for row in table.itertuples(index=False)] for table in (reference, estimated))
    active = set().union(*true)
    relevant = [len(event & active) >= dtc * len(event) - 1e-9 for event in detected]
    covered = set().union(*(event for event, good in zip(detected, relevant, strict=True) if good))
    found = sum(len(event & covered) >= gtc * len(event) - 1e-9 for event in true)

    micro = intersection_metrics(reference, estimated, dtc=dtc, gtc=gtc, **SETTINGS)["micro"]
    assert (micro["n_ref"], micro["n_sys"]) == (len(true), found + relevant.count(False))
    if true:
        assert micro["recall"] == pytest.approx(found / len(true))


@settings(max_examples=30)
@given(tables.filter(len))
def test_the_reference_itself_is_perfect(reference):
    assert intersection_metrics(reference, reference, **SETTINGS)["micro"]["f1"] == 1.0


def test_desed_baseline(desed):
    """As psds_eval 0.5.3's `compute_macro_f_score` with DTC = GTC = 0.5."""
    metrics = intersection_metrics(**desed)
    assert metrics["macro"]["f1"] == pytest.approx(0.6374170478522705, abs=1e-6)
    assert metrics["class_wise"]["Dishes"]["f1"] == pytest.approx(0.3584905660377358, abs=1e-9)
