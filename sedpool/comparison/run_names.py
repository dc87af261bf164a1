"""Names for the runs of a comparison: two corpora or methods that share a name are told apart by what differs."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sedpool.run_folder import FOLD, RunFolder
from sedpool.settings.identity import settings_of
from sedpool.storage import hash_value

HASH_DIGITS = 4
"""Of a hash that tells two names apart."""
SHOWN = 3
"""Settings that a name shows at most."""
_APART = re.compile(rf"(?P<stem>.*) \([0-9a-f]{{{HASH_DIGITS}}}\)(?P<fold>(-(fold|split)\d+)?)")


def named_apart(runs: Iterable[RunFolder]) -> list[RunFolder]:
    """Return finished runs under names that tell their corpora and methods apart.

    Corpora of one name whose data differ get a short hash of the data, and methods of one name whose settings differ in
    anything but seed and fold get the settings that differ. So neither are taken for repetitions of each other.

    Parameters
    ----------
    runs : iterable of RunFolder
        All that are compared with each other.

    Returns
    -------
    runs : list of RunFolder
        The same, in their order; a name that is clear stays as it is.
    """
    named = [run.called(dataset=name) for run, name in _with_datasets(list(runs))]
    by_method: dict[tuple[str, str], list[RunFolder]] = {}
    for run in named:
        by_method.setdefault((run.study, run.method), []).append(run)
    methods = {run.path: name for alike in by_method.values() for run, name in _with_methods(alike)}
    return [run.called(method=methods[run.path]) for run in named]


def told_apart(datasets: Iterable[str]) -> dict[str, list[str]]:
    """Return the names that `named_apart` gave to corpora of one name, by that name."""
    apart: dict[str, list[str]] = {}
    for name in dict.fromkeys(datasets):
        if found := _APART.fullmatch(name):
            apart.setdefault(found["stem"] + found["fold"], []).append(name)
    return apart


def _with_datasets(runs: Sequence[RunFolder]) -> list[tuple[RunFolder, str]]:
    """Each run with the name of its corpus."""
    # A run of sedpool 0.1 kept the hash of its labels alone; where a later one has both, they say the same.
    known = {run.manifest["hash"]: run.manifest["data"]["dataset"] for run in runs if run.manifest and run.data}
    data = {run.path: _data_hash(run, known) for run in runs}
    alike: dict[str, set[str]] = {}
    for run in runs:
        alike.setdefault(run.dataset, set()).update(filter(None, [data[run.path]]))
    named = []
    for run in runs:
        name, digest = run.dataset, data[run.path]
        if digest is not None and len(alike[name]) > 1:
            fold = FOLD.search(name)
            stem, suffix = (name[: fold.start()], fold[0]) if fold else (name, "")
            name = f"{stem} ({digest[:HASH_DIGITS]}){suffix}"
        named.append((run, name))
    return named


def _data_hash(run: RunFolder, known: Mapping[str, str]) -> str | None:
    """What recognises a run's corpus; None where it cannot be known, since its labels were changed in training."""
    if run.data:
        return run.data["dataset"]
    labels = run.config.get("labels", {})
    if run.manifest is None or labels.get("bag_duration") or labels.get("drop") or labels.get("add"):
        return None
    return known.get(run.manifest["hash"], str(run.manifest["hash"]))


def _with_methods(runs: Sequence[RunFolder]) -> list[tuple[RunFolder, str]]:
    """Runs of one study and method, each with the method's name and, where their settings differ, those that do."""
    settings = {run.path: _compared(run.config) for run in runs}
    keys = list(dict.fromkeys(key for values in settings.values() for key in values))
    differing = [key for key in keys if len({values.get(key) for values in settings.values()}) > 1]
    replaced = {key.rpartition(".")[0] for key in differing if key.endswith("._target_")}
    told = [key for key in differing if key.endswith("._target_") or key.rpartition(".")[0] not in replaced][:SHOWN]
    names: dict[str, str] = {}
    for values in settings.values():
        shown = [f"{key.removesuffix('._target_')}={_short(values.get(key))}" for key in told]
        names[json.dumps(values)] = ", ".join(shown)
    if len(set(names.values())) < len(names):
        names = {values: f"{name}, {hash_value(values)[:HASH_DIGITS]}" for values, name in names.items()}
    told_apart = ((run, names[json.dumps(settings[run.path])]) for run in runs)
    return [(run, f"{run.method} ({name})" if name else run.method) for run, name in told_apart]


def _compared(config: Mapping[str, Any]) -> dict[str, str]:
    """The settings by which two runs of a method are two methods, by their dotted names, as JSON."""
    settings = settings_of(config)
    dataset = {key: value for key, value in settings.get("dataset", {}).items() if key not in ("fold", "folds")}
    return dict(_flat({**settings, "dataset": dataset, "seed": None}))


def _flat(node: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in node.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", json.dumps(value)


def _short(value: str | None) -> str:
    """A setting's value as a name shows it; what it does not have is a dash."""
    return "–" if value is None else value.strip('"').removeprefix("sedpool.")
