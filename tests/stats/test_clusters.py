import numpy as np
import pandas as pd
import pytest

from sedpool.errors import EvaluationError
from sedpool.evaluation.counts import concatenate, count_arrays
from sedpool.stats.clusters import clustered_variance, design_effect, membership, t_interval
from sedpool.stats.replicates import count_statistic
from sedpool.stats.resampling import clip_weights, interval_table

from .conftest import made_counts


def sources_of(*pairs):
    return pd.DataFrame(pairs, columns=["filename", "source"])


def test_a_clip_counts_a_source_once():
    found = membership(["a", "b", "c"], sources_of(("a", "x"), ("a", "x"), ("b", "x"), ("b", "y"), ("elsewhere", "x")))
    assert found.toarray().tolist() == [[1, 0], [1, 1], [0, 0]]


def test_sources_of_their_own_change_nothing():
    values = np.random.default_rng(0).normal(size=50)
    names = [str(index) for index in range(50)]
    assert design_effect(values, membership(names, sources_of(*zip(names, names, strict=True)))) == pytest.approx(
        50 / 49
    )
    assert design_effect(values, membership(names, sources_of())) == 1.0


def test_variance_is_a_sum_over_pairs_that_share():
    """The slow oracle: every pair of clips, as often as they share a source."""
    generator = np.random.default_rng(1)
    values = generator.normal(size=20)
    pairs = [(str(clip), f"s{source}") for clip in range(20) for source in generator.choice(6, size=3, replace=False)]
    sources = membership([str(clip) for clip in range(20)], sources_of(*pairs))
    of_clip = [{source for name, source in pairs if name == str(clip)} for clip in range(20)]
    shared = sum(
        values[i] * values[j] * (len(of_clip[i] & of_clip[j]) * 6 / 5 - (2 if i == j else 0))
        for i in range(20)
        for j in range(20)
    )
    assert design_effect(values, sources) == pytest.approx(max(1.0, shared / (values**2).sum()))


def test_every_clip_twice_widens_intervals_by_the_root_of_two():
    half = made_counts(300, seed=0)
    again = type(half)(tuple(f"again{name}" for name in half.filenames), half.classes, **count_arrays(half))
    both = concatenate([half, again])
    recordings = sources_of(*((name, name.removeprefix("again")) for name in both.filenames))
    weights = clip_weights(len(both))
    plain, widened = (
        interval_table(count_statistic(both), weights, sources=sources)
        for sources in (None, membership(both.filenames, recordings))
    )
    ratio = widened["standard_error"] / plain["standard_error"]
    assert ratio.dropna().to_numpy() == pytest.approx(np.sqrt(2 * 300 / 299))
    once = interval_table(count_statistic(half), clip_weights(300))
    assert widened["standard_error"].iloc[0] == pytest.approx(once["standard_error"].iloc[0], rel=0.1)


def test_clip_sources_need_their_columns():
    with pytest.raises(EvaluationError, match="no column source"):
        membership(["a"], pd.DataFrame({"filename": ["a"]}))


def test_variance_over_two_kinds_is_that_over_all_pairs_that_share_either():
    """The slow oracle, for recordings of which a clip has several and backgrounds of which it has one."""
    generator = np.random.default_rng(2)
    values = generator.normal(size=20) + 1
    sounds = [generator.choice(6, size=3, replace=False) for _ in range(20)]
    backgrounds = generator.integers(4, size=20)
    names = [str(clip) for clip in range(20)]
    kinds = [
        membership(names, sources_of(*((str(clip), f"s{s}") for clip in range(20) for s in sounds[clip]))),
        membership(names, sources_of(*((str(clip), f"b{backgrounds[clip]}") for clip in range(20)))),
    ]
    shared = sum(
        values[i]
        * values[j]
        * (len({*sounds[i]} & {*sounds[j]}) * 6 / 5 + (backgrounds[i] == backgrounds[j]) * 4 / 3 - 3 * (i == j))
        for i in range(20)
        for j in range(20)
    )
    assert clustered_variance(values, kinds) == pytest.approx(max(shared, (values**2).sum()))


@pytest.mark.slow
def test_intervals_over_sounds_and_backgrounds_hold_the_true_difference():
    """Four folds of 400 clips, each with its own 60 sounds, over the same 10 backgrounds, each a draw from many."""
    generator = np.random.default_rng(3)
    covered = []
    names = [str(clip) for clip in range(1600)]
    for _ in range(1000):
        sounds = [fold * 60 + generator.choice(60, generator.integers(1, 7)) for fold in range(4) for _ in range(400)]
        backgrounds = generator.integers(10, size=1600)
        of_sound, of_background = generator.normal(0, 0.03, 240), generator.normal(0, 0.03, 10)
        values = of_background[backgrounds] + generator.normal(0, 0.2, 1600)
        values += [of_sound[chosen].mean() for chosen in sounds]
        kinds = [
            membership(names, sources_of(*((str(i), f"s{s}") for i, chosen in enumerate(sounds) for s in chosen))),
            membership(names, sources_of(*zip(names, map(str, backgrounds), strict=True))),
        ]
        moved = (values - values.mean()) / len(values)
        low, high = t_interval(values.mean(), clustered_variance(moved, kinds), 9)
        covered.append(low <= 0 <= high)
    assert 0.92 <= np.mean(covered) <= 0.98
