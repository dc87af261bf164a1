"""Dividing recordings among the splits: no source is in two.

Takes cut from one original recording share a source id in their names. Where the names also carry a fold, a mapping
from split to folds decides; otherwise whole sources are assigned to the splits at random, from a seed.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sedpool.errors import ConfigError, DataError
from sedpool.soundscapes.spec import SPLITS


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
    """Assign labelled recordings to splits.

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

    Raises
    ------
    ConfigError, DataError
        If a name does not match the pattern, a fold is not in exactly one split, a source is in two splits, or a class
        lacks a split.
    """
    groups: dict[str, dict[str, str]] = {}
    for path in labels:
        found = re.search(split_rule.pattern, path.rsplit("/", 1)[-1])
        if found is None or None in found.groupdict().values():
            raise DataError(
                f"{path}: the source pattern {split_rule.pattern!r} does not fit this name; correct the pattern"
            )
        groups[path] = found.groupdict()
    if split_rule.folds:
        splits = _splits_by_fold(groups, split_rule.folds)
    else:
        by_source: dict[str, str] = {}
        for label in sorted(set(labels.values())):
            # A source with several labels stays where the first of them put it.
            own = {groups[path]["source"] for path, other in labels.items() if other == label} - set(by_source)
            by_source |= assign_splits(sorted(own), split_rule.shares, rng)
        splits = {path: by_source[found["source"]] for path, found in groups.items()}
    present = {(label, splits[path]) for path, label in labels.items()}
    for label, split in itertools.product(sorted(set(labels.values())), SPLITS):
        if (label, split) not in present:
            raise DataError(
                f"class {label} has no recording for {split}; expected recordings from at least three sources "
                "for each class, or folds that cover every class"
            )
    return splits


def _splits_by_fold(
    groups: Mapping[str, Mapping[str, str]], folds: Mapping[str, Sequence[str | int]]
) -> dict[str, str]:
    splits: dict[str, str] = {}
    first: dict[str, str] = {}
    for path, found in groups.items():
        holders = [split for split, members in folds.items() if found["fold"] in map(str, members)]
        if len(holders) != 1:
            given = "; ".join(f"{split} {', '.join(map(str, members))}" for split, members in folds.items())
            raise ConfigError(
                f"{path}: fold {found['fold']} belongs to {len(holders)} splits; expected one (folds: {given})"
            )
        splits[path] = holders[0]
        other = first.setdefault(found["source"], path)
        if splits[other] != splits[path]:
            raise DataError(
                f"{path} ({splits[path]}) and {other} ({splits[other]}) come from one source, {found['source']}; "
                "expected folds that keep a source in one split"
            )
    return splits


def assign_splits(items: Sequence[str], shares: Sequence[float], rng: np.random.Generator) -> dict[str, str]:
    """Assign items to splits at random by `shares`; if possible at least one to train, then test, then validate."""
    order = [items[int(index)] for index in rng.permutation(len(items))]
    total, assigned = len(items), {}
    counts = dict.fromkeys(SPLITS, 0)
    for split in ("train", "test", "validate")[:total]:
        counts[split] = 1
    for _ in range(total - sum(counts.values())):
        # The split that lacks most of its share comes next.
        lacking = [share / sum(shares) * total - counts[split] for split, share in zip(SPLITS, shares, strict=True)]
        counts[SPLITS[int(np.argmax(lacking))]] += 1
    for split, count in counts.items():
        for _ in range(count):
            assigned[order.pop()] = split
    return assigned
