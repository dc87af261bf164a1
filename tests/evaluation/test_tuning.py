"""Tuning on made scores whose best decoder is known, and its guard against test clips."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sedpool.datasets.base import Dataset
from sedpool.errors import EvaluationError
from sedpool.evaluation import clip_metrics, event_metrics, segment_metrics
from sedpool.evaluation.scored_clips import ScoredClips
from sedpool.evaluation.tuning import THRESHOLDS, tune, validation_objective
from sedpool.events import events_from_rows, tags_from_events
from sedpool.inference.decode import Decoder, SystemOutput
from sedpool.scores import frame_scores, highest_frames

CLASSES = ("dog", "siren", "unheard")
NAMES = tuple(f"{index}.wav" for index in range(6))
DURATIONS = dict.fromkeys(NAMES, 10.0)
EDGES = np.arange(0.0, 10.25, 0.25)


def corpus(*, strong=True, split="validate"):
    """Each clip has a dog from 2 s to 5 s; every other one a siren from 4 s to 9 s."""
    rows = [(name, 2.0, 5.0, "dog") for name in NAMES] + [(name, 4.0, 9.0, "siren") for name in NAMES[::2]]
    events = events_from_rows(rows)
    clips = pd.DataFrame({"filename": NAMES, "path": NAMES, "duration": 10.0, "split": split})
    tags = tags_from_events(events, NAMES, CLASSES)
    return Dataset("made", CLASSES, clips, tags, events if strong else None)


def output(decoder=None, *, noise=0.02, blips=False):
    """Scores of 0.3 for a dog over 0.1, 0.8 for a siren over 0.6: at 0.5 the one is missed, the other always on."""
    generator = np.random.default_rng(0)
    tables = []
    for index, name in enumerate(NAMES):
        values = np.tile([0.1, 0.6, 0.2], (40, 1))
        values[8:20, 0] = 0.3
        if index % 2 == 0:
            values[16:36, 1] = 0.8
        if blips:
            values[generator.integers(22, 40, size=3), 0] = 0.9
            values[12, 0] = 0.05
        values = np.clip(values + generator.uniform(-noise, noise, values.shape), 0, 1)
        tables.append(frame_scores(name, values, EDGES, CLASSES))
    frames = pd.concat(tables, ignore_index=True)
    clips = frames.groupby("filename")[list(CLASSES)].max().reset_index()
    return SystemOutput(frames, clips, decoder or Decoder())


def segment_f1(events, average="micro"):
    return segment_metrics(corpus().events, events, durations=DURATIONS, classes=CLASSES)[average]["f1"]


def test_thresholds_by_class_find_both():
    tuned = tune(ScoredClips(output(), corpus()), held_out=[])
    threshold = tuned.decoder.threshold
    assert 0.12 <= threshold["dog"] <= 0.32
    assert 0.62 <= threshold["siren"] <= 0.78
    assert segment_f1(tuned.decoder.events(output().frame_scores)) == 1.0
    assert tuned.objective == "segment F1, 1 s"
    assert tuned.n_clips == 6


def test_a_class_without_reference_keeps_its_threshold():
    decoder = Decoder(threshold=0.4, clip_threshold={"dog": 0.5, "siren": 0.5, "unheard": 0.35})
    tuned = tune(ScoredClips(output(decoder), corpus()), held_out=[])
    assert tuned.decoder.threshold["unheard"] == 0.4
    assert tuned.decoder.clip_threshold["unheard"] == 0.35


@pytest.mark.parametrize("decoder", [Decoder(), Decoder(median_filter=0.75), Decoder(min_duration=0.5, max_gap=0.3)])
@pytest.mark.parametrize("level", ["segment", "event"])
def test_one_threshold_is_the_best_of_all(decoder, level):
    system = output(decoder, noise=0.15)
    tuned = tune(ScoredClips(system, corpus()), held_out=[], parameters="global", objective=level)

    def f1(threshold):
        events = replace(decoder, threshold=threshold).events(system.frame_scores)
        metrics = segment_metrics if level == "segment" else event_metrics
        return metrics(corpus().events, events, durations=DURATIONS, classes=CLASSES)["micro"]["f1"]

    best = max(f1(float(threshold)) for threshold in THRESHOLDS)
    assert f1(tuned.decoder.threshold) == best


def test_one_clip_threshold_is_the_best_of_all():
    system = output(noise=0.15)
    tuned = tune(ScoredClips(system, corpus()), held_out=[], parameters="global")
    clip = [clip_metrics(corpus().tags, Decoder(clip_threshold=float(t)).tags(system.clip_scores)) for t in THRESHOLDS]
    chosen = clip_metrics(corpus().tags, tuned.decoder.tags(system.clip_scores))
    assert chosen["micro"]["f1"] == max(metrics["micro"]["f1"] for metrics in clip)


def test_all_parameters_remove_what_thresholds_cannot():
    system = output(blips=True)
    thresholds = tune(ScoredClips(system, corpus()), held_out=[], objective="event").decoder
    everything = tune(ScoredClips(system, corpus()), held_out=[], parameters="all", objective="event").decoder
    f1 = [
        event_metrics(corpus().events, decoder.events(system.frame_scores), durations=DURATIONS, classes=CLASSES)
        for decoder in (thresholds, everything)
    ]
    assert f1[0]["class_wise"]["dog"]["f1"] < f1[1]["class_wise"]["dog"]["f1"] == 1.0
    everything.check(CLASSES)


def test_a_low_threshold_that_was_set_comes_down_with_the_threshold():
    tuned = tune(ScoredClips(output(Decoder(low_threshold=0.4)), corpus()), held_out=[])
    tuned.decoder.check(CLASSES)
    assert tuned.decoder.low_threshold["siren"] == 0.4
    assert tuned.decoder.low_threshold["dog"] == tuned.decoder.threshold["dog"]


@pytest.mark.parametrize("parameters", ["global", "per_class", "all"])
@pytest.mark.parametrize("objective", ["segment", "event"])
def test_boxes_are_tuned_by_their_confidence(parameters, objective):
    start = Decoder(box_filter=1.0)
    tuned = tune(ScoredClips(output(start), corpus()), held_out=[], parameters=parameters, objective=objective)
    assert tuned.decoder.box_filter is not None
    assert tuned.decoder.low_threshold is None
    events, before = (decoder.events(output().frame_scores) for decoder in (tuned.decoder, start))
    assert segment_f1(events) > segment_f1(before)
    if parameters != "global":
        found = event_metrics(corpus().events, events, durations=DURATIONS, classes=CLASSES)["class_wise"]
        assert found["dog"]["recall"] == 1


def test_what_merges_boxes_is_tuned_with_the_rest():
    tuned = tune(ScoredClips(output(Decoder(box_filter=1.0), blips=True), corpus()), held_out=[], parameters="all")
    assert (
        set(tuned.decoder.box_filter) == set(tuned.decoder.merge_drop) == set(tuned.decoder.merge_share) == set(CLASSES)
    )
    assert segment_f1(tuned.decoder.events(output(blips=True).frame_scores)) > 0.9


@pytest.mark.parametrize("parameters", ["global", "per_class", "all"])
@pytest.mark.parametrize("objective", ["segment", "event", "clip"])
def test_frames_are_tuned_under_the_mask_of_tuned_clip_thresholds(parameters, objective):
    system = output(Decoder(clip_mask=True))
    tuned = tune(ScoredClips(system, corpus()), held_out=[], parameters=parameters, objective=objective).decoder
    plain = tune(ScoredClips(output(), corpus()), held_out=[], parameters=parameters, objective=objective).decoder
    assert tuned.clip_mask
    assert tuned.clip_threshold == plain.clip_threshold
    events, tags = tuned.events(system.frame_scores, system.clip_scores), tuned.tags(system.clip_scores)
    assert len(events)
    assert all(tags.loc[row.filename, row.event_label] for row in events.itertuples())


@pytest.mark.parametrize("parameters", ["global", "per_class", "all"])
@pytest.mark.parametrize("dataset", [corpus(strong=False), replace(corpus(), events=corpus().events.iloc[:0])])
def test_weak_labels_alone_tune_thresholds_by_clip_f1_and_say_so(parameters, dataset):
    tuned = tune(ScoredClips(output(), dataset), held_out=[], parameters=parameters)
    assert "weak labels only" in tuned.objective
    assert parameters == "all" or tuned.decoder.median_filter == 0.0
    assert tuned.decoder.low_threshold is None
    tags = tags_from_events(tuned.decoder.events(output().frame_scores), NAMES, CLASSES)
    at_half = tags_from_events(output().events, NAMES, CLASSES)
    f1, before = (clip_metrics(dataset.tags, decided)["micro"]["f1"] for decided in (tags, at_half))
    assert f1 > before


@pytest.mark.parametrize("parameters", ["global", "per_class", "all"])
def test_clip_labels_alone_tune_no_other_thresholds_than_weak_labels(parameters):
    asked, weak = (
        tune(ScoredClips(output(), dataset), held_out=[], parameters=parameters, objective=objective)
        for dataset, objective in ((corpus(), "clip"), (corpus(strong=False), "segment"))
    )
    assert asked.objective == "clip F1 of detected events (clip labels alone)"
    assert "weak labels only" in weak.objective
    assert asked.decoder == weak.decoder
    assert asked.parameters == parameters


def chirps(duration, every):
    """Scores in which every other clip has chirps of one length, above blips of one frame."""
    generator = np.random.default_rng(0)
    names, edges = [f"{number}.wav" for number in range(20)], np.linspace(0, 10, 101)
    tables, rows = [], []
    for number, name in enumerate(names):
        values = np.where(generator.random((100, 1)) < 0.1, 0.8, 0.1)
        for onset in np.arange(1.0, 9.0, every)[: 1 + number % 3] if number % 2 else ():
            values[round(10 * onset) : round(10 * (onset + duration))] = 0.7
            rows.append((name, onset, onset + duration, "chirp"))
        tables.append(frame_scores(name, values, edges, ["chirp"]))
    events = events_from_rows(rows)
    clips = pd.DataFrame({"filename": names, "path": names, "duration": 10.0, "split": "validate"})
    dataset = Dataset("chirps", ("chirp",), clips, tags_from_events(events, names, ["chirp"]), events)
    frames = pd.concat(tables, ignore_index=True)
    return ScoredClips(SystemOutput(frames, highest_frames(frames), Decoder()), dataset)


@pytest.mark.parametrize(("duration", "every", "shortest", "longest"), [(0.4, 1.2, 0.3, 0.75), (1.2, 3.0, 1.0, 2.0)])
def test_clip_labels_choose_a_filter_that_is_as_long_as_events_bear(duration, every, shortest, longest):
    clips = chirps(duration, every)
    tuned = tune(clips, held_out=[], parameters="all", objective="clip")
    assert shortest <= tuned.decoder.median_filter <= longest
    assert tuned.parameters == "all"
    thresholds = tune(clips, held_out=[], objective="clip").decoder
    f1 = [
        event_metrics(
            clips.dataset.events,
            decoder.events(clips.output.frame_scores),
            durations=dict.fromkeys(clips.dataset.clips["filename"], 10.0),
            classes=clips.dataset.classes,
        )["micro"]["f1"]
        for decoder in (thresholds, tuned.decoder)
    ]
    assert f1[0] < 0.3
    assert f1[1] > 0.7


def test_clip_labels_that_rank_nothing_leave_the_filter():
    clips = chirps(0.4, 1.2)
    none = replace(clips.dataset, tags=clips.dataset.tags & False, events=None)
    started = replace(clips.output, decoder=Decoder(median_filter=0.3))
    assert tune(ScoredClips(started, none), held_out=[], parameters="all").decoder.median_filter == 0.3


def test_clip_labels_alone_leave_boxes_their_filters():
    clips = chirps(0.4, 1.2)
    boxes = Decoder(median_filter=0.3, box_filter=0.5)
    tuned = tune(
        ScoredClips(replace(clips.output, decoder=boxes), clips.dataset),
        held_out=[],
        parameters="all",
        objective="clip",
    )
    assert (tuned.decoder.median_filter, tuned.decoder.box_filter) == (0.3, 0.5)


def test_event_times_change_no_threshold_that_clip_labels_choose():
    dataset = corpus()
    times = dataset.events[["onset", "offset"]].sample(frac=1, random_state=0).to_numpy()
    moved = replace(dataset, events=dataset.events.assign(onset=times[:, 0], offset=times[:, 1]))
    assert not moved.events.equals(dataset.events)
    decoders = [tune(ScoredClips(output(), one), held_out=[], objective="clip").decoder for one in (dataset, moved)]
    assert decoders[0] == decoders[1]


def test_tuning_on_test_clips_is_an_error():
    with pytest.raises(EvaluationError, match=r"1 clips to tune on are test clips \(3\.wav\)"):
        tune(ScoredClips(output(), corpus()), held_out=["3.wav", "other.wav"])
    with pytest.raises(EvaluationError, match="6 clips to tune on are test clips"):
        tune(ScoredClips(output(), corpus(split="test")), held_out=[])


def test_clips_without_scores_are_an_error():
    system = output()
    some = replace(system, frame_scores=system.frame_scores.iloc[40:])
    with pytest.raises(EvaluationError, match=r"0\.wav"):
        tune(ScoredClips(some, corpus()), held_out=[])


def test_the_description_is_plain():
    description = tune(ScoredClips(output(), corpus()), held_out=[]).description()
    assert set(description) == {"decoding", "parameters", "objective", "n_clips"}
    assert Decoder(**description["decoding"]) == tune(ScoredClips(output(), corpus()), held_out=[]).decoder


def test_the_objective_of_a_search_is_the_segment_f1_as_decoded_and_not_as_tuned():
    for decoder in (Decoder(), Decoder(threshold=0.2)):
        events = decoder.events(output().frame_scores)
        assert validation_objective(ScoredClips(output(decoder), corpus())) == {
            "objective": "segment F1, micro, 1 s",
            "f1": segment_f1(events),
        }


def test_the_objective_with_weak_labels_only_is_the_clip_f1():
    tags = output().tags
    expected = {"objective": "clip F1, macro", "f1": clip_metrics(corpus().tags, tags)["macro"]["f1"]}
    without_rows = replace(corpus(), events=corpus().events.iloc[:0])
    for dataset in (corpus(strong=False), without_rows):
        assert validation_objective(ScoredClips(output(), dataset)) == expected
