import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.errors import ConfigError
from sedpool.soundscapes.spec import Distribution, make_spec, parse_distribution, read_spec, uniform

EVENT = {"duration": ["uniform", 0.5, 3], "snr": ["uniform", 6, 30]}
SPEC: dict[str, Any] = {"n_events": ["uniform", 1, 6], "event": EVENT}


YAML = """\
n_events: [choose, [1, 2, 2]]
event: {duration: [uniform, 0.5, 3.0], snr: 12, time_stretch: [uniform, 0.8, 1.2]}
classes:
  rain: {duration: [truncnorm, 4, 1, 2, 8], max_polyphony: 1}
  möwe: {time_stretch: null}
max_polyphony: 3
"""


def test_a_class_overrides_what_it_names_and_keeps_the_rest(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(YAML, encoding="utf-8")
    spec = read_spec(tmp_path / "spec.yaml")
    assert spec.of("rain").duration == parse_distribution(["truncnorm", 4, 1, 2, 8])
    assert spec.of("rain").time_stretch == spec.event.time_stretch == parse_distribution(["uniform", 0.8, 1.2])
    assert spec.of("rain").max_polyphony == 1
    assert spec.of("möwe").time_stretch is None
    assert spec.of("dog") == spec.event
    assert (spec.max_polyphony, spec.duration, spec.level) == (3, 10.0, "lufs")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_event": 3}, "n_event"),
        ({"n_events": None}, "n_events=None: expected a number or"),
        ({"n_events": ["uniform", 1.5, 2]}, "n_events.*whole numbers"),
        ({"n_events": ["uniform", -1, 2]}, r"n_events.*reaches from -1.0 to 2.0; expected from 0"),
        ({"event": {"snr": 3}}, "event.duration=None"),
        (
            {"event": {**EVENT, "duration": ["uniform", 3, 1]}},
            r"event.duration=\['uniform', 3, 1\]: low 3 is above high 1",
        ),
        ({"event": {**EVENT, "duration": ["uniform", 1, 11]}}, "event.duration.*reaches from 1.0 to 11.0"),
        ({"event": {**EVENT, "duration": 0}}, "event.duration.*reaches from 0.0"),
        ({"event": {**EVENT, "pitchshift": 2}}, "event.pitchshift"),
        ({"event": {**EVENT, "max_polyphony": 0}}, "event.max_polyphony=0"),
        ({"event": 3}, "event is 3; expected keys and values"),
        ({"classes": {"rain": {"time_stretch": 0}}}, "classes.rain.time_stretch.*reaches from 0.0"),
        ({"classes": {"rain": {"snr": "loud"}}}, "classes.rain.snr=loud: expected a number or"),
        ({"classes": {"rain": {"pitch": 2}}}, "classes.rain.pitch"),
        ({"classes": ["rain"]}, "classes is"),
        ({"duration": -1}, "duration=-1"),
        ({"level": "loud"}, "level=loud"),
    ],
)
def test_the_message_names_the_key(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_spec(SPEC | change)


def test_what_is_unbounded_is_drawn_again_rather_than_refused() -> None:
    assert make_spec(SPEC | {"event": {**EVENT, "duration": ["normal", 2, 1]}})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": {"rainn": {}}}, "classes: unknown class 'rainn'"),
        ({"labels": ["dgo"]}, "labels: unknown class 'dgo'"),
    ],
)
def test_an_unknown_class(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"{message}; expected one of dog, rain"):
        make_spec(SPEC | change).check_labels(["dog", "rain"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        ("n_events: [", "not valid YAML"),
        ("- 1", "the spec is"),
        ("n_events: 1", "event is None"),
    ],
)
def test_the_message_names_the_file(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "spec.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=rf"spec\.yaml: {message}") as raised:
        read_spec(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("ends", [(3, 1), ("a", "b"), (1.0, 2.0, 3.0), 3])
def test_wrong_ends(ends: Any) -> None:
    with pytest.raises(ConfigError, match=r"snr is .*; expected two numbers, the smaller first"):
        uniform("snr", ends)


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
    distribution = parse_distribution(value)
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
        draws = [parse_distribution(value).draw(rng) for _ in range(4000)]
        assert np.mean(draws) == pytest.approx(mean, abs=4 * deviation / math.sqrt(4000))
        assert np.std(draws) == pytest.approx(deviation, rel=0.1)


def test_counts_reach_both_ends_equally_often() -> None:
    rng = np.random.default_rng(0)
    counts = np.bincount([parse_distribution(["uniform", 1, 3]).draw_count(rng) for _ in range(3000)], minlength=4)
    assert counts[0] == 0
    assert counts[1:] == pytest.approx([1000] * 3, abs=110)
    assert min(parse_distribution(["normal", 0, 2]).draw_count(rng) for _ in range(100)) == 0


@given(st.integers(0, 2**32))
def test_an_unbounded_distribution_is_drawn_until_it_is_within_its_limits(seed: int) -> None:
    assert (
        0.5
        <= parse_distribution(["normal", 0, 1]).draw_within(0.5, 2.0, np.random.default_rng(seed), "duration")
        <= 2.0
    )


def test_a_distribution_that_never_falls_within_its_limits() -> None:
    with pytest.raises(ConfigError, match=r"duration=\[normal, -50.0, 1.0\]: 1000 draws gave no value"):
        parse_distribution(["normal", -50, 1]).draw_within(0.5, 2.0, np.random.default_rng(0), "duration")


def test_a_distribution_is_read_as_it_is_written() -> None:
    assert parse_distribution(parse_distribution(["uniform", 0, 1])) == Distribution("uniform", (0.0, 1.0))
    assert str(parse_distribution(["choose", [1, 2]])) == "[choose, 1.0, 2.0]"


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
        parse_distribution(value)


@pytest.mark.parametrize(
    "change",
    [
        {"n_events": 1e308},
        {"n_events": ["normal", 1e308, 1]},
        {"n_events": ["choose", [1, 10**9]]},
        {"event": EVENT | {"snr": 1e308}},
        {"event": EVENT | {"snr": ["uniform", -1e308, 0]}},
    ],
)
def test_fault_80_more_than_any_soundscape_holds_is_refused_before(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"(n_events|snr).*expected (from|at most)"):
        make_spec(SPEC | change)
