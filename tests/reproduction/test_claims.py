import numpy as np
import pandas as pd
import pytest

from sedpool import storage
from sedpool.comparison.groups import grouped
from sedpool.errors import EvaluationError
from sedpool.evaluation.paper_compat import CORPORA
from sedpool.reproduction.claims import contrast_table, published_effect
from sedpool.reproduction.contrasts import CONTRASTS, OTHER_CLAIMS, OWN_CONTRASTS
from sedpool.reproduction.effects import is_as_claimed, verdict
from sedpool.reproduction.published import METHODS
from sedpool.run_folder import RunFolder

GOOD = (0.7, 0.05)


@pytest.fixture
def make_table(make_record):
    """Function that makes runs of several folds and measures every contrast; one row per finding."""

    def make(methods=METHODS, folds=(1, 2), corpus="esc10", **settings):
        runs = [
            make_record(method, corpus=f"{corpus}-fold{fold}", **settings.get(method, {}))
            for method in methods
            for fold in folds
        ]
        return contrast_table(grouped(runs)).set_index("finding")

    return make


@pytest.mark.parametrize("corpus", CORPORA)
def test_the_published_tables_bear_out_what_the_paper_says_of_them(corpus):
    """Each contrast is a fair reading of the paper: with its own numbers it must hold."""
    claimed = [contrast for contrast in CONTRASTS if contrast.concerns(corpus, np.nan)]
    assert claimed
    for contrast in claimed:
        assert is_as_claimed(contrast.direction, published_effect(contrast, corpus)), contrast.name


def test_the_papers_effects_stand_beside_runs_on_its_whole_corpus_and_augmented_alone(make_paper_record):
    """Beside no part of a corpus, and not beside runs without augmentation, of which the tables have none."""
    groups = {"urbansed": {}, "urbansed-plain": {"augmented": False}, "urbansed-small": {"listed": 12}}
    runs = [
        make_paper_record(method, corpus, **settings)
        for corpus, settings in groups.items()
        for method in ("max", "mean")
    ]
    table = contrast_table(grouped(runs)).set_index(["study", "finding"])["published"]
    assert table["urbansed", "3e"] == pytest.approx(0.408 - 0.463)
    assert table[["urbansed-plain", "urbansed-small"]].isna().all()


def test_every_finding_is_contrasted_somewhere():
    findings = {contrast.name[0] for contrast in CONTRASTS} | {name[0] for name in OTHER_CLAIMS}
    assert findings == set("123456")
    assert len({contrast.name for contrast in (*CONTRASTS, *OWN_CONTRASTS)}) == len(CONTRASTS) + len(METHODS)


def test_what_is_plainly_so_is_found_in_every_fold(make_table):
    table = make_table()
    plain = ["3a", "3b", "3c", "3d"]
    assert (table.loc[plain, "verdict"] == "held").all()
    assert (table.loc[plain, "agreeing"] == 2).all()
    assert (table.loc[plain, "smallest_p"] == 0.5).all()
    assert table.loc["3d", "low"] > 0
    assert table.loc["3b", "high"] < 0


def test_on_another_corpus_only_what_is_said_of_soundscapes_is_claimed(make_table):
    assert "3e" in make_table(("max", "mean")).index
    long = {method: {"event_share": 0.8} for method in ("max", "mean")}
    filling = make_table(("max", "mean"), corpus="long", **long)
    assert "3f" in filling.index
    assert not {"3e", "2c", "2d", "2e", "2f"} & set(filling.index)


def test_one_run_a_method_decides_nothing(make_table):
    table = make_table(("max", "mean"), folds=(1,), max={"answers": GOOD})
    assert (table["verdict"] == "not decidable").all()
    assert table.loc["3e", "high"] < 0


def test_precision_that_a_threshold_makes_is_called_calibration(make_table):
    """With thresholds tuned, mean detects less than the others."""
    table = make_table(mean={"tuned": (0.5, 0.02)})
    assert table.loc["3c", "verdict"] == table.loc["3d", "verdict"] == "held"
    assert table.loc["3d", "remark"] == "calibration only: the contrary with tuned thresholds"
    assert table.loc["3a", "remark"] == "also with tuned thresholds, so not calibration alone"


