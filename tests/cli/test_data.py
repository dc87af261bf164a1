"""`sedpool data` as a shell sees it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from typer.testing import CliRunner

from sedpool import storage
from sedpool.cli.app import app
from sedpool.datasets.catalog import CORPORA
from sedpool.errors import ConfigError, DataError, SedpoolError
from sedpool.features.logmel import LogMel
from sedpool.features.prepare import prepare
from sedpool.settings.compose import compose, config_folder
from sedpool.settings.instantiate import build

runner = CliRunner()
SMALL = ("features.sr=8000", "features.n_fft=256", "features.hop_length=128", "features.n_mels=8", "jobs=1")


def data(*arguments: object, code: int = 0, **environment: str) -> str:
    """Output of a command that ends with `code`."""
    result = runner.invoke(app, ["data", *map(str, arguments)], env=environment, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def test_list_says_which_corpora_are_on_disk(tmp_path: Path) -> None:
    (tmp_path / "URBAN-SED" / "audio").mkdir(parents=True)
    rows = {
        row.split()[0]: row
        for row in data("list", SEDPOOL_DATA=str(tmp_path), COLUMNS="200").splitlines()
        if row.split()
    }
    assert rows["urbansed"].rstrip().endswith("yes")
    assert rows["desed"].rstrip().endswith("–")


def test_download_says_how_to_get_what_cannot_be_fetched() -> None:
    assert "zenodo.org/record/1649325" in data("download", "medleydb")


def test_a_wrong_name_lists_the_right_ones() -> None:
    with pytest.raises(DataError, match=r"urbansd: no such corpus; known: urbansed, dcase2017"):
        data("download", "urbansd")


def test_info_prints_licence_citation_and_layout() -> None:
    shown = data("info", "urbansed", COLUMNS="200")
    for text in ("CC BY 4.0", "WASPAA 2017", "annotations/<split>/<clip>.jams", "sedpool data download urbansed"):
        assert text in shown


def test_info_does_not_take_any_folder_for_the_corpus(tmp_path: Path) -> None:
    assert "(not there)" in data("info", "urbansed", "--root", tmp_path, COLUMNS="200")
    (tmp_path / "notes.txt").touch()
    shown = data("info", "urbansed", "--root", tmp_path, COLUMNS="200")
    assert "(not empty; `sedpool data check urbansed` checks it)" in " ".join(shown.split())


@pytest.mark.parametrize("target", ["figures", "figure.svg"])
def test_info_draws_into_a_folder_or_a_file(corpus: Path, tmp_path: Path, target: str) -> None:
    shown = data("info", "urbansed", "--root", corpus, "--figures", tmp_path / target)
    assert "micro F1 1.000" in shown
    drawn = tmp_path / target if target.endswith("svg") else tmp_path / target / "urbansed.png"
    assert drawn.stat().st_size > 10_000


def test_fault_46_check_finds_nothing_wrong_and_writes_outside_the_corpus(corpus: Path, tmp_path: Path) -> None:
    before = sorted(corpus.rglob("*"))
    shown = data("check", "urbansed", "--root", corpus, "--jobs", 1, f"data_root={tmp_path / 'elsewhere'}")
    assert "6 of 6 listed clips can be used" in shown
    assert "every recording is there and can be used" in shown
    assert sorted(corpus.rglob("*")) == before
    manifest = storage.read_json(tmp_path / "elsewhere" / "features" / "manifests" / "urbansed.json")
    assert manifest["problems"] == []


def test_check_counts_what_is_wrong_and_fails(corpus: Path, tmp_path: Path) -> None:
    (corpus / "audio" / "train" / "train0.wav").unlink()
    (corpus / "audio" / "test" / "test1.wav").write_bytes(b"<html>")
    target = tmp_path / "manifest.json"
    shown = data("check", "urbansed", "--root", corpus, "--jobs", 1, "--manifest", target, code=1, COLUMNS="200")
    assert "4 of 6 listed clips can be used" in shown
    manifest = storage.read_json(target)
    assert {problem["kind"] for problem in manifest["problems"]} == {"missing", "unreadable"}
    assert (manifest["missing"], manifest["unusable"]) == (["train0.wav"], ["test1.wav"])


def test_validate_shows_how_far_annotators_agree(tmp_path: Path) -> None:
    root = tmp_path / "calls"
    root.mkdir()
    for number, name in enumerate(("tables", "document", "tasks", "alone")):
        sf.write(root / f"{name}.wav", np.random.default_rng(number).normal(0, 0.1, 80_000), 8000)
    (root / "tables.ann.txt").write_text("0\t4\tdog\n")
    (root / "tables.bob.txt").write_text("2\t5\tdog\n")
    (root / "alone.txt").write_text("0\t10\tdog\n")
    observed = [{"time": 0.0, "duration": end, "value": "dog", "confidence": 1.0} for end in (4.0, 5.0)]
    annotations = [
        {"namespace": "segment_open", "annotation_metadata": {"annotator": {"name": name}}, "data": [one]}
        for name, one in zip(("ann", "bob"), observed, strict=True)
    ]
    metadata = {"file_metadata": {"duration": 10.0, "title": "document.wav"}, "sandbox": {}}
    storage.write_json(root / "document.jams", metadata | {"annotations": annotations})
    regions = [{"start": 1, "end": end, "labels": ["gull"]} for end in (2, 3)]
    completions = [
        {"completed_by": who, "result": [{"type": "labels", "value": region}]}
        for who, region in enumerate(regions, start=1)
    ]
    task = {"id": 1, "data": {"audio": "/data/upload/1/tasks.wav"}, "annotations": completions}
    (root / "export.json").write_text(json.dumps([task]))
    settings = ("dataset.annotators=union", "dataset.shares=[0.5,0.25,0.25]", f"cache={tmp_path}")
    shown = data("check", "folder", "--root", root, "--jobs", 1, *settings, COLUMNS="200")
    assert "recordings with several: 3" in " ".join(shown.split())
    assert re.search(r"dog +2 +2 +0\.750 +0\.", shown)  # both in 2 + 4 segments, the first in 8, the second in 8
    assert re.search(r"gull +1 +1 +0\.667 +0\.", shown)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Five recordings of one's own; an owl calls in all of them."""
    folder = tmp_path / "my recordings"
    folder.mkdir()
    for number in range(5):
        sf.write(folder / f"{number}.wav", np.random.default_rng(number).normal(0, 0.1, 12 * 8000), 8000)
        (folder / f"{number}.txt").write_text("1\t3\towl\n" + "2\t13\tgull\n" * (number < 1), encoding="utf-8")
    return folder


