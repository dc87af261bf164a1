"""Commands whose results cannot be written: one line that names the user's path, whatever the reason."""

import shutil
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from sedpool import audio
from sedpool.cli.app import main
from sedpool.errors import StorageError
from sedpool.experiment.run import run
from sedpool.run_folder import RunFolder
from tests.experiment.small import small
from tests.miniatures.disks import files_no_larger_than, full, limited, read_only

ROWS = "filename\tonset\toffset\tevent_label\na.wav\t0\t4\tdog\nb.wav\t1\t2\tsiren\n"
COMMANDS = {
    "report": "report {place}/run",
    "analyse": "analyse {place}/run",
    "tune": "tune {place}/run",
    "compare": "compare {place}",
    "pack": "pack {place}/run {place}/mine.sedpool",
    "evaluate": "evaluate -r {given}/a.tsv -e {given}/a.tsv {durations} --html {place}/found.html",
    "jams": "evaluate -r {given}/a.tsv -e {given}/a.tsv {durations} --jams {place}/jams",
    "detect": "detect {place}/run {given}/beds/street --out {place}/found",
    "scores": "detect {place}/run {given}/beds/street --format scores --out {place}/found",
    "synthesise": "data synthesise --foreground {given}/events --background {given}/beds --out {place}/made --jobs 2"
    " --train 2 --validate 1 --test 1 --isolated",
}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings and labels to start from."""
    folder = tmp_path_factory.mktemp("given")
    rng = np.random.default_rng(0)
    for name, seconds in (("events/dog/0", 1), ("events/dog/1", 1), ("events/dog/2", 1), ("beds/street/0", 11)):
        audio.write_wav(folder / f"{name}.wav", 0.1 * rng.standard_normal(seconds * 44100), 44100)
    for index in (1, 2):
        shutil.copy(folder / "beds/street/0.wav", folder / f"beds/street/{index}.wav")
    (folder / "a.tsv").write_text(ROWS)
    (folder / "durations.tsv").write_text("filename\tduration\na.wav\t10\nb.wav\t10\n")
    return folder


@pytest.fixture
def place(finished: RunFolder, tmp_path: Path) -> Path:
    """A folder with a finished run, into which commands are to write."""
    shutil.copytree(finished.path, tmp_path / "place" / "run")
    return tmp_path / "place"


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Run a command that has to end in one line of error, and return the line."""
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)

    def call(command: str) -> str:
        monkeypatch.setattr(sys, "argv", ["sedpool", *command.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        assert str(ended.value).startswith("error: ")
        assert len(str(ended.value).splitlines()) == 1
        assert "Traceback" not in capsys.readouterr().err
        return str(ended.value)

    return call


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("unwritable", [read_only, full, limited])
def test_fault_70_what_cannot_be_written_is_one_line_that_names_it(
    given: Path,
    place: Path,
    refused: Callable[[str], str],
    unwritable: Callable[[Path], AbstractContextManager[None]],
    command: str,
) -> None:
    before = content(place)
    with unwritable(place):
        line = refused(command.format(given=given, place=place, durations=f"--durations {given}/durations.tsv"))
    assert str(place) in line
    assert ".writing-" not in line
    assert ".partial" not in line
    assert any(advice in line for advice in ("choose another place", "free some space", "raise the limit")), line
    after = content(place)
    assert {path: after[path] for path in before} == before
    assert not [path for path in after if ".writing-" in path.name]


@pytest.mark.parametrize(("limit", "named"), [(100_000, "cache"), (20_000, "checkpoint")])
def test_fault_70_training_says_what_could_not_be_written_and_goes_on_later(
    data_root: Path, finished: RunFolder, tmp_path: Path, limit: int, named: str
) -> None:
    cache = tmp_path / "cache" if named == "cache" else Path(finished.config["cache"])
    config = small(data_root, tmp_path / "runs", f"cache={cache}", "seed=5")
    with files_no_larger_than(limit), pytest.raises(StorageError, match=rf"{named}.*: larger than files may be here"):
        run(config)
    assert RunFolder(run(config)).is_done
