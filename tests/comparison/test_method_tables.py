import shutil

import numpy as np
import pandas as pd
import pytest

from sedpool import storage
from sedpool.comparison.means import run_mean
from sedpool.comparison.method_tables import (
    alpha_trajectories,
    by_method,
    class_scores,
    event_durations,
    kept_alphas,
    threshold_curves,
)
from sedpool.evaluation.counts import concatenate
from sedpool.evaluation.counts_table import counts_of
from sedpool.run_folder import RunFolder
from sedpool.stats.replicates import count_statistic
from tests.miniatures.runs import BOUND, CLASSES, NAMES, write_run

F1 = ("micro", "", "f1")
RUNS = ("demo-fold1-cap-s0", "demo-fold1-cap-s1", "demo-fold2-cap-s0", "demo-fold1-max-s0")
FOLDS = (slice(0, 3), slice(0, 3), slice(3, 6))


def segment_f1(run, *keys):
    metrics = run.metrics
    for key in keys:
        metrics = metrics[key]
    return metrics["segment"]["class_wise"]["siren"]["f1"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    write_run(folder, "cap", corpus="demo-fold1", scores_seed=1)
    write_run(folder, "cap", corpus="demo-fold1", seed=1, scores_seed=2)
    write_run(folder, "cap", corpus="demo-fold2", scores_seed=3)
    write_run(folder, "max", corpus="demo-fold1", scores_seed=4)
    return folder


@pytest.fixture
def runs(written, tmp_path):
    folder = shutil.copytree(written, tmp_path / "runs")
    return [RunFolder(folder / name) for name in RUNS]


def test_methods_stand_in_the_order_of_the_paper(runs):
    assert {method: len(own) for method, own in by_method(runs).items()} == {"max": 1, "cap": 3}
    assert list(by_method(runs)) == ["max", "cap"]


def test_a_class_has_the_mean_of_its_runs_and_an_interval_around_it(runs):
    table = class_scores(runs).set_index(["method", "event_label"])
    assert len(table) == 2 * len(CLASSES)
    found = table.loc[("cap", "siren")]
    assert found["estimate"] == pytest.approx(np.mean([segment_f1(run) for run in runs[:3]]))
    stretched = [segment_f1(run, "baselines", "clip_decisions_stretched") for run in runs[:3]]
    assert found["own_stretched"] == pytest.approx(np.mean(stretched))
    defined = table.dropna()
    assert ((defined["low"] <= defined["estimate"]) & (defined["estimate"] <= defined["high"])).all()
    assert defined["low"].ge(0).all()
    assert defined["high"].le(1).all()


def test_a_run_without_counts_leaves_no_interval(runs):
    runs[3].file("counts.parquet").unlink()
    table = class_scores(runs).set_index("method")
    assert table.loc["max", ["low", "high"]].isna().all(axis=None)
    assert table.loc["cap", ["low", "high"]].notna().any(axis=None)


def test_seeds_share_their_clips_and_folds_do_not(runs):
    mean = run_mean(runs[:3])
    assert len(mean.clips) == 2 * len(NAMES)
    counts = [counts_of(run.counts, "segment") for run in runs[:3]]
    weights = np.array([[2.0, 0, 1, 0, 3, 0]])
    expected = [count_statistic(one)(weights[:, part])[F1][0] for one, part in zip(counts, FOLDS, strict=True)]
    assert mean.statistic(weights)[F1] == pytest.approx(np.mean(expected))


def test_the_mean_over_one_run_is_that_run(runs):
    mean, counts = run_mean(runs[:1]), counts_of(runs[0].counts, "segment")
    assert mean.sources is None
    assert mean.statistic(np.ones((1, 3)))[F1] == pytest.approx(counts.metrics()["micro"]["f1"])
    with pytest.raises(Exception, match="every clip once"):
        concatenate([counts, counts])  # why folds are averaged, not pooled: their clips may share names


def test_a_recording_in_several_folds_is_one(runs):
    for run in runs[:3]:
        sources = pd.DataFrame({"filename": NAMES, "source": ["a", "b", "b"]})
        storage.write_text(run.file("sources.csv"), sources.to_csv(index=False))
    assert run_mean(runs[:3]).sources.toarray().tolist() == [[1, 0], [0, 1], [0, 1]] * 2


def test_alphas_name_their_run_and_the_kept_epoch(runs):
    trajectories = alpha_trajectories(runs)
    assert set(trajectories["run"]) == {run.path.name for run in runs[:3]}
    kept = kept_alphas(trajectories)
    assert len(kept) == 3 * len(CLASSES)
    assert kept["alpha"].max() == pytest.approx(BOUND)
    assert alpha_trajectories(runs[3:]).empty


def test_curves_and_durations_come_from_every_run_that_has_them(runs):
    runs[0].file("curve.csv").unlink()
    curves = threshold_curves(runs)
    assert curves.groupby("method")["run"].nunique().to_dict() == {"cap": 2, "max": 1}
    durations = event_durations(runs)
    assert list(durations.index) == list(CLASSES)
    pd.testing.assert_series_equal(durations["duration_50"].reset_index(drop=True), runs[0].durations["duration_50"])
    for run in runs:
        run.file("durations.csv").unlink()
    assert event_durations([type(run)(run.path) for run in runs]) is None
