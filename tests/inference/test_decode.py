from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from sedpool.errors import ConfigError, DataError
from sedpool.events import EVENT_COLUMNS
from sedpool.inference.decode import Decoder, decode
from sedpool.inference.detect import mean_decoder
from sedpool.scores import frame_scores


def scores_of(probabilities, filename="a.wav", classes=("dog", "siren"), step=0.5):
    probabilities = np.asarray(probabilities)
    return frame_scores(filename, probabilities, np.arange(len(probabilities) + 1) * step, classes)


def rows(events):
    return list(events[list(EVENT_COLUMNS)].itertuples(index=False, name=None))


def test_contiguous_active_frames_become_one_event():
    events = decode(scores_of([[0.9, 0.1], [0.6, 0.7], [0.2, 0.8], [0.5, 0.0]]))
    assert rows(events) == [("a.wav", 0.0, 1.0, "dog"), ("a.wav", 0.5, 1.5, "siren"), ("a.wav", 1.5, 2.0, "dog")]


def test_an_event_ends_with_its_file():
    table = pd.concat([scores_of([[0.0, 0.0], [1.0, 0.0]]), scores_of([[1.0, 0.0]], filename="b.wav")])
    assert rows(decode(table)) == [("a.wav", 0.5, 1.0, "dog"), ("b.wav", 0.0, 0.5, "dog")]


def test_a_threshold_for_each_class():
    events = decode(scores_of([[0.4, 0.4]]), {"siren": 0.4, "dog": 0.5})
    assert events["event_label"].tolist() == ["siren"]


@pytest.mark.parametrize("threshold", [-0.1, 1.5, float("nan"), {"dog": 0.5}, {"dog": 0.5, "siren": 0.5, "car": 0.5}])
def test_thresholds_out_of_range_or_of_other_classes_are_refused(threshold):
    with pytest.raises(ConfigError, match="threshold"):
        decode(scores_of([[0.4, 0.4]]), threshold)


def test_no_frames_give_no_events():
    assert decode(scores_of([[0.0, 0.0]]).iloc[:0]).empty


def test_frames_out_of_order_are_refused():
    with pytest.raises(DataError, match=r"a\.wav jumps from 1.0 s to 0.0 s"):
        decode(scores_of([[0.4, 0.4], [0.5, 0.5]]).iloc[::-1])


def test_scattered_files_are_refused():
    one = scores_of([[0.4, 0.4]])
    with pytest.raises(DataError, match="do not follow each other"):
        decode(pd.concat([one, scores_of([[0.4, 0.4]], filename="b.wav"), one]))


def test_fault_24_nan_in_frame_scores_is_an_error():
    with pytest.raises(DataError, match=r"a\.wav, class siren: nan is not a probability"):
        decode(scores_of([[0.4, 0.4], [0.1, np.nan]]))


@given(npst.arrays(np.float64, (12, 3), elements=st.floats(0, 1)), st.floats(0, 1))
def test_events_cover_exactly_the_active_frames_and_never_touch(probabilities, threshold):
    classes = ("a", "b", "c")
    events = decode(scores_of(probabilities, classes=classes, step=1.0), threshold)
    covered = np.zeros((12, 3), dtype=int)
    for _, onset, offset, label in rows(events):
        column = classes.index(label)
        covered[int(onset) : int(offset), column] += 1
        # An active frame right before or after would belong to the event.
        beside = [int(onset) - 1, int(offset)]
        assert all(probabilities[frame, column] < threshold for frame in beside if 0 <= frame < 12)
    np.testing.assert_array_equal(covered, probabilities >= threshold)


def test_clip_decisions():
    tags = Decoder().tags(pd.DataFrame({"filename": ["b.wav", "a.wav"], "dog": [0.5, 0.49], "siren": [0.0, 1.0]}))
    assert tags.index.tolist() == ["b.wav", "a.wav"]
    assert tags.to_numpy().tolist() == [[True, False], [False, True]]


def test_a_clip_listed_twice_is_refused():
    with pytest.raises(DataError, match=r"a\.wav occurs twice"):
        Decoder().tags(pd.DataFrame({"filename": ["a.wav", "a.wav"], "dog": [0.5, 0.5]}))


@pytest.mark.parametrize("name", ["median_filter", "max_gap", "min_duration"])
@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan"), {"dog": 1.0}])
def test_durations_out_of_range_or_of_other_classes_are_refused(name, seconds):
    with pytest.raises(ConfigError, match=name):
        decode(scores_of([[0.4, 0.4]]), **{name: seconds})


