"""What is unknown counts neither way."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sedpool.datasets.base import Dataset
from sedpool.errors import DataError, EvaluationError
from sedpool.evaluation.baselines import stretched_tags_score
from sedpool.evaluation.clip import clip_counts, clip_metrics, count_clips
from sedpool.evaluation.evaluate import evaluate, evaluate_run
from sedpool.evaluation.evaluation_input import comparable_input
from sedpool.evaluation.event import count_events
from sedpool.evaluation.frames import frame_arrays
from sedpool.evaluation.intersection import count_intersections
from sedpool.evaluation.levels import Criteria
from sedpool.evaluation.psds import count_psds
from sedpool.evaluation.ranking import ranking_metrics
from sedpool.evaluation.scored_clips import ScoredClips
from sedpool.evaluation.segment import count_segments
from sedpool.evaluation.thresholds import clip_sweep, sweep_events, sweep_segments
from sedpool.evaluation.tuning import tune, validation_objective
from sedpool.events import empty_events, events_from_rows, tags_from_events
from sedpool.inference.decode import Decoder, SystemOutput
from sedpool.scores import frame_scores, highest_frames
from sedpool.stats.replicates import ranking_statistic
from sedpool.stats.tests import clip_decision_tests

from .conftest import CLASSES
from .random_scores import LENGTHS, reference_tables, rows, scores_of_all_clips

SETTINGS = {"durations": LENGTHS, "classes": CLASSES}
regions_of_a_few = st.lists(
    st.tuples(rows, st.sampled_from(["", *CLASSES])).map(lambda pair: (*pair[0][:3], pair[1])), max_size=4
).map(events_from_rows)


def dataset_of(reference: pd.DataFrame, durations: dict[str, float], regions: pd.DataFrame) -> Dataset:
    names = list(durations)
    clips = pd.DataFrame({"filename": names, "path": names, "duration": list(durations.values()), "split": "validate"})
    tags = tags_from_events(reference, names, CLASSES)
    return Dataset("made", CLASSES, clips, tags, reference).with_unknown(regions)


def everything(scores: pd.DataFrame, dataset: Dataset) -> str:
    """Every metric of a run's output, each bit of it."""
    clip_scores = highest_frames(scores)
    output = SystemOutput(scores, clip_scores, Decoder())
    clips = ScoredClips(output, dataset)
    tuned = tune(clips, held_out=[], parameters="per_class", objective="event")
    metrics = evaluate_run(output, dataset, tuned=replace(tuned, n_clips=0))
    del metrics["coverage"]
    table = evaluate(output.events, dataset, clip_predictions=output.tags)
    stretched = stretched_tags_score(dataset)
    return json.dumps([metrics, table.to_json(double_precision=15), stretched, validation_objective(clips)])


FRAMES_OF_OTHER_LENGTHS = pd.DataFrame(
    [
        ("a.wav", 0.0, 0.16, 0.25, 0.95, 0.05),
        ("a.wav", 0.16, 1.557, 0.5, 0.25, 0.25),
        ("a.wav", 1.557, 4.347, 0.7, 0.15, 0.55),
        ("a.wav", 4.347, 10.0, 0.0, 0.4, 0.9),
        ("silent.wav", 0.0, 0.37, 0.05, 1.0, 0.75),
        ("silent.wav", 0.37, 0.74, 0.7, 0.9, 0.85),
        ("silent.wav", 0.74, 0.95, 0.8, 0.8, 0.15),
        ("b.wav", 0.0, 3.7, 0.3, 0.2, 0.65),
    ],
    columns=["filename", "onset", "offset", *CLASSES],
)
"""Than those of the clip that nobody knows."""


