"""What work takes: in proportion to what was measured, and what limits it."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from typer.testing import CliRunner

from sedpool.cli.app import app
from sedpool.experiment import resources
from sedpool.experiment.resources import Work, extraction_work, sweep_work
from sedpool.run_folder import RunFolder
from sedpool.settings.compose import compose
from sedpool.storage import write_json, write_text

GB = 10**9


def work(**changes: object) -> Work:
    values = {
        "what": "4 runs",
        "seconds": (3600.0,) * 4,
        "at_most": (7200.0,) * 4,
        "disk": 4e6,
        "read": 0.0,
        "memory": GB,
        "watt_hours": 500.0,
        "basis": "a finished run",
    }
    return Work(**(values | changes))  # type: ignore[arg-type]


def line(lines: list[str], name: str) -> str:
    (found,) = [line for line in lines if line.startswith(f"{name}: ")]
    return found.removeprefix(f"{name}: ")


def test_time_falls_with_machines_until_there_is_a_place_for_each_item(tmp_path: Path) -> None:
    lines = work().report(1, 1, tmp_path)
    assert line(lines, "time") == "about 4 h 0 min, at most 8 h 0 min (4 h 0 min of one process)"
    assert line(lines, "limit") == "computing: twice the machines take half the time"
    assert line(lines, "energy") == "0.5 kWh"
    assert line(work().report(2, 1, tmp_path), "time").startswith("about 2 h 0 min")
    many = work().report(50, 2, tmp_path)
    assert line(many, "time").startswith("about 1 h 0 min")
    assert line(many, "limit").startswith("the longest of them: 100 places for 4")


def test_memory_and_disk_that_are_not_there_are_limits(tmp_path: Path) -> None:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    lines = work(memory=memory // 2).report(1, 3, tmp_path / "new" / "folder")
    assert "it has room for 2 at a time" in line(lines, "limit")
    assert (
        line(lines, "memory") == f"{resources.size(memory // 2)} a process, {resources.size(memory // 2 * 3)} a machine"
    )
    assert f"are free in {tmp_path}" in line(work(disk=1e18).report(1, 1, tmp_path), "limit")


def test_recordings_have_to_be_read_as_fast_as_they_are_computed(tmp_path: Path) -> None:
    lines = work(seconds=(100.0,) * 8, at_most=(100.0,) * 8, read=8e9).report(2, 2, tmp_path)
    assert lines[-1] == "limit: reading, where recordings come at less than 40 MB a second"


def test_a_sweep_takes_what_finished_runs_of_its_kind_took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = [f"runs={tmp_path / 'runs'}", "model=tiny", "training.epochs=40"]
    asked = []
    monkeypatch.setattr(
        resources, "measure_together", lambda config, jobs: asked.append((config["method"], jobs)) or 8.0
    )
    unknown = sweep_work([*settings, "pooling=cap,max", "seed=0,1,2"], 2)
    assert unknown.what == "6 runs"
    assert unknown.seconds == unknown.at_most == (320.0,) * 6
    assert (unknown.disk, unknown.watt_hours) == (None, None)
    assert unknown.basis == "6 by steps timed here"
    assert asked == [("cap", 2)]

    folder = RunFolder(tmp_path / "runs" / "demo-cap-s0-0123456789")
    config = compose([*settings, "pooling=cap"])
    write_json(folder.file("config.yaml"), config)
    history = pd.DataFrame({"epoch": [1, 2, 3], "loss": 0.5, "seconds": [9.0, 5.0, 5.0], "energy_wh": [0.2, 0.1, 0.1]})
    write_text(folder.file("history.csv"), history.to_csv(index=False))
    folder.mark_done()
    known = sweep_work([*settings, "pooling=cap,max", "seed=0,1,2", "features.n_mels=64,128"], 1)
    assert known.basis == f"6 by finished runs of their kind in {tmp_path / 'runs'}, 6 by steps timed here"
    assert sorted(set(known.seconds)) == [15.0, 320.0]
    assert sorted(set(known.at_most)) == [200.0, 320.0]
    known = sweep_work([*settings, "pooling=cap,max", "seed=0,1,2"], 1)
    assert known.watt_hours == pytest.approx(6 * 0.4)
    assert known.disk == 6 * sum(path.stat().st_size for path in folder.path.iterdir())


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(6):
        sf.write(folder / f"{number}.wav", rng.normal(0, 0.1, (number + 1) * 22050), 22050)
    write_text(folder / "labels.csv", "filename,label\n" + "".join(f"{number}.wav,rain\n" for number in range(6)))
    return folder


def test_an_extraction_takes_what_a_few_clips_take_in_proportion(tmp_path: Path, recordings: Path) -> None:
    places = [f"dataset.root={recordings}", f"cache={tmp_path / 'cache'}", f"data_root={tmp_path}"]
    found = extraction_work(compose(["dataset=folder", *places]))
    assert found.what == "features of 6 clips, 1 min of sound"
    assert found.seconds[5] == pytest.approx(6 * found.seconds[0])
    assert found.read == sum(path.stat().st_size for path in recordings.glob("*.wav"))
    floats = 4 * 128 * 43 * 21
    assert found.disk is not None
    assert floats < found.disk < 1.5 * floats
    assert not (tmp_path / "cache").exists()


def test_a_detection_is_planned_from_examples(recordings: Path) -> None:
    arguments = ["plan", "detection", "demo", str(recordings), "--hours", "10000", "--machines", "50", "--jobs", "4"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    first, *lines = result.stdout.splitlines()  # what demo is goes to the other stream
    assert first.endswith(" 10000 h 0 min of sound on 50 machines, 4 at a time on each")
    assert [text.partition(":")[0] for text in lines[:5]] == ["time", "disk", "memory", "energy", "from"]
