import pandas as pd
import pytest

from sedpool import storage
from sedpool.comparison.groups import grouped
from sedpool.reproduction.alpha_claims import alpha_table, falls_with_duration, mean_alpha_and_duration


def table_of(alpha):
    return pd.DataFrame({"alpha": alpha, "median": [0.5, 1.0, 1.5, 2.0, 2.5]})


@pytest.mark.parametrize(
    ("alpha", "rho", "p_value", "said"),
    [
        ([5.0, 4.0, 3.0, 2.0, 1.0], -1.0, 1 / 120, "held"),
        ([1.0, 2.0, 3.0, 4.0, 5.0], 1.0, 1.0, "not held"),
        ([5.0, 1.0, 4.0, 2.0, 3.0], -0.3, None, "not decidable"),
        ([3.2, 3.2, 3.2, 3.2, 3.2], None, None, "not decidable"),
    ],
)
def test_whether_alpha_falls(alpha, rho, p_value, said):
    found = falls_with_duration(table_of(alpha))
    assert found[2] == said
    if rho is not None:
        assert found[0] == pytest.approx(rho)
    if p_value is not None:
        assert found[1] == pytest.approx(p_value)


def test_alpha_of_all_folds_is_averaged_class_by_class(make_record):
    runs = [make_record("auto", corpus=f"esc10-fold{fold}", alpha=[fold + 4.0, 4, 3, 2, 1]) for fold in (1, 2)]
    table = mean_alpha_and_duration(runs)
    assert table["alpha"].tolist() == [5.5, 4, 3, 2, 1]
    assert table["median"].tolist() == [0.5, 1, 1.5, 2, 2.5]


def test_both_claims_have_their_evidence(make_record):
    runs = [make_record(method, corpus=f"esc10-fold{fold}") for method in ("auto", "cap") for fold in (1, 2)]
    table = alpha_table(grouped(runs)).set_index("finding")
    assert table.loc["4a", "effect"] == pytest.approx(-1)
    assert table.loc["4a", ["agreeing", "n_runs", "verdict"]].tolist() == [2, 2, "held"]
    assert "0.50 to 2.50 s" in table.loc["4a", "remark"]
    # Two of the five values that a record has by default lie above the bound.
    assert table.loc["4b", ["effect", "agreeing", "verdict"]].tolist() == [0.4, 0, "not held"]
    assert "siren 2" in table.loc["4b", "remark"]


def test_alpha_that_rests_on_flagged_runs_says_so(make_record):
    runs = [make_record("auto", corpus=f"esc10-fold{fold}") for fold in (1, 2)]
    longer = pd.DataFrame({"epoch": [1, 2, 3], "val_accuracy": [0.7, 0.8, 0.9]})  # the last epoch is the best
    storage.write_text(runs[0].file("history.csv"), longer.to_csv(index=False))
    row = alpha_table(grouped(runs)).iloc[0]
    assert row["n_flagged"] == 1
    assert row["remark"].endswith("s; rests on 1 marked run (auto fold 1 s0)")


def test_runs_without_durations_decide_nothing(make_record):
    run = make_record("auto")
    run.file("durations.csv").unlink()
    row = alpha_table(grouped([run])).iloc[0]
    assert (row["verdict"], row["n_classes"]) == ("not decidable", 0)


def test_a_single_run_decides_nothing(make_record):
    table = alpha_table(grouped([make_record("auto"), make_record("cap", alpha=[4.0] * 5)]))
    assert table["verdict"].tolist() == ["not decidable", "not decidable"]
    assert table["effect"].tolist() == pytest.approx([-1, 1])


def test_other_methods_have_no_alpha_to_speak_of(make_record):
    assert alpha_table(grouped([make_record("max")])).empty