def test_check_shows_what_is_in_a_folder_and_passes_with_warnings(own: Path, tmp_path: Path) -> None:
    target = tmp_path / "found.json"
    shown = data("check", own, "jobs=1", "--manifest", target)
    assert "my recordings: 10 of 10 listed clips can be used" in shown
    assert "my recordings: 5 recordings (3 train, 1 validate, 1 test), 1.0 min; 8000 Hz mono; 0 shorter and 5" in shown
    assert "counted while it was read: 1 events clipped at the end" in shown
    assert "supervision=weak: training uses only which classes each clip has, although" in shown
    assert re.search(r"\n owl( +\d+){9} *\n", shown)
    assert "warning: in one recording only, so that nothing tests what is learned of it: gull (0.wav)" in shown
    found = storage.read_json(target)
    assert found["problems"] == []
    assert sum(found["overview"]["labels"]["owl"][split]["events"] for split in ("train", "validate", "test")) == 5
    strong = data("check", own, "supervision=strong", "jobs=1", f"cache={tmp_path}")
    assert "supervision=strong: training uses the times of the labels" in strong
    assert (tmp_path / "manifests/my recordings.json").is_file()


def test_check_fails_where_training_would_and_passes_where_it_would_not(own: Path, tmp_path: Path) -> None:
    copy = own / "copy.wav"
    copy.write_bytes((own / "1.wav").read_bytes())
    settings = (own, "jobs=1", f"cache={tmp_path}")
    unlabelled = data("check", *settings, code=1, COLUMNS="200")
    assert "audio that no list mentions" in " ".join(unlabelled.split())
    assert "1 clips without annotation (copy.wav); label them (an empty .txt beside a recording says" in unlabelled
    copy.with_suffix(".txt").touch()
    assert "same samples as another clip" in data("check", *settings, COLUMNS="200")
    copy.write_bytes(b"<html>")
    broken = data("check", *settings, code=1, COLUMNS="200")
    assert "audio that cannot be used" in broken
    assert "1 recordings cannot be used (first copy.wav); repair them, or set allow_missing=true" in broken
    assert "without 0 clips without audio, 1 that cannot" in data("check", *settings, "allow_missing=true")
    data("check", *settings, "dataset.allow_missing=true", code=1)
    copy.unlink()
    (own / "more.csv").write_text("filename,onset,offset,event_label\n1a.wav,1,2,owl\n", encoding="utf-8")
    missing = data("check", *settings, code=1)
    assert "1 clips without audio (1a.wav); looked for by path, by name and by name without suffix" in missing
    accepted = data("check", *settings, "dataset.allow_missing=true")
    assert "training goes on without 1 clips without audio, 0 that cannot be used and 0 recordings" in accepted


