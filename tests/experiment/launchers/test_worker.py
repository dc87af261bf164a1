import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sedpool.experiment.launchers.worker import Worker

PARENT = """
import time
from sedpool.experiment.launchers.worker import Worker

if __name__ == "__main__":
    worker = Worker(time.sleep, 600)
    print(worker._process.pid, flush=True)
    time.sleep(600)
"""


def test_what_a_worker_prints_goes_to_its_file(tmp_path: Path) -> None:
    worker = Worker(print, "said", output=tmp_path / "run" / "output.txt")
    assert worker.result() == (None, None)
    assert (tmp_path / "run" / "output.txt").read_text() == "said\n"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the process in /proc")
def test_a_worker_ends_with_the_process_that_started_it_even_if_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 60
    while is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_running(worker)


def is_running(process: int) -> bool:
    """Whether it exists and is no zombie, as which a container's first process may leave it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
