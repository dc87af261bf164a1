"""How the golden tests reach the package as it is today: names and places may move here, recorded data stay."""

import hashlib
import importlib.util
import inspect
import itertools
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import replace
from functools import cached_property
from io import StringIO
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import Mock, patch

import click
import numpy as np
import pandas as pd
import typer
import yaml
from typer.testing import CliRunner

import sedpool as sp
from sedpool import storage
from sedpool.augment import Augmentation, Augmenter, PitchShifted
from sedpool.cli.app import app
from sedpool.datasets.base import Dataset, clips_from_rows, manifest_of
from sedpool.datasets.demo import make_demo
from sedpool.datasets.soundscapes import load_synthesised, synthesise
from sedpool.experiment.load import dataset_of
from sedpool.experiment.main import main as train_command
from sedpool.features.shards import source_digest
from sedpool.features.store import Features
from sedpool.run_folder import find_runs, former_run_name
from sedpool.runtime.environment import describe_environment
from sedpool.scores import read_scores
from sedpool.settings.compose import compose
from sedpool.settings.identity import LATER, upgraded
from sedpool.soundscapes.spec import make_spec
from sedpool.soundscapes.splits import SplitRule
from sedpool.training.batches import Patches

ROOT = Path(__file__).parents[2]
SCRIPTS = ("benchmark.py",)
FORMER_SCRIPTS = {"sedpool compare": "compare.py", "sedpool reproduce": "reproduce.py"}
"""What commands were called when they were scripts; shell completion is now an option of `sedpool` itself."""
RESAMPLER = "soxr-1.1.0-HQ"
"""That of the recorded feature stores, whose names depend on its version."""
WIDENED = {
    "features: Extractor": "features: LogMel",
    "TrainingResult, extractor: Extractor": "TrainingResult, extractor: LogMel",
    "pooling: Pooling": "pooling: Layer",
    "patch_frames: int | None": "patch_frames: int",
    "Literal['weak', 'strong', 'mixed']": "Literal['weak', 'strong']",
}
"""Annotations that say more than they did, though the same values are taken."""
RENAMED = {"TrainedDetector": "Fitted", "result: TrainingResult": "outcome: Outcome"}
"""Public names of today, and what signatures say by other names, by what was recorded."""
LATER_METRICS = ("ceiling", "event_ranking", "psds_by_class", "box_psds", "pi_psds")
"""Keys of ``metrics.json`` that were not there when it was recorded."""
LATER_SETTINGS = "".join(f", {name}={value!r}" for name, value in LATER["training"].items())
"""How a recipe shows settings that it did not have."""
PLAIN_TERMINAL = {"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"}


def configs_of_records(folder: Path) -> dict[str, dict[str, Any]]:
    """The configurations of a study's records as they were written, by the name of the run."""
    return {
        record.name: yaml.safe_load(record.file("config.yaml").read_text(encoding="utf-8"))
        for record in find_runs(folder)
    }


def run_name_of(config: Mapping[str, Any]) -> str | None:
    """Name under which a run of sedpool 0.1 with this resolved configuration is found."""
    return former_run_name(upgraded(config))


def in_todays_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of sedpool 0.1 by the names that they have today."""
    return upgraded(settings)


def composed(overrides: Sequence[str]) -> dict[str, Any]:
    """The resolved configuration that the training command makes of these settings."""
    return compose(overrides)


def store_folder(root: Path, settings: Mapping[str, int], semitones: float | None) -> str:
    """Name of the feature store of log-mel features with these settings, shifted in pitch if `semitones` is given."""
    extractor = sp.LogMel(**settings)
    with patch("sedpool.audio.RESAMPLER", RESAMPLER):
        return sp.FeatureStore(root, PitchShifted(extractor, semitones) if semitones else extractor).folder.name


def stored_features(root: Path, paths: Mapping[str, Path], windows: Mapping[str, tuple[float, float]]) -> Features:
    """Log-mel features of recordings, or of parts of them, from the stores below `root`."""
    with patch("sedpool.audio.RESAMPLER", RESAMPLER):
        features, broken = sp.FeatureStore(root, sp.LogMel()).prepare(
            {name: str(path) for name, path in paths.items()}, windows=windows
        )
    assert not broken
    return features


def features_of_shards(
    root: Path, paths: Mapping[str, Path], windows: Mapping[str, tuple[float, float]], recordings: Path
) -> Features:
    """Features from stores whose shards name recordings as if they lay in ``{root}``, by digests."""

    def digest(text: str) -> bytes:
        return source_digest(text.replace(str(recordings), "{root}"))

    with patch("sedpool.features.shards.source_digest", digest):
        return stored_features(root, paths, windows)


def demo(root: Path, sizes: Mapping[str, int]) -> Dataset:
    """The demo corpus, made below `root` unless it is there."""
    return sp.load_demo(root, **sizes)


def demo_folder(root: Path, settings: Mapping[str, int]) -> str:
    """Name of the demo corpus's folder, without making it."""
    with patch("sedpool.soundscapes.writing.write_corpus"):
        return make_demo(root, **settings).name


