import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.soundscapes.sampling import Event, draw_events, generator, polyphony
from sedpool.soundscapes.spec import SoundscapeSpec, make_spec

LABELS = ("siren", "shot")


def spec(**change: Any) -> SoundscapeSpec:
    event = {"duration": ["uniform", 0.5, 4], "snr": ["uniform", 6, 30]} | change.pop("event", {})
    return make_spec(
        {"n_events": ["uniform", 1, 9], "event": event, "classes": {"shot": {"duration": ["uniform", 0.1, 0.2]}}}
        | change
    )


def densest(events: Sequence[Event]) -> int:
    """Most events at a time, counted on a grid."""
    grid = np.arange(0, 10, 0.01)
    sounding = [(event.onset <= grid) & (grid < event.offset) for event in events]
    return int(np.sum(sounding, axis=0).max()) if sounding else 0


@given(st.integers(0, 2**32), st.sampled_from(["train", "validate", "test"]), st.integers(0, 9999))
def test_every_draw_is_within_the_spec(seed: int, split: str, index: int) -> None:
    events = draw_events(spec(), LABELS, generator(seed, split, index))
    assert 1 <= len(events) <= 9
    for event in events:
        low, high = (0.1, 0.2) if event.label == "shot" else (0.5, 4.0)
        assert low <= event.duration <= high
        assert event.onset >= 0
        assert event.offset <= 10.0 + 1e-9
        assert 6.0 <= event.snr <= 30.0
        assert event.source_time is event.pitch_shift is event.time_stretch is None


@given(st.integers(0, 2**32))
def test_stretched_events_end_within_the_soundscape(seed: int) -> None:
    stretched = spec(event={"duration": 9, "time_stretch": ["uniform", 0.5, 2], "onset": ["normal", 5, 5]}, classes={})
    for event in draw_events(stretched, LABELS, generator(seed, "train", 0)):
        assert event.extent == pytest.approx(event.duration * event.time_stretch)
        assert event.onset >= 0
        assert event.offset <= 10.0 + 1e-9
        assert event.duration <= 9


@given(st.integers(0, 2**32), st.integers(1, 3))
def test_no_more_events_sound_at_a_time_than_allowed(seed: int, most: int) -> None:
    events = draw_events(spec(max_polyphony=most), LABELS, generator(seed, "train", 0))
    assert densest(events) <= most


@given(st.integers(0, 2**32))
def test_a_class_may_be_kept_from_overlapping_itself(seed: int) -> None:
    alone = spec(n_events=9, classes={"siren": {"max_polyphony": 1}})
    events = draw_events(alone, LABELS, generator(seed, "train", 0))
    assert densest([event for event in events if event.label == "siren"]) <= 1


def test_what_finds_no_place_is_left_out() -> None:
    crowded = spec(n_events=9, max_polyphony=1, event={"duration": 4}, classes={})
    assert 1 <= len(draw_events(crowded, LABELS, generator(0, "train", 0))) <= 2


@given(
    st.lists(st.tuples(st.floats(0, 8), st.floats(0.01, 2)), max_size=8).map(
        lambda spans: [Event("dog", onset, length, 0) for onset, length in spans]
    )
)
def test_polyphony_counts_as_a_grid_does(events: list[Event]) -> None:
    assert densest(events) <= polyphony(events, 0, 10) <= len(events)
    ends = sorted(time for event in events for time in (event.onset, event.offset))
    middles = [(a + b) / 2 for a, b in itertools.pairwise(ends)] or [0]
    exact = max(sum(event.onset <= time < event.offset for event in events) for time in (*middles, *ends, 0))
    assert polyphony(events, 0, 10) == exact


def test_labels_may_be_chosen_and_weighted() -> None:
    some = spec(labels=["shot", "shot", "siren"], n_events=3000)
    drawn = [event.label for event in draw_events(some, ("siren", "shot", "dog"), generator(0, "train", 0))]
    assert drawn.count("shot") == pytest.approx(2000, abs=110)
    assert drawn.count("dog") == 0


def test_draws_depend_on_seed_split_and_index_alone() -> None:
    keys = [(0, "train", 0), (0, "train", 1), (0, "test", 0), (1, "train", 0)]
    first, again = ([draw_events(spec(), ("a", "b"), generator(*key)) for key in keys] for _ in range(2))
    assert first == again
    assert all(first[i] != first[j] for i in range(4) for j in range(i))
