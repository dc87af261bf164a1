"""Labels, scores and lengths in anybody's files."""

import json

import pandas as pd
import pytest

from sedpool.formats import read_events
from sedpool.formats.write import write_events
from sedpool.scores import read_scores, write_scores

from .conftest import DURATIONS, ESTIMATED, HEADER, REFERENCE, Shown, assert_one_line, metrics


def test_scores_alone_are_decoded(evaluate, files, scores, tmp_path):
    reference = files()[:2]
    found = metrics(evaluate, *reference, "--scores", scores)
    assert found["segment"]["micro"]["precision"] == 5 / 6
    assert metrics(evaluate, *reference, "--scores", tmp_path / "scores") == found
    assert metrics(evaluate, *reference, "--scores", scores, "--threshold", 0.85)["segment"]["micro"]["n_sys"] == 4


def test_two_files_without_names_are_about_the_same_recording(evaluate, tmp_path):
    for name, rows in (("true.txt", "1.2\t2.3\tevent1\n"), ("found.txt", "1.3\t2.2\tevent1\n")):
        (tmp_path / name).write_text(rows)
    found = metrics(evaluate, "-r", tmp_path / "true.txt", "-e", tmp_path / "found.txt")
    assert found["event"]["micro"]["f1"] == 1.0


def test_one_recording_under_two_names_says_both(evaluate, tmp_path):
    (tmp_path / "truth.txt").write_text("1.2\t2.3\tevent1\n")
    (tmp_path / "detections.tsv").write_text("filename\tonset\toffset\tevent_label\nmonday.wav\t1\t2\tevent1\n")
    shown = evaluate("-r", tmp_path / "truth.txt", "-e", tmp_path / "detections.tsv")
    assert_one_line(shown, "(monday.wav)", "the reference's recording is truth.wav; give both the same name")
    assert "list of the split" not in shown.error


def test_folders_of_any_format_are_compared_by_relative_path(evaluate, tmp_path):
    for folder in ("true", "found"):
        (tmp_path / folder / "x").mkdir(parents=True)
        (tmp_path / folder / "x" / "a.txt").write_text("0.0\t2.0\tdog\n")
    (tmp_path / "true" / "silent.txt").write_text("")
    found = metrics(evaluate, "-r", tmp_path / "true", "-e", tmp_path / "found")
    assert found["segment"]["micro"]["f1"] == 1.0
    assert found["coverage"] == {"scored": 2, "expected": 2, "without_detections": 1}


@pytest.mark.parametrize("option", ["--reference", "--estimated", "--scores", "--durations", "--classes"])
def test_a_missing_file_is_named(evaluate, files, option):
    assert_one_line(evaluate(*files(), option, "nowhere.tsv"), "nowhere.tsv", "no such file")


def test_what_holds_no_scores_is_refused(evaluate, files, tmp_path):
    shown = evaluate(*files()[:2], "--scores", tmp_path / "reference.tsv")
    assert_one_line(shown, "reference.tsv: not a readable parquet file", "or a folder with a TSV for each clip")
    pd.DataFrame({"filename": ["a.wav"], "level": ["event"], "n_ref": [1]}).to_parquet(tmp_path / "counts.parquet")
    shown = evaluate(*files()[:2], "--scores", tmp_path / "counts.parquet")
    assert_one_line(shown, "counts.parquet: no scores; column level holds no numbers")