@example(
    scores=FRAMES_OF_OTHER_LENGTHS,
    reference=events_from_rows(
        [
            ("a.wav", 0.403, 0.413, "drill"),
            ("a.wav", 0.418, 1.158, "siren"),
            ("b.wav", 0.644, 1.384, "siren"),
            ("a.wav", 0.46, 0.83, "drill"),
            ("silent.wav", 0.364, 0.95, "drill"),
            ("silent.wav", 0.504, 0.514, "siren"),
            ("silent.wav", 0.726, 0.95, "dog"),
        ]
    ),
    seconds=19.5,
    place=1,
    regions=events_from_rows([("b.wav", 1.183, 2.183, "siren")]),
    seed=62,
)
@settings(max_examples=20)
@given(
    scores=scores_of_all_clips(),
    reference=reference_tables,
    seconds=st.floats(0.5, 20),
    place=st.integers(0, 3),
    regions=regions_of_a_few,
    seed=st.integers(0, 99),
)
def test_a_wholly_unknown_clip_changes_no_bit(
    scores: pd.DataFrame, reference: pd.DataFrame, seconds: float, place: int, regions: pd.DataFrame, seed: int
) -> None:
    before = everything(scores, dataset_of(reference, LENGTHS, regions))
    names = list(LENGTHS)
    names.insert(place, "nobody.wav")
    durations = {name: LENGTHS.get(name, seconds) for name in names}
    generator = np.random.default_rng(seed)
    edges = np.append(np.arange(0, seconds, 0.4), seconds)
    own = frame_scores("nobody.wav", generator.random((len(edges) - 1, len(CLASSES))), edges, CLASSES)
    said = events_from_rows([("nobody.wav", 0.1, seconds / 2, "dog"), ("nobody.wav", 0.2, seconds, "drill")])
    unknown = pd.concat([events_from_rows([("nobody.wav", 0.0, np.inf, "")]), regions], ignore_index=True)
    more = dataset_of(pd.concat([said, reference], ignore_index=True), durations, unknown)
    assert everything(pd.concat([own, scores], ignore_index=True), more) == before


@settings(max_examples=30)
@given(reference=reference_tables, estimated=reference_tables, regions=regions_of_a_few)
def test_segments_that_unknown_time_touches_are_left_out(
    reference: pd.DataFrame, estimated: pd.DataFrame, regions: pd.DataFrame
) -> None:
    counts = count_segments(comparable_input(reference, estimated, **SETTINGS, unknown=regions)).total()

    def active(table: pd.DataFrame, name: str, label: str, second: int) -> bool:
        own = table[(table["filename"] == name) & table["event_label"].isin([label, ""])]
        return bool(((own["onset"] < second + 1) & (own["offset"] > second)).any())

    for column, label in enumerate(CLASSES):
        cells = [(name, second) for name, length in LENGTHS.items() for second in range(int(np.ceil(length)))]
        cells = [(name, second) for name, second in cells if not active(regions, name, label, second)]
        wanted = np.array([active(reference, name, label, second) for name, second in cells], dtype=bool)
        found = np.array([active(estimated, name, label, second) for name, second in cells], dtype=bool)
        assert counts.n_ref[column] == wanted.sum()
        assert counts.n_sys[column] == found.sum()
        assert counts.true_positives[column] == (wanted & found).sum()


@given(reference=reference_tables, estimated=reference_tables, regions=regions_of_a_few)
def test_what_becomes_unknown_is_neither_wrong_nor_missed(
    reference: pd.DataFrame, estimated: pd.DataFrame, regions: pd.DataFrame
) -> None:
    known = comparable_input(reference, estimated, **SETTINGS)
    partly = comparable_input(reference, estimated, **SETTINGS, unknown=regions)
    for count in (count_events, count_intersections, count_segments, count_clips):
        before, after = count(known), count(partly)
        assert (after.n_sys - after.true_positives <= before.n_sys - before.true_positives).all()
        assert (after.n_ref - after.true_positives <= before.n_ref - before.true_positives).all()
        assert (after.true_positives >= 0).all()
        if after.insertions is not None:
            assert (after.insertions >= 0).all()
            assert (after.deletions >= 0).all()


@settings(max_examples=10)
@given(reference=reference_tables, estimated=reference_tables, scores=scores_of_all_clips(), at=rows)
def test_regions_without_length_are_nothing(
    reference: pd.DataFrame, estimated: pd.DataFrame, scores: pd.DataFrame, at: tuple
) -> None:
    nothing = events_from_rows([(at[0], at[1], at[1], ""), (at[0], 99.0, np.inf, at[3])])
    plain = comparable_input(reference, estimated, **SETTINGS)
    marked = comparable_input(reference, estimated, **SETTINGS, unknown=nothing)
    for level in ("clip", "segment", "event", "onset", "intersection"):
        assert Criteria().count(level, plain).metrics() == Criteria().count(level, marked).metrics()
    assert everything(scores, dataset_of(reference, LENGTHS, nothing)) == everything(
        scores, dataset_of(reference, LENGTHS, empty_events())
    )


@settings(max_examples=40)
@given(scores=scores_of_all_clips(), reference=reference_tables, regions=regions_of_a_few)
def test_sweeps_count_as_decoding_at_each_threshold(
    scores: pd.DataFrame, reference: pd.DataFrame, regions: pd.DataFrame
) -> None:
    compared = comparable_input(reference, empty_events(), **SETTINGS, unknown=regions)
    frames = frame_arrays(scores, **SETTINGS)
    thresholds = [0.2, 0.5, 0.8]
    swept = {count_segments: sweep_segments, count_events: sweep_events}
    for count, sweep in swept.items():
        totals = sweep(compared, frames, thresholds)
        for index, threshold in enumerate(thresholds):
            each = count(compared.with_estimated(Decoder(threshold).events(scores))).total()
            for name in ("true_positives", "n_ref", "n_sys", "substitutions", "insertions"):
                assert np.array_equal(getattr(totals, name)[index], getattr(each, name))


