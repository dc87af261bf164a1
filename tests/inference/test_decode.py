import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from sedpool.errors import ConfigError, DataError
from sedpool.inference.decode import decode, decode_tags
from sedpool.scores import frame_scores


def scores_of(probabilities, filename="a.wav", classes=("dog", "siren"), step=0.5):
    probabilities = np.asarray(probabilities)
    return frame_scores(filename, probabilities, np.arange(len(probabilities) + 1) * step, classes)


def rows(events):
    return list(events.itertuples(index=False, name=None))


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


def test_two_thousand_clips_decode_in_well_under_a_second():
    values = np.random.default_rng(0).random((2000 * 26, 10))
    table = pd.DataFrame(values, columns=[f"class {index}" for index in range(10)])
    table.insert(0, "filename", np.repeat([f"{index}.wav" for index in range(2000)], 26))
    table.insert(1, "onset", np.tile(np.arange(26.0), 2000))
    table.insert(2, "offset", table["onset"] + 1)
    start = time.perf_counter()
    decode(table)
    assert time.perf_counter() - start < 1.0


def test_clip_decisions():
    tags = decode_tags(pd.DataFrame({"filename": ["b.wav", "a.wav"], "dog": [0.5, 0.49], "siren": [0.0, 1.0]}))
    assert tags.index.tolist() == ["b.wav", "a.wav"]
    assert tags.to_numpy().tolist() == [[True, False], [False, True]]


def test_a_clip_listed_twice_is_refused():
    with pytest.raises(DataError, match=r"a\.wav occurs twice"):
        decode_tags(pd.DataFrame({"filename": ["a.wav", "a.wav"], "dog": [0.5, 0.5]}))
