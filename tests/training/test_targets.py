import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sedpool.events import events_from_rows
from sedpool.training.targets import frame_targets, patch_tags


def test_frame_targets_against_the_definition_one_frame_at_a_time() -> None:
    rng = np.random.default_rng(0)
    rows = [("a", on, on + length, "x") for on, length in zip(rng.random(5) * 8, rng.random(5), strict=True)]
    rate = 43.066
    target = frame_targets(events_from_rows(rows), {"a": 430}, ["x"], rate)["a"][:, 0]
    middle = (np.arange(430) + 0.5) / rate
    expected = [float(any(on <= time < off for _, on, off, _ in rows)) for time in middle]
    assert target.tolist() == expected


def test_clips_without_events_have_targets_and_events_past_the_end_are_cut() -> None:
    targets = frame_targets(events_from_rows([("a", 0.5, 9.0, "x")]), {"a": 4, "b": 3}, ["x"], 2.0)
    assert targets["a"][:, 0].tolist() == [0, 1, 1, 1]
    assert targets["b"].shape == (3, 1)
    assert not targets["b"].any()


@given(active=st.integers(0, 50), length=st.integers(0, 50), share=st.floats(0, 1))
def test_a_patch_has_a_class_that_fills_its_share_and_is_there_at_all(active: int, length: int, share: float) -> None:
    active = min(active, length)
    activity = np.arange(length)[:, None] < active
    assert patch_tags(activity, share).tolist() == [active > 0 and active >= share * length]