@pytest.fixture
def detections(tmp_path, scores):
    """A folder as ``sedpool detect --out`` writes it, with several formats; it did not come to silent.wav."""
    (tmp_path / "estimated.tsv").write_text(ESTIMATED)
    folder = tmp_path / "out"
    folder.mkdir()
    events = read_events(tmp_path / "estimated.tsv")
    lines = [{"format": 1, "method": {}}, *({"filename": name, "events": []} for name in ("a.wav", "b.wav"))]
    (folder / "detections.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for name, of_file in events.groupby("filename"):
        for format in ("tsv", "audacity"):
            write_events(of_file, folder / name.replace(".wav", {"tsv": ".tsv", "audacity": ".txt"}[format]), format)
        of_clip = read_scores(scores).query("filename == @name")
        write_scores(of_clip, folder / name.replace(".wav", ".scores.parquet"))
    write_events(events, folder / "detections.tsv", "tsv")
    return folder


def test_a_folder_of_detections_is_one_table(evaluate, files, detections):
    options = files()
    shown = evaluate(*options[:2], "--estimated", detections, "--json", "-")
    assert json.loads(shown.output) == metrics(evaluate, *options)
    said = "detected in 2 of the reference's 3 clips; the other 1 count as without detections (silent.wav)"
    assert shown.error == f"{detections}: {said}\n"


def test_a_folder_of_detections_without_a_table_of_all(evaluate, files, detections):
    (detections / "detections.tsv").unlink()
    shown = evaluate(*files()[:2], "--estimated", detections)
    assert_one_line(Shown(shown.output, shown.error.splitlines()[-1]), "in 2 formats (.tsv, .txt)", "--format tsv")
    for path in detections.glob("*.tsv"):
        path.unlink()
    shown = evaluate(*files()[:2], "--estimated", detections, "--json", "-")
    assert json.loads(shown.output) == metrics(evaluate, *files())


def test_scores_of_a_folder_of_detections(evaluate, files, detections, scores):
    only = read_scores(scores).query("filename != 'silent.wav'").reset_index(drop=True)
    write_scores(only, scores)
    options = files(reference=REFERENCE.replace("silent.wav\t\t\t\n", ""))
    found = metrics(evaluate, *options[:2], "--scores", detections, "-m", "event", "-m", "ranking")
    assert found == metrics(evaluate, *options[:2], "--scores", scores, "-m", "event", "-m", "ranking")
    for path in detections.glob("*.parquet"):
        path.unlink()
    assert_one_line(evaluate(*options[:2], "--scores", detections), "detections without scores", "--format scores")


def test_operating_points_that_are_no_folder(evaluate, files, tmp_path):
    points = ["--operating-points", tmp_path / "estimated.tsv", "-m", "psds"]
    assert_one_line(evaluate(*files(), *points), "--operating-points", "a file; expected a folder")


def test_neither_events_nor_scores(evaluate, files):
    assert_one_line(evaluate(*files()[:2]), "give --estimated, or --scores")


def test_durations_of_some_clips_are_refused(evaluate, files, tmp_path):
    (tmp_path / "durations.tsv").write_text("filename\tduration\na.wav\t10\n")
    assert_one_line(
        evaluate(*files(), "--durations", tmp_path / "durations.tsv"), "2 of 3 clips have no length", "b.wav"
    )


def test_durations_of_other_clips_are_refused_and_of_more_clips_counted(evaluate, files, tmp_path):
    path = tmp_path / "durations.tsv"
    path.write_text(DURATIONS.replace(".wav", ".flac"))
    assert_one_line(
        evaluate(*files(), "--durations", path), "none of its 3 recordings", "it names a.flac, the reference a.wav"
    )
    path.write_text(DURATIONS + "c.wav\t3\nd.wav\t3\n")
    shown = evaluate(*files(), "--durations", path)
    assert shown.error == (
        f"--durations {path}: 2 of 5 recordings are not in the reference and do not count (c.wav, d.wav)\n"
    )
    assert "Clips: 3 (lengths as stated)" in shown.output


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("filename\tsize\n", "no column duration"),
        ("filename\tduration\na.wav\t-1\n", "line 2"),
        *((f"filename\tduration\na.wav\t{seconds}\n", "line 2") for seconds in ("inf", "1e308", "1e12", "1.7e9")),
    ],
)
def test_durations_that_are_none_are_refused(evaluate, files, tmp_path, content, reason):
    (tmp_path / "durations.tsv").write_text(content)
    assert_one_line(evaluate(*files(), "--durations", tmp_path / "durations.tsv"), reason)


