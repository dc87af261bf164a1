"""What must not change while the package is rearranged, as it was recorded beforehand (see ``README.md``).

The recorded files are never made anew; where a place or a name in the package moves, only ``current.py`` follows.
"""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.golden import current

HERE = Path(__file__).parent
RECORDS = current.ROOT / "experiments/esc10-soundscapes/records"
IDENTITIES: dict[str, Any] = json.loads((HERE / "identities.json").read_text(encoding="utf-8"))
CORPORA = IDENTITIES["made_corpora"]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEDPOOL_DATA", raising=False)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)


def test_records_hash_to_their_names() -> None:
    configs = current.configs_of_records(RECORDS)
    assert sorted(configs) == IDENTITIES["records"]
    assert {name: current.run_name_of(config) for name, config in configs.items()} == {name: name for name in configs}


@pytest.mark.parametrize("case", IDENTITIES["composed"], ids=lambda case: " ".join(case["overrides"]) or "default")
def test_run_names_of_composed_configurations(case: dict[str, Any]) -> None:
    name = current.run_name_of(current.composed(case["overrides"]))
    if any("._target_=" in override for override in case["overrides"]):
        assert name != case["name"]  # which was that of the class that the user's own took the place of
    else:
        assert name == case["name"]


@pytest.mark.parametrize("case", IDENTITIES["feature_stores"], ids=lambda case: case["folder"])
def test_feature_stores_keep_their_folders(tmp_path: Path, case: dict[str, Any]) -> None:
    assert current.store_folder(tmp_path, case["settings"], case["semitones"]) == case["folder"]


@pytest.mark.parametrize("case", CORPORA["demo"], ids=lambda case: case["folder"])
def test_demo_corpora_keep_their_folders(tmp_path: Path, case: dict[str, Any]) -> None:
    assert current.demo_folder(tmp_path, case["settings"]) == case["folder"]


def test_soundscapes_keep_their_folder_plan_and_labels(tmp_path: Path, libraries: Path) -> None:
    case = dict(CORPORA["soundscapes"])
    settings = case.pop("settings")
    assert current.soundscapes(tmp_path, libraries, settings) == case


def test_a_synthesised_corpus_keeps_its_plan_and_labels(tmp_path: Path, libraries: Path) -> None:
    case = dict(CORPORA["synthesised"])
    spec, settings = case.pop("spec"), case.pop("settings")
    assert current.synthesised(tmp_path / "made", libraries, spec, settings) == case


@pytest.mark.parametrize("case", IDENTITIES["checkpoints"]["settings"], ids=lambda case: case["hash"][:10])
def test_checkpoints_are_recognised_by_the_same_settings(case: dict[str, Any]) -> None:
    assert current.checkpoint_settings(case["recipe"], case["seed"]) == case["hash"]


@pytest.mark.parametrize("case", IDENTITIES["checkpoints"]["patches"], ids=lambda case: case["hash"][:10])
def test_checkpoints_are_recognised_by_the_same_clips_and_labels(case: dict[str, Any]) -> None:
    assert current.patches_identity(case["augmentation"], frames=case["frames"]) == case["hash"]


def test_a_dataset_keeps_the_hash_of_its_manifest() -> None:
    case = IDENTITIES["manifest"]
    assert current.manifest_hash(current.small_dataset(case["clips"], case["events"])) == case["hash"]


def test_public_names_keep_their_signatures() -> None:
    """Names and optional parameters may be added; one that is recorded is neither removed nor changed."""
    recorded = json.loads((HERE / "api.json").read_text(encoding="utf-8"))
    now = current.signatures()
    changed = {name: now.get(name, "removed") for name in recorded if not grown(recorded[name], now.get(name, ""))}
    assert changed == {}


def grown(before: str, now: str) -> bool:
    """Whether a signature is as it was, but for parameters with defaults that it got."""
    (before, returned), (now, returns) = ([*text.rsplit(" -> ", 1), ""][:2] for text in (before, now))
    parts = [re.split(r", (?![^\[(]*[\])])", text.removesuffix(")")) for text in (before, now)]
    added = [part for part in parts[1] if part not in (*parts[0], "*")]
    kept = [part for part in parts[1] if part in parts[0]]
    return returned == returns and kept == parts[0] and all(" = " in part for part in added)


def test_commands_keep_their_options() -> None:
    """Commands and options may be added."""
    now = {name.replace(" ", "-"): text for name, text in current.helps().items()}
    for path in (HERE / "help").glob("*.txt"):
        recorded = path.read_text(encoding="utf-8")
        assert options(recorded) <= options(now.get(path.stem, "removed")), path.stem


def options(text: str) -> set[str]:
    """What a help text offers: commands, options and their choices, each by itself."""
    found = re.findall(r"(?<=│ )(?:\*    )?[a-z][\w.-]*(?= )|--[a-z][a-z-]*|(?<=<)[a-z_|]+(?=>)", text)
    return {choice for each in found for choice in each.split("|")}


def test_training_keeps_its_choices_and_settings() -> None:
    """Config files and settings may be added; what `_target_` names is called by its public name."""
    recorded, now = (HERE / "help" / "train.py.txt").read_text(encoding="utf-8"), current.helps()["train.py"]
    groups_then, settings_then = choices_and_settings(recorded)
    groups, settings = choices_and_settings(now)
    assert all(names <= groups.get(name, set()) for name, names in groups_then.items())
    then = current.in_todays_names(settings_then)
    assert {
        name: {key: settings[name].get(key, "removed") for key in then[name]} for name in then if name in GROUPS
    } == {name: then[name] for name in then if name in GROUPS}
    assert {name: settings.get(name, "removed") for name in then if name not in GROUPS} == {
        name: then[name] for name in then if name not in GROUPS
    }