def test_a_low_threshold_above_the_other_is_refused():
    with pytest.raises(ConfigError, match=r"low_threshold: 0\.6 for dog; expected at most its threshold, 0\.5"):
        decode(scores_of([[0.4, 0.4]]), low_threshold=0.6)


def test_each_class_has_its_own_settings():
    scores = scores_of([[0.9, 0.9], [0.1, 0.1], [0.9, 0.9]])
    events = decode(scores, max_gap={"dog": 0.5, "siren": 0.0})
    assert rows(events) == [("a.wav", 0.0, 1.5, "dog"), ("a.wav", 0.0, 0.5, "siren"), ("a.wav", 1.0, 1.5, "siren")]


def test_a_median_filter_of_at_most_one_frame_changes_nothing():
    scores = scores_of(np.random.default_rng(0).random((30, 2)))
    for seconds in (0.0, 0.5, 0.9):
        pd.testing.assert_frame_equal(decode(scores, median_filter=seconds), decode(scores))


def test_a_median_filter_does_not_reach_into_the_next_file():
    loud, quiet = scores_of(np.ones((5, 2))), scores_of(np.zeros((5, 2)), filename="b.wav")
    both = pd.concat([loud, quiet], ignore_index=True)
    assert rows(decode(both, median_filter=1.5)) == [("a.wav", 0.0, 2.5, "dog"), ("a.wav", 0.0, 2.5, "siren")]


def by_hand(scores, classes, *, threshold, low, window, max_gap, min_duration):
    """Slow oracle: one file and class after another, in the order that the module states."""
    found = []
    for filename, table in scores.groupby("filename", sort=False):
        onset, offset = table["onset"].to_numpy(), table["offset"].to_numpy()
        for label in classes:
            values = table[label].to_numpy()
            half = window // 2
            mirrored = np.pad(values, half, mode="symmetric")
            values = np.array([np.median(mirrored[i : i + window]) for i in range(len(values))])
            events, start = [], None
            for i in range(len(values) + 1):
                active = i < len(values) and values[i] >= low
                if active and start is None:
                    start = i
                if not active and start is not None:
                    if values[start:i].max() >= threshold:
                        events.append([onset[start], offset[i - 1]])
                    start = None
            merged = []
            for event in events:
                if merged and event[0] - merged[-1][1] <= max_gap + 1e-9:
                    merged[-1][1] = event[1]
                else:
                    merged.append(event)
            found += [(filename, *event, label) for event in merged if event[1] - event[0] >= min_duration - 1e-9]
    return sorted(found)


@settings(max_examples=150)
@given(
    npst.arrays(np.float64, (15, 2), elements=st.floats(0, 1)),
    st.lists(st.sampled_from([4, 11]), min_size=2, max_size=2),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from([1, 3, 5, 9]),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([0.0, 1.0, 2.5]),
)
def test_equals_a_slow_oracle(probabilities, lengths, threshold, share, window, max_gap, min_duration):
    classes = ("dog", "siren")
    tables = [scores_of(probabilities[:length], f"{i}.wav", classes) for i, length in enumerate(lengths)]
    scores = pd.concat(tables, ignore_index=True)
    low = threshold * share
    events = decode(
        scores, threshold, low_threshold=low, median_filter=window * 0.5, max_gap=max_gap, min_duration=min_duration
    )
    expected = by_hand(
        scores, classes, threshold=threshold, low=low, window=window, max_gap=max_gap, min_duration=min_duration
    )
    assert sorted(rows(events)) == expected


@given(npst.arrays(np.float64, (20, 2), elements=st.floats(0, 1)), st.floats(0, 1), st.sampled_from([1.5, 2.5]))
def test_filtering_probabilities_is_voting_on_decisions(probabilities, threshold, seconds):
    decisions = (probabilities >= threshold).astype(float)
    filtered = decode(scores_of(probabilities), threshold, median_filter=seconds)
    assert rows(filtered) == rows(decode(scores_of(decisions), 0.5, median_filter=seconds))


@given(npst.arrays(np.float64, (20, 2), elements=st.floats(0, 1)), st.floats(0.01, 1))
def test_a_low_threshold_never_adds_events_and_covers_the_old_ones(probabilities, threshold):
    plain = decode(scores_of(probabilities), threshold)
    wide = decode(scores_of(probabilities), threshold, low_threshold=threshold / 2)
    assert len(wide) <= len(plain)
    for _, onset, offset, label in rows(plain):
        of_class = wide.loc[wide["event_label"] == label]
        assert ((of_class["onset"] <= onset) & (of_class["offset"] >= offset)).sum() == 1