@settings(max_examples=25)
@given(scores=scores_of_all_clips(), reference=reference_tables, regions=regions_of_a_few)
def test_psds_of_scores_is_that_of_all_operating_points(
    scores: pd.DataFrame, reference: pd.DataFrame, regions: pd.DataFrame
) -> None:
    compared = comparable_input(reference, empty_events(), **SETTINGS, unknown=regions)
    points = [compared.with_estimated(Decoder(step / 20).events(scores)).estimated for step in range(1, 21)]
    everywhere = compared.with_tags(np.ones(compared.shape, dtype=bool)).estimated  # what a threshold of 0 makes
    of_points = count_psds(compared, [everywhere, *points])
    for name, counts in count_psds(compared, frame_arrays(scores, **SETTINGS)).items():
        assert counts.psds() == pytest.approx(of_points[name].psds(), abs=1e-9)


@st.composite
def tags_with_some_unknown(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    n_clips = draw(st.integers(2, 6))
    index = pd.Index([f"{number}.wav" for number in range(n_clips)], name="filename")
    cells = st.lists(st.booleans(), min_size=n_clips * 3, max_size=n_clips * 3)
    true, unknown = (np.reshape(draw(cells), (n_clips, 3)) for _ in range(2))
    steps = st.lists(st.integers(0, 10), min_size=n_clips * 3, max_size=n_clips * 3)
    scores = pd.DataFrame(np.reshape(draw(steps), (n_clips, 3)) / 10, index=index, columns=list(CLASSES))
    return pd.DataFrame(true, index=index, columns=list(CLASSES)), scores, unknown


@given(made=tags_with_some_unknown())
def test_unknown_tags_change_no_clip_metric_of_other_classes(made: tuple) -> None:
    tags, scores, unknown = made
    unknown[:, 1:] = False
    partly = tags.astype("boolean").mask(unknown)
    for before, after in (
        (clip_metrics(tags, scores >= 0.5), clip_metrics(partly, scores >= 0.5)),
        (ranking_metrics(tags, scores.reset_index()), ranking_metrics(partly, scores.reset_index())),
    ):
        for label in CLASSES[1:]:  # lwlrap ranks the classes of a clip against each other
            before["class_wise"][label].pop("lwlrap", None)
            after["class_wise"][label].pop("lwlrap", None)
            assert before["class_wise"][label] == after["class_wise"][label]


@given(made=tags_with_some_unknown())
def test_unknown_tags_of_a_class_are_as_clips_left_out(made: tuple) -> None:
    tags, scores, unknown = made
    partly = tags.astype("boolean").mask(unknown)
    counts, ranked = clip_counts(partly, scores >= 0.5).total(), ranking_metrics(partly, scores.reset_index())
    swept = clip_sweep(scores.reset_index(), partly, [0.5])
    replicated = ranking_statistic(partly, scores.reset_index())(np.ones((1, len(tags))))
    for column, label in enumerate(CLASSES):
        kept = ~unknown[:, column]
        assert counts.n_sys[column] == swept.n_sys[0, column]
        if not kept.any():
            assert counts.n_ref[column] == counts.n_sys[column] == 0
            assert ranked["class_wise"][label]["roc_auc"] is None
            continue
        alone = tags.loc[kept, [label]], scores.loc[kept, [label]]
        assert counts.n_sys[column] == (alone[1] >= 0.5).to_numpy().sum()
        assert counts.true_positives[column] == swept.true_positives[0, column]
        expected = ranking_metrics(alone[0], alone[1].reset_index())["class_wise"][label]
        for name in ("average_precision", "roc_auc"):
            assert ranked["class_wise"][label][name] == expected[name]
            value = replicated[("class_wise", label, name)][0]
            assert (None if np.isnan(value) else value) == pytest.approx(expected[name])


def test_events_by_hand() -> None:
    """The dog of 4 to 6 s reaches into unknown time; of the detections only that at 8 s can be called wrong."""
    reference = events_from_rows([("a.wav", 0, 2, "dog"), ("a.wav", 4, 6, "dog"), ("a.wav", 5, 5.5, "siren")])
    estimated = events_from_rows([("a.wav", 0, 2, "dog"), ("a.wav", 3.9, 4.4, "dog"), ("a.wav", 5.5, 7, "dog")])
    estimated = pd.concat([estimated, events_from_rows([("a.wav", 8, 9, "dog"), ("a.wav", 5, 5.5, "siren")])])
    unknown = events_from_rows([("a.wav", 5, 7, "dog")])
    compared = comparable_input(reference, estimated, durations={"a.wav": 10.0}, classes=CLASSES, unknown=unknown)
    for count in (count_events, count_intersections):
        counts = count(compared).total()
        assert counts.true_positives.tolist() == [1, 1, 0]
        assert counts.n_ref.tolist() == [1, 1, 0]
        assert counts.n_sys.tolist() == [2, 1, 0]


def test_a_detection_that_overshoots_into_unknown_time_still_finds_its_event() -> None:
    reference, estimated = (events_from_rows([("a.wav", 1, end, "dog")]) for end in (3.0, 3.1))
    unknown = events_from_rows([("a.wav", 3, 9, "")])
    compared = comparable_input(reference, estimated, durations={"a.wav": 10.0}, classes=CLASSES, unknown=unknown)
    for count in (count_events, count_intersections):
        micro = count(compared).metrics()["micro"]
        assert (micro["f1"], micro["n_ref"], micro["n_sys"]) == (1.0, 1, 1)


def test_hours_for_false_alarms_are_those_that_are_known() -> None:
    reference, detected = (events_from_rows([("a.wav", *times, "dog")]) for times in ((0, 1), (8, 9)))
    half = events_from_rows([("a.wav", 2, 7, "")])
    for unknown, hours in ((None, 10), (half, 5)):
        compared = comparable_input(
            reference, empty_events(), durations={"a.wav": 10.0}, classes=CLASSES, unknown=unknown
        )
        both = pd.concat([reference, detected])
        counts = count_psds(compared, [compared.with_estimated(both).estimated])["scenario1"]
        assert counts.hours[0].sum() * 3600 == pytest.approx(hours)
        rates, _ = counts.curves[0].weighted(np.ones((1, 1)), counts._prices(np.ones((1, 1)))[0])
        assert rates.max() == pytest.approx(3600 / hours)


def test_clips_of_which_a_class_is_unknown() -> None:
    names = [f"{letter}.wav" for letter in "abcde"]
    reference = events_from_rows([("a.wav", 0, 2, "dog"), ("b.wav", 5, 6, "dog"), ("c.wav", 0, 2, "dog")])
    regions = events_from_rows(
        [("a.wav", 5, 7, ""), ("b.wav", 4, 7, "dog"), ("c.wav", 1, 2, "dog"), ("d.wav", 0, 1, "dog")]
    )
    durations = dict.fromkeys(names, 10.0)
    compared = comparable_input(reference, empty_events(), durations=durations, classes=CLASSES, unknown=regions)
    tags = dataset_of(reference, durations, regions).tags
    assert tags.equals(compared.true_tags)
    assert [None if pd.isna(tag) else bool(tag) for tag in tags["dog"]] == [True, None, True, None, False]
    assert tags["siren"].isna().tolist() == [True, False, False, False, False]


def test_tests_of_whole_clips_pass_over_unknown_tags() -> None:
    index = pd.Index(["a.wav", "b.wav"], name="filename")
    true = pd.DataFrame({"dog": [True, pd.NA], "siren": [False, True]}, index=index, dtype="boolean")
    first = pd.DataFrame({"dog": [True, True], "siren": [False, True]}, index=index)
    second = pd.DataFrame({"dog": [True, False], "siren": [True, True]}, index=index)
    tests = clip_decision_tests(true, first, second).set_index("event_label")
    assert tests["only_first"].to_dict() == {"": 1, "dog": 0, "siren": 1}
    assert not tests["only_second"].any()


def test_wrong_regions_are_named() -> None:
    reference = events_from_rows([("a.wav", 0, 2, "dog")])
    for row, kind, message in (
        (
            ("b.wav", 0, 1, ""),
            EvaluationError,
            r"unknown regions: 1 file is not in the reference's file list \(b\.wav\)",
        ),
        (("a.wav", 2, 1, ""), DataError, "ends before it starts"),
        (("a.wav", -1, 1, ""), DataError, "starts at no second of a recording"),
        (("a.wav", 0, 1, "owl"), DataError, "has an unknown label; expected one of dog, siren, drill, or none for all"),
    ):
        with pytest.raises(kind, match=message):
            comparable_input(
                reference,
                reference,
                durations={"a.wav": 9.0},
                classes=CLASSES,
                unknown=events_from_rows([row]),  # type: ignore[list-item]
            )
