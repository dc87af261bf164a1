"""Time and memory of a report of many runs, made of one by copies under other methods and seeds."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from sedpool import storage
from sedpool.reproduction.records import LEFT_BEHIND
from sedpool.run_folder import RunFolder

METHODS = 10
MAIN = [sys.executable, "-c", "from sedpool.cli.app import main; main()"]


def measure(run: Path, sizes: list[int]) -> list[dict[str, object]]:
    """One row per number of runs: seconds, seconds of processor time, both per run above those of one, peak memory."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for size in [1, *sizes]:
            records = Path(folder, str(size))
            for index in range(size):
                copied(RunFolder(run), records / f"{index}", method=f"method{index % METHODS}", seed=index // METHODS)
            seconds, core_seconds, peak = report(records)
            above = seconds - float(str(rows[0]["seconds"])) if rows else 0.0
            row: dict[str, object] = {
                "runs": size,
                "seconds": seconds,
                "core_seconds": core_seconds,
                "seconds_a_run": above / size,
            }
            rows.append(row | {"peak_mib": peak / 2**20})
            shutil.rmtree(records)
    return rows


def copied(run: RunFolder, folder: Path, *, method: str, seed: int) -> None:
    """Copy a run as a record, without scores and weights, and give it a name of its own."""
    folder.mkdir(parents=True)
    for path in run.path.iterdir():
        if path.name not in (*LEFT_BEHIND, "config.yaml") and not path.name.startswith("."):
            os.link(path, folder / path.name)
    config = dict(run.config) | {"method": method, "seed": seed}
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    (folder / "scores.sha256").write_text(storage.json_text({"scores": folder.name}), encoding="utf-8")


def report(folder: Path) -> tuple[float, float, int]:
    """Report on a folder of runs in a process of its own; return seconds, processor seconds and peak bytes."""
    began = time.perf_counter()
    with subprocess.Popen([*MAIN, "report", str(folder)], stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"sedpool report exited with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * unit
