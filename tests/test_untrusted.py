import json
import os
import time
from pathlib import Path

import pytest
import yaml

from sedpool.errors import ConfigError, DataError, SedpoolError, StorageError
from sedpool.experiment.main import main
from sedpool.formats import read_events
from sedpool.run_folder import RunFolder
from sedpool.soundscapes.spec import read_spec
from sedpool.storage import write_text
from sedpool.untrusted import LONGEST_YAML, parse_json, parse_yaml

EVENT = {"filename": "a.wav", "onset": 0.5, "offset": 1.5, "event_label": "dog"}
BILLION = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
MERGED = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{','.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 9))
HOSTILE_YAML = {
    "stands for more than 100000 values": [BILLION, MERGED],
    "refers to itself": ["z: &a [*a]\n", "z: &a {b: *a}\n"],
    "nested too deeply": ["z: " + "[" * 3_000, "z:\n" + "".join(" " * n + "a:\n" for n in range(1, 500))],
    "the key 'seed' twice": ["seed: 1\nseed: 2\n", "a: {seed: 1, seed: 1}\n"],
    f"expected at most {LONGEST_YAML}": ["z: " + "x" * LONGEST_YAML],
    "could not determine a constructor": ["z: !!python/object/apply:os.system [ls]\n"],
    "": ["z: 0x_\n", "z: 2001-99-99\n", "z: !!binary x\n", "z: 1" + "0" * 5000, "? [a]\n: 1\n", "z: [\n"],
}


@pytest.mark.parametrize(
    ("text", "value"),
    [('{"a": "\\ud83d\\ude00"}', {"a": "😀"}), ("\ufeff[1, 1e999]", [1, float("inf")]), ('{"a": {"a": 1}}', None)],
)
def test_json_is_what_it_says(text: str, value: object) -> None:
    assert parse_json(text.encode()) == parse_json(text.encode("utf-16")) == (value or json.loads(text))


def test_yaml_is_what_it_says_with_aliases_that_stand_for_little() -> None:
    shared = [1, 2.5, "x"]
    value = {"a": shared, "b": {"c": shared}, "d": None, "e": True}
    text = yaml.safe_dump(value)
    assert "*id001" in text
    assert parse_yaml(text) == value
    assert parse_yaml("") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "b": 2, "a": 1}', "the key 'a' twice"),
        ('{"a": "\\ud800"}', r"half a character, \\ud800"),
        ('{"\\udfff": 1}', r"half a character, \\udfff"),
        ("[" * 200_000, "nested too deeply"),
        ("[1" + "0" * 5000 + "]", "digits"),
        ("[1", "Expecting"),
    ],
)
def test_fault_65_hostile_json_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_json(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", json.dumps([EVENT | {"event_label": "\ud800"}])),
        ("a.json", json.dumps([EVENT | {"filename": "\udfff.wav"}])),
        ("a.json", json.dumps([EVENT]).replace('"onset": 0.5', '"onset": 0, "onset": 0.5')),
        ("a.json", json.dumps([EVENT]).replace("0.5", "1" + "0" * 400)),
        ("a.jams", '{"annotations": [], "annotations": []}'),
        ("a.jams", '{"file_metadata": "\\ud800"}'),
        ("a.json", '[{"annotations": [], "data": {"audio": "a.wav", "audio": "b.wav"}}]'),
        ("a.json", '{"data": {"collection_type": "annotation_set", "collection_type": "evaluation_set"}}'),
    ],
)
def test_fault_65_labels_in_hostile_json_are_refused_in_one_line(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError) as caught:
        read_events(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("reason", "text"), [(key, text) for key, texts in HOSTILE_YAML.items() for text in texts])
def test_fault_65_hostile_yaml_is_refused_soon(tmp_path: Path, reason: str, text: str) -> None:
    began = time.process_time()
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(StorageError, match=r"config\.yaml: not readable") as caught:
        _ = RunFolder(tmp_path).config
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"config\.yaml: not valid YAML") as caught_spec:
        read_spec(tmp_path / "config.yaml")
    assert reason in str(caught_spec.value)
    assert time.process_time() - began < 5.0


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan", "1" + "0" * 400, "1:" * 5000 + "1"])
def test_fault_65_numbers_that_nothing_can_count_with_are_refused(tmp_path: Path, number: str) -> None:
    (tmp_path / "config.yaml").write_text(f"corpus: demo\nmethod: cap\nseed: {number}\n")
    with pytest.raises(ConfigError, match=r"config\.yaml: .* is nothing to count with"):
        _ = RunFolder(tmp_path).config


def test_errors_are_one_line_of_bounded_length_whatever_they_quote() -> None:
    assert str(DataError("a.wav: first\n  second\u2028third")) == "a.wav: first second third"
    long = str(SedpoolError("a.wav: " + "x" * 1_000_000 + ": do this"))
    assert len(long) < 2100
    assert long.startswith("a.wav: x")
    assert long.endswith("x: do this")


def test_fault_65_a_configuration_folder_of_hostile_yaml_is_refused_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / "mine.yaml").write_text(BILLION)
    monkeypatch.setattr("sys.argv", ["sedpool train", "--config-dir", str(tmp_path), "dataset=mine"])
    began = time.process_time()
    with pytest.raises(SystemExit, match=r"mine\.yaml: not valid YAML \(stands for more than 100000 values\)"):
        main()
    assert time.process_time() - began < 5.0


@pytest.mark.parametrize("value", [[["x"], 1], 10**400, ["const", 10**400], [{}], float("nan")])
def test_fault_65_what_is_no_distribution_is_refused(tmp_path: Path, value: object) -> None:
    spec = {"duration": value, "n_events": 2, "event": {"duration": ["uniform", 0.2, 0.5], "snr": ["const", 6]}}
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(spec))
    with pytest.raises(ConfigError, match=r"spec\.yaml: duration="):
        read_spec(tmp_path / "spec.yaml")


def test_fault_69_names_that_are_not_utf8_are_said_and_written_as_their_codes(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"a\xff.txt")
    odd.write_text("0\t1\tdog\n")
    for path in (odd, tmp_path):
        with pytest.raises(DataError, match=r"a\\udcff\.txt: the name is not in UTF-8; rename the file"):
            read_events(path)
    write_text(tmp_path / "x.html", str(odd.name))
    assert (tmp_path / "x.html").read_bytes() == b"a\\udcff.txt"
