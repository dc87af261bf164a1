"""Which recordings a corpus is made from: two folders divided among the splits, then read once and checked."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sedpool import storage
from sedpool.errors import DataError
from sedpool.soundscapes import sources, splits
from sedpool.soundscapes.sources import FileSources, Recording
from sedpool.soundscapes.spec import SHORTEST_EVENT, SoundscapeSpec
from sedpool.soundscapes.splits import SPLITS, SplitRule


@dataclass(frozen=True)
class SoundLibraries:
    """Two folders of recordings, and which split every file of them belongs to."""

    foreground: Path
    background: Path
    labels: dict[str, str]
    kinds: dict[str, str]
    foreground_splits: dict[str, str]
    background_splits: dict[str, str]

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels of the events, in order."""
        return tuple(sorted(set(self.labels.values())))

    def fingerprint(self) -> dict[str, dict[str, list[str]]]:
        """Content, label and split of every recording: other recordings make another corpus, wherever they lie."""
        return {
            role: {name: [labels[name], assigned[name], storage.sha256_file(folder / name)] for name in labels}
            for role, folder, labels, assigned in (
                ("foreground", self.foreground, self.labels, self.foreground_splits),
                ("background", self.background, self.kinds, self.background_splits),
            )
        }


def divide_libraries(
    foreground: str | os.PathLike[str],
    background: str | os.PathLike[str],
    split_rule: SplitRule,
    exclude_backgrounds: Sequence[str],
    seed: int,
) -> SoundLibraries:
    """Divide the recordings of two folders among the splits.

    Parameters
    ----------
    foreground, background : path-like
        The folders.
    split_rule : SplitRule
        How sources, and so events, are divided; backgrounds are assigned by its shares, each kind by itself.
    exclude_backgrounds : sequence of str
        Globs of backgrounds to leave out.
    seed : int
        Seed of the random assignment.
    """
    labels, kinds = sources.list_foreground(foreground), sources.list_background(background, exclude_backgrounds)
    foreground_rng, background_rng = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(2))
    background_splits: dict[str, str] = {}
    for kind in sorted(set(kinds.values())):
        background_splits |= splits.assign_splits(
            [name for name in kinds if kinds[name] == kind], split_rule.shares, background_rng
        )
    return SoundLibraries(
        Path(foreground),
        Path(background),
        labels,
        kinds,
        splits.divide(labels, split_rule, foreground_rng),
        background_splits,
    )


def read_libraries(libraries: SoundLibraries, spec: SoundscapeSpec, *, strict: bool, n_jobs: int) -> FileSources:
    """Read every recording once, and keep what can be used.

    Raises
    ------
    DataError
        If a class or the background has no usable recording in some split, or, where `strict`, any cannot be used.
    """
    events, bad_events = sources.inspect(libraries.foreground, libraries.labels, SHORTEST_EVENT, n_jobs=n_jobs)
    beds, bad_beds = sources.inspect(
        libraries.background, libraries.kinds, spec.duration, level=spec.level, n_jobs=n_jobs
    )
    skipped = (*bad_events, *bad_beds)
    if strict:
        report_skipped(skipped, strict=True)
    by_class: dict[tuple[str, str], list[Recording]] = {}
    for recording in events:
        by_class.setdefault((libraries.foreground_splits[recording.name], recording.label), []).append(recording)
    by_split: dict[str, list[Recording]] = {}
    for recording in beds:
        by_split.setdefault(libraries.background_splits[recording.name], []).append(recording)
    _refuse_empty(libraries, by_class, by_split, skipped)
    return FileSources(by_class, by_split, skipped)


def _refuse_empty(
    libraries: SoundLibraries,
    by_class: dict[tuple[str, str], list[Recording]],
    by_split: dict[str, list[Recording]],
    skipped: Sequence[str],
) -> None:
    because = f" ({len(skipped)} recordings cannot be used: {_first(skipped)})" if skipped else ""
    for split in SPLITS:
        if split not in by_split:
            raise DataError(f"background {libraries.background}: no usable recording for {split}{because}")
        for label in libraries.classes:
            if (split, label) not in by_class:
                raise DataError(f"foreground {libraries.foreground}: no usable {label} for {split}{because}")


def report_skipped(skipped: Sequence[str], *, strict: bool) -> None:
    """Warn of recordings that were left out, or refuse them where `strict`."""
    if skipped and strict:
        raise DataError(f"{len(skipped)} recordings cannot be used: {_first(skipped)}; mend or remove them")
    if skipped:
        warnings.warn(f"recordings skipped: {len(skipped)} ({_first(skipped)})", stacklevel=2)


def _first(skipped: Sequence[str]) -> str:
    return "; ".join(skipped[:3]) + ("; ..." if len(skipped) > 3 else "")
