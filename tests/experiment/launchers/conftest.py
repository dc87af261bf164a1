"""Jobs whose process is a small program in place of a training, which behaves as its settings say."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sedpool import storage
from sedpool.experiment.jobs import Job
from sedpool.experiment.launchers.sweep import Sweep
from sedpool.run_folder import RunFolder
from sedpool.settings.schema import LauncherSettings
from tests.test_configs import composed

PROGRAM = """
import json, os, resource, signal, sys, time
from pathlib import Path

folder, do = Path(sys.argv[1]), sys.argv[2]
print(f"{do} in {os.getcwd()}", flush=True)
if not Path("mended").exists():
    if do == "raise":
        raise ValueError("clip x.wav is broken")
    if do == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if do == "exit":
        sys.exit(3)
    if do == "stop":
        sys.exit()
    if do == "memory":
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        bytearray(1 << 40)
if do == "sleep":
    time.sleep(600)
f1 = float(do) if do[0].isdigit() else None
(folder / "metrics.json").write_text(json.dumps({"validation": {"f1": f1}}))
(folder / "environment.json").write_text("{}")
(folder / "DONE").write_text("1")
"""


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Sweep]:
    """Function that runs a sweep over what the program is to do."""
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)

    def command(job: Job) -> list[str]:
        return [sys.executable, "-S", str(tmp_path / "program.py"), str(job.folder.path), job.overrides[-1]]

    monkeypatch.setattr(Job, "command", property(command))
    config = composed()

    def find(own: dict[str, Any], known: object) -> RunFolder:
        folder = RunFolder(Path("runs", own["method"]))
        storage.write_text(folder.file("config.yaml"), yaml.safe_dump(own))
        return folder

    monkeypatch.setattr("sedpool.experiment.run.folder_of", find)

    def run(*what: str, settings: LauncherSettings | None = None) -> Sweep:
        made = Sweep()
        for do in what:
            *others, last = do.split()
            own = {**config, "method": do.replace(" ", "-")}
            made.add(do, own, (*others, last), settings or LauncherSettings("local", 2))
        made.run()
        return made

    return run


@pytest.fixture
def slurm() -> LauncherSettings:
    """A cluster that is there."""
    try:
        subprocess.run(["sinfo"], capture_output=True, check=True, timeout=5)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("needs SLURM: scripts/check_slurm.sh starts one on this machine and runs this")
    return LauncherSettings("slurm", 2)
