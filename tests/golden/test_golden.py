"""What must not change while the package is rearranged, as it was recorded beforehand (see ``README.md``).

The recorded files are never made anew; where a place or a name in the package moves, only ``current.py`` follows.
"""

import json
from pathlib import Path
from typing import Any

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


def test_records_hash_to_the_names_of_their_folders() -> None:
    configs = {
        path.parent.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in RECORDS.glob("*/config.yaml")
    }
    assert sorted(configs) == IDENTITIES["records"]
    assert {name: current.run_name_of(config) for name, config in configs.items()} == {name: name for name in configs}


@pytest.mark.parametrize("case", IDENTITIES["composed"], ids=lambda case: " ".join(case["overrides"]) or "default")
def test_run_names_of_composed_configurations(case: dict[str, Any]) -> None:
    assert current.run_name_of(current.composed(case["overrides"])) == case["name"]


@pytest.mark.parametrize("case", IDENTITIES["feature_stores"], ids=lambda case: case["folder"])
def test_feature_stores_keep_their_folders(tmp_path: Path, case: dict[str, Any]) -> None:
    assert current.store_folder(tmp_path, case["settings"], case["semitones"]) == case["folder"]


@pytest.mark.parametrize("case", CORPORA["demo"], ids=lambda case: case["folder"])
def test_demo_corpora_keep_their_folders(tmp_path: Path, case: dict[str, Any]) -> None:
    assert current.demo_folder(tmp_path, case["settings"]) == case["folder"]


def test_soundscapes_keep_their_folder_plan_and_labels(tmp_path: Path, banks: Path) -> None:
    case = dict(CORPORA["soundscapes"])
    settings = case.pop("settings")
    assert current.soundscapes(tmp_path, banks, settings) == case


def test_a_synthesised_corpus_keeps_its_plan_and_labels(tmp_path: Path, banks: Path) -> None:
    case = dict(CORPORA["synthesised"])
    spec, settings = case.pop("spec"), case.pop("settings")
    assert current.synthesised(tmp_path / "made", banks, spec, settings) == case


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
    """Names may be added; one that is recorded is neither removed nor changed."""
    recorded = json.loads((HERE / "api.json").read_text(encoding="utf-8"))
    now = current.signatures()
    assert {name: now.get(name, "removed") for name in recorded} == recorded


def test_commands_keep_their_help() -> None:
    recorded = {path.stem: path.read_text(encoding="utf-8") for path in (HERE / "help").glob("*.txt")}
    now = {name.replace(" ", "-"): text for name, text in current.helps().items()}
    assert sorted(now) == sorted(recorded)
    for name, text in recorded.items():
        assert now[name] == text, name