@given(npst.arrays(np.float64, (20, 2), elements=st.floats(0, 1)), st.floats(0, 1), st.sampled_from([0.0, 1.5, 2.5]))
def test_the_confidence_is_the_highest_smoothed_probability_within_an_event(probabilities, threshold, seconds):
    scores = pd.concat([scores_of(probabilities), scores_of(probabilities[::-1], filename="b.wav")])
    decoder = Decoder(threshold, median_filter=seconds, max_gap=0.5)
    smoothed, events = decoder.smoothed(scores), decoder.events(scores)
    for filename, onset, offset, label, confidence in events.itertuples(index=False, name=None):
        inside = (smoothed["filename"] == filename) & (smoothed["onset"] < offset) & (smoothed["offset"] > onset)
        assert confidence == smoothed.loc[inside, label].max() >= threshold


def test_a_box_lasts_from_rise_to_fall_whatever_the_level():
    probabilities = [[0.0, 0.1]] * 4 + [[0.4, 0.9]] * 3 + [[0.0, 0.1]] * 4
    events = decode(scores_of(probabilities), 0.3, box_filter=1.0)
    assert rows(events) == [("a.wav", 2.0, 3.5, "dog"), ("a.wav", 2.0, 3.5, "siren")]
    assert events["confidence"].tolist() == pytest.approx([0.4, 0.9])


@pytest.mark.parametrize(
    ("drop", "share", "n_events"), [(0.0, 0.0, 2), (0.29, 0.0, 2), (0.31, 0.0, 1), (0.5, 0.68, 2), (0.5, 0.66, 1)]
)
def test_boxes_merge_over_a_pause_of_nearly_their_score(drop, share, n_events):
    probabilities = [[0.0, 0.0]] * 2 + [[0.9, 0.0]] * 4 + [[0.6, 0.0]] * 3 + [[0.9, 0.0]] * 4 + [[0.0, 0.0]] * 2
    events = decode(scores_of(probabilities), box_filter=1.0, merge_drop=drop, merge_share=share)
    assert len(events) == n_events
    assert (events["onset"].min(), events["offset"].max()) == (1.0, 6.5)


def boxes_by_hand(values, half, drop, share, max_gap, min_duration, step=0.5):
    """First and last frame and mean score of each box in the scores of one class and file."""
    mean = lambda part: sum(part) / len(part) if len(part) else 0.0  # noqa: E731
    padded = [0.0] * half + list(values) + [0.0] * half
    rises = [round(sum(padded[e + half : e + 2 * half]) - sum(padded[e : e + half]), 9) for e in range(len(values) + 1)]
    boxes, edge = [], 0
    while edge < len(rises):
        up, down = [], []
        while edge < len(rises) and rises[edge] >= 0:
            up += [(rises[edge], edge)] if rises[edge] else []
            edge += 1
        while edge < len(rises) and rises[edge] <= 0:
            down += [(rises[edge], edge)] if rises[edge] else []
            edge += 1
        if up and down:
            boxes.append((max(up)[1], min(down)[1]))
    close = []
    for (a, b), (c, d) in pairwise(boxes):
        higher, between = max(mean(values[a:b]), mean(values[c:d])), mean(values[b:c])
        close.append(higher - between < drop and between >= share * higher)
    merged = boxes[:1]
    for box, joined in zip(boxes[1:], close, strict=True):
        if joined or (box[0] - merged[-1][1]) * step <= max_gap + 1e-9:
            merged[-1] = (merged[-1][0], box[1])
        else:
            merged.append(box)
    return [(a, b, mean(values[a:b])) for a, b in merged if (b - a) * step >= min_duration - 1e-9]


@given(
    npst.arrays(np.float64, (15, 2), elements=st.sampled_from([0.0, 0.1, 0.3, 0.55, 0.8, 1.0])),
    st.lists(st.sampled_from([1, 4, 11]), min_size=2, max_size=2),
    st.sampled_from([0.0, 0.4567, 0.7713]),  # no mean of a few scores, so that rounding decides nothing
    st.sampled_from([1, 2, 3]),
    st.sampled_from([0.0, 0.23, 0.61]),
    st.sampled_from([0.0, 0.47]),
    st.sampled_from([0.0, 0.5, 1.5]),
    st.sampled_from([0.0, 1.0]),
)
@settings(max_examples=200, deadline=None)
def test_boxes_equal_a_slow_oracle(probabilities, lengths, threshold, half, drop, share, max_gap, min_duration):
    tables = [scores_of(probabilities[:length], f"{i}.wav") for i, length in enumerate(lengths)]
    found = decode(
        pd.concat(tables, ignore_index=True),
        threshold,
        box_filter=float(half),
        merge_drop=drop,
        merge_share=share,
        max_gap=max_gap,
        min_duration=min_duration,
    )
    expected = [
        (f"{i}.wav", a * 0.5, b * 0.5, label)
        for i, length in enumerate(lengths)
        for column, label in enumerate(("dog", "siren"))
        for a, b, level in boxes_by_hand(
            probabilities[:length, column].tolist(), half, drop, share, max_gap, min_duration
        )
        if level >= threshold
    ]
    assert sorted(rows(found)) == sorted(expected)


