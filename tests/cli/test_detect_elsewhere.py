"""Recordings and results that lie in an object store, here moto's server on the loopback."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pytest
import soundfile as sf
from typer.testing import CliRunner

from sedpool.cli.app import app
from sedpool.errors import DataError
from sedpool.inference import remote
from sedpool.runtime import addresses

pytest.importorskip("s3fs", reason="needs the extra remote")
server = pytest.importorskip("moto.server", reason="needs moto[server]")

N = 5


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import s3fs

    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem.clear_instance_cache()
    system = s3fs.S3FileSystem()
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
    system.mkdir("season")
    yield system
    s3fs.S3FileSystem.clear_instance_cache()
    running.stop()


@pytest.fixture
def recordings(tmp_path: Path, store: Any) -> Path:
    rng = np.random.default_rng(0)
    for number in range(N):
        path = tmp_path / "recordings" / f"site{number % 2}" / f"2024060{number + 1}_053000.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        time = np.arange(4 * 44100) / 44100
        sound = 0.4 * np.sin(2 * np.pi * (800 + 200 * number) * time) * (np.sin(4 * time) > 0)
        sf.write(path, sound + rng.normal(0, 0.01, len(time)), 44100)
    store.put(str(tmp_path / "recordings"), "season/", recursive=True)
    store.pipe_file("season/recordings/notes.txt", b"no audio")
    return tmp_path / "recordings"


def detected(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, ["detect", "demo", *arguments])
    assert result.exit_code == status, result.output
    return f"{result.output}{result.exception or ''}"


def names(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return sorted(path.relative_to(folder).as_posix() for path in found)


def test_recordings_and_results_elsewhere_are_those_of_a_folder_here(
    tmp_path: Path, store: Any, recordings: Path
) -> None:
    formats = ["--format", "tsv", "--format", "scores", "--threshold", "0.1"]
    detected(str(recordings), "--out", str(tmp_path / "here"), *formats)
    detected("s3://season/recordings", "--out", "s3://season/results", *formats)
    store.get("season/results", str(tmp_path / "fetched"), recursive=True)
    files = names(tmp_path / "here")
    assert files == names(tmp_path / "fetched")
    assert len(files) == 2 * N + 2
    for name in [name for name in files if name != "detections.jsonl"]:
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "fetched" / name).read_bytes()
    assert (tmp_path / "here" / "detections.tsv").read_text().count("\n") > N


def test_a_pattern_and_a_single_address_name_recordings(store: Any, recordings: Path) -> None:
    assert len(addresses.find("s3://season/recordings/site0/*.wav")) == 3
    found = detected("s3://season/recordings/site1/20240602_053000.wav", "--threshold", "0.1")
    assert "20240602_053000.wav\t" in found
    assert "2024-06-02T05:30" in found
    assert "no audio there" in detected("s3://season/none", status=1)
    assert "need recordings on this machine" in detected("s3://season/recordings", "--beside", status=1)


def test_an_interrupted_command_goes_on_and_the_index_never_lists_what_is_not_there(
    tmp_path: Path, store: Any, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_EVERY", 0.0)
    send, sent = addresses.send, list[str]()

    def failing(path: Path, address: str) -> None:
        if len(sent) == 7:
            raise DataError(f"{address}: the network is gone")
        send(path, address)
        sent.append(address)
        store.invalidate_cache()
        lines = [json.loads(line) for line in store.cat_file("season/results/detections.jsonl").splitlines()]
        there = {name.removeprefix("season/results/") for name in store.find("season/results")}
        assert {line["written"] for line in lines if line.get("sha256")} <= there

    monkeypatch.setattr(addresses, "send", failing)
    assert "the network is gone" in detected("s3://season/recordings", "--out", "s3://season/results", status=1)
    monkeypatch.setattr(addresses, "send", send)
    journal = store.cat_file("season/results/detections.jsonl").decode()
    done = journal.count('"duration"')
    assert 0 < done < N

    fetched = list[str]()
    fetch = addresses.fetched
    monkeypatch.setattr(addresses, "fetched", lambda address: fetched.append(address) or fetch(address))
    detected("s3://season/recordings", "--out", "s3://season/results")
    assert len([address for address in fetched if address.endswith(".wav")]) == N - done
    detected(str(recordings), "--out", str(tmp_path / "here"))
    store.invalidate_cache()
    for name in [name for name in names(tmp_path / "here") if name != "detections.jsonl"]:
        assert store.cat_file(f"season/results/{name}") == (tmp_path / "here" / name).read_bytes()


def test_a_recording_that_has_changed_there_is_read_again(store: Any, recordings: Path) -> None:
    detected("s3://season/recordings", "--out", "s3://season/results")
    store.put(str(recordings / "site0" / "20240603_053000.wav"), "season/recordings/site0/20240601_053000.wav")
    before = store.cat_file("season/results/detections.jsonl").count(b'"duration"')
    detected("s3://season/recordings", "--out", "s3://season/results")
    store.invalidate_cache()
    assert (before, store.cat_file("season/results/detections.jsonl").count(b'"duration"')) == (N, N + 1)


def test_what_cannot_be_fetched_or_is_no_audio_is_named_by_its_address(store: Any, recordings: Path) -> None:
    store.pipe_file("season/recordings/site0/broken.wav", b"RIFF")
    output = detected("s3://season/recordings", "--summary", status=1)
    assert "not read: s3://season/recordings/site0/broken.wav" in output
    assert f"1 of {N + 1} recordings cannot be read" in output


def test_a_folder_of_something_else_is_left_alone(store: Any, recordings: Path) -> None:
    assert "holds something else" in detected("s3://season/recordings", "--out", "s3://season/recordings", status=1)
    assert len(store.find("season")) == N + 1
