import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.errors import ConfigError
from sedpool.soundscapes.distributions import Distribution, parse

BOUNDED = [
    ["const", 3],
    ["choose", [1, 2, 4]],
    ["choose", 1, 2, 4],
    ["uniform", -1, 2.5],
    ["truncnorm", 3, 1, 2, 8],
    ["truncnorm", 0, 1, 5, 6],
    2.5,
]


@pytest.mark.parametrize("value", BOUNDED)
@given(seed=st.integers(0, 2**32))
def test_every_draw_is_within_the_support(value: object, seed: int) -> None:
    distribution = parse(value)
    low, high = distribution.support
    assert low <= distribution.draw(np.random.default_rng(seed)) <= high


def test_draws_follow_the_distribution() -> None:
    rng = np.random.default_rng(0)
    for value, mean, deviation in [
        (["uniform", 0, 6], 3, math.sqrt(3)),
        (["normal", 3, 2], 3, 2),
        (["truncnorm", 3, 2, -100, 100], 3, 2),
        (["truncnorm", 0, 1, 0, 100], math.sqrt(2 / math.pi), math.sqrt(1 - 2 / math.pi)),
        (["choose", [1, 1, 4]], 2, math.sqrt(2)),
    ]:
        draws = [parse(value).draw(rng) for _ in range(4000)]
        assert np.mean(draws) == pytest.approx(mean, abs=4 * deviation / math.sqrt(4000))
        assert np.std(draws) == pytest.approx(deviation, rel=0.1)


def test_counts_reach_both_ends_equally_often() -> None:
    rng = np.random.default_rng(0)
    counts = np.bincount([parse(["uniform", 1, 3]).draw_count(rng) for _ in range(3000)], minlength=4)
    assert counts[0] == 0
    assert counts[1:] == pytest.approx([1000] * 3, abs=110)
    assert min(parse(["normal", 0, 2]).draw_count(rng) for _ in range(100)) == 0


@given(st.integers(0, 2**32))
def test_an_unbounded_distribution_is_drawn_until_it_is_within_its_limits(seed: int) -> None:
    assert 0.5 <= parse(["normal", 0, 1]).draw_within(0.5, 2.0, np.random.default_rng(seed), "duration") <= 2.0


def test_a_distribution_that_never_falls_within_its_limits() -> None:
    with pytest.raises(ConfigError, match=r"duration=\[normal, -50.0, 1.0\]: 1000 draws gave no value"):
        parse(["normal", -50, 1]).draw_within(0.5, 2.0, np.random.default_rng(0), "duration")


def test_a_distribution_is_read_as_it_is_written() -> None:
    assert parse(parse(["uniform", 0, 1])) == Distribution("uniform", (0.0, 1.0))
    assert str(parse(["choose", [1, 2]])) == "[choose, 1.0, 2.0]"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["uniform", 1], r"\[uniform, low, high\]"),
        (["uniform", 3, 1], "low 3 is above high 1"),
        (["uniform", 0, math.inf], "finite"),
        (["uniform", 0, "1"], "finite"),
        (["uniform", True, 2], "finite"),
        (["choose", []], r"\[choose, \[value, ...\]\]"),
        (["normal", 0, 0], "deviation 0"),
        (["truncnorm", 0, 1, 2, 1], "low 2 is above high 1"),
        (["truncnorm", 0, 1, 60, 61], "so far from the mean"),
        (["gamma", 1], "expected a number or"),
        ("uniform", "expected a number or"),
        ([], "expected a number or"),
        (None, "expected a number or"),
    ],
)
def test_wrong_distributions(value: object, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        parse(value)
