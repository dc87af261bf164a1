"""Names for the runs of a comparison: two corpora or methods that share a name get different ones."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sedpool.run_folder import FOLD, RunFolder
from sedpool.settings.identity import DATA, settings_of
from sedpool.storage import hash_value

HASH_DIGITS = 4
"""Digits of a hash that distinguishes two names."""
_DATA_DIGITS = 8
"""Digits of the hash of backgrounds, or of the weights that training started from."""
SHOWN = 3
"""Largest number of settings that a name shows."""
_APART = re.compile(rf"(?P<stem>.*) \([0-9a-f]{{{HASH_DIGITS}}}\)(?P<fold>(-(fold|split)\d+)?)")


def named_apart(runs: Iterable[RunFolder]) -> list[RunFolder]:
    """Give different names to corpora and methods that differ but share a name.

    Corpora of one name whose data differ get a short hash of the data, and methods of one name whose settings differ in
    anything but seed and fold get the settings that differ. So neither are mistaken for repetitions of each other.

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


def names_with_hashes(datasets: Iterable[str]) -> dict[str, list[str]]:
    """Return the names that `named_apart` gave to corpora that shared a name, by that name."""
    apart: dict[str, list[str]] = {}
    for name in dict.fromkeys(datasets):
        if found := _APART.fullmatch(name):
            apart.setdefault(found["stem"] + found["fold"], []).append(name)
    return apart


def _with_datasets(runs: Sequence[RunFolder]) -> list[tuple[RunFolder, str]]:
    """Pair each run with the name of its corpus."""
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
    """Return the hash of a run's data; None where it cannot be known because labels were changed in training."""
    if run.data:
        return run.data["dataset"]
    labels = run.config.get("labels", {})
    if run.manifest is None or labels.get("bag_duration") or labels.get("drop") or labels.get("add"):
        return None
    return known.get(run.manifest["hash"], str(run.manifest["hash"]))


def _with_methods(runs: Sequence[RunFolder]) -> list[tuple[RunFolder, str]]:
    """Pair runs of one study and method with the method's name and the settings in which they differ."""
    settings: dict[Path, dict[str, str]] = {}
    for run in runs:
        own = settings_of(run.config)
        dataset = {key: value for key, value in own.get("dataset", {}).items() if key not in ("fold", "folds")}
        compared = flat_settings({**own, "dataset": dataset, "seed": None})
        settings[run.path] = {key: json.dumps(value) for key, value in compared}
        for group, key in DATA.items():
            place = run.config.get(group, {}).get(key)
            if place not in (None, "None"):  # a run of sedpool 0.1 has only the name of the place
                known = run.data.get(f"{group}.{key}", Path(str(place)).name)
                settings[run.path][f"{group}.{key}"] = json.dumps(known[:_DATA_DIGITS])
    keys = list(dict.fromkeys(key for values in settings.values() for key in values))
    differing = [key for key in keys if len({values.get(key) for values in settings.values()}) > 1]
    replaced = {key.rpartition(".")[0] for key in differing if key.endswith("._target_")}
    shown_keys = [key for key in differing if key.endswith("._target_") or key.rpartition(".")[0] not in replaced][
        :SHOWN
    ]
    names: dict[str, str] = {}
    for values in settings.values():
        shown = [f"{key.removesuffix('._target_')}={_short(values.get(key))}" for key in shown_keys]
        names[json.dumps(values)] = ", ".join(shown)
    if len(set(names.values())) < len(names):
        names = {values: f"{name}, {hash_value(values)[:HASH_DIGITS]}" for values, name in names.items()}
    named = ((run, names[json.dumps(settings[run.path])]) for run in runs)
    return [(run, f"{run.method} ({name})" if name else run.method) for run, name in named]


def flat_settings(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield nested settings by their dotted names, each after `prefix`."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from flat_settings(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _short(value: str | None) -> str:
    """Shorten a setting's value for a name; a missing setting is a dash."""
    return "–" if value is None else value.strip('"').removeprefix("sedpool.")