def soundscapes(root: Path, libraries: Path, settings: Mapping[str, Any]) -> dict[str, str]:
    """What a corpus of soundscapes is recognised by: its folder, the hash of its plan and that of its manifest."""
    dataset = sp.load_soundscapes(root, libraries / "events", libraries / "backgrounds", n_jobs=1, **settings)
    (about,) = root.glob("*/corpus.json")
    return {"folder": about.parent.name, "plan": storage.read_json(about)["plan"], "manifest": manifest_hash(dataset)}


def synthesised(folder: Path, libraries: Path, spec: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, str]:
    """The same for a corpus in a folder of one's choice; making it again finds it complete."""
    for _ in range(2):
        written = synthesise(
            folder,
            libraries / "events",
            libraries / "backgrounds",
            make_spec(spec),
            split_rule=split_rule(),
            n_jobs=1,
            **settings,
        )
    assert not written
    plan = storage.read_json(folder / "corpus.json")["plan"]
    return {"plan": plan, "manifest": manifest_hash(load_synthesised(folder))}


def split_rule() -> SplitRule:
    """Recordings by the number before their name's first hyphen."""
    return SplitRule(r"^(?P<fold>\d+)-(?P<source>\d+)-", {"train": [1, 2], "validate": [3], "test": [4]})


def manifest_hash(dataset: Dataset) -> str:
    """By what a run recognises a corpus: its clips and labels."""
    return str(manifest_of(dataset)["hash"])


def small_dataset(clips: Sequence[Sequence[Any]], events: Sequence[Sequence[Any]]) -> Dataset:
    """A dataset of two classes from rows; clips are tagged with what is in them."""
    table = pd.DataFrame(list(events), columns=["filename", "onset", "offset", "event_label"])
    listed = clips_from_rows([tuple(row) for row in clips])
    classes = tuple(sorted(set(table["event_label"])))
    tags = pd.DataFrame(
        [[bool(((table["filename"] == name) & (table["event_label"] == label)).any()) for label in classes]
         for name in listed["filename"]],
        index=pd.Index(listed["filename"]),
        columns=list(classes),
    )  # fmt: skip
    return Dataset("small", classes, listed, tags, table)


def checkpoint_settings(recipe: Mapping[str, Any], seed: int) -> str:
    """The hash of recipe and seed by which a checkpoint is recognised."""
    from sedpool.training import loop

    detector = SimpleNamespace(training_model=Mock(), classes=("a", "b"), supervision="strong")
    training, validation = Mock(identity="", batch_size=1, seed=seed), Mock(identity="")
    with patch.object(loop, "Session") as session:
        loop.train(detector, training, validation, replace(sp.STUDY, **recipe), progress=False)
    return str(session.call_args.args[-1]["settings"])


def patches_identity(augmentation: Mapping[str, Any] | None, *, frames: bool) -> str:
    """The hash of clips, labels and augmentation by which a checkpoint is recognised, for three clips."""
    lengths = {"a.wav": 20, "b.wav": 30, "c.wav": 25}
    features = {name: np.full((length, 4), -length, np.float32) for name, length in lengths.items()}
    tags = {name: np.array([length > 20, length < 30]) for name, length in lengths.items()}
    targets = {name: np.repeat(tags[name][None], length, 0) for name, length in lengths.items()} if frames else tags
    background = [np.arange(40, dtype=np.float32).reshape(10, 4)]
    augmenter = None if augmentation is None else Augmenter(Augmentation(**augmentation), -80.0, background)
    return Patches(features, targets, patch_frames=8, batch_size=2, silence=-80.0, seed=0, augmenter=augmenter).identity


def contents(folder: Path) -> dict[str, Any]:
    """What a run folder says of its results: plain values, and of tables the columns and a hash."""
    run = sp.RunFolder(folder)
    properties = inspect.getmembers(sp.RunFolder, lambda member: isinstance(member, property | cached_property))
    return {name: _plain_value(getattr(run, name)) for name, _ in properties if name != "config"}


