from math import comb

import pandas as pd
import pytest

from sedpool.errors import EvaluationError
from sedpool.stats.tests import clip_decision_tests, mcnemar


@pytest.mark.parametrize(("only_first", "only_second"), [(10, 2), (6, 16), (150, 86), (0, 4)])
def test_p_is_the_binomial_tail_twice(only_first, only_second):
    n = only_first + only_second
    tail = sum(comb(n, k) for k in range(min(only_first, only_second) + 1)) / 2**n
    assert mcnemar(only_first, only_second) == pytest.approx(2 * tail)


def test_agrestis_example():
    # Approval of a prime minister at two surveys: 150 changed to disapproval, 86 to approval; z = -4.17.
    assert mcnemar(150, 86) == pytest.approx(3.7e-5, rel=0.01)


def tags(*rows):
    return pd.DataFrame(list(rows), columns=["dog", "siren"]).astype(bool)


def test_classes_and_whole_clips_are_tested_each():
    true = tags([1, 0], [1, 1], [0, 0], [0, 1])
    first = tags([1, 0], [1, 1], [0, 0], [1, 1])
    second = tags([0, 0], [0, 0], [0, 0], [0, 1])
    tests = clip_decision_tests(true, first, second).set_index("event_label")
    assert tests.loc["", ["only_first", "only_second"]].tolist() == [2, 1]
    assert tests.loc["dog", ["only_first", "only_second"]].tolist() == [2, 1]
    assert tests.loc["siren", ["only_first", "only_second"]].tolist() == [1, 0]
    assert (tests["p_value"] == 1.0).all()
    assert tests.loc["dog", "smallest_p"] == 0.25


def test_identical_decisions_give_one():
    true = tags([1, 0], [0, 1])
    assert (clip_decision_tests(true, true, true)["p_holm"] == 1.0).all()


def test_decisions_are_paired_by_name_or_refused():
    true, first = tags([1, 0], [0, 1], [0, 0]), tags([1, 0], [0, 0], [0, 1])
    expected = clip_decision_tests(true, first, true)
    pd.testing.assert_frame_equal(clip_decision_tests(true, first.iloc[::-1, ::-1], true), expected)
    with pytest.raises(EvaluationError, match="second system: 1 clip of the reference is missing"):
        clip_decision_tests(true, first, first.iloc[1:])
    with pytest.raises(EvaluationError, match="first system and reference differ in the classes siren"):
        clip_decision_tests(true, first[["dog"]], first)
