"""PSDS against psds_eval's and sed_scores_eval's numbers, and scores against operating points at every score."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from sedpool.errors import DataError, EvaluationError
from sedpool.evaluation import (
    SCENARIO_1,
    SCENARIO_2,
    Scenario,
    pi_psds,
    psds_by_class,
    psds_of_operating_points,
    psds_of_scores,
)
from sedpool.evaluation.evaluation_input import make_evaluation_input
from sedpool.evaluation.frames import frame_arrays
from sedpool.evaluation.intersection import count_intersections
from sedpool.evaluation.psds import count_psds
from sedpool.events import empty_events, events_from_rows
from sedpool.formats import read_tsv
from sedpool.inference.decode import Decoder, decode
from sedpool.scores import frame_scores

from .conftest import CLASSES
from .random_scores import LENGTHS, reference_tables, scores_of_all_clips

SETTINGS = {"durations": LENGTHS, "classes": CLASSES}
# Few false alarms fit into clips of seconds, so that the curve must go on for long.
LONG = {"max_efpr": 3_000.0}
scenarios = pytest.mark.parametrize("scenario", [replace(SCENARIO_1, **LONG), replace(SCENARIO_2, **LONG)])


def test_by_hand():
    """One of two dogs is found before the first false positive, which is 60 an hour in a clip of a minute."""
    edges = np.array([0.0, 10.0, 20.0, 30.0, 40.0, 60.0])
    scores = frame_scores("a.wav", np.array([[0.9], [0.1], [0.6], [0.1], [0.4]]), edges, ["dog"])
    reference = events_from_rows([("a.wav", 0.0, 10.0, "dog"), ("a.wav", 40.0, 60.0, "dog")])
    value = psds_of_scores(scores, reference, durations={"a.wav": 60.0}, classes=["dog"], scenario=SCENARIO_1)
    assert value == pytest.approx((60 * 0.5 + 40 * 1.0) / 100)


def test_classes_that_differ_cost_what_the_scenario_says():
    """The dog is always found and the siren never: mean 1/2, standard deviation 1/2."""
    table = events_from_rows([("a.wav", 0.0, 10.0, "dog")])
    reference = events_from_rows([("a.wav", 0.0, 10.0, "dog"), ("a.wav", 0.0, 10.0, "siren")])
    arguments = {"durations": {"a.wav": 60.0}, "classes": ["dog", "siren"]}
    for alpha_st, expected in ((0.0, 0.5), (0.5, 0.25), (1.0, 0.0)):
        scenario = replace(SCENARIO_1, alpha_st=alpha_st)
        assert psds_of_operating_points([table], reference, scenario=scenario, **arguments) == pytest.approx(expected)


def test_cross_triggers_cost_what_the_scenario_says():
    """A false dog holds a siren: 30 false positives an hour of clips, 60 cross-triggers an hour of siren."""
    reference = events_from_rows([("a.wav", 0.0, 10.0, "dog"), ("b.wav", 0.0, 60.0, "siren")])
    table = pd.concat([reference, events_from_rows([("b.wav", 10.0, 20.0, "dog")])])
    arguments = {"durations": {"a.wav": 60.0, "b.wav": 60.0}, "classes": ["dog", "siren"]}
    # Up to the dog's rate the ratios are 0 and 1, which is nothing once the deviation is taken off; then both are 1.
    for alpha_ct, dog_rate in ((0.0, 30.0), (0.5, 30.0 + 0.5 * 60.0)):
        scenario = replace(SCENARIO_2, alpha_ct=alpha_ct, cttc=1.0)
        value = psds_of_operating_points([table], reference, scenario=scenario, **arguments)
        assert value == pytest.approx((100 - dog_rate) / 100)


@scenarios
@settings(max_examples=8)
@given(scores=scores_of_all_clips(), reference=reference_tables)
def test_scores_equal_operating_points_at_every_score(scenario, scores, reference):
    thresholds = np.unique(scores[list(CLASSES)].to_numpy())
    tables = [decode(scores, threshold) for threshold in thresholds.tolist()]
    expected = psds_of_operating_points(tables, reference, scenario=scenario, **SETTINGS)
    value = psds_of_scores(scores, reference, scenario=scenario, **SETTINGS)
    assert value == (None if expected is None else pytest.approx(expected, abs=1e-12))


def noisy_scores(seed):
    """Ten clips of a minute, three classes, half-second frames: scores that follow the events, and noise."""
    generator = np.random.default_rng(seed)
    edges = np.arange(0.0, 60.5, 0.5)
    rows, tables = [], []
    for clip in range(10):
        values = generator.random((120, 3)) * 0.7
        for label in range(3):
            for begin in generator.integers(0, 100, generator.integers(0, 4)).tolist():
                end = begin + int(generator.integers(4, 20))
                if not any(row[0] == f"{clip}.wav" and row[3] == CLASSES[label] for row in rows):
                    rows.append((f"{clip}.wav", begin / 2, end / 2, CLASSES[label]))
                    values[begin:end, label] += 0.3
        smooth = np.stack([np.convolve(column, np.ones(3) / 3, "same") for column in values.T], axis=1)
        tables.append(frame_scores(f"{clip}.wav", smooth.round(4), edges, CLASSES))
    return pd.concat(tables, ignore_index=True), events_from_rows(rows)


MINUTES = {f"{clip}.wav": 60.0 for clip in range(10)}


def sed_scores_evals_psds(oracle, scores, reference, scenario):
    by_file = {
        name: table.drop(columns="filename").reset_index(drop=True) for name, table in scores.groupby("filename")
    }
    truth = {
        name: list(table[["onset", "offset", "event_label"]].itertuples(index=False, name=None))
        for name, table in reference.groupby("filename")
    } | {name: [] for name in set(MINUTES) - set(reference["filename"])}
    return oracle.intersection_based.psds(
        scores=by_file,
        ground_truth=truth,
        audio_durations=MINUTES,
        dtc_threshold=scenario.dtc,
        gtc_threshold=scenario.gtc,
        cttc_threshold=scenario.cttc if scenario.alpha_ct else None,
        alpha_ct=scenario.alpha_ct,
        alpha_st=scenario.alpha_st,
        max_efpr=scenario.max_efpr,
    )[0]


GOLDEN = [
    (0, SCENARIO_1, 0.10370125016466694),
    (0, SCENARIO_2, 0.8712419433401015),
    (1, SCENARIO_1, 0.10035758358576366),
    (1, SCENARIO_2, 0.9708578643762691),
    (2, SCENARIO_1, 0.17038580208790965),
    (2, SCENARIO_2, 0.8583188850447487),
]
"""Seed, scenario and what sed_scores_eval 0.0.4 says."""


@pytest.mark.parametrize(("seed", "scenario", "expected"), GOLDEN)
def test_sed_scores_evals_numbers(seed, scenario, expected):
    scores, reference = noisy_scores(seed)
    value = psds_of_scores(scores, reference, durations=MINUTES, classes=CLASSES, scenario=scenario)
    assert value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scenario", [SCENARIO_1, SCENARIO_2])
def test_equals_sed_scores_eval(seed, scenario, sed_scores_eval):
    scores, reference = noisy_scores(seed)
    value = psds_of_scores(scores, reference, durations=MINUTES, classes=CLASSES, scenario=scenario)
    assert value == pytest.approx(sed_scores_evals_psds(sed_scores_eval, scores, reference, scenario), abs=1e-9)


@pytest.fixture(scope="module")
def desed_points(shared_data):
    """A system's detections at 50 thresholds; lists the clips' lengths, and those that no event outlasts."""
    folder = shared_data / "desed_predictions"
    listed = pd.read_csv(folder / "validation_durations.tsv", sep="\t").set_index("filename")["duration"]
    paths = sorted((folder / "student" / "predictions_operating_points").glob("*.tsv"))
    return read_tsv(folder / "validation.tsv"), [pd.read_csv(path, sep="\t") for path in paths], listed


def psds_without_cutting(reference, tables, listed, scenario):
    """As psds_eval, which neither cuts events at the clip's end nor counts the time after it.

    Longer clips hold all events; the limit and the weight of cross-triggers make up for the additional hours.
    """
    tables = [table[table["onset"] < table["filename"].map(listed)] for table in tables]
    last = pd.concat([reference, *tables]).groupby("filename")["offset"].max()
    durations = listed.combine(last, max, fill_value=0.0)
    share = listed.sum() / durations.sum()
    scenario = replace(scenario, decimals=None, max_efpr=scenario.max_efpr * share, alpha_ct=scenario.alpha_ct * share)
    classes = sorted(set(reference["event_label"]))
    return psds_of_operating_points(
        tables, reference, durations=durations.to_dict(), classes=classes, scenario=scenario
    )


def test_desed_baseline(desed_points):
    """As psds_eval 0.5.3."""
    assert psds_without_cutting(*desed_points, SCENARIO_1) == pytest.approx(0.33446856021631743, abs=1e-9)
    assert psds_without_cutting(*desed_points, SCENARIO_2) == pytest.approx(0.5281000255636458, abs=1e-9)


def test_desed_baseline_with_cross_triggers_averaged_over_all_classes(desed_points):
    """As psds_eval before it left a class's own, always empty rate out: nine rates over ten."""
    scenario = replace(SCENARIO_2, alpha_ct=0.5 * 9 / 10)
    assert psds_without_cutting(*desed_points, scenario) == pytest.approx(0.53269560, abs=1e-8)


