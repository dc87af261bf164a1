"""The same work in this process, in processes beside it, and on a cluster whose workers are killed."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from sedpool.errors import ConfigError, DataError
from sedpool.runtime import parallel

sys.path.append(str(Path(__file__).parent))  # where other processes find the module, unlike `tests`
tasks = importlib.import_module("parallel_tasks")


def started(folder: Path) -> int:
    return len(list(folder.iterdir()))


@pytest.mark.parametrize("n_jobs", [1, 2, None, -1])
def test_results_come_in_the_order_of_the_items(tmp_path: Path, n_jobs: int | None) -> None:
    results = list(parallel.each(partial(tasks.slowly_squared, tmp_path), range(6), n_jobs))
    assert [square for square, _ in results] == [0, 1, 4, 9, 16, 25]
    assert ({process for _, process in results} == {os.getpid()}) == (n_jobs == 1 or os.cpu_count() == 1)
    assert list(parallel.each(tasks.refused, [], n_jobs)) == []


def test_the_error_of_an_item_is_raised_in_its_own_class() -> None:
    with pytest.raises(DataError, match=r"[012]: refused"):
        list(parallel.each(tasks.refused, range(3), 2))


def test_a_killed_process_is_an_error_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a worker process was killed"):
        list(parallel.each(partial(tasks.killed, tmp_path), range(8), 2))


def test_a_cluster_needs_a_scheduler_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="needs the extra dask")
    from sedpool.runtime import dask_cluster

    monkeypatch.setattr(dask_cluster, "_ANSWER_SECONDS", 0.5)
    with pytest.raises(ConfigError, match=r"parallel.address=tcp://127.0.0.1:9: no scheduler answers there"):
        parallel.cluster("tcp://127.0.0.1:9").__enter__()


def test_without_dask_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"pip install 'sedpool\[dask\]'"):
        parallel.cluster("tcp://127.0.0.1:9").__enter__()


@contextmanager
def running(*command: str, folder: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    arguments = [sys.executable, "-m", *command]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=environment, cwd=folder) as process:
        try:
            yield process
        finally:
            process.kill()


def worker(address: str, scratch: Path, folder: Path | None = None):  # type: ignore[no-untyped-def]
    options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(scratch)]
    return running("distributed.cli.dask_worker", address, *options, folder=folder)


@pytest.fixture
def scheduler() -> Iterator[str]:
    pytest.importorskip("distributed", reason="needs the extra dask")
    with running("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard") as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "Scheduler at:" in line)
        yield line.split()[-1]


def test_work_of_a_killed_worker_is_done_by_another(tmp_path: Path, scheduler: str) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    with worker(scheduler, tmp_path) as first, worker(scheduler, tmp_path) as second, parallel.cluster(scheduler):
        assert parallel.is_elsewhere()
        done, processes, most = [], set(), 0
        for square, process in parallel.each(partial(tasks.slowly_squared, marks), range(60)):
            done.append(square)
            processes.add(process)
            most = max(most, started(marks) - len(done))
            if len(done) == 30:
                second.kill()
        assert list(parallel.each(tasks.product, range(3))) == list(parallel.each(tasks.product, range(3)))
    assert not parallel.is_elsewhere()
    assert done == [number**2 for number in range(60)]
    assert first.pid in processes
    assert os.getpid() not in processes
    assert most <= 8  # that many wait for their turn, however many items there are


def test_a_cluster_gives_the_bits_of_processes_here(tmp_path: Path, scheduler: str) -> None:
    here = list(parallel.each(tasks.product, range(3), 2))
    with worker(scheduler, tmp_path), parallel.cluster(scheduler):
        assert list(parallel.each(tasks.product, range(3))) == here
        with pytest.raises(DataError, match=r"[012]: refused"):
            list(parallel.each(tasks.refused, range(3)))


def test_a_worker_in_another_folder_is_refused(tmp_path: Path, scheduler: str) -> None:
    reason = f"runs sedpool .* in {tmp_path}; expected .* start it there"
    with (
        worker(scheduler, tmp_path, tmp_path),
        parallel.cluster(scheduler),
        pytest.raises(ConfigError, match=reason),
    ):
        list(parallel.each(tasks.product, range(3)))


def test_an_item_that_kills_every_worker_is_an_error(tmp_path: Path, scheduler: str) -> None:
    nanny = [scheduler, "--nthreads", "1", "--no-dashboard", "--local-directory", str(tmp_path)]
    with (
        running("distributed.cli.dask_worker", *nanny),
        parallel.cluster(scheduler),
        pytest.raises(ConfigError, match="workers were lost with the same work"),
    ):
        list(parallel.each(partial(tasks.killed, tmp_path), range(8)))


def test_relative_paths_are_those_of_the_folder_at_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        found = list(parallel.each(os.path.abspath, ["a.wav", "b.wav"], 2))
        assert found == [str(tmp_path / name / "a.wav"), str(tmp_path / name / "b.wav")]
