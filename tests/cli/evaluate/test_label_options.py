"""``--map`` and ``--unknown``."""

import json
from pathlib import Path

import pytest

from .conftest import DURATIONS, HEADER, REFERENCE, Command, assert_one_line

ALL = ["-m", "clip", "-m", "segment", "-m", "event", "-m", "intersection"]


def metrics(evaluate: Command, *arguments: object) -> dict:
    return json.loads(evaluate(*arguments, "--json", "-").output)  # what the map has done is on standard error


@pytest.fixture
def lengths(tmp_path: Path) -> Path:
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    return tmp_path / "durations.tsv"


def write_map(tmp_path: Path, *rows: str) -> Path:
    (tmp_path / "map.csv").write_text("\n".join(["from,to", *rows]))
    return tmp_path / "map.csv"


def test_labels_of_reference_and_estimate_are_merged(evaluate: Command, files, tmp_path: Path) -> None:
    table = write_map(tmp_path, "dog,sound", "siren,sound")
    shown = evaluate(*files(), "--map", table, "-m", "event")
    assert "events by the label map: 3 merged, 1 joined" in shown.error
    estimated = HEADER + "a.wav\t0.0\t6.0\tdog\nb.wav\t0.0\t2.0\tsound\n"  # from a detector of the merged class, too
    found = metrics(evaluate, *files(estimated=estimated), "--map", table, "-m", "event")
    assert found["event"]["class_wise"].keys() == {"sound"}
    assert found["event"]["micro"]["f1"] == 1.0
    assert found["label_map"] == {"dog": "sound", "siren": "sound"}


def test_dropped_labels_are_as_if_they_had_never_been(evaluate: Command, files, tmp_path: Path, lengths: Path) -> None:
    given = ["--durations", lengths, *ALL]
    dropped = metrics(evaluate, *files(), *given, "--map", write_map(tmp_path, "dog,-"))
    without = [
        "\n".join(row for row in table.splitlines() if not row.endswith("dog")) + "\n"
        for table in (REFERENCE, HEADER + "a.wav\t1.0\t5.0\tdog\nb.wav\t0.1\t2.0\tsiren\n")
    ]
    plain = metrics(evaluate, *files(*without), *given)
    for level in ("clip", "segment", "event", "intersection", "baselines"):
        assert dropped[level] == plain[level]


def test_where_an_unknown_label_is_nothing_is_wrong(evaluate: Command, files, tmp_path: Path, lengths: Path) -> None:
    """The dog is at 0 to 4 s of a.wav, where only the siren, from 2 s on, is known."""
    estimated = HEADER + "a.wav\t0.5\t1.5\tsiren\na.wav\t2.0\t6.0\tsiren\na.wav\t8.0\t9.0\tsiren\nb.wav\t0\t2\tsiren\n"
    found = metrics(
        evaluate, *files(estimated=estimated), "--durations", lengths, *ALL, "--map", write_map(tmp_path, "dog,")
    )
    assert found["event"]["class_wise"].keys() == {"siren"}
    for level in ("event", "intersection"):
        assert [found[level]["micro"][name] for name in ("n_ref", "n_sys", "recall")] == [2, 3, 1.0]
    assert [found["segment"]["micro"][name] for name in ("n_ref", "n_sys")] == [6, 7]


def test_unknown_times_and_clips(evaluate: Command, files, tmp_path: Path, lengths: Path) -> None:
    (tmp_path / "unknown.tsv").write_text(HEADER + "silent.wav\t\t\t\na.wav\t5\t7\tdog\na.wav\t6\t9\tsiren\n")
    estimated = HEADER + "a.wav\t5.1\t6.0\tdog\na.wav\t2.0\t6.0\tsiren\nsilent.wav\t1\t2\tdog\nb.wav\t0\t2\tsiren\n"
    given = ["--durations", lengths, *ALL, "--unknown", tmp_path / "unknown.tsv"]
    found = metrics(evaluate, *files(estimated=estimated), *given)
    for level in ("event", "intersection"):
        assert [found[level]["micro"][name] for name in ("n_ref", "n_sys", "precision")] == [3, 2, 1.0]
    assert found["segment"]["micro"]["precision"] == 1.0
    assert [found["clip"]["class_wise"]["dog"][name] for name in ("n_ref", "n_sys", "f1")] == [1, 1, 1.0]


def test_unknown_tags(evaluate: Command, tmp_path: Path) -> None:
    (tmp_path / "tags.csv").write_text("filename,event_label\na.wav,dog\nb.wav,siren\nc.wav,\n")
    (tmp_path / "said.csv").write_text("filename,event_label\na.wav,dog\na.wav,siren\nb.wav,dog\nc.wav,dog\n")
    (tmp_path / "unknown.csv").write_text("filename,event_label\na.wav,siren\nc.wav,\n")
    given = ["--reference", tmp_path / "tags.csv", "--estimated", tmp_path / "said.csv", "-m", "clip"]
    found = metrics(evaluate, *given, "--unknown", tmp_path / "unknown.csv")["clip"]["class_wise"]
    assert {label: (found[label]["n_ref"], found[label]["n_sys"]) for label in found} == {
        "dog": (1, 2),
        "siren": (1, 0),
    }
    (tmp_path / "unknown.csv").write_text("filename,onset,offset\na.wav,5,7\n")  # in a clip of unknown length
    found = metrics(evaluate, *given, "--unknown", tmp_path / "unknown.csv")["clip"]["class_wise"]
    assert {label: (found[label]["n_ref"], found[label]["n_sys"]) for label in found} == {
        "dog": (1, 3),
        "siren": (1, 0),
    }


def test_operating_points_are_mapped(evaluate: Command, files, tmp_path: Path, lengths: Path) -> None:
    (tmp_path / "points").mkdir()
    for threshold, rows in {"0.2": "a.wav\t0\t4\tdog\na.wav\t2\t6\tsiren\n", "0.8": "a.wav\t0\t4\tdog\n"}.items():
        (tmp_path / "points" / f"{threshold}.tsv").write_text(HEADER + rows)
    given = ["--durations", lengths, "-m", "psds", "--operating-points", tmp_path / "points"]
    reference = files()[:2]
    found = metrics(evaluate, *reference, *given, "--map", write_map(tmp_path, "dog,sound", "siren,sound"))
    assert found["psds"]["scenario1"] == pytest.approx(0.5)  # of two events, that of a.wav


def test_what_is_wrong_is_one_line(evaluate: Command, files, tmp_path: Path) -> None:
    shown = evaluate(*files(), "--map", write_map(tmp_path, "Dog,sound"))
    assert_one_line(shown, "the label map names none of its labels (dog, siren), but Dog")
    (tmp_path / "unknown.tsv").write_text(HEADER + "b2.wav\t0\t1\tdog\n")
    shown = evaluate(*files(), "--unknown", tmp_path / "unknown.tsv")
    assert_one_line(shown, f"--unknown {tmp_path / 'unknown.tsv'}: 1 file is not in the reference's file list (b2.wav)")
    (tmp_path / "unknown.tsv").write_text(HEADER + "b.wav\t0\t1\towl\n")
    shown = evaluate(*files(), "--unknown", tmp_path / "unknown.tsv")
    assert_one_line(shown, "has an unknown label; expected one of dog, siren, or none for all classes")
