import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.datasets.soundscapes.specs import Recipe, draw_events, generator
from sedpool.errors import ConfigError

RECIPE = Recipe((1, 9), (6.0, 30.0), (0.5, 4.0), {"shot": (0.1, 0.2)})


@given(st.integers(0, 2**32), st.sampled_from(["train", "validate", "test"]), st.integers(0, 9999))
def test_every_draw_is_within_the_recipe(seed: int, split: str, index: int) -> None:
    events = draw_events(RECIPE, ("siren", "shot"), generator(seed, split, index))
    assert 1 <= len(events) <= 9
    for event in events:
        low, high = (0.1, 0.2) if event.label == "shot" else (0.5, 4.0)
        assert low <= event.duration <= high
        assert event.onset >= 0
        assert event.onset + event.duration <= 10.0 + 1e-9
        assert 6.0 <= event.snr <= 30.0


def test_draws_depend_on_seed_split_and_index_alone() -> None:
    keys = [(0, "train", 0), (0, "train", 1), (0, "test", 0), (1, "train", 0)]
    first, again = ([draw_events(RECIPE, ("a", "b"), generator(*key)) for key in keys] for _ in range(2))
    assert first == again
    assert all(first[i] != first[j] for i in range(4) for j in range(i))


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_events": (3, 1)},
        {"n_events": (-1, 1)},
        {"n_events": (1.5, 2)},
        {"n_events": 3},
        {"snr": ("a", "b")},
        {"snr": (1.0, 2.0, 3.0)},
        {"event_duration": (0.0, 1.0)},
        {"event_duration": (1.0, 11.0)},
        {"class_durations": {"shot": (2.0, 1.0)}},
    ],
)
def test_wrong_recipe(wrong: dict[str, object]) -> None:
    settings = {"n_events": (1, 2), "snr": (0.0, 1.0), "event_duration": (0.5, 1.0)} | wrong
    with pytest.raises(ConfigError, match=next(iter({"class_durations": "shot"}.get(key, key) for key in wrong))):
        Recipe(**settings)