GROUPS = ("dataset", "features", "augment", "model", "pooling", "training", "evaluation", "tracking", "labels")


def choices_and_settings(text: str) -> tuple[dict[str, set[str]], dict[str, Any]]:
    """The config files of each group, and the settings with their defaults, as the help of training lists them."""
    _, groups, settings = re.split(r"== .* ==", text)
    listed = dict(line.split(": ") for line in groups.strip().splitlines())
    return {name: set(names.split(", ")) for name, names in listed.items()}, yaml.safe_load(
        settings.split("Examples:")[0]
    )


def test_a_finished_run_says_what_it_said(workplace: Path, expected: dict[str, Any]) -> None:
    """Properties may be added."""
    recorded = expected["finished"]["contents"]
    now = current.contents(workplace / "runs" / expected["finished"]["name"])
    assert {name: now.get(name, "removed") for name in recorded} == recorded


def test_a_package_is_read_and_detects() -> None:
    folder = HERE / "fixtures/package"
    seconds = np.arange(6 * 8000) / 8000
    samples = np.random.default_rng(0).normal(0, 0.01, len(seconds))
    for frequency, onset in ((3000, 1), (300, 3)):
        samples += 0.3 * np.sin(2 * np.pi * frequency * seconds) * ((seconds >= onset) & (seconds < onset + 1))
    classes, events = current.detected(folder / "tones.sedpool", samples, 8000)
    assert classes == ("high", "low")
    assert_close(events, pd.read_csv(folder / "detections.tsv", sep="\t"), 1e-3)


def test_the_corpus_of_a_finished_run_is_made_again(workplace: Path, expected: dict[str, Any]) -> None:
    corpus = current.demo(workplace / "data" / "demo", expected["corpus"])
    assert current.manifest_hash(corpus) == expected["finished"]["contents"]["manifest"]["hash"]


def test_a_finished_run_predicts_its_scores(workplace: Path, expected: dict[str, Any]) -> None:
    folder = workplace / "runs" / expected["finished"]["name"]
    tolerance = 0.0 if current.same_machine(folder) else 1e-4
    for now, stored in zip(current.predicted(folder, workplace / "data" / "demo"), current.scores(folder), strict=True):
        assert_close(now, stored, tolerance)


def test_a_finished_run_is_skipped(workplace: Path, expected: dict[str, Any]) -> None:
    name = expected["finished"]["name"]
    before = modified(workplace / "runs" / name)
    done = current.train(workplace, expected["finished"]["overrides"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"runs/{name}"
    assert "skipped" in done.stderr
    assert modified(workplace / "runs" / name) == before


def test_a_finished_run_is_reported(workplace: Path, expected: dict[str, Any]) -> None:
    done = current.report(workplace, f"runs/{expected['finished']['name']}", "--output", "report")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "report/index.html"
    assert list(workplace.glob("report/tables/*.csv"))


def test_an_interrupted_run_goes_on_to_the_same_bits(workplace: Path, expected: dict[str, Any]) -> None:
    """Where device or packages are others, to close scores."""
    folder = workplace / "runs" / expected["interrupted"]["name"]
    exact = current.same_machine(folder)
    done = current.train(workplace, expected["interrupted"]["overrides"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"runs/{folder.name}"
    assert "going on from epoch 2, batch 1" in done.stderr
    if exact:
        files = {"weights.npz": sha256(folder / "weights.npz"), "metrics.json": current.metrics_hash(folder)}
        assert files | current.score_hashes(folder) == expected["interrupted"]["left alone"]
    for now, stored in zip(current.scores(folder), current.scores(HERE / "fixtures/uninterrupted"), strict=True):
        assert_close(now, stored, 0.0 if exact else 1e-3)


def test_a_feature_store_is_opened_and_nothing_computed(stores: Path, recordings: Path) -> None:
    (folder,) = stores.iterdir()
    before = modified(stores)
    paths = {name: recordings / name for name in ("a.wav", "b.wav", "sub/c.wav")}
    features = current.stored_features(stores, paths | {"part": recordings / "sub/c.wav"}, {"part": (0.1, 0.25)})
    assert {path: time for path, time in modified(stores).items() if path.name != "lock"} == before
    shards = np.concatenate([np.load(folder / f"0000{number}.npy") for number in (0, 1)])
    assert np.array_equal(np.concatenate([features[name] for name in (*paths, "part")]), shards)


def test_a_feature_store_of_shards_is_opened_and_nothing_computed(tmp_path: Path, recordings: Path) -> None:
    stores = Path(shutil.copytree(HERE / "fixtures/feature_shards", tmp_path / "stores"))
    before = modified(stores)
    paths = {name: recordings / name for name in ("a.wav", "b.wav", "sub/c.wav")}
    clips, windows = paths | {"part": recordings / "sub/c.wav"}, {"part": (0.1, 0.25)}
    features = current.features_of_shards(stores, clips, windows, recordings)
    values = np.concatenate([features[name] for name in clips])
    assert {path: time for path, time in modified(stores).items() if path.name != "lock"} == before
    former = HERE / "fixtures/feature_store/1ec92f21855bffc1"
    assert np.array_equal(values, np.concatenate([np.load(former / f"0000{number}.npy") for number in (0, 1)]))


def assert_close(now: pd.DataFrame, stored: pd.DataFrame, tolerance: float) -> None:
    pd.testing.assert_frame_equal(now, stored, rtol=0, atol=tolerance)


def modified(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