def test_a_reference_that_names_no_recording(evaluate, files):
    assert_one_line(evaluate(*files(reference=HEADER)), "names no recording")


TAGS = "filename\tevent_label\na.wav\tdog\nb.wav\tsiren\n"


def test_tag_lists_are_scored_where_times_do_not_matter(evaluate, files, tmp_path):
    expected = metrics(evaluate, *files(), "-m", "clip")["clip"]
    true_tags = "filename,event_label\na.wav,dog\na.wav,siren\nb.wav,siren\nsilent.wav,\n"
    for options in (files(estimated=TAGS), files(true_tags, TAGS)):
        assert metrics(evaluate, *options, "-m", "clip")["clip"] == expected
        assert "Tags: 3 true, 2 detected." in evaluate(*options, "-m", "clip").output
        assert_one_line(evaluate(*options, "-m", "clip", "-m", "segment"), "no columns onset and offset")
        assert_one_line(evaluate(*options, "-m", "clip", "--jams", tmp_path / "jams"), "--jams", "--durations")


def test_tags_last_as_long_as_their_clips(evaluate, files, tmp_path):
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    options = [*files(estimated=TAGS), "-m", "clip", "--durations", tmp_path / "durations.tsv"]
    assert not evaluate(*options, "--jams", tmp_path / "jams").error
    assert read_events(tmp_path / "jams")["offset"].tolist() == [10.0, 10.0]


def test_metrics_of_clips_look_at_no_times(evaluate, files, tmp_path):
    expected = metrics(evaluate, *files(), "-m", "clip")["clip"]
    true = HEADER + "a.wav\t0.0\t0.0\tdog\na.wav\t3\t2\tsiren\nb.wav\t\t\tsiren\nsilent.wav\t\t\t\n"
    found = HEADER + "a.wav\t0.0\t0.0\tdog\nb.wav\t0.0\t0.0\tsiren\n"
    assert metrics(evaluate, *files(true, found), "-m", "clip")["clip"] == expected
    without_header = [rows.removeprefix(HEADER) for rows in (true, found)]
    assert metrics(evaluate, *files(*without_header), "-m", "clip")["clip"] == expected
    assert_one_line(evaluate(*files(true, found), "-m", "clip", "-m", "segment"), "line 4", "not a finite number")
    assert_one_line(evaluate(*files(), "-m", "clip", "-e", tmp_path / "nowhere"), "nowhere: no such file")
    assert_one_line(evaluate(*files(true, found + "b.wav\t1\n"), "-m", "clip"), "line 4", "a time and no label")
    whole_events = [*files(), "-m", "clip", "--jams", tmp_path / "jams"]
    assert not evaluate(*whole_events).error
    assert read_events(tmp_path / "jams")["onset"].tolist() == [1.0, 0.1]


def test_an_unknown_tag_is_named(evaluate, files):
    shown = evaluate(*files(estimated=TAGS.replace("dog", "unicorn")), "-m", "clip")
    assert_one_line(shown, "1 unknown label (unicorn)")


TABLE = "Datei;von;bis;Art;sicher\na.wav;0,5;1,5;dog;0,9\nb.wav;1,0;2,0;dog;0,2\n"


def test_columns_and_confidence_of_a_reference(evaluate, tmp_path):
    (tmp_path / "true.csv").write_text(TABLE)
    (tmp_path / "found.tsv").write_text("filename\tonset\toffset\tevent_label\na.wav\t0.5\t1.5\tdog\n")
    files = ("-r", tmp_path / "true.csv", "-e", tmp_path / "found.tsv")
    columns = "filename=Datei,onset=von,offset=bis,event_label=Art,confidence=sicher"
    assert_one_line(evaluate(*files), "found Datei, von, bis, Art, sicher", "--columns onset=NAME")
    for sure, recall in (0.0, 0.5), (0.5, 1.0):
        shown = evaluate(*files, "--columns", columns, "--min-confidence", sure, "--json", "-")
        assert json.loads(shown.output)["event"]["micro"]["recall"] == recall
        assert "Datei as filename, von as onset" in shown.error
    assert_one_line(evaluate(*files, "--columns", "onset"), "columns=onset: expected MEANING=NAME between commas")


