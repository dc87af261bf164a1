import shutil

import numpy as np
import pytest

from sedpool import storage
from sedpool.comparison.groups import grouped
from sedpool.comparison.method_intervals import method_intervals
from sedpool.comparison.method_tables import by_method
from sedpool.comparison.tables import look_up
from sedpool.reports.answer import answer
from sedpool.reports.document_files import write_document
from sedpool.reports.run_appendix import run_label, settings_tables
from sedpool.reports.run_table import run_table
from sedpool.reports.runs_document import runs_document
from sedpool.reports.score_tables import class_table, interval_table, level_table, localisation
from sedpool.run_folder import RunFolder, find_runs
from tests.miniatures.runs import write_run

LEFT_OUT = ("scores.parquet", "clip_scores.parquet", "events.tsv")
SEGMENT_F1 = ("segment", "micro", "f1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two methods on two folds; cap and auto are the same run on the first."""
    folder = tmp_path_factory.mktemp("runs")
    for fold in (1, 2):
        for method in ("cap", "auto"):
            write_run(folder, method, corpus=f"demo-fold{fold}", scores_seed=fold if method == "cap" else 1)
    return folder


@pytest.fixture
def runs(folder):
    return find_runs(folder)


@pytest.fixture
def study(runs):
    return grouped(runs)[0]


def row_of(table, title):
    return next(row for row in table.rows if row.title == title)


def test_runs_are_grouped_by_study_and_method(runs):
    runs[0].config["corpus"] = "another"
    found = grouped(runs)
    assert [study.name for study in found] == ["another", "demo"]
    assert {method: len(runs) for method, runs in found[1].runs.items()} == {"cap": 2, "auto": 1}


@pytest.mark.parametrize("level", ["clip", "segment", "event"])
def test_a_cell_is_the_mean_over_runs_with_their_deviation(study, level):
    table = level_table(study, level, "any")
    column = table.full_columns.index("at 0.5: F1")
    cell = row_of(table, "cap").cells[column]
    values = [look_up(run.metrics, (level, "micro", "f1")) for run in study.runs["cap"]]
    assert cell.value == pytest.approx(np.mean(values))
    assert cell.spread == pytest.approx(np.std(values, ddof=1))


def test_every_table_of_scores_has_its_baselines(study):
    always = "every class, always"
    own = [f"{method}: own clip decisions, stretched" for method in study.runs]
    tables = [level_table(study, level, level) for level in ("segment", "event")]
    tables += [class_table(study, decoding, decoding) for decoding in study.decodings]
    tables.append(interval_table(study, "segment", "intervals"))
    for table in tables:
        baselines = [row.title for row in table.rows if row.is_baseline]
        assert baselines == [*own, "true tags, stretched", always]
        assert any(cell.value is not None for cell in row_of(table, own[0]).cells)
    for table in (level_table(study, "clip", "clips"), interval_table(study, "clip", "intervals")):
        assert [row.title for row in table.rows if row.is_baseline] == [always]


def test_always_tagging_every_class_finds_all_and_is_as_precise_as_tags_are_frequent(study):
    cells = row_of(level_table(study, "clip", "clips"), "every class, always").cells
    clip = next(iter(study)).metrics["clip"]["class_wise"].values()
    share = sum(one["n_ref"] for one in clip) / (3 * len(clip))
    assert [cell.value for cell in cells[2:4]] == [pytest.approx(share), 1.0]


def test_intervals_hold_the_mean_and_one_method_is_the_best(study):
    table = method_intervals(study.runs)
    assert (table["low"] <= table["estimate"]).all()
    assert (table["estimate"] <= table["high"]).all()
    for _, rows in table.groupby(["average", "metric"]):
        assert rows["behind"].min() == 0
        assert rows.loc[rows["behind"].idxmin(), "with_best"]
    f1 = table[(table["average"] == "micro") & (table["metric"] == "f1")].set_index("method")["estimate"]
    for method, runs in study.runs.items():
        assert f1[method] == pytest.approx(np.mean([look_up(run.metrics, SEGMENT_F1) for run in runs]))


def test_identical_methods_cannot_be_told_apart(runs):
    first_fold = [run for run in runs if run.fold == 1]
    rows = level_table(grouped(first_fold)[0], "segment", "any").rows[:2]
    marks = [(cell.best, cell.with_best) for row in rows for cell in row.cells[:5]]
    assert sorted(set(marks)) == [(False, True), (True, False)]


def test_methods_on_other_clips_than_most_are_not_compared(runs):
    methods = by_method(runs)
    methods["cap"] = methods["cap"][:1]
    assert set(method_intervals({**methods, "max": methods["auto"]})["method"]) == {"auto", "max"}


def test_methods_that_are_not_compared_are_named_below_every_mark(runs):
    study = grouped([run for run in runs if (run.config["method"], run.fold) != ("auto", 2)])[0]
    (left_out,) = set(study.runs) - set(study.intervals["segment", "at 0.5"]["method"])
    for table in (level_table(study, "segment", "any"), interval_table(study, "segment", "any")):
        assert table.note.endswith(f"or lack their counts: {left_out}.")


def test_methods_with_a_run_that_is_not_valid_are_flagged_in_every_table_of_scores(runs):
    flagged = [run for run in runs if run.config["method"] == "auto"][:1]
    study = grouped(runs, flagged=flagged)[0]
    tables = [level_table(study, "event", "any"), class_table(study, "at 0.5", "any")]
    for table in [*tables, interval_table(study, "segment", "any")]:
        assert [row.label for row in table.rows if row.is_flagged] == ["auto ‡"]
    assert [row.title for row in run_table(study, "any")[0].rows if row.is_flagged] == [run_label(flagged[0])]


def test_runs_without_counts_have_scores_but_no_intervals(runs):
    run = runs[0]
    run.counts = None
    table = interval_table(grouped([run])[0], "segment", "any")
    mean, low, *_ = row_of(table, run.config["method"]).cells
    assert mean.value == look_up(run.metrics, SEGMENT_F1)
    assert low.value is None


def test_a_method_that_does_not_beat_its_own_stretched_decisions_is_named(study):
    for run in study.runs["cap"]:
        run.metrics["segment"]["micro"]["f1"] = 0.1
    first, *others = localisation(study)
    assert first.startswith(
        "At 0.5, cap does not beat its own clip decisions stretched over the clip (segment F1 0.100"
    )
    assert not any("own clip decisions" in sentence and "cap" in sentence for sentence in others)


def test_a_method_below_the_true_tags_is_named(study):
    for run in study.runs["cap"]:
        run.metrics["baselines"]["oracle_tags_stretched"]["segment"]["micro"]["f1"] = 1.0
    said = [sentence for sentence in localisation(study) if "true tags" in sentence]
    assert all(" against 1.000" in sentence and "cap" in sentence for sentence in said)
    assert said


def test_the_report_of_records_equals_that_of_runs(runs, tmp_path):
    records = []
    for run in runs:
        record = RunFolder(tmp_path / "records" / run.path.name)
        record.path.mkdir(parents=True)
        for path in run.path.iterdir():
            if path.name not in LEFT_OUT:
                shutil.copy(path, record.path)
        storage.write_json(record.file("scores.sha256"), run.score_hashes)
        records.append(record)
    for name, found in (("a", runs), ("b", records)):
        write_document(runs_document(found, "Runs"), tmp_path / name)
    for page in ("report.md", "report.tex"):
        assert (tmp_path / "a" / page).read_text(encoding="utf-8") == (tmp_path / "b" / page).read_text(
            encoding="utf-8"
        )


def test_weak_labels_alone_make_a_shorter_report(make_run):
    document = runs_document([make_run("max", weak=True), make_run("cap", weak=True, scores_seed=2)], "Weak")
    assert "weak labels only" in document.sections[1].blocks[0]
    assert not any("segment" in table.title for table in document.tables)


def test_settings_are_told_apart_by_what_explains_them(runs):
    for run in runs:
        run.config["pooling"] = {"max_weight": 0.5 if run.config["method"] == "cap" else None}
        run.config["dataset"] = {"seed": run.fold, "root": f"anywhere/{run.path.name}"}
    tables = {table.title.removeprefix("Settings that "): table for table in settings_tables(runs)}
    assert tables["differ by method"].columns == ["auto", "cap"]
    (row,) = tables["differ by method"].rows
    assert (row.title, [cell.text for cell in row.cells]) == ("pooling.max_weight", ["null", "0.5"])
    assert [row.title for row in tables["differ by corpus"].rows] == ["dataset.seed"]
    assert [row.title for row in tables["differ by run"].rows] == ["dataset.root"]
    shared = {row.title: row.cells[0].text for row in tables["all runs share"].rows}
    assert "training.epochs" in shared
    assert shared["training.monitor"] == "accuracy"  # what runs made before a setting came had without saying so


def test_a_study_says_what_its_frames_allow(runs):
    for number, run in enumerate(runs):
        psds = {"scenario1": 0.5, "scenario2": 0.6}
        run.metrics["ceiling"] = {"frame_seconds": 0.37, "event": {"f1": 0.8 + 0.01 * number}, "psds": psds}
    blocks = [block for section in runs_document(runs).sections for block in section.blocks if isinstance(block, str)]
    (said,) = [block for block in blocks if "Resolution ceiling" in block]
    assert "with frames of 0.37 s" in said
    assert "reaches event F1 0.800 to 0.8" in said
    assert "PSDS1 0.500, PSDS2 0.600." in said


def test_a_report_opens_with_the_method_to_use(runs, tmp_path):
    document = runs_document(runs)
    said, further = document.opening
    study = grouped(runs)[0]
    means = {
        method: np.mean([look_up(run.metrics, ("tuned", *SEGMENT_F1)) for run in own])
        for method, own in study.runs.items()
    }
    best = max(means, key=means.get)
    assert said.startswith(f"On demo, use {best}: its segment F1 of {means[best]:.3f} is the highest (mean of 2 runs")
    (other,) = set(means) - {best}
    assert f"{other} {means[other]:.3f}" in further
    page = write_document(document, tmp_path).read_text(encoding="utf-8")
    assert page.index('<p class="lead">On demo') < page.index("<nav")
    assert said.split(":")[0] in (tmp_path / "report.md").read_text(encoding="utf-8").splitlines()[2]


def test_runs_that_are_not_valid_are_named_before_the_others_scores(runs):
    flagged = [run for run in runs if run.method == "auto"][:1]
    _, caution, _ = answer(grouped(runs, flagged=flagged)[0])
    assert caution.startswith("Compare with care: 1 of 2 runs of auto are not valid")


def test_methods_that_need_times_are_set_apart(runs):
    for run in runs:
        run.config["supervision"] = "strong" if run.method == "cap" else "weak"
    said, further = answer(grouped(runs)[0])
    assert said.startswith("On demo, auto has segment F1 ")
    assert "Trained from the times of events, which the others need not: cap 0." in further


def test_a_single_run_opens_with_what_it_learned(runs):
    assert runs_document(runs[:1]).opening[0].startswith("It has learned what sounds, and roughly when.")


def test_settings_of_many_runs_are_rows_of_runs(runs):
    many = [RunFolder(f"run{index}") for index in range(16)]
    for index, run in enumerate(many):
        vars(run)["config"] = dict(runs[0].config) | {"labels": {"drop": index / 100}}
    table = next(table for table in settings_tables(many) if table.title == "Settings that differ by run")
    assert table.row_title == "run"
    assert list(table.columns) == ["labels.drop"]
    assert [row.title for row in table.rows] == [f"run{index}" for index in range(16)]
