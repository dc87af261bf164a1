"""Every option and every setting is explained by a comment in its YAML file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sedpool.settings.comments import explain_option, explain_settings, known_settings, options
from sedpool.settings.compose import config_folder

FILES = sorted(path.relative_to(config_folder()).as_posix() for path in config_folder().rglob("*.yaml"))


def keys(node: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in node.items():
        if key not in ("_target_", "defaults", "hydra"):
            yield f"{prefix}{key}"
            if isinstance(value, dict) and "_target_" not in value:
                yield from keys(value, f"{prefix}{key}.")


@pytest.mark.parametrize("name", FILES)
def test_the_first_line_of_a_file_is_a_sentence(name: str) -> None:
    line = explain_option(config_folder() / name)
    assert line.endswith(".")
    assert len(line) <= 110
    assert line[0].isupper()


@pytest.mark.parametrize("name", FILES)
def test_every_setting_has_a_comment(name: str) -> None:
    path = config_folder() / name
    said = explain_settings(path)
    stated = yaml.safe_load(path.read_text(encoding="utf-8"))
    inline = {"folds"}  # mappings that are one value
    missing = [
        key
        for key in keys(stated)
        if not said.get(key) and key.split(".")[0] not in inline and not said.get(key.rpartition(".")[0] or key)
    ]
    if name.startswith("experiment/"):  # what its groups say holds; blocks need no word of their own
        missing = [key for key in missing if not any(other.startswith(f"{key}.") for other in keys(stated))]
    assert missing == []


def test_every_group_has_a_line() -> None:
    from sedpool.settings.help import MORE_GROUPS

    top = explain_settings(config_folder() / "train.yaml")
    said = {group: top.get(f"defaults.{group}") or MORE_GROUPS.get(group) for group in options([config_folder()])}
    assert [group for group, line in said.items() if not line] == []


def test_what_a_file_inherits_is_explained_too(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("# Base.\na: 1 # Hz; a\nb: {x: 1} # b\n", encoding="utf-8")
    child = tmp_path / "child.yaml"
    child.write_text("# Child.\ndefaults:\n  - base\n  - _self_\n\nb: 2 # better\nc:\n  d: null\n", encoding="utf-8")
    assert explain_option(child) == "Child."
    assert explain_settings(child) == {"a": "Hz; a", "b": "better", "c": "", "c.d": ""}


def test_settings_are_known_by_their_dotted_keys() -> None:
    known = set(known_settings([config_folder()]))
    assert {"seed", "labels.drop", "training.epochs", "pooling.l2", "hydra.sweeper.n_trials"} <= known
    assert not any(key.startswith(("defaults", "experiment")) for key in known)