def test_times_in_another_unit(evaluate, files, tmp_path):
    (tmp_path / "ms.tsv").write_text("filename\tonset\toffset\tevent_label\na.wav\t1000\t5000\tdog\n")
    (tmp_path / "lengths.tsv").write_text("filename\tduration\na.wav\t10\n")
    given = ("-r", tmp_path / "ms.tsv", "-e", tmp_path / "ms.tsv", "--durations", tmp_path / "lengths.tsv")
    assert_one_line(evaluate(*given), "ms.tsv: 1 of 1 events begin after the end", "milliseconds? then give --unit ms")
    (tmp_path / "s.tsv").write_text("filename\tonset\toffset\tevent_label\na.wav\t1\t5\tdog\n")
    found = metrics(evaluate, *given[:2], "-e", tmp_path / "s.tsv", *given[4:], "--unit", "ms")
    assert found["event"]["micro"]["f1"] == 1.0


def test_an_unknown_clip_without_an_event_is_refused_as_with_one(evaluate, tmp_path):
    header = "filename,onset,offset,event_label\n"
    (tmp_path / "true.csv").write_text(f"{header}north.wav,0.0,1.0,plover\n")
    (tmp_path / "found.csv").write_text(f"{header}north.wav,0.0,1.0,plover\nelsewhere.wav,,,\n")
    shown = evaluate("-r", tmp_path / "true.csv", "-e", tmp_path / "found.csv")
    assert_one_line(shown, "1 file is not in the reference's file list (elsewhere.wav)")


def test_fault_49_scores_of_one_name_without_its_suffix_are_of_no_recording(evaluate, files, tmp_path):
    rows = HEADER + "a.wav\t0\t1\tdog\na.flac\t0\t1\tdog\nb.wav\t0\t1\tdog\n"
    (tmp_path / "scores").mkdir()
    for stem in ("a", "b"):
        (tmp_path / "scores" / f"{stem}.tsv").write_text("onset\toffset\tdog\n0\t1\t0.5\n")
    reference = files(rows)[:2]
    assert (
        "a.tsv: may be of a.wav or of a.flac; give scores in one parquet file"
        in evaluate(*reference, "--scores", tmp_path / "scores").error
    )


@pytest.mark.parametrize("header", ["onset\toffset\tdog\tdog", "onset\tonset\toffset\tdog"])
def test_fault_67_a_column_twice_among_scores_is_refused(evaluate, files, tmp_path, header):
    (tmp_path / "scores").mkdir()
    (tmp_path / "scores" / "a.tsv").write_text(f"{header}\n0\t1\t1\t1\n")
    shown = evaluate(*files()[:2], "--scores", tmp_path / "scores")
    assert "a.tsv: two columns" in shown.error


def test_fault_67_a_number_of_hundreds_of_digits_among_scores_is_refused(evaluate, files, tmp_path):
    (tmp_path / "scores").mkdir()
    (tmp_path / "scores" / "a.tsv").write_text(f"onset\toffset\tdog\n0\t1{'0' * 400}\t1\n")
    shown = evaluate(*files()[:2], "--scores", tmp_path / "scores")
    assert "line 2" in shown.error
    assert "has no number in column offset" in shown.error


def test_fault_67_two_columns_of_labels_are_told_apart_by_their_number(evaluate, files, tmp_path):
    rows = "filename,onset,offset,event_label,event_label\na.wav,0,1,dog,cat\n"
    given = files()
    given[1].write_text(rows)
    given[3].write_text(HEADER + "a.wav\t0\t1\tcat\n")
    assert "two columns event_label; say by its number which" in evaluate(*given).error
    assert metrics(evaluate, *given, "--columns", "event_label=5")["segment"]["micro"]["f1"] == 1.0
