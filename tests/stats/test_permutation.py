import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sedpool.errors import EvaluationError
from sedpool.evaluation.counts import concatenate
from sedpool.stats.tests import sign_flip_test, swap_test

from .conftest import made_counts

MICRO_F1 = ("micro", "", "f1")


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(2, 20))
def test_identical_systems_have_p_one(seed, n_clips):
    one = made_counts(n_clips, seed)
    assert swap_test(one, one, MICRO_F1, n_permutations=99) in (1.0, pytest.approx(np.nan, nan_ok=True))


def test_few_clips_are_exchanged_in_every_way():
    first, second = made_counts(6, seed=0, skill=0.9), made_counts(6, seed=1, skill=0.3)
    observed = abs(first.metrics()["micro"]["f1"] - second.metrics()["micro"]["f1"])
    as_large = 0
    for mask in range(2**6):
        swapped = [(mask >> clip) & 1 for clip in range(6)]
        one, other = (
            concatenate(
                [
                    (second if swap == turn else first).select([name])
                    for swap, name in zip(swapped, first.filenames, strict=True)
                ]
            )
            for turn in (1, 0)
        )
        as_large += abs(one.metrics()["micro"]["f1"] - other.metrics()["micro"]["f1"]) >= observed - 1e-12
    assert swap_test(first, second, MICRO_F1) == as_large / 2**6


def test_a_clear_difference_is_found_and_is_symmetric():
    first, second = made_counts(100, seed=0, skill=0.9), made_counts(100, seed=0, skill=0.4)
    p_values = [swap_test(*pair, MICRO_F1, n_permutations=499) for pair in ((first, second), (second, first))]
    assert p_values == [1 / 500, 1 / 500]


def test_clips_are_exchanged_by_name_and_must_be_the_same():
    first, second = made_counts(30, seed=0), made_counts(30, seed=1)
    turned = second.select(second.filenames[::-1])
    assert swap_test(first, turned, MICRO_F1, n_permutations=99) == swap_test(
        first, second, MICRO_F1, n_permutations=99
    )
    with pytest.raises(EvaluationError, match="30 and 29 clips"):
        swap_test(first, second.select(second.filenames[1:]), MICRO_F1)


def test_systems_of_equal_skill_are_rejected_as_often_as_the_level_says():
    p_values = [
        swap_test(made_counts(12, 2 * seed), made_counts(12, 2 * seed + 1), MICRO_F1, n_permutations=99)
        for seed in range(200)
    ]
    assert np.mean(np.array(p_values) <= 0.1) == pytest.approx(0.1, abs=0.05)


def test_sign_flips_of_three_seeds_cannot_be_significant():
    assert sign_flip_test([0.9, 0.8, 0.9], [0.1, 0.2, 0.1]) == 0.25


def test_sign_flips_agree_with_students_test_where_there_are_many_runs():
    generator = np.random.default_rng(0)
    first = generator.normal(0.5, 0.02, 30)
    second = first + generator.normal(-0.005, 0.015, 30)
    assert sign_flip_test(first, second) == pytest.approx(stats.ttest_rel(first, second).pvalue, abs=0.02)


@pytest.mark.parametrize("second", [[0.1], [0.1, 0.2, 0.3]])
def test_scores_without_a_partner_are_an_error(second):
    with pytest.raises(EvaluationError, match="expected pairs"):
        sign_flip_test([0.1, 0.2], second)
