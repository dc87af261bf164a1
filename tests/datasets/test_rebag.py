from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool import audio
from sedpool.datasets.base import Dataset
from sedpool.datasets.transforms import join_pieces, rebag
from sedpool.errors import ConfigError, DataError
from sedpool.events import active_seconds, events_from_rows, tags_from_events
from sedpool.features import FeatureStore, LogMel

CLASSES = ("a", "b")
Rows = list[tuple[str, float, float, str]]


def corpus(rows: Rows, durations: dict[str, float]) -> Dataset:
    names = list(durations)
    clips = pd.DataFrame({"filename": names, "path": None, "duration": durations.values(), "split": "train"})
    clips.loc[clips.index[-1], "split"] = "test"
    events = events_from_rows(rows)
    return Dataset("made", CLASSES, clips, tags_from_events(events, names, CLASSES), events)


def clip_of(table: pd.DataFrame) -> pd.Series:
    return table["filename"].str.replace("#.*", "", regex=True)


@st.composite
def corpora(draw: st.DrawFn) -> Dataset:
    durations = {f"{index}.wav": draw(st.floats(0.1, 30)) for index in range(draw(st.integers(1, 3)))}
    rows = []
    for _ in range(draw(st.integers(0, 6))):
        name = draw(st.sampled_from(sorted(durations)))
        first, second = sorted(draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
        rows.append((name, first * durations[name], second * durations[name], draw(st.sampled_from(CLASSES))))
    return corpus([row for row in rows if row[2] - row[1] > 1e-3], durations)


@given(dataset=corpora(), bag=st.floats(0.3, 40))
def test_bags_partition_clips_and_events(dataset: Dataset, bag: float) -> None:
    bags = rebag(dataset, bag)
    clip = clip_of(bags.clips)
    assert bags.clips["duration"].max() <= bag + 1e-9
    for name, duration in dataset.durations.items():
        own = bags.clips.loc[clip == name]
        begin = own["onset"].fillna(0).to_numpy()
        assert begin[0] == 0
        assert begin[1:] == pytest.approx((begin + own["duration"].to_numpy())[:-1], abs=1e-6)
        assert own["duration"].sum() == pytest.approx(duration, abs=1e-5)
    assert_same_activity(dataset, bags)


def assert_same_activity(dataset: Dataset, bags: Dataset) -> None:
    """Events put back where their bags lie are active when the original ones are."""
    assert dataset.events is not None
    assert bags.events is not None
    lengths = [(table["offset"] - table["onset"]).sum() for table in (dataset.events, bags.events)]
    assert lengths[0] == pytest.approx(lengths[1], abs=1e-3)
    begin = bags.clips.set_index("filename")["onset"].fillna(0)[bags.events["filename"]].to_numpy()
    back = bags.events.assign(
        filename=clip_of(bags.events),
        onset=bags.events["onset"] + begin,
        offset=bags.events["offset"] + begin,
    )
    names = list(dataset.durations)
    before, after = (active_seconds(table, names, CLASSES).to_numpy() for table in (dataset.events, back))
    assert before == pytest.approx(after, abs=1e-3)


@given(dataset=corpora(), bag=st.floats(0.3, 40))
def test_a_bag_has_the_tags_of_its_events_and_a_clip_those_of_its_bags(dataset: Dataset, bag: float) -> None:
    bags = rebag(dataset, bag)
    assert bags.events is not None
    assert bags.tags.equals(tags_from_events(bags.events, bags.clips["filename"].tolist(), CLASSES))
    of_clips = bags.tags.groupby(clip_of(bags.clips).to_numpy(), sort=False).any()
    assert (of_clips.loc[dataset.tags.index].to_numpy() == dataset.tags.to_numpy()).all()


@given(dataset=corpora(), bag=st.floats(1, 10))
def test_bags_of_bags_are_bags(dataset: Dataset, bag: float) -> None:
    once, twice = rebag(dataset, bag), rebag(rebag(dataset, 2 * bag), bag)
    for column in ("onset", "duration"):
        assert once.clips[column].fillna(0).to_numpy() == pytest.approx(twice.clips[column].fillna(0), abs=1e-5)


def test_min_activity_counts_overlapping_events_once() -> None:
    dataset = corpus([("x", 0, 0.6, "a"), ("x", 0.4, 0.9, "a"), ("x", 5, 6, "b")], {"x": 20.0})
    assert rebag(dataset, 10, min_activity=0.1).tags.to_numpy().tolist() == [[False, True], [False, False]]
    assert rebag(dataset, 10, min_activity=0.09).tags.to_numpy().tolist() == [[True, True], [False, False]]


def test_other_splits_stay_as_they_are() -> None:
    dataset = corpus([("x", 0, 3, "a"), ("y", 0, 3, "b")], {"x": 4.0, "y": 4.0})
    bags = rebag(dataset, 2, splits=("train",))
    assert bags.clips["filename"].tolist() == ["x#t=0,2", "x#t=2,4", "y"]
    assert bags.windows == {"x#t=0,2": (0.0, 2.0), "x#t=2,4": (2.0, 2.0)}
    assert bags.split("test").tags.equals(dataset.split("test").tags)


def test_clips_without_events_are_cut_too() -> None:
    bags = rebag(corpus([], {"x": 4.0}), 1.5)
    assert bags.clips["duration"].tolist() == [1.5, 1.5, 1.0]
    assert not bags.tags.to_numpy().any()


def test_weak_labels_and_lengths_out_of_range_are_refused() -> None:
    dataset = corpus([], {"x": 4.0})
    weak = Dataset("made", CLASSES, dataset.clips, dataset.tags)
    partly = replace(corpus([("x", 0, 3, "a")], {"x": 4.0, "y": 4.0}), weak_splits=("test",))
    for refused in (weak, partly):
        with pytest.raises(DataError, match="only strong labels"):
            rebag(refused, 1)
    assert len(rebag(partly, 1, splits=("train",))) == 5
    for length in (0.0, -1.0, float("nan")):
        with pytest.raises(ConfigError, match="bag_duration"):
            rebag(dataset, length)


def test_the_features_of_bags_are_those_of_the_audio_in_them(tmp_path: Path) -> None:
    sr = 8000
    samples = np.random.default_rng(0).normal(0, 0.1, 4 * sr)
    audio.write_wav(tmp_path / "x.wav", samples, sr)
    dataset = corpus([("x", 0, 3, "a")], {"x": 4.0})
    dataset.clips["path"] = str(tmp_path / "x.wav")
    bags = rebag(dataset, 1.5)
    extractor = LogMel(sr=sr, n_fft=256, hop_length=128, n_mels=8)
    paths = dict(zip(bags.clips["filename"], bags.clips["path"], strict=True))
    store = FeatureStore(tmp_path / "store", extractor)
    features, broken = store.prepare({"x": paths["x#t=0,1.5"]} | paths, windows=bags.windows)
    assert not broken
    whole = audio.read(tmp_path / "x.wav", sr)
    assert np.array_equal(features["x#t=1.5,3"], extractor(whole[12000:24000]))
    assert np.array_equal(features["x#t=3,4"], extractor(whole[24000:]))
    assert np.array_equal(features["x"], extractor(whole))


@st.composite
def apart(draw: st.DrawFn) -> Dataset:
    """A corpus in which events of a class do not meet."""
    rows = []
    for clip in ("x", "y"):
        for label in CLASSES:
            times = sorted(draw(st.sets(st.integers(0, 200), max_size=8)))
            rows += [(clip, a / 10, b / 10, label) for a, b in zip(times[::2], times[1::2], strict=False)]
    return corpus(rows, {"x": 20.0, "y": 20.0})


@given(dataset=apart(), bag=st.floats(0.5, 25), again=st.booleans())
def test_joined_pieces_are_the_recordings(dataset: Dataset, bag: float, again: bool) -> None:
    bags = rebag(dataset, bag)
    pieces = (rebag(bags, bag / 2) if again else bags).events
    order = ["filename", "event_label", "onset"]
    joined = join_pieces(pieces).sort_values(order, ignore_index=True)
    expected = dataset.events.sort_values(order, ignore_index=True)
    pd.testing.assert_frame_equal(joined, expected, rtol=0, atol=1e-5)


def test_parts_of_an_event_are_one_with_the_highest_confidence_and_others_stay() -> None:
    rows = [
        ("r/a.wav#t=0,10", 9.0, 10.0, "a", 0.6),
        ("r/a.wav#t=10,20", 0.0, 10.0, "a", 0.9),
        ("r/a.wav#t=20,25", 0.0, 1.0, "a", 0.7),
        ("r/a.wav#t=20,25", 0.0, 1.0, "b", 0.5),
        ("r/a.wav#t=20,25", 1.5, 2.0, "a", 0.4),
        ("whole.wav", 10.0, 11.0, "a", 0.3),
        ("whole.wav", 11.0, 12.0, "a", 0.2),
    ]
    columns = ["filename", "onset", "offset", "event_label", "confidence"]
    joined = join_pieces(pd.DataFrame(rows, columns=columns))
    assert joined.to_numpy().tolist() == [
        ["r/a.wav", 9.0, 21.0, "a", 0.9],
        ["r/a.wav", 20.0, 21.0, "b", 0.5],
        ["r/a.wav", 21.5, 22.0, "a", 0.4],
        ["whole.wav", 10.0, 11.0, "a", 0.3],
        ["whole.wav", 11.0, 12.0, "a", 0.2],
    ]
    assert join_pieces(pd.DataFrame([], columns=columns)).empty


def test_unknown_times_are_cut_with_their_clip() -> None:
    dataset = corpus([("0.wav", 1.0, 3.0, "a"), ("0.wav", 12.0, 13.0, "a")], {"0.wav": 20.0, "1.wav": 20.0})
    bags = rebag(dataset.with_unknown(events_from_rows([("0.wav", 2.0, 15.0, ""), ("1.wav", 0.0, 5.0, "b")])), 10.0)
    rows = [("0.wav#t=0,10", 2.0, 10.0, ""), ("0.wav#t=10,20", 0.0, 5.0, ""), ("1.wav#t=0,10", 0.0, 5.0, "b")]
    assert sorted(bags.regions.itertuples(index=False, name=None)) == rows
    assert [[None if pd.isna(tag) else bool(tag) for tag in row] for row in bags.tags.to_numpy()] == [
        [True, None],
        [None, None],
        [False, None],
        [False, False],
    ]
