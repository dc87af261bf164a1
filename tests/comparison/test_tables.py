import pandas as pd
import pytest
from typer.testing import CliRunner

from sedpool import storage
from sedpool.cli.app import app
from sedpool.comparison.tables import compare_runs, peculiarities
from sedpool.errors import DataError, StorageError
from sedpool.reproduction.records import write_record
from sedpool.run_folder import RunFolder, find_runs, run_at


@pytest.fixture
def runs_folder(make_run):
    """Cap and auto with equal scores, max with others, and one run that never finished."""
    make_run("cap")
    make_run("auto", alpha_max=None)
    folder = make_run("max", scores_seed=2).path.parent
    make_run("mean").file("DONE").unlink()
    return folder


def test_one_row_a_finished_run(runs_folder):
    comparison = compare_runs([runs_folder])
    table = comparison.table
    assert table["method"].tolist() == ["auto", "cap", "max"]
    assert table["segment_f1_micro"].between(0, 1).all()
    assert (table["coverage"] == "3/3").all()
    assert [path.name for path in comparison.unfinished] == ["demo-mean-s0"]


def test_runs_with_the_same_scores_are_marked(runs_folder):
    assert compare_runs([runs_folder]).table["identical_to"].tolist() == ["", "auto s0", ""]


def test_a_folder_given_twice_counts_once(runs_folder):
    assert len(compare_runs([runs_folder, runs_folder / "demo-cap-s0"]).table) == 3


def test_records_without_scores_are_compared_by_hash(runs_folder):
    for folder in runs_folder.iterdir():
        run = RunFolder(folder)
        storage.write_json(run.file("scores.sha256"), run.score_hashes)
        for name in ("scores.parquet", "clip_scores.parquet"):
            run.file(name).unlink()
    assert compare_runs([runs_folder]).table["identical_to"].tolist() == ["", "auto s0", ""]


def test_records_in_one_file_compare_as_their_runs_do(runs_folder, tmp_path):
    for run in find_runs(runs_folder):
        if run.is_done:
            write_record(run, tmp_path / "study")
    pages = []
    for folder in (runs_folder, tmp_path / "study/records"):
        table = compare_runs([folder]).table
        pages.append(table.drop(columns="run"))
        assert [run_at(path).name for path in table["run"]] == ["demo-auto-s0", "demo-cap-s0", "demo-max-s0"]
    pd.testing.assert_frame_equal(*pages)
    assert compare(tmp_path / "study").exit_code == 0


@pytest.mark.parametrize(("corpus", "f1"), [("urbansed", 0.1), ("dcase2017", 0.1), ("medleydb-split3", 0.2)])
def test_static_means_what_it_means_in_the_papers_table_of_the_corpus(make_run, corpus, f1):
    run = make_run(corpus=corpus)
    static = {"pooled": {"f1": 0.1}, "highest_frame": {"f1": 0.2}}
    dynamic = {"micro": {"f1": 0.3, "error_rate": 1.5}}
    storage.write_json(run.file("metrics.json"), run.metrics | {"paper_compat": {"static": static, "dynamic": dynamic}})
    (row,) = compare_runs([run.path]).table.to_dict("records")
    assert (row["paper_static_f1"], row["paper_dynamic_f1"], row["paper_dynamic_error_rate"]) == (f1, 0.3, 1.5)


def test_weakly_labelled_runs_have_undefined_segment_scores(make_run):
    table = compare_runs([make_run(weak=True).path]).table
    assert table["segment_f1_micro"].isna().all()


def test_a_folder_without_runs_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no run folders"):
        compare_runs([tmp_path])


def compare(*arguments):
    return CliRunner().invoke(app, ["compare", *map(str, arguments)])


def test_the_command_prints_and_writes(runs_folder, tmp_path):
    finished = compare(runs_folder, "--output", tmp_path / "out")
    assert finished.exit_code == 0, finished.exception
    assert "unfinished:" in finished.stdout
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"comparison.csv", "comparison.md", "intervals_demo.png"}
    assert "note: demo cap s0: the same scores as auto s0" in finished.stdout


def test_fault_04_the_command_names_runs_that_lack_clips_or_had_other_data(make_run):
    for method, scores_seed, manifest in (("cap", 1, "a" * 64), ("max", 2, "b" * 64)):
        run = make_run(method, scores_seed=scores_seed)
        storage.write_json(run.file("manifest.json"), {"corpus": "demo", "hash": manifest})
    coverage = run.metrics["coverage"] | {"scored": 2}
    storage.write_json(run.file("metrics.json"), run.metrics | {"coverage": coverage})
    shown = compare(run.path.parent).stdout
    assert "note: demo (bbbb) max s0: 2/3 clips scored" in shown
    assert "note: demo: runs with other clips or labels are compared apart, as demo (aaaa), demo (bbbb)" in shown


def test_runs_tuned_differently_are_named(runs_folder):
    ways = {"cap": ("per_class", "segment F1, 1 s"), "max": ("all", "event F1")}
    for method, (parameters, objective) in ways.items():
        tuned = {"parameters": parameters, "objective": objective}
        storage.write_json(runs_folder / f"demo-{method}-s0" / "tuned.json", tuned)
    assert peculiarities(compare_runs([runs_folder]).table)[-1].endswith(
        "tuned differently (per_class for segment F1, 1 s: demo cap s0; all for event F1: demo max s0)"
    )
    (runs_folder / "demo-max-s0" / "tuned.json").unlink()
    assert not any("tuned" in note for note in peculiarities(compare_runs([runs_folder]).table))


def test_numbers_are_not_cut_where_several_corpora_are_compared(make_run):
    folder = make_run("method_with_a_name_that_is_long").path.parent
    make_run("cap", corpus="urbansed")
    shown = compare(folder).stdout
    assert "…" not in shown
    assert "demo: Segments (dynamic)" in shown
    assert "urbansed: Segments (dynamic)" in shown


def test_the_command_says_in_one_line_that_there_is_nothing(tmp_path):
    error = compare(tmp_path).exception
    assert isinstance(error, DataError)
    assert "\n" not in str(error)


@pytest.mark.parametrize("micro", ["many", {"f1": "high"}, {"f1": [1]}])
def test_metrics_that_are_no_numbers_are_refused_with_their_file(make_run, micro):
    run = make_run()
    metrics = storage.read_json(run.file("metrics.json"))
    metrics["segment"]["micro"] = micro
    storage.write_json(run.file("metrics.json"), metrics)
    with pytest.raises(StorageError, match=r"metrics\.json: (no number at segment\.micro\.f1|segment\.micro=many)"):
        compare_runs([run.path])
