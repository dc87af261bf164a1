import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.datasets.transforms import draw_training_clips
from sedpool.errors import ConfigError
from sedpool.experiment.run import change_labels
from tests.datasets.test_noise import corpus
from tests.test_configs import composed

N = 150
CORPUS = corpus(N)


@given(n_clips=st.integers(1, N), more=st.integers(0, N), seed=st.integers(0, 9))
def test_a_larger_draw_holds_a_smaller_one(n_clips: int, more: int, seed: int) -> None:
    drawn = draw_training_clips(CORPUS, n_clips, seed)
    assert len(drawn.split("train")) == n_clips
    assert drawn.split("test").clips.equals(CORPUS.split("test").clips)
    larger = draw_training_clips(CORPUS, min(n_clips + more, N), seed)
    assert set(drawn.clips["filename"]) <= set(larger.clips["filename"])
    assert drawn.tags.equals(CORPUS.tags.loc[drawn.clips["filename"]])


def test_seeds_draw_others_and_all_is_all() -> None:
    first, second = (set(draw_training_clips(CORPUS, 50, seed).clips["filename"]) for seed in (0, 1))
    assert len(first & second) < N + 40
    assert draw_training_clips(CORPUS, N).clips.equals(CORPUS.clips)


def test_more_than_there_are_cannot_be_drawn() -> None:
    with pytest.raises(ConfigError, match=f"{N + 1} training clips of {N} cannot be drawn; expected 1 to {N}"):
        draw_training_clips(CORPUS, N + 1)


def test_the_setting_draws() -> None:
    config = composed("labels.n_train=7", "labels.seed=1")
    assert change_labels(CORPUS, config).clips.equals(draw_training_clips(CORPUS, 7, 1).clips)
    with pytest.raises(ConfigError, match="n_train"):
        change_labels(CORPUS, composed("labels.n_train=0"))