def test_check_refuses_labels_that_nobody_knows_as_training_does(own: Path, tmp_path: Path) -> None:
    table = tmp_path / "map.csv"
    table.write_text("from,to\nowl,\n", encoding="utf-8")
    settings = (own, "jobs=1", f"cache={tmp_path}", f"labels.map='{table}'")
    partly = data("check", *settings)
    assert "4 tags and 5 stretches of time are unknown, and neither training nor scores count them" in partly
    for number in range(1, 5):
        (own / f"{number}.txt").write_text("0\t11.5\towl\n", encoding="utf-8")
    shown = data("check", *settings, code=1)
    assert "error: dataset my recordings: class gull is unknown in all clips of validate; label some of them" in shown
    data("check", *settings, "supervision=strong")


def test_check_takes_a_corpus_or_a_folder(own: Path, corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"urbansd: no such folder, and no corpus of this name; known: urbansed"):
        data("check", "urbansd")
    with pytest.raises(DataError, match=r"a folder of your own has no other folder; leave out --root"):
        data("check", own, "--root", own)
    with pytest.raises(ConfigError, match=r"--columns: no such option; .*'dataset\.columns={onset: NAME}'"):
        data("check", own, "--columns", "onset=Start")
    with pytest.raises(ConfigError, match=r"--unit=ms: no such option; .* dataset\.unit=VALUE"):
        data("check", "--unit=ms", own)
    cache = f"cache={tmp_path}"
    assert "6 of 6 listed" in data("check", "urbansed", "--root", corpus, "jobs=1", cache)
    former = data("validate", "urbansed", "--root", corpus, "jobs=1", cache)
    assert "DeprecationWarning: The command 'validate' is deprecated." in former


def test_prepare_fills_the_store_that_training_uses(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = (f"cache={tmp_path / 'cache'}", *SMALL)
    assert "features of 6 of 6 clips" in data("prepare", "urbansed", *settings, "--root", corpus)
    config = compose(["dataset=urbansed", *settings], root=str(corpus))
    monkeypatch.setattr(LogMel, "__call__", lambda *_: pytest.fail("computed again"))
    prepared = prepare(build(config, "dataset"), build(config, "features"), cache=config["cache"], progress=False)
    assert len(prepared.dataset) == 6


def test_fault_07_prepare_passes_over_bad_recordings_and_lists_them(corpus: Path, tmp_path: Path) -> None:
    for stem, content in {"train0": b"", "train1": b"<html>404</html>"}.items():
        (corpus / "audio" / "train" / f"{stem}.wav").write_bytes(content)
    shown = data("prepare", "urbansed", f"cache={tmp_path / 'cache'}", *SMALL, "--root", corpus, code=1)
    assert "features of 4 of 6 clips" in shown
    assert shown.count("left out: ") == 2
    assert "train0.wav: not readable audio" in shown


def test_fault_07_a_bad_long_recording_is_one_however_many_clips_are_cut_from_it(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for stem in "abcde":
        sf.write(folder / f"{stem}.wav", np.random.default_rng(0).uniform(-0.1, 0.1, 25 * 8000), 8000)
        (folder / f"{stem}.txt").write_text("1\t24\tdog\n", encoding="utf-8")
    (folder / "c.wav").write_bytes(b"<html>404</html>")
    settings = (f"cache={tmp_path / 'cache'}", *SMALL)
    shown = data("prepare", "folder", *settings, "--root", folder, code=1)
    assert "features of 12 of 15 clips" in shown
    assert shown.count("left out: ") == 1
    config = compose(["dataset=folder", *settings], root=str(folder))
    with pytest.raises(DataError, match="1 of 5 recordings cannot be used"):
        prepare(build(config, "dataset"), build(config, "features"), cache=config["cache"], progress=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["features.srr=1"], "features.srr: no such setting; did you mean features.sr"),
        (["features.sr=-1"], "features.sr=-1: expected a whole number above 0"),
        (["dataset.root=/no/such/folder"], "/no/such/folder: no such folder"),
    ],
)
def test_wrong_settings_are_named(arguments: list[str], message: str) -> None:
    with pytest.raises(SedpoolError, match=re.escape(message)):
        data("prepare", "urbansed", *arguments)


def test_names_and_folders_of_the_catalogue_are_those_of_the_configurations() -> None:
    options = {path.stem for path in (config_folder() / "dataset").glob("*.yaml")}
    assert sorted(corpus.name for corpus in CORPORA) == sorted(options)
    for corpus in CORPORA:
        if corpus.name not in ("soundscapes", "folder"):  # mandatory settings
            root = compose([f"dataset={corpus.name}", "data_root=parent"])["dataset"]["root"]
            assert Path(root) == Path("parent") / corpus.folder


def test_bags_of_a_study_are_prepared_as_training_cuts_them(corpus: Path, tmp_path: Path) -> None:
    settings = (f"cache={tmp_path / 'cache'}", *SMALL, "labels.bag_duration=0.5", "training.patch_duration=0.5")
    assert "features of 10 of 10 clips" in data("prepare", "urbansed", *settings, "--root", corpus)
