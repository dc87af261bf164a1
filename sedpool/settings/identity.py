"""What a configuration changes in a run's numbers, in a form that outlives renamed and added settings.

Two runs are the same if they were given the same settings and the same data. Names of files and machines, the order of
keys, and the names that settings had in earlier versions make no difference; a setting that came later makes none while
it has its neutral default.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from sys import intern
from typing import Any

from sedpool.errors import ConfigError
from sedpool.settings.targets import FORMER_NAMES, TARGETS, Target
from sedpool.storage import hash_value

RENAMED: Mapping[str, Mapping[str, str]] = {"evaluation": {"offset_share": "offset_tolerance_ratio"}}
"""By group, or by public name of what it builds: the settings' names of today by their former names."""

LATER: Mapping[str, Mapping[str, Any]] = {
    "labels": {"map": None, "n_train": None, "times": "all"},
    "sedpool.load_folder": {
        **dict.fromkeys(
            ("name", "columns", "unit", "min_confidence", "annotators", "tiers", "point_duration", "unknown")
        ),
        "zero_length": "error",
        "label_from": "text",
        "partial_times": False,
    },
    **{name: {"time_reduction": None} for name in ("sedpool.paper_cnn", "sedpool.paper_crnn", "sedpool.compact_cnn")},
    "training": {
        "monitor": "accuracy",
        "self_training_rounds": 0,
        "self_training_start": "same",
        "pseudo_labels": "soft",
        "pseudo_label_share": 0.5,
        "clip_loss_weight": 0.0,
    },
    "evaluation": {"box_filter": None, "merge_drop": 0.2, "merge_share": 0.5, "clip_mask": False},
    "sedpool.LogMel": {"fmin": 0, "fmax": None, "scale": "mel", "reference": "window"},
}
"""Likewise: settings that sedpool 0.1 did not have, with the value that leaves everything as it was."""

_PLACES = frozenset({"data_root", "cache", "runs", "jobs", "force", "tracking", "corpus", "method"})
DATA: Mapping[str, str] = {"augment": "background", "training": "init_from"}
"""Settings whose value is a place where data lie; what the data are is stated beside the settings."""

# What sedpool 0.1 had of each is in its hashes: none may go.
_SOURCES = frozenset({"root", "foreground", "background", "annotations", "splits", "init_from", "unknown"})
"""Folders that data come from; records and tables keep only their last component."""
_IGNORED = frozenset({"data_root", "runs", "cache", "force", "tracking", "jobs", "n_jobs"})
"""Settings that no number depends on, which records and tables leave out."""
_TARGETS: Mapping[str, Target] = {name: target for targets in TARGETS.values() for name, target in targets.items()}


