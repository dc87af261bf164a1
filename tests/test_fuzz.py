"""Runs, packages, scores, stores and checkpoints with any damage: a valid result or the one error, within bounds.

`make fuzz` tries 500 of each, the suite a few. One that fails is repeated by its seed and number. Hashes are made right
again after the damage wherever there are any, so that what is behind them is tried.
"""

import copy
import io
import json
import os
import random
import resource
import shutil
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from sedpool import LogMel, audio, storage
from sedpool.cli.app import app
from sedpool.errors import SedpoolError
from sedpool.experiment.load import decoding_of
from sedpool.features.store import FeatureStore
from sedpool.formats.score_folder import read_score_folder
from sedpool.inference.package import About, open_run, pack
from sedpool.run_folder import RunFolder
from sedpool.scores import read_scores
from sedpool.soundscapes.spec import read_spec
from sedpool.training.arrays import hash_path, read_arrays
from sedpool.training.checkpoint import Checkpoints, Snapshot
from tests.formats.test_fuzz import SEED, mutated
from tests.miniatures.runs import write_run
from tests.test_configs import composed

N_CASES = int(os.environ.get("SEDPOOL_FUZZ_RUNS", "4"))
MOST_SECONDS, MOST_BYTES = 5, 2 << 30
ODD = (
    None,
    -1,
    0,
    1e308,
    float("inf"),
    float("nan"),
    10**400,
    "",
    "x\ny",
    "\ud800",
    "=1",
    [],
    {},
    [[]],
    {"a": {}},
    True,
)
TEXTS = (".csv", ".json", ".md", ".tsv", ".yaml", ".sha256")
SPEC = {"duration": 2.0, "n_events": 2, "event": {"duration": ["uniform", 0.2, 0.5], "snr": ["const", 6]}}


@contextmanager
def bounds() -> Iterator[None]:
    """End what takes more than 5 s of a processor or 2 GB."""

    def stop(*_: object) -> None:
        raise AssertionError(f"more than {MOST_SECONDS} s")

    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    handler = signal.signal(signal.SIGPROF, stop)
    resource.setrlimit(resource.RLIMIT_AS, (size + MOST_BYTES, before[1]))
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, before)
        signal.signal(signal.SIGPROF, handler)


def odd(value: Any, rng: random.Random) -> Any:
    """Return a value of JSON or YAML in which one value, at any depth, is another, is missing or comes twice."""
    value = copy.deepcopy(value)
    node, way = value, rng.randrange(1, 5)
    while isinstance(node, dict | list) and node:
        key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
        way -= 1
        if way <= 0 or not (isinstance(node[key], dict | list) and node[key]):
            if rng.random() < 0.3:
                del node[key]
            else:
                node[key] = rng.choice(ODD)
            return value
        node = node[key]
    return rng.choice(ODD)


def damaged(name: str, content: bytes, rng: random.Random) -> bytes:
    """Return the content of a file after damage that its kind can have."""
    if name.endswith((".json", ".yaml")) and rng.random() < 0.6:
        value = odd(yaml.safe_load(content) if name.endswith(".yaml") else json.loads(content), rng)
        return (yaml.safe_dump(value) if name.endswith(".yaml") else json.dumps(value)).encode()
    if name.endswith(TEXTS):
        return mutated(content, rng)
    if name.endswith(".parquet") and rng.random() < 0.6:
        table = pd.read_parquet(io.BytesIO(content))
        column = rng.choice(list(table.columns))
        change = rng.choice((None, np.inf, -1.0, "x", "", [1], True))
        if change is None:
            table = table.drop(columns=column)
        else:
            table[column] = [change] * len(table)
        stream = io.BytesIO()
        table.to_parquet(stream, index=rng.random() < 0.2)
        return stream.getvalue()
    if name.endswith(".npz") and rng.random() < 0.6:
        with np.load(io.BytesIO(content)) as stored:
            arrays = dict(stored)
        key = rng.choice(list(arrays))
        other = rng.choice((arrays[key][..., :-1], arrays[key] * np.nan, arrays[key].astype(str), np.zeros(0), None))
        arrays.pop(key)
        stream = io.BytesIO()
        np.savez(stream, **arrays, **({} if other is None else {key: other}))
        return stream.getvalue()
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 3))):
        at = rng.randrange(len(changed) or 1)
        changed[at : at + rng.choice((1, 1, 8))] = rng.randbytes(rng.choice((0, 1, 8)))
    return bytes(changed[: rng.randrange(len(changed) + 1)] if rng.random() < 0.15 else changed)


Case = Callable[[Path, random.Random], None]
"""Damage what lies in the folder, and read it."""


def of_settings(folder: Path, rng: random.Random) -> None:
    config = rng.choice((composed("dataset=demo"), SPEC))
    (folder / "config.yaml").write_bytes(damaged("x.yaml", yaml.safe_dump(config).encode(), rng))
    _ = read_spec(folder / "config.yaml") if config is SPEC else RunFolder(folder).config


def of_scores(folder: Path, rng: random.Random) -> None:
    path = folder / "made" / rng.choice(("scores.parquet", "clip_scores.parquet"))
    path.write_bytes(damaged(path.name, path.read_bytes(), rng))
    read_scores(path)


