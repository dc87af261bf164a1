import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool.evaluation import event_metrics, segment_metrics
from sedpool.events import events_from_rows, stretch_tags, tags_from_events

from .conftest import CLASSES, DURATIONS


def test_by_hand(reference, estimated):
    metrics = segment_metrics(reference, estimated, durations=DURATIONS, classes=CLASSES)
    dog, siren = metrics["class_wise"]["dog"], metrics["class_wise"]["siren"]
    assert (dog["precision"], dog["recall"], dog["error_rate"]) == (3 / 4, 3 / 4, 2 / 4)
    assert (siren["precision"], siren["recall"], siren["error_rate"]) == (1.0, 2 / 6, 4 / 6)
    micro = metrics["micro"]
    assert (micro["precision"], micro["recall"]) == (5 / 6, 5 / 10)
    # Second 4 of a.wav holds a dog in place of the siren; one dog and three siren seconds are missed outright.
    assert micro["substitution_rate"] == 1 / 10
    assert micro["deletion_rate"] == 4 / 10
    assert micro["insertion_rate"] == 0.0
    assert micro["error_rate"] == 5 / 10


def test_a_finer_resolution_counts_shorter_segments(reference, estimated):
    metrics = segment_metrics(reference, estimated, durations=DURATIONS, classes=CLASSES, resolution=0.5)
    assert metrics["micro"]["n_ref"] == 20


times = st.floats(0, 9.9).map(lambda second: round(second, 3))
rows = st.builds(
    lambda filename, onset, length, label: (filename, onset, min(onset + length, 10.0), label),
    st.sampled_from(sorted(DURATIONS)),
    times,
    st.floats(0.01, 8).map(lambda second: round(second, 3)),
    st.sampled_from(CLASSES),
)
tables = st.lists(rows, max_size=12).map(events_from_rows)


def activity(events):
    """Slow oracle: (clip, second, class), true where an event overlaps the second."""
    active = np.zeros((len(DURATIONS), 10, len(CLASSES)), dtype=bool)
    for filename, onset, offset, label in events.itertuples(index=False, name=None):
        for second in range(10):
            if onset < second + 1 and offset > second:
                active[list(DURATIONS).index(filename), second, CLASSES.index(label)] = True
    return active


@settings(max_examples=60)
@given(tables, tables)
def test_equals_a_count_by_brute_force(reference, estimated):
    metrics = segment_metrics(reference, estimated, durations=DURATIONS, classes=CLASSES)
    true, detected = activity(reference), activity(estimated)
    missed = (true & ~detected).sum(axis=2)
    false_alarms = (detected & ~true).sum(axis=2)
    substitutions = np.minimum(missed, false_alarms).sum()
    n_errors = missed.sum() + false_alarms.sum() - substitutions
    micro = metrics["micro"]
    assert (micro["n_ref"], micro["n_sys"]) == (true.sum(), detected.sum())
    if true.any():
        assert micro["f1"] == pytest.approx(2 * (true & detected).sum() / (true.sum() + detected.sum()))
        assert micro["error_rate"] == pytest.approx(n_errors / true.sum())
    for index, label in enumerate(CLASSES):
        right, n_ref, n_sys = ((x[..., index]).sum() for x in (true & detected, true, detected))
        expected = 2 * right / (n_ref + n_sys) if n_ref + n_sys else None
        assert metrics["class_wise"][label]["f1"] == (None if expected is None else pytest.approx(expected))


def test_sed_evals_own_example(street):
    micro = segment_metrics(**street)["micro"]
    expected = {
        "error_rate": 1.0616698292220115,
        "f1": 0.31014823261117447,
        "precision": 0.38857142857,
        "recall": 0.25806451613,
        "substitution_rate": 0.0863377608,
        "deletion_rate": 0.6555977230,
        "insertion_rate": 0.3197343454,
    }
    assert {name: micro[name] for name in expected} == pytest.approx(expected, abs=1e-9)


def test_sed_evals_own_example_event_based(street):
    micro = event_metrics(**street)["micro"]
    assert (micro["f1"], micro["error_rate"]) == (0.0, pytest.approx(2.535211267605634))


def test_oracle_tags_stretched_score_half_of_urban_sed(shared_data):
    texts = sorted((shared_data / "urbansed_annotations" / "annotations" / "train").glob("*.txt"))
    rows = [(path.stem, *line.split("\t")) for path in texts for line in path.read_text().splitlines()]
    reference = events_from_rows(rows)
    durations = dict.fromkeys((path.stem for path in texts), 10.0)
    reference["offset"] = reference["offset"].clip(upper=10.0)
    classes = sorted(set(reference["event_label"]))
    stretched = stretch_tags(tags_from_events(reference, list(durations), classes), durations)
    micro = segment_metrics(reference, stretched, durations=durations, classes=classes)["micro"]
    assert micro["n_ref"] == 13_201
    assert round(micro["f1"], 2) == 0.51


def test_desed_baseline(desed):
    metrics = segment_metrics(**desed)
    assert metrics["micro"]["f1"] == pytest.approx(0.754658, abs=1e-6)
    assert metrics["micro"]["error_rate"] == pytest.approx(0.37520, abs=1e-5)
    assert metrics["macro"]["f1"] == pytest.approx(0.693526, abs=1e-6)


def test_desed_baseline_event_based(desed):
    metrics = event_metrics(**desed)
    assert metrics["micro"]["f1"] == pytest.approx(0.4095, abs=5e-5)
    assert metrics["micro"]["error_rate"] == pytest.approx(1.0291, abs=1e-4)
    assert metrics["macro"]["f1"] == pytest.approx(0.3987, abs=5e-5)
