"""Where numbers go, and in what form."""

import json
from io import StringIO

import pandas as pd
import pytest

from sedpool.formats import read_events

from .conftest import HEADER, assert_one_line, metrics


def test_json_has_the_keys_of_a_run(evaluate, files):
    found = metrics(evaluate, *files(), "-m", "clip", "-m", "onset", "-m", "intersection", "-m", "segment")
    assert found["segment"]["micro"]["error_rate"] == 0.5
    assert found["clip"]["micro"]["recall"] == 2 / 3
    assert found["onset"]["class_wise"]["siren"]["f1"] == pytest.approx(2 / 3)
    assert found["intersection"]["micro"]["n_ref"] == 3
    assert found["event"] is None
    assert found["coverage"] == {"scored": 3, "expected": 3, "without_detections": 1}
    assert (found["format"], found["resolution"], found["collar"], found["offset_share"]) == (1, 1.0, 0.2, 0.2)


def test_files_are_written(evaluate, files, tmp_path):
    shown = evaluate(
        *files(), "--json", tmp_path / "o.json", "--csv", tmp_path / "o.csv", "--html", tmp_path / "o.html"
    )
    assert "segments of 1 s" in shown.output
    assert json.loads((tmp_path / "o.json").read_text())["segment"]["micro"]["n_ref"] == 10
    table = pd.read_csv(tmp_path / "o.csv", keep_default_na=False)
    assert (table["average"] == "class_wise").sum() == 2 * 2
    page = (tmp_path / "o.html").read_text(encoding="utf-8")
    assert "0.833" in page
    assert "href=" not in page
    assert "src=" not in page


def test_fault_45_labels_are_shown_as_they_are(evaluate, files, tmp_path):
    label = "<script>[bold] Ümlaut, 1"
    rows = HEADER + f"a.wav\t0\t1\t{label}\n"
    shown = evaluate(*files(rows, rows), "--html", tmp_path / "o.html")
    assert label in shown.output
    page = (tmp_path / "o.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;[bold] Ümlaut, 1" in page


def test_jams_hold_the_detections_and_the_clips_numbers(evaluate, files, tmp_path):
    options = files()
    evaluate(*options, "--jams", tmp_path / "jams")
    back = read_events(tmp_path / "jams")
    pd.testing.assert_frame_equal(back, read_events(options[3]))
    document = json.loads((tmp_path / "jams" / "b.jams").read_text())
    assert document["annotations"][0]["sandbox"]["metrics"]["segment"]["f1"] == 1.0
    again = metrics(evaluate, "-r", options[1], "-e", tmp_path / "jams")
    assert again == metrics(evaluate, *options)


def test_jams_of_recordings_that_differ_in_their_suffix(evaluate, files, tmp_path):
    rows = HEADER + "a.wav\t0\t1\tdog\na.flac\t2\t3\tdog\nsub/a.wav\t4\t5\tdog\nsub/b.wav\t6\t7\tdog\n"
    options = [*files(rows, rows), "--jams", tmp_path / "jams"]
    assert not evaluate(*options).error
    names = ["a.flac.jams", "a.wav.jams", "sub/a.jams", "sub/b.jams"]
    assert sorted(path.relative_to(tmp_path / "jams").as_posix() for path in (tmp_path / "jams").rglob("*.*")) == names
    assert metrics(evaluate, "-r", options[1], "-e", tmp_path / "jams") == metrics(evaluate, *options[:4])


def test_jams_hold_no_events_that_end_when_they_start(evaluate, files, tmp_path):
    estimated = HEADER + "a.wav\t1\t1\tdog\n"
    options = [*files(estimated=estimated), "--jams", tmp_path / "jams", "--zero-length"]
    shown = evaluate(*options, "keep").error.splitlines()
    assert shown[-1] == "error: --jams: it holds no events that end when they start; give --zero-length drop"
    assert not (tmp_path / "jams").exists()
    assert "left out" in evaluate(*options, "drop").error
    assert (tmp_path / "jams" / "a.jams").is_file()


@pytest.mark.parametrize(("option", "target"), [("--jams", "file"), ("--html", "folder"), ("--json", "file/o.json")])
def test_a_place_that_cannot_be_written_is_named(evaluate, files, tmp_path, option, target):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    assert_one_line(evaluate(*files(), option, tmp_path / target), str(tmp_path), "cannot be written")


@pytest.mark.parametrize("name", ["../a.wav", "/elsewhere/a.wav"])
def test_names_that_lead_elsewhere_are_not_written_to(evaluate, files, tmp_path, name):
    rows = HEADER + f"{name}\t0\t1\tdog\n"
    assert_one_line(evaluate(*files(rows, rows), "--jams", tmp_path / "jams"), name, "leads out of")
    assert not (tmp_path / "a.jams").exists()


def test_the_first_line_is_one_line_in_a_pipe(evaluate, files, monkeypatch):
    options = files()
    monkeypatch.setenv("COLUMNS", "80")
    assert evaluate(*options).output.splitlines()[0].endswith("Events: 3 true, 2 detected.")


def test_any_of_the_texts_can_go_to_standard_output_alone(evaluate, files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = pd.read_csv(StringIO(evaluate(*files(), "--csv", "-").output))
    assert table["level"].unique().tolist() == ["segment", "event"]
    page = evaluate(*files(), "--html", "-", "--json", "kept.json").output
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")
    assert (tmp_path / "kept.json").is_file()
    assert not (tmp_path / "-").exists()
    assert_one_line(evaluate(*files(), "--csv", "-", "--json", "-"), "only one of --json, --csv and --html")
    assert_one_line(evaluate(*files(), "--jams", "-"), "name a folder")


def test_fault_64_labels_are_no_formulas_in_the_table_and_stay_in_json(evaluate, files, tmp_path):
    labels = ("=1+1", "-x", "@sum", "+a")
    rows = HEADER + "".join(f"a.wav\t{n}\t{n + 1}\t{label}\n" for n, label in enumerate(labels))
    evaluate(*files(rows, rows), "--csv", tmp_path / "x.csv", "--json", tmp_path / "x.json")
    table = pd.read_csv(tmp_path / "x.csv", dtype=str)
    assert {f"'{label}" for label in labels} <= set(table["event_label"])
    assert not set(labels) & set(table["event_label"])
    assert not any(value.startswith("'") for value in table["f1"].dropna())
    assert set(json.loads((tmp_path / "x.json").read_text())["event"]["class_wise"]) == set(labels)
