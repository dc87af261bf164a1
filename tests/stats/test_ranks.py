import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sedpool.errors import EvaluationError
from sedpool.stats.ranks import average_ranks, critical_difference, friedman, holm, indistinguishable, pairwise

# Demšar (2006), table 6: areas under the ROC curve of four variants of C4.5 on fourteen data sets.
DEMSAR = pd.DataFrame(
    [
        (0.763, 0.768, 0.771, 0.798),
        (0.599, 0.591, 0.590, 0.569),
        (0.954, 0.971, 0.968, 0.967),
        (0.628, 0.661, 0.654, 0.657),
        (0.882, 0.888, 0.886, 0.898),
        (0.936, 0.931, 0.916, 0.931),
        (0.661, 0.668, 0.609, 0.685),
        (0.583, 0.583, 0.563, 0.625),
        (0.775, 0.838, 0.866, 0.875),
        (1.000, 1.000, 1.000, 1.000),
        (0.940, 0.962, 0.965, 0.962),
        (0.619, 0.666, 0.614, 0.669),
        (0.972, 0.981, 0.97501, 0.975),  # printed as equal, ranked as they are here
        (0.957, 0.978, 0.946, 0.970),
    ],
    columns=["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"],
)


def test_demsars_example_ranks_and_critical_difference():
    assert average_ranks(DEMSAR).round(3).tolist() == [3.143, 2.0, 2.893, 1.964]
    assert round(critical_difference(4, 14), 2) == 1.25
    assert round(critical_difference(4, 14, confidence_level=0.90), 2) == 1.12


def test_demsars_example_compared_with_a_control():
    table = pairwise(DEMSAR, control="C4.5").set_index("second")
    assert table["z"].round(3).to_dict() == {"C4.5+m": 2.342, "C4.5+cf": 0.512, "C4.5+m+cf": 2.415}
    assert table["p_value"].round(3).to_dict() == {"C4.5+m": 0.019, "C4.5+cf": 0.608, "C4.5+m+cf": 0.016}
    # Demšar compares 0.016 with 0.017, 0.019 with 0.025 and 0.607 with 0.05: the first two are rejected.
    assert (table["p_holm"] <= 0.05).to_dict() == {"C4.5+m": True, "C4.5+cf": False, "C4.5+m+cf": True}


def test_friedmans_statistic_is_scipys_and_its_p_agrees_where_there_are_many_blocks():
    found = friedman(DEMSAR)
    expected = stats.friedmanchisquare(*DEMSAR.to_numpy().T)
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue, abs=0.01)


def test_friedmans_p_is_exact_where_there_are_few_blocks():
    table = pd.DataFrame([[1, 2, 3], [1, 2, 3]], columns=["a", "b", "c"])
    found = friedman(table)
    assert found.p_value == pytest.approx(1 / 6)
    assert found.smallest_p == pytest.approx(1 / 6)


def test_methods_that_never_differ_are_not_told_apart():
    table = pd.DataFrame({"a": [0.5, 0.6, 0.7], "b": [0.5, 0.6, 0.7]})
    assert friedman(table).p_value == 1.0
    assert pairwise(table)["p_holm"].tolist() == [1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_between_the_raw_values_and_bonferronis(p_values):
    adjusted = holm(p_values)
    assert (adjusted >= np.array(p_values) - 1e-15).all()
    assert (adjusted <= np.minimum(np.array(p_values) * len(p_values), 1) + 1e-15).all()
    assert (np.argsort(p_values, kind="stable") == np.lexsort((p_values, adjusted))).all()


def test_holm_by_hand():
    np.testing.assert_allclose(holm([0.01, 0.02, 0.03, 0.005]), [0.03, 0.04, 0.04, 0.02])


def test_groups_overlap_but_none_is_inside_another():
    ranks = pd.Series({"a": 1.0, "b": 1.5, "c": 2.2, "d": 4.0})
    assert indistinguishable(ranks, 1.0) == [("a", "b"), ("b", "c")]
    assert indistinguishable(ranks, 3.0) == [("a", "b", "c", "d")]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"a": [1.0, 2.0]}), "1 methods over 2 blocks"),
        (pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, np.nan]}), "b has no value in block 1"),
    ],
)
def test_a_table_that_cannot_be_ranked_is_an_error(table, message):
    with pytest.raises(EvaluationError, match=message):
        average_ranks(table)
