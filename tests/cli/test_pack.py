"""``sedpool pack``, and commands that take a package in place of a run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from typer.testing import CliRunner, Result

from sedpool.cli.app import app
from sedpool.errors import ConfigError, StorageError
from sedpool.experiment.load import identify_data
from sedpool.experiment.pack import pack_run
from sedpool.inference.package import open_run, pack, unpack
from sedpool.run_folder import RunFolder

FINISHED = Path(__file__).parents[1] / "golden/fixtures/runs/demo-cap-s0-aaddf8ec49"


def sedpool(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    assert sedpool("pack", FINISHED, tmp_path / "mine.sedpool").exit_code == 0
    return tmp_path / "mine.sedpool"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    samples = np.random.default_rng(0).normal(0, 0.1, 25 * 44100) * np.abs(np.sin(np.arange(25 * 44100) / 44100))
    sf.write(tmp_path / "a.wav", samples, 44100)
    return tmp_path / "a.wav"


def test_it_says_what_it_packs(tmp_path: Path) -> None:
    path = tmp_path / "mine.sedpool"
    result = sedpool("pack", FINISHED, path)
    assert result.exit_code == 0
    assert f"{path.stat().st_size:,}  {path}: demo-cap-s0-aaddf8ec49, 10 classes" in result.stdout
    assert all(name in result.stdout for name in unpack(path.read_bytes(), path)[1])
    assert "no terms of use stated" in result.stderr


def test_nothing_is_overwritten_unasked(package: Path) -> None:
    before = package.read_bytes()
    refused = sedpool("pack", FINISHED, package, "--author", "x").exception
    assert isinstance(refused, ConfigError)
    assert "is there already" in str(refused)
    assert package.read_bytes() == before
    assert sedpool("pack", FINISHED, package, "--author", "x", "--force").exit_code == 0
    assert package.read_bytes() != before


@pytest.mark.parametrize("name", ["weights.npz", "metrics.json", "counts.parquet"])
def test_fault_82_packing_never_replaces_what_is_no_package(tmp_path: Path, name: str) -> None:
    run = Path(shutil.copytree(FINISHED, tmp_path / "run"))
    before = (run / name).read_bytes()
    refused = sedpool("pack", run, run / name, "--force").exception
    assert isinstance(refused, ConfigError)
    assert str(refused) == f"{run / name}: no package, and --force replaces nothing else; give another name"
    assert (run / name).read_bytes() == before


def test_terms_are_a_name_or_a_file(package: Path, tmp_path: Path) -> None:
    (tmp_path / "terms.txt").write_text("\nMy terms\n\nDo as you like.\n", encoding="utf-8")
    named, filed = tmp_path / "named.sedpool", tmp_path / "filed.sedpool"
    assert sedpool("pack", FINISHED, named, "--license", "CC-BY-4.0", "--author", "A. Author").exit_code == 0
    assert sedpool("pack", FINISHED, filed, "--license", tmp_path / "terms.txt").exit_code == 0
    about, parts = unpack(named.read_bytes(), named)
    assert (about.licence, about.author) == ("CC-BY-4.0", "A. Author")
    assert "LICENSE" not in parts
    about, parts = unpack(filed.read_bytes(), filed)
    assert about.licence == "My terms"
    assert parts["LICENSE"] == (tmp_path / "terms.txt").read_bytes()
    for content, reason in ((b" \n", "an empty file"), (b"\xff", "not a text")):
        (tmp_path / "terms.txt").write_bytes(content)
        refused = sedpool("pack", FINISHED, tmp_path / "x.sedpool", "--license", tmp_path / "terms.txt").exception
        assert isinstance(refused, ConfigError)
        assert reason in str(refused)
        assert not (tmp_path / "x.sedpool").exists()


def test_a_package_is_packed_again_with_other_statements(package: Path, tmp_path: Path) -> None:
    again, direct = tmp_path / "again.sedpool", tmp_path / "direct.sedpool"
    statements = ("--name", "City sounds", "--license", "MIT", "--author", "A. Author")
    assert sedpool("pack", package, again, *statements).exit_code == 0
    assert sedpool("pack", FINISHED, direct, *statements).exit_code == 0
    assert again.read_bytes() == direct.read_bytes()
    refused = sedpool("pack", package, again, "--force", "--name", "a\nb").exception
    assert isinstance(refused, ConfigError)


def test_a_package_detects_as_its_run_does(package: Path, recording: Path) -> None:
    by_run, by_package = (sedpool("detect", one, recording, "--threshold", "0.4") for one in (FINISHED, package))
    assert by_package.exit_code == 0
    assert by_package.stdout == by_run.stdout
    assert by_package.stdout.count("\n") > 3
    assert "mine.sedpool: decodes as tuned on 8 validation clips" in by_package.stderr
    both = sedpool("detect", FINISHED, package, recording, "--threshold", "0.4")
    assert both.stdout == by_run.stdout
    renamed = package.rename(package.with_name("renamed"))
    assert sedpool("detect", renamed, recording, "--threshold", "0.4").stdout == by_run.stdout


def test_results_begun_by_a_run_go_on_by_its_package(package: Path, recording: Path, tmp_path: Path) -> None:
    assert sedpool("detect", FINISHED, recording, "--out", tmp_path / "out").exit_code == 0
    assert sedpool("detect", package, recording, "--out", tmp_path / "out").exit_code == 0


def test_training_starts_from_a_package_as_from_its_run(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sedpool.experiment.load.build", lambda *_: None)
    config = {"augment": {"background": None}, "features": {}, "training": {"init_from": str(package)}}
    of_run = {"augment": {"background": None}, "features": {}, "training": {"init_from": str(FINISHED)}}
    assert identify_data(config)[0] == identify_data(of_run)[0]


@pytest.mark.parametrize("command", ["tune", "analyse", "report", "compare", "track"])
def test_commands_that_need_scores_or_a_corpus_say_that_a_package_has_none(package: Path, command: str) -> None:
    refused = sedpool(command, package).exception
    assert isinstance(refused, ConfigError)
    assert str(refused).startswith(f"{package}: a file; expected a run folder; a package has no scores and no corpus")


@pytest.mark.parametrize(
    ("lost", "expected"),
    [("DONE", "not finished"), ("weights.npz", "weights.npz: no such file"), ("history.csv", "history.csv: no such")],
)
def test_what_a_run_lacks_is_named(lost: str, expected: str, tmp_path: Path) -> None:
    copy = RunFolder(shutil.copytree(FINISHED, tmp_path / "run"))
    copy.file(lost).unlink()
    refused = sedpool("pack", copy.path, tmp_path / "x.sedpool").exception
    assert isinstance(refused, ConfigError | StorageError)
    assert expected in str(refused)


def test_a_package_of_any_shape_gets_a_card_or_one_line(package: Path, tmp_path: Path) -> None:
    about, parts = unpack(package.read_bytes(), package)
    for name, content in (("metrics.json", b"[]"), ("metrics.json", b'{"tuned": 3}'), ("intervals.csv", b"a,b\n1\n")):
        package.write_bytes(pack(about, parts | {name: content}))
        with pytest.raises(StorageError) as caught, open_run(package) as run:
            pack_run(run)
        assert str(caught.value).startswith(str(package))
        assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_the_wheel_alone_detects_the_same_bytes(package: Path, recording: Path, tmp_path: Path) -> None:
    """Beside the wheel's sedpool there is nothing of this checkout, only the libraries."""
    root, wheel, target = Path(__file__).parents[2], tmp_path / "wheel", tmp_path / "installed"
    pip = [sys.executable, "-m", "pip"]
    built = subprocess.run(
        [*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", wheel, root], capture_output=True, text=True, check=False
    )
    if built.returncode and "hatchling" in built.stderr:
        pytest.skip("hatchling, which builds wheels, cannot be had")
    assert built.returncode == 0, built.stderr
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--target", target, *wheel.iterdir()], check=True)
    code = "import sedpool; print(sedpool.__file__); from sedpool.cli.app import main; main()"
    (tmp_path / "elsewhere").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code, "detect", package, recording, "--threshold", "0.4"],
        cwd=tmp_path / "elsewhere",
        env=os.environ | {"PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    place, _, events = done.stdout.partition("\n")
    assert Path(place).is_relative_to(target)
    assert events == sedpool("detect", FINISHED, recording, "--threshold", "0.4").stdout