def test_no_method_is_praised_that_does_not_beat_its_own_clip_decisions(make_table):
    """CAP and RAP lead, but by detecting nearly everything in the clip."""
    poor = {method: {"answers": (0.1, 0.3)} for method in METHODS if method not in ("cap", "rap_1e-3", "rap_1e-4")}
    table = make_table(**poor | {method: {"answers": (0.5, 0.5)} for method in ("cap", "rap_1e-3", "rap_1e-4")})
    assert table.loc["own cap", "verdict"] == "not held"
    assert table.loc["2a", "verdict"] == "held"
    assert "not shown to beat its own clip decisions, stretched: cap" in table.loc["2a", "remark"]


def test_a_claim_about_methods_that_nobody_ran_is_not_decided(make_table):
    table = make_table(("max", "mean"))
    assert table.loc["1a", "remark"].startswith("no runs of auto, softmax")
    assert np.isnan(table.loc["1a", "effect"])
    assert table.loc["3a", "remark"].startswith("without softmax")
    assert table.loc["3a", "low"] > 0
    assert table.loc["3a", "verdict"] == "not decidable"


def test_methods_that_share_no_fold_are_not_compared(make_record):
    runs = [make_record("max", corpus="esc10-fold1"), make_record("mean", corpus="esc10-fold2")]
    row = contrast_table(grouped(runs)).set_index("finding").loc["3e"]
    assert row["remark"] == "no fold and seed that all methods ran with"


def test_runs_that_were_tested_on_different_clips_are_refused(make_record):
    runs = [make_record("max"), make_record("mean", n_clips=19)]
    with pytest.raises(EvaluationError, match="esc10: its runs were tested on different clips"):
        contrast_table(grouped(runs))


def test_runs_that_are_the_same_are_not_told_apart_but_equal(make_table):
    same = {"answers": (1.0, 0.0)}
    table = make_table(("cap", "auto", "rap_1e-2", "mean"), auto=same, cap=same, mean=same, **{"rap_1e-2": same})
    assert table.loc["1b", ["effect", "low", "high"]].tolist() == [0, 0, 0]
    assert table.loc["1b", "verdict"] == "not decidable"
    assert table.loc["5", "verdict"] == "held"


def test_counts_of_an_earlier_version_are_missed(make_record):
    run = make_record("max")
    counts = run.counts
    counts[counts["level"] != "own_stretched"].to_parquet(run.file("counts.parquet"))
    row = contrast_table(grouped([RunFolder(run.path)])).set_index("finding").loc["own max"]
    assert "`sedpool tune` scores them again" in row["remark"]


def test_runs_that_are_flagged_are_named_beside_what_rests_on_them(make_record):
    runs = [make_record(method, corpus=f"esc10-fold{fold}") for method in ("max", "mean") for fold in (1, 2)]
    longer = pd.DataFrame({"epoch": [1, 2, 3], "val_accuracy": [0.7, 0.8, 0.9]})  # the last epoch is the best
    storage.write_text(runs[0].file("history.csv"), longer.to_csv(index=False))
    row = contrast_table(grouped(runs)).set_index("finding").loc["3e"]
    assert row["remark"].endswith("rests on 1 marked run (max fold 1 s0)")
    assert row["n_flagged"] == 1


WIDE, ABOVE, BELOW = (0.0, -0.1, 0.1), (0.1, 0.05, 0.15), (-0.1, -0.15, -0.05)


@pytest.mark.parametrize(
    ("direction", "interval", "differences", "said"),
    [
        (">", ABOVE, [0.1, 0.1], "held"),
        ("<", BELOW, [-0.1, -0.1], "held"),
        (">", BELOW, [-0.1, -0.1], "not held"),
        (">", WIDE, [0.1, 0.1], "not decidable"),
        (">", ABOVE, [0.1], "not decidable"),
        (">", ABOVE, [0.1, 0.1, 0.1, 0.1, -0.01], "not decidable"),
        # Seven splits can be significant, and are in spite of one that differs a little.
        (">", ABOVE, [0.1, 0.2, 0.1, 0.2, 0.1, 0.2, -0.001], "held"),
        (">", ABOVE, [0.1, 0.2, 0.1, 0.2, 0.1, -0.1, -0.1], "not decidable"),
        ("=", (0.0, -0.01, 0.01), [0.03, -0.03], "held"),
        ("=", (0.1, 0.05, 0.15), [0.1, 0.1], "not held"),
        ("=", WIDE, [0.0, 0.0], "not decidable"),
        (">", (np.nan,) * 3, [np.nan, 0.1], "not decidable"),
    ],
)
def test_the_rule(direction, interval, differences, said):
    assert verdict(direction, interval, differences) == said
