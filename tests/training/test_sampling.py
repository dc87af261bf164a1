import numpy as np
import pytest

from sedpool.training.sampling import from_active_clips, in_turn


def runs(order: np.ndarray) -> np.ndarray:
    """How often each clip occurs."""
    return np.unique(order, return_counts=True)[1]


def test_in_turn_shows_every_clip_equally_often() -> None:
    order = in_turn(25, 10, np.random.default_rng(0))
    assert len(order) == 25
    assert set(order[:10]) == set(order[10:20]) == set(range(10))


def test_active_clips_give_a_poisson_distributed_number_of_patches() -> None:
    order = from_active_clips(64, 4.0, 128)(40_000, 10**9, np.random.default_rng(0))  # no clip is drawn twice
    counts = runs(order)
    # Clips that give no patch are replaced at once, so the mean is that of Poisson's distribution without its 0.
    assert counts.mean() == pytest.approx(4.0 / (1 - np.exp(-4.0)), rel=0.02)
    assert (counts == 4).mean() == pytest.approx(np.exp(-4) * 4**4 / 24 / (1 - np.exp(-4)), abs=0.015)


def test_only_so_many_clips_are_active_at_a_time() -> None:
    order = from_active_clips(8, 4.0, 128)(5_000, 10**9, np.random.default_rng(0))
    _, first = np.unique(order, return_index=True)
    last = len(order) - 1 - np.unique(order[::-1], return_index=True)[1]
    active = [np.sum((first <= index) & (last >= index)) for index in range(len(order))]
    assert max(active) <= 8


def test_no_clip_gives_more_than_the_limit() -> None:
    order = from_active_clips(4, 10.0, 3)(2_000, 10**9, np.random.default_rng(0))
    assert runs(order).max() == 3


def test_few_clips_are_drawn_again_and_equal_generators_give_equal_orders() -> None:
    draw = from_active_clips(64, 4.0, 128)
    first, second = (draw(500, 3, np.random.default_rng(7)) for _ in range(2))
    assert set(first) == {0, 1, 2}
    assert np.array_equal(first, second)