@given(npst.arrays(np.float64, (20, 2), elements=st.floats(0, 1)), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_removes_boxes_and_changes_none(probabilities, one, other):
    many, few = (
        decode(scores_of(probabilities), threshold, box_filter=1.0) for threshold in (min(one, other), max(one, other))
    )
    kept = many[many["confidence"] >= max(one, other)].reset_index(drop=True)
    pd.testing.assert_frame_equal(few, kept)


def test_boxes_have_no_low_threshold():
    with pytest.raises(ConfigError, match="box_filter, low_threshold"):
        Decoder(box_filter=1.0, low_threshold=0.2)


def test_an_ensemble_has_boxes_of_its_mean_settings_or_none():
    one, other = Decoder(0.2, box_filter=0.5), Decoder(0.4, box_filter={"dog": 1.0, "siren": 1.5})
    mean = mean_decoder([one, other], ["dog", "siren"])
    assert mean.box_filter == {"dog": 0.75, "siren": 1.0}
    assert mean.low_threshold is None
    with pytest.raises(ConfigError, match="box_filter: some detectors have it"):
        mean_decoder([one, Decoder()], ["dog", "siren"])


def clip_scores(rows, classes=("dog", "siren")):
    return pd.DataFrame(rows, columns=["filename", *classes])


@given(
    npst.arrays(np.float64, (12, 2), elements=st.floats(0, 1)),
    npst.arrays(np.float64, (2, 2), elements=st.floats(0, 1)),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from([None, 1.0]),
)
def test_a_clip_mask_leaves_the_events_of_classes_that_the_clip_has(probabilities, of_clips, low, high, box_filter):
    tables = [scores_of(rows, filename=name) for name, rows in zip("ab", np.split(probabilities, 2), strict=True)]
    scores = pd.concat(tables, ignore_index=True)
    clips = clip_scores([("b", *of_clips[1]), ("a", *of_clips[0])])  # in another order than the frames
    plain = Decoder(low, clip_threshold=high, median_filter=1.0, box_filter=box_filter)
    masked = replace(plain, clip_mask=True)
    tags = plain.tags(clips)
    expected = plain.events(scores)
    is_there = [
        tags.loc[name, label] for name, label in zip(expected["filename"], expected["event_label"], strict=True)
    ]
    expected = expected[np.array(is_there, dtype=bool) & (expected["confidence"] > 0).to_numpy()]
    pd.testing.assert_frame_equal(masked.events(scores, clips), expected.reset_index(drop=True))
    zeroed = masked.smoothed(scores, clips)[["dog", "siren"]].to_numpy()
    there = np.repeat(tags.loc[["a", "b"]].to_numpy(), 6, axis=0)
    np.testing.assert_array_equal(zeroed, plain.smoothed(scores)[["dog", "siren"]].to_numpy() * there)


def test_a_clip_mask_needs_the_probabilities_of_every_clip_and_class():
    scores, decoder = scores_of([[0.9, 0.9]]), Decoder(clip_mask=True)
    with pytest.raises(ConfigError, match="clip_mask: it needs probabilities of whole clips"):
        decoder.events(scores)
    with pytest.raises(DataError, match=r"clip scores: a\.wav has none"):
        decoder.events(scores, clip_scores([("b.wav", 0.9, 0.9)]))
    with pytest.raises(DataError, match="no column siren"):
        decoder.events(scores, clip_scores([("a.wav", 0.9)], ["dog"]))
    assert rows(decode(scores, clip_scores=clip_scores([("a.wav", 0.9, 0.4)]), clip_mask=True)) == [
        ("a.wav", 0.0, 0.5, "dog")
    ]


def test_settings_name_a_clip_mask_only_where_there_is_one():
    assert "clip_mask" not in Decoder().settings()
    assert Decoder(clip_mask=True).settings()["clip_mask"] is True


def test_an_ensemble_has_a_clip_mask_or_none():
    masked = Decoder(0.3, clip_mask=True)
    with pytest.raises(ConfigError, match="clip_mask: some detectors"):
        mean_decoder([masked, Decoder(0.5)], ["dog"])
    mean = mean_decoder([masked, replace(masked, threshold=0.5)], ["dog"])
    assert mean.clip_mask is True
    assert mean.threshold == {"dog": 0.4}