def _plain_value(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        text = value.to_csv(index=False, header=False, lineterminator="\n")
        return {"columns": list(value.columns), "hash": hashlib.sha256(text.encode()).hexdigest()}
    if isinstance(value, Mapping):
        return {"hash": storage.hash_value(value)} if len(str(value)) > 1000 else dict(value)
    return [_plain_value(item) for item in value] if isinstance(value, tuple) else value


def same_machine(folder: Path) -> bool:
    """Whether numbers here are those of the machine that made a run, to the bit."""
    made = sp.RunFolder(folder).environment
    here = describe_environment(seed=0, threads=None, precision="")
    packages = [{**environment["packages"], "sedpool": None} for environment in (made, here)]
    return made["device"] == here["device"] and made["backend"] == here["backend"] and packages[0] == packages[1]


def predicted(folder: Path, root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Frame and clip scores of a run's detector on the test clips of its corpus, which lies below `root`."""
    test = dataset_of(sp.RunFolder(folder), root).split("test")
    detector = sp.load(folder, cache=root.parent / "features")
    return detector.predict(test), detector.predict_clips(test)


def detected(package: Path, samples: np.ndarray, sr: int) -> tuple[tuple[str, ...], pd.DataFrame]:
    """The classes of a package's detector, and the events that it detects in a recording."""
    detector = sp.load(package)
    return detector.detector.classes, detector.detect(samples, sr=sr)


def scores(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frame and clip scores of the test clips that lie in a folder."""
    return read_scores(folder / "scores.parquet"), read_scores(folder / "clip_scores.parquet")


def score_hashes(folder: Path) -> dict[str, str]:
    """Hashes of these scores, however their files were written."""
    return sp.RunFolder(folder).score_hashes


def metrics_hash(folder: Path) -> str:
    """The hash of ``metrics.json`` without what was added to it later."""
    metrics = storage.read_json(folder / "metrics.json")
    parts = [metrics, metrics["tuned"]] if metrics["tuned"] else [metrics]
    for part, name in itertools.product(parts, LATER_METRICS):
        part.pop(name, None)
    text = storage.json_text(metrics)
    return hashlib.sha256(text.encode()).hexdigest()


def train(folder: Path, overrides: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run the training command with `folder` as the current one."""
    return _command([str(ROOT / "train.py"), *overrides], folder)


def report(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the reporting command with `folder` as the current one."""
    return _command(["-c", "from sedpool.cli.app import main; main()", "report", *arguments], folder)


def _command(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def signatures() -> dict[str, str]:
    """The public names with their signatures; annotations name classes without the modules they lie in."""
    names = {name: getattr(sp, name) for name in sp.__all__}
    for name, value in list(names.items()):
        if isinstance(value, ModuleType):
            names |= {f"{name}.{inner}": getattr(value, inner) for inner in value.__all__}
    return {RENAMED.get(name, name): _signature(value) for name, value in sorted(names.items())}


def _signature(value: Any) -> str:
    if isinstance(value, ModuleType):
        return "module"
    if not callable(value):
        return f"{type(value).__name__} {value!r}".replace(LATER_SETTINGS, "")
    unquoted = re.sub(r"(->|:) '(\w+)'", r"\1 \2", str(inspect.signature(value)))
    text = re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Za-z])", "", unquoted)
    for today, before in (WIDENED | RENAMED | {LATER_SETTINGS: ""}).items():
        text = text.replace(today, before)
    return text


def helps() -> dict[str, str]:
    """What ``--help`` says, by command."""
    with (
        patch.dict(os.environ, PLAIN_TERMINAL),
        patch.object(warnings, "formatwarning", warnings.formatwarning),
        patch.object(sys, "argv", ["train.py", "--help"]),
    ):
        texts = {"train.py": _without_explanations(_said(train_command))}
        texts |= _helps_below(app, "sedpool")
        for script in SCRIPTS:
            texts |= _helps_below(_app_of(script), script)
        texts |= {script: texts[command] + texts["sedpool"] for command, script in FORMER_SCRIPTS.items()}
    return {name: _plain(text) for name, text in texts.items()}


def _plain(text: str) -> str:
    """Without colours, and without the spaces that fill a terminal."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"


def _without_explanations(text: str) -> str:
    """The help of training as it was recorded: options by group on one line each, and settings as YAML."""
    head, groups, settings, rest = re.split(r"== .* ==|(?=Examples:)", text)
    listed: dict[str, list[str]] = {}
    for line in groups.strip().splitlines():
        if heading := re.match(r"([a-z]\S*): ", line):
            group = heading[1]
        elif option := re.match(r"[* ] ([a-z]\S*)", line):
            folder, _, name = option[1].rpartition("/")
            listed.setdefault(f"{group}/{folder}".rstrip("/"), []).append(name)
    values: dict[str, Any] = {}
    for group, target in re.findall(r"^(\w+)=\w+ \((\S+)\)$", settings, re.MULTILINE):
        values[group] = {"_target_": target}
    for key, value in re.findall(r"^  ([a-z][\w.]*)=(.*?)(?:  |$)", settings, re.MULTILINE):
        group, _, name = key.rpartition(".")
        (values.setdefault(group, {}) if group else values)[name] = yaml.safe_load(value)
    lines = "\n".join(f"{group}: {', '.join(names)}" for group, names in listed.items())
    return f"{head}== Groups ==\n{lines}\n== Settings ==\n{yaml.safe_dump(values)}\n{rest}"


def _helps_below(commands: typer.Typer, name: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    todo: list[tuple[list[str], click.Command]] = [([], typer.main.get_command(commands))]
    while todo:
        path, command = todo.pop()
        shown = CliRunner().invoke(commands, [*path, "--help"], prog_name=name)
        assert shown.exit_code == 0, shown.output
        texts[" ".join([name, *path])] = shown.output
        todo += [([*path, inner], below) for inner, below in getattr(command, "commands", {}).items()]
    return texts


def _app_of(script: str) -> typer.Typer:
    spec = importlib.util.spec_from_file_location(Path(script).stem, ROOT / "scripts" / script)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if hasattr(module, "app"):
        return module.app
    single = typer.Typer()
    single.command()(module.main)
    return single


def _said(command: Callable[[], None]) -> str:
    with redirect_stdout(StringIO()) as said, suppress(SystemExit):
        command()
    return said.getvalue()
