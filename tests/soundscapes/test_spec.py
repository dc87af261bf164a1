from pathlib import Path
from typing import Any

import pytest

from sedpool.errors import ConfigError
from sedpool.soundscapes.distributions import parse
from sedpool.soundscapes.spec import make_spec, read_spec, uniform

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
    assert spec.of("rain").duration == parse(["truncnorm", 4, 1, 2, 8])
    assert spec.of("rain").time_stretch == spec.event.time_stretch == parse(["uniform", 0.8, 1.2])
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