def test_psds_evals_own_example(shared_data):
    folder = shared_data / "psds_eval" / "tests_data"
    listed = pd.read_csv(folder / "baseline_validation_metadata.csv", sep="\t").drop_duplicates("filename")
    value = psds_without_cutting(
        read_tsv(folder / "baseline_validation_gt.csv"),
        [pd.read_csv(folder / "baseline_validation_AA_0.005.csv", sep="\t")],
        listed.set_index("filename")["duration"],
        Scenario(dtc=0.5, gtc=0.5, cttc=0.3, alpha_ct=0.0, alpha_st=0.0),
    )
    assert value == pytest.approx(0.0044306914546640595, abs=1e-12)


ONE = {"durations": {"a.wav": 10.0}, "classes": CLASSES, "scenario": SCENARIO_2}
DOG = events_from_rows([("a.wav", 0.0, 5.0, "dog")])


@pytest.fixture
def scores():
    return frame_scores("a.wav", np.array([[0.9, 0.1, 0.1], [0.1, 0.1, 0.1]]), np.array([0.0, 5.0, 10.0]), CLASSES)


def test_events_that_end_when_they_start_play_no_part(scores):
    """psds_eval removes them from both tables."""
    zero = events_from_rows([("a.wav", 3.0, 3.0, "dog"), ("a.wav", 10.0, 10.0, "dog"), ("a.wav", 2.0, 2.0, "siren")])
    alike = {}
    for name, more in (("without", empty_events()), ("with", zero)):
        kept = make_evaluation_input(
            pd.concat([DOG, more]), pd.concat([DOG, more]), {"a.wav": 10.0}, classes=CLASSES, allow_zero_length=True
        )
        assert len(kept.reference) == len(kept.estimated) == 1 + len(more)
        frames = frame_arrays(scores, kept.durations, kept.classes)
        counts = [count_psds(kept, detected)["scenario1"] for detected in (frames, [kept.estimated])]
        alike[name] = [(one.psds(), one.n_ref.tolist()) for one in counts], count_intersections(kept).metrics()
    assert alike["with"] == alike["without"]
    assert alike["with"][0][0][0] == 1.0


