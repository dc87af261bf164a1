"""The fast counts against sed_eval's, on random tables full of ties, overlaps and borderline times."""

import warnings

import numpy as np
import pytest
import sed_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool.evaluation import event_counts, segment_counts
from sedpool.evaluation.evaluation_input import make_evaluation_input
from sedpool.evaluation.event import count_events
from sedpool.evaluation.sed_eval_oracle import event_scorer, score_events, score_segments, segment_scorer, totals
from sedpool.evaluation.segment import count_segments
from sedpool.events import events_from_rows

LABELS = ("drill", "air, conditioner", "dog", "Siren")
LENGTHS = {"a.wav": 10.0, "b.wav": 3.7, "silent.wav": 0.95, "c/d.wav": 60.0}

# Tenths of a second meet collars and segment borders exactly; the other times meet them by rounding or not at all.
tenths = st.integers(0, 99).map(lambda tenth: tenth / 10)
thousandths = st.integers(0, 9_999).map(lambda step: step * 0.001)
times = st.one_of(tenths, tenths, thousandths)
names = st.sampled_from(sorted(LENGTHS))


@st.composite
def event_rows(draw):
    filename = draw(names)
    end = LENGTHS[filename]
    onset = draw(times) % (0.99 * end)
    length = draw(st.one_of(times, st.sampled_from([1e-9, 0.2, 1.0, 100.0])))
    return filename, onset, min(onset + max(length, 1e-9), end), draw(st.sampled_from(LABELS))


def tables(max_size):
    return st.lists(event_rows(), max_size=max_size).map(events_from_rows)


@st.composite
def jittered(draw, reference):
    """Estimates near the reference: matches, substitutions and doubles are common."""
    rows = []
    for filename, onset, offset, label in reference.itertuples(index=False, name=None):
        for _ in range(draw(st.integers(0, 2))):
            start = max(onset + draw(st.integers(-3, 3)) / 10, 0.0)
            stop = min(offset + draw(st.integers(-3, 3)) / 10, LENGTHS[filename])
            if start < stop:
                rows.append((filename, start, stop, draw(st.sampled_from([label, label, *LABELS]))))
    return events_from_rows(rows)


@st.composite
def reference_and_estimate(draw):
    reference = draw(tables(16))
    return reference, draw(st.one_of(tables(16), jittered(reference)))


def assert_same(counts, scorer):
    ours, theirs = counts.total(), totals(scorer)
    for average in ("micro", "macro", "class_wise"):
        for name, values in getattr(theirs, average)().items():
            assert_close(getattr(ours, average)()[name], values, f"{average} {name}")
    compare_results(ours, scorer)


def compare_results(ours, scorer):
    """sed_eval's finished numbers, where it does not put NaN or 1e16 in place of what is undefined."""
    if not (ours.n_ref.any() and ours.n_sys.any()):
        return
    results = scorer.results_overall_metrics()
    micro = ours.micro()
    assert_close(micro["f1"], results["f_measure"]["f_measure"], "micro f1")
    for name, value in results["error_rate"].items():
        assert_close(micro[name], value, f"micro {name}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no class has both a reference and an estimate
        averages = scorer.results_class_wise_average_metrics()
    for name, value in averages["f_measure"].items():
        assert_close(ours.sed_eval_macro()[name.replace("f_measure", "f1")], value, f"sed_eval_macro {name}")
    if (ours.n_ref.astype(bool) | (ours.n_sys == 0)).all():
        assert_close(ours.sed_eval_macro()["error_rate"], averages["error_rate"]["error_rate"], "sed_eval_macro ER")
    else:
        assert np.isnan(ours.sed_eval_macro()["error_rate"])
        assert averages["error_rate"]["error_rate"] > 1e14


def assert_close(ours, theirs, name):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12, err_msg=name)


def check_against_sed_eval(pair, resolution, collar, offset_tolerance_ratio):
    arguments = {"durations": LENGTHS, "classes": LABELS}
    assert_same(
        segment_counts(*pair, resolution=resolution, **arguments),
        segment_scorer(*pair, resolution=resolution, **arguments),
    )
    limits = {"collar": collar, "offset_tolerance_ratio": offset_tolerance_ratio}
    assert_same(event_counts(*pair, **limits, **arguments), event_scorer(*pair, **limits, **arguments))


