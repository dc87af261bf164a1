"""Which split a recording belongs to: whole sources only, so that no split hears another's recordings.

Takes cut from one original recording share a source id in their names. Where the names also carry a fold, a mapping
from split to folds decides; otherwise whole sources are assigned to the splits at random, from a seed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sedpool.errors import ConfigError, DataError

SPLITS = ("train", "validate", "test")
"""The parts of a corpus, each a folder of its audio and of its annotations."""


@dataclass(frozen=True)
class SplitRule:
    """How recordings are divided among the splits.

    Attributes
    ----------
    pattern : str
        Regular expression found in a file's name, with a group `source` and, where `folds` is given, a group `fold`.
    folds : mapping of str to sequence of str, optional
        The folds of each split.
    shares : (float, float, float)
        Shares of train, validate and test among the sources, where there are no folds.
    """

    pattern: str
    folds: Mapping[str, Sequence[str | int]] | None = None
    shares: tuple[float, float, float] = (0.6, 0.2, 0.2)

    def __post_init__(self) -> None:
        try:
            groups = re.compile(self.pattern).groupindex
        except re.error as error:
            raise ConfigError(f"source pattern {self.pattern!r} is not a regular expression ({error})") from None
        needed = ["source", "fold"] if self.folds else ["source"]
        if missing := [group for group in needed if group not in groups]:
            raise ConfigError(f"source pattern {self.pattern!r} has no group (?P<{missing[0]}>...)")
        if self.folds and sorted(self.folds) != sorted(SPLITS):
            raise ConfigError(f"folds are given for {', '.join(self.folds)}; expected {', '.join(SPLITS)}")
        if len(self.shares) != len(SPLITS) or min(self.shares) <= 0:
            raise ConfigError(f"shares are {self.shares}; expected three numbers above 0")


def divide(labels: Mapping[str, str], split_rule: SplitRule, rng: np.random.Generator) -> dict[str, str]:
    """Assign recordings to splits.

    Parameters
    ----------
    labels : mapping of str to str
        Label of every recording, by its path.
    split_rule : SplitRule
        How to divide.
    rng : Generator
        Draws the splits of the sources where there are no folds.

    Returns
    -------
    splits : dict of str to str
        Split of every recording, by its path; no source is in two.
    """
    groups = {path: _groups(path, split_rule.pattern) for path in labels}
    sources = {path: found["source"] for path, found in groups.items()}
    if split_rule.folds:
        splits = {path: _split_of_fold(path, found["fold"], split_rule.folds) for path, found in groups.items()}
        _refuse_shared_sources(sources, splits)
    else:
        by_source = _assign_sources(labels, sources, split_rule.shares, rng)
        splits = {path: by_source[source] for path, source in sources.items()}
    _refuse_absent(labels, splits)
    return splits


def assign_splits(items: Sequence[str], shares: Sequence[float], rng: np.random.Generator) -> dict[str, str]:
    """Assign items to splits at random by `shares`, at least one to each as far as they go: train, test, validate."""
    order = [items[int(index)] for index in rng.permutation(len(items))]
    total, assigned = len(items), {}
    counts = dict.fromkeys(SPLITS, 0)
    for split in ("train", "test", "validate")[:total]:
        counts[split] = 1
    for _ in range(total - sum(counts.values())):
        # Whoever lacks most of its share comes next.
        lacking = [share / sum(shares) * total - counts[split] for split, share in zip(SPLITS, shares, strict=True)]
        counts[SPLITS[int(np.argmax(lacking))]] += 1
    for split, count in counts.items():
        for _ in range(count):
            assigned[order.pop()] = split
    return assigned


def _groups(path: str, pattern: str) -> dict[str, str]:
    name = path.rsplit("/", 1)[-1]
    found = re.search(pattern, name)
    if found is None or any(value is None for value in found.groupdict().values()):
        raise DataError(f"{path}: the source pattern {pattern!r} does not fit this name; correct the pattern")
    return found.groupdict()


def _split_of_fold(path: str, fold: str, folds: Mapping[str, Sequence[str | int]]) -> str:
    holders = [split for split, members in folds.items() if fold in map(str, members)]
    if len(holders) != 1:
        given = "; ".join(f"{split} {', '.join(map(str, members))}" for split, members in folds.items())
        raise ConfigError(f"{path}: fold {fold} belongs to {len(holders)} splits; expected one (folds: {given})")
    return holders[0]


def _refuse_shared_sources(sources: Mapping[str, str], splits: Mapping[str, str]) -> None:
    first: dict[str, str] = {}
    for path, source in sources.items():
        other = first.setdefault(source, path)
        if splits[other] != splits[path]:
            raise DataError(
                f"{path} ({splits[path]}) and {other} ({splits[other]}) come from one source, {source}; "
                "expected folds that keep a source in one split"
            )


def _assign_sources(
    labels: Mapping[str, str], sources: Mapping[str, str], shares: Sequence[float], rng: np.random.Generator
) -> dict[str, str]:
    splits: dict[str, str] = {}
    for label in sorted(set(labels.values())):
        # A source with several labels stays where the first of them put it.
        own = sorted({sources[path] for path, other in labels.items() if other == label} - set(splits))
        splits |= assign_splits(own, shares, rng)
    return splits


def _refuse_absent(labels: Mapping[str, str], splits: Mapping[str, str]) -> None:
    present = {(label, splits[path]) for path, label in labels.items()}
    for label in sorted(set(labels.values())):
        for split in SPLITS:
            if (label, split) not in present:
                raise DataError(
                    f"class {label} has no recording for {split}; expected recordings from at least three sources "
                    "a class, or folds that cover every class"
                )