def test_fault_16_classes_that_the_reference_lacks_are_left_out(scores):
    assert psds_of_scores(scores.assign(drill=0.9), DOG, **ONE) == 1.0


def test_fault_17_an_empty_reference_is_undefined(scores):
    assert psds_of_scores(scores, empty_events(), **ONE) is None
    assert psds_of_operating_points([DOG], empty_events(), **ONE) is None


def test_fault_18_detecting_nothing_is_worth_nothing():
    assert psds_of_operating_points([empty_events()], DOG, **ONE) == 0.0
    assert psds_of_operating_points([empty_events()], empty_events(), **ONE) is None


def test_fault_19_an_unknown_label_is_named(scores):
    unicorn = DOG.assign(event_label="unicorn")
    with pytest.raises(DataError, match=r"reference: row 1 .*unicorn.* unknown label"):
        psds_of_scores(scores, unicorn, **ONE)
    with pytest.raises(DataError, match=r"estimate: row 1 .*unicorn.* unknown label"):
        psds_of_operating_points([DOG, unicorn], DOG, **ONE)
    with pytest.raises(EvaluationError, match="classes drill, unicorn"):
        psds_of_scores(scores.rename(columns={"drill": "unicorn"}), DOG, **ONE)


def test_fault_21_unknown_files_are_listed(scores):
    with pytest.raises(EvaluationError, match=r"scores: 1 file .*stray\.wav"):
        psds_of_scores(scores.assign(filename="stray.wav"), DOG, **ONE)
    with pytest.raises(EvaluationError, match=r"estimate: 1 file .*stray\.wav"):
        psds_of_operating_points([DOG.assign(filename="stray.wav")], DOG, **ONE)


def test_fault_22_clips_without_scores_are_listed(scores):
    longer = ONE | {"durations": {"a.wav": 10.0, "b.wav": 10.0}}
    with pytest.raises(EvaluationError, match=r"1 clip of the reference is missing \(b\.wav\)"):
        psds_of_scores(scores, DOG, **longer)


def test_fault_24_a_score_that_is_not_a_number_is_an_error(scores):
    with pytest.raises(DataError, match=r"a\.wav, class dog: nan is not a probability"):
        psds_of_scores(scores.assign(dog=np.nan), DOG, **ONE)


@scenarios
@pytest.mark.parametrize("seed", range(2))
def test_classes_by_themselves_have_the_mean_of_no_deviation(seed, scenario):
    scores, reference = noisy_scores(seed)
    arguments = {"durations": MINUTES, "classes": CLASSES}
    by_class = psds_by_class(scores, reference, scenario=scenario, **arguments)
    without = psds_of_scores(scores, reference, scenario=replace(scenario, alpha_st=0.0), **arguments)
    assert np.mean(list(by_class.values())) == pytest.approx(without, abs=1e-12)
    assert set(by_class) == set(reference["event_label"])


@scenarios
def test_the_best_post_processing_is_at_least_as_good_as_each(scenario):
    scores, reference = noisy_scores(0)
    scenario = replace(scenario, alpha_st=0.0)
    arguments = {"durations": MINUTES, "classes": CLASSES, "scenario": scenario}
    versions = [Decoder(median_filter=seconds).smoothed(scores) for seconds in (0.0, 1.5, 3.5)]
    each = [psds_of_scores(version, reference, **arguments) for version in versions]
    best = pi_psds(versions, reference, **arguments)
    assert best > max(each)
    assert pi_psds(versions[:1], reference, **arguments) == pytest.approx(each[0], abs=1e-12)
    assert pi_psds(versions, reference.iloc[:0], **arguments) is None