def of_score_tables(folder: Path, rng: random.Random) -> None:
    (folder / "scores").mkdir()
    table = "onset\toffset\tdog\tcat\n0\t1\t0.25\t0.5\n1\t2\t0.75\t1e-3\n"
    (folder / "scores" / "a.tsv").write_bytes(damaged("a.tsv", table.encode(), rng))
    read_score_folder(folder / "scores", ["a.wav", "b.wav"])


def of_runs(folder: Path, rng: random.Random) -> None:
    run = RunFolder(folder / "made")
    path = rng.choice(sorted(path for path in run.path.iterdir() if path.suffix in (*TEXTS, ".parquet")))
    path.write_bytes(damaged(path.name, path.read_bytes(), rng))
    found = CliRunner().invoke(app, ["compare", str(run.path)])
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    for name in ("alpha", "curve", "durations", "environment", "example", "gradient_share", "history", "kept_alpha"):
        getattr(run, name)


def of_packages(folder: Path, rng: random.Random) -> None:
    made = RunFolder(folder / "made")
    config = yaml.safe_dump(composed("dataset=demo", "pooling=auto")).encode()
    parts = {
        "config.yaml": config,
        **{
            name: made.file(name).read_bytes()
            for name in ("environment.json", "history.csv", "metrics.json", "alpha.csv")
        },
        "tuned.json": json.dumps({"decoding": {"threshold": 0.4}, "n_clips": 3, "objective": "segment F1"}).encode(),
    }
    stream = io.BytesIO()
    np.savez(stream, a=np.arange(3.0), b=np.ones((2, 2), np.float32))
    parts["weights.npz"] = stream.getvalue()
    name = rng.choice(sorted(parts))
    parts[name] = damaged(name, parts[name], rng)
    (folder / "weights.npz").write_bytes(parts["weights.npz"])
    parts["weights.sha256"] = storage.sha256_file(folder / "weights.npz").encode()
    content = pack(About(1, "x", "0.2", ["a", "b"], "demo", {"train": 3}, 0.1, None, None), parts)
    if rng.random() < 0.3:
        content = damaged("x", content, rng)
    (folder / "x.sedpool").write_bytes(content)
    with open_run(folder / "x.sedpool") as run:
        decoding_of(run, True)
        read_arrays(run.file("weights.npz"))
        _ = run.environment, run.metrics, run.kept_alpha


def of_stores(folder: Path, rng: random.Random) -> None:
    extractor = LogMel(sr=8000, n_fft=256, hop_length=128, n_mels=8)
    paths = {}
    for number in range(3):
        paths[f"{number}.wav"] = str(folder / f"{number}.wav")
        audio.write_wav(folder / f"{number}.wav", np.sin(np.arange(4000) * (0.1 + number)).astype(np.float32), 8000)
    whole = {
        name: np.array(values) for name, values in FeatureStore(folder / "store", extractor).prepare(paths)[0].items()
    }
    store = FeatureStore(folder / "store", extractor)
    path = rng.choice(sorted(path for path in store.folder.iterdir() if path.is_file()))
    path.write_bytes(damaged(path.name if path.suffix == ".json" else "x", path.read_bytes() or b"\0", rng))
    features, broken = FeatureStore(folder / "store", extractor).prepare(paths)
    assert not broken
    assert all(np.array_equal(features[name], values) for name, values in whole.items())


def of_checkpoints(folder: Path, rng: random.Random) -> None:
    checkpoints = Checkpoints(folder / "checkpoint")
    for epoch in (1, 2):
        checkpoints.save(Snapshot({"network": [np.full((2, 3), epoch, np.float32)]}, {"epoch": epoch}))
    for path in sorted(checkpoints.folder.glob("*.npz"))[rng.randrange(2) :]:
        path.write_bytes(damaged(path.name, path.read_bytes(), rng))
        storage.write_text(hash_path(path), storage.sha256_file(path))
    found = checkpoints.load()
    assert found is not None


CASES: dict[str, Case] = {
    "settings": of_settings,
    "scores": of_scores,
    "score tables": of_score_tables,
    "runs": of_runs,
    "packages": of_packages,
    "stores": of_stores,
    "checkpoints": of_checkpoints,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs")).path


@pytest.mark.parametrize("kind", CASES)
def test_what_is_damaged_is_read_or_refused_within_bounds(tmp_path: Path, made: Path, kind: str) -> None:
    n_read = 0
    for number in range(N_CASES):
        folder = tmp_path / "case"
        folder.mkdir()
        if kind in ("scores", "runs", "packages"):
            shutil.copytree(made, folder / "made")
        try:
            with bounds(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                CASES[kind](folder, random.Random(f"{SEED} {kind} {number}"))
        except SedpoolError as error:
            message = str(error)
        except Exception as error:
            raise AssertionError(f"seed {SEED}, {kind}, {number}: {error!r}; it is in {folder}") from error
        else:
            message, n_read = "", n_read + 1
        assert "\n" not in message, f"seed {SEED}, {kind}, {number}: the message has several lines"
        shutil.rmtree(folder)
    print(f"{kind}: {N_CASES} cases of seed {SEED}, {n_read} read, {N_CASES - n_read} refused")
