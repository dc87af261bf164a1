"""``sedpool report`` on made run folders."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sedpool.cli.app import app
from sedpool.comparison.collect import finished_runs
from sedpool.errors import DataError, StorageError
from sedpool.run_folder import RunFolder
from tests.miniatures.runs import write_run


def sedpool(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return write_run(tmp_path_factory.mktemp("written"))


@pytest.fixture
def run(written: RunFolder, tmp_path: Path) -> RunFolder:
    return RunFolder(shutil.copytree(written.path, tmp_path / "runs" / written.path.name))


def test_a_report_goes_into_the_first_folder_and_its_path_is_printed(run: RunFolder) -> None:
    folder = run.path.parent
    shutil.copytree(run.path, folder / "demo-mean-s0")
    (folder / "demo-mean-s0" / "DONE").unlink()
    shown = sedpool("report", folder, "--title", "Two & a <half>")
    assert shown.exit_code == 0, shown.exception
    assert shown.stdout.strip() == str(folder / "report" / "index.html")
    assert shown.stderr.strip() == f"left out: {folder / 'demo-mean-s0'} (not finished)"
    assert "<h1>Two &amp; a &lt;half&gt;</h1>" in (folder / "report" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_without_runs_it_ends_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    error = sedpool("report", tmp_path / name).exception
    assert isinstance(error, DataError)
    assert str(error).startswith(f"{tmp_path / name}: no ")
    assert "\n" not in str(error)


def test_no_finished_run_is_an_error_that_names_the_others(run: RunFolder) -> None:
    run.file("DONE").unlink()
    with pytest.raises(DataError, match=r"no finished run \(with DONE\); not finished: .*demo-cap-s0"):
        finished_runs([run.path.parent])


def test_a_run_and_its_record_count_once(run: RunFolder, tmp_path: Path) -> None:
    shutil.copytree(run.path, tmp_path / "records" / run.path.name)
    found = finished_runs([run.path.parent, tmp_path / "records"])
    assert [one.path for one in found.runs] == [run.path]
    assert list(found.left_out.values()) == [f"the same run as {run.path}"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics.json", '{"format": 1}'),
        ("metrics.json", '{"format": '),
        ("config.yaml", "corpus: demo\n"),
        ("config.yaml", ""),
        ("history.csv", "epoch,loss\n1,0.5\n"),
        ("history.csv", "epoch,val_accuracy,seconds,clips_per_second\n"),
        ("history.csv", ""),
    ],
)
def test_a_damaged_run_is_named(run: RunFolder, name: str, content: str) -> None:
    run.file(name).write_text(content, encoding="utf-8")
    with pytest.raises(StorageError, match=rf"demo-cap-s0/{name}: ") as raised:
        finished_runs([run.path])
    assert "\n" not in str(raised.value)