@st.composite
def with_zero_lengths(draw):
    """A reference and an estimate in which about every third event ends when it starts, some at their clip's end."""
    pair = draw(reference_and_estimate())
    for table in pair:
        zero = np.array(draw(st.lists(st.integers(0, 5), min_size=len(table), max_size=len(table))), dtype=int)
        table["onset"] = table["onset"].mask(zero == 1, table["filename"].map(LENGTHS))
        table["offset"] = table["offset"].mask(zero <= 1, table["onset"])
    return pair


resolutions = st.sampled_from([1.0, 0.1, 0.3, 0.02, 2.5])
collars = st.sampled_from([0.2, 0.1, 0.25, 1.0])
shares = st.sampled_from([0.2, 0.5, 0.0, None])


@settings(max_examples=100)
@given(reference_and_estimate(), resolutions, collars, shares)
def test_counts_equal_sed_evals(pair, resolution, collar, offset_tolerance_ratio):
    check_against_sed_eval(pair, resolution, collar, offset_tolerance_ratio)


@pytest.mark.slow
@settings(max_examples=2_000)
@given(reference_and_estimate(), resolutions, collars, shares)
def test_counts_equal_sed_evals_2000_times(pair, resolution, collar, offset_tolerance_ratio):
    check_against_sed_eval(pair, resolution, collar, offset_tolerance_ratio)


def check_kept_zero_lengths(pair, past_end, resolution, collar, offset_tolerance_ratio):
    kept = make_evaluation_input(*pair, LENGTHS, classes=LABELS, past_end=past_end, allow_zero_length=True)
    assert len(kept.reference) + len(kept.estimated) == sum(map(len, pair))
    assert_same(count_segments(kept, resolution=resolution), score_segments(kept, resolution=resolution))
    limits = {"collar": collar, "offset_tolerance_ratio": offset_tolerance_ratio}
    assert_same(count_events(kept, **limits), score_events(kept, **limits))


@settings(max_examples=100)
@given(with_zero_lengths(), st.sampled_from(["cut", "extend"]), resolutions, collars, shares)
def test_events_that_end_when_they_start_count_as_in_sed_eval(pair, past_end, resolution, collar, ratio):
    check_kept_zero_lengths(pair, past_end, resolution, collar, ratio)


@pytest.mark.slow
@settings(max_examples=2_000)
@given(with_zero_lengths(), st.sampled_from(["cut", "extend"]), resolutions, collars, shares)
def test_events_that_end_when_they_start_count_as_in_sed_eval_2000_times(pair, past_end, resolution, collar, ratio):
    check_kept_zero_lengths(pair, past_end, resolution, collar, ratio)


def test_no_number_depends_on_the_order_of_rows_though_sed_evals_may():
    """One dog fits both of the reference's; the cat is a substitution if it is the earlier one that is found."""
    reference = [("a.wav", 0.0, 1.0, "dog"), ("a.wav", 0.3, 1.3, "dog")]
    estimated = [("a.wav", 0.15, 1.15, "dog"), ("a.wav", 0.4, 1.4, "cat")]
    theirs, ours = [], []
    for rows in (reference, reference[::-1]):
        scorer = sed_eval.sound_event.EventBasedMetrics(["cat", "dog"], t_collar=0.2, percentage_of_length=0.2)
        lists = [
            [{"event_onset": onset, "event_offset": offset, "event_label": label} for _, onset, offset, label in table]
            for table in (rows, estimated)
        ]
        scorer.evaluate(*lists)
        theirs.append(round(scorer.overall_error_rate()["error_rate"], 9))
        tables = [events_from_rows(table) for table in (rows, estimated)]
        counts = event_counts(*tables, durations={"a.wav": 10.0}, classes=["cat", "dog"])
        ours.append(counts.metrics()["micro"]["error_rate"])
    assert theirs[0] != theirs[1]
    assert ours == [theirs[0], theirs[0]]