def upgraded(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration of an earlier version in the names of today, complete with the settings that came later.

    One of today passes unchanged.
    """
    return {group: _upgraded(group, node) for group, node in config.items()}


def _upgraded(group: str, node: Any) -> Any:
    if isinstance(node, list | tuple):
        return [_upgraded("", item) for item in node]
    if not isinstance(node, Mapping):
        return intern(node) if type(node) is str else node  # many runs have most texts in common
    node = dict(node)
    if isinstance(target := node.get("_target_"), str):
        node["_target_"] = FORMER_NAMES.get(target, target)
    owner = _owner(group, node)
    names = RENAMED.get(owner, {})
    return dict(LATER.get(owner, {})) | {
        _upgraded("", names.get(key, key)): _upgraded("", item) for key, item in node.items()
    }


def settings_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that a run's numbers depend on, in canonical form.

    Parameters
    ----------
    config : mapping
        Resolved configuration of today (see `upgraded`). Of a class or function of the user's own every argument
        counts, whatever it is called.
    """
    return {group: _canonical(group, node) for group, node in config.items() if group not in _PLACES}


def _canonical(group: str, node: Any) -> Any:
    if isinstance(node, float) and node.is_integer():
        return int(node)  # 10 s are 10.0 s
    if isinstance(node, list | tuple):
        return [_canonical("", item) for item in node]
    if not isinstance(node, Mapping):
        return node
    owner = _owner(group, node)
    kept = {key: item for key, item in node.items() if not _is_neutral(owner, key, item)}
    if target := _TARGETS.get(owner):
        kept = {key: item for key, item in kept.items() if not target.says_where(key, item)}
    else:
        kept.pop(DATA.get(group), None)
    return {key: _canonical("", item) for key, item in kept.items()}


def digest(config: Mapping[str, Any], data: Mapping[str, str]) -> str:
    """Return the hash that recognises a run.

    Parameters
    ----------
    config : mapping
        Resolved configuration.
    data : mapping of str to str
        What the data are that it names, as hashes: of the corpus, of the backgrounds, of the weights to start from.

    Raises
    ------
    ConfigError
        If a setting is infinite or no number.
    """
    settings = {group: _in_recorded_form(group, node) for group, node in settings_of(config).items()}
    try:
        return hash_value({"settings": settings, "data": dict(data)})[:10]
    except ValueError:
        odd = ", ".join(group for group, node in settings.items() if re.search(r"\b(inf|nan)\b", repr(node)))
        raise ConfigError(f"{odd}: a setting in it is infinite or no number (nan); give it a finite one") from None


def _in_recorded_form(group: str, node: Any) -> Any:
    if isinstance(node, list):
        return [_in_recorded_form("", item) for item in node]
    if not isinstance(node, Mapping):
        return node
    return {key: _in_recorded_form("", item) for key, item in recorded_form(_owner(group, node), node).items()}


def recorded_form(owner: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as the first version that had them wrote them down, for hashes that are to last.

    Parameters
    ----------
    owner : str
        A key of `RENAMED` and `LATER`.
    values : mapping
        Settings by their names of today. Those that came later are left out at their neutral default.
    """
    former = {today: name for name, today in RENAMED.get(owner, {}).items()}
    return {former.get(key, key): value for key, value in values.items() if not _is_neutral(owner, key, value)}


def _is_neutral(owner: str, key: str, value: Any) -> bool:
    """Whether a setting came later and leaves everything as it was."""
    later = LATER.get(owner, {})
    return key in later and bool(value == later[key])


def former_digest(config: Mapping[str, Any]) -> str | None:
    """Return the hash that sedpool 0.1 gave a configuration; None if it has settings that were not there yet.

    It took the names of folders for what lies in them.
    """
    try:
        return hash_value({key: _former(key, node) for key, node in config.items() if key not in _IGNORED})[:10]
    except KeyError:
        return None


def _former(group: str, node: Any) -> Any:
    if not isinstance(node, Mapping):
        return node
    owner = _owner(group, node)
    recorded = recorded_form(owner, node)
    if not LATER.get(owner, {}).keys().isdisjoint(recorded):
        raise KeyError(owner)
    kept = {key: _former("", item) for key, item in recorded.items() if key not in _IGNORED}
    if owner in _TARGETS:
        kept["_target_"] = _TARGETS[owner].former
    return kept | {key: Path(str(kept[key])).name for key in _SOURCES & kept.keys()}


def without_places(value: Any) -> Any:
    """Return a configuration, or a part of one, without paths and machine settings; a class of one's own keeps all."""
    if not isinstance(value, Mapping) or ("_target_" in value and value["_target_"] not in _TARGETS):
        return value
    kept = {key: without_places(item) for key, item in value.items() if key not in _IGNORED}
    places = (_SOURCES | {"path"}) & kept.keys()
    return kept | {key: Path(str(kept[key])).name for key in places if kept[key] is not None}


def _owner(group: str, node: Mapping[str, Any]) -> str:
    """Return what a setting belongs to: the class or function that it is an argument of, else the group."""
    return str(node.get("_target_", group))
