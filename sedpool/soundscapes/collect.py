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
from sedpool.soundscapes.splits import SPLITS, Division


@dataclass(frozen=True)
class Banks:
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


def divide_banks(
    foreground: str | os.PathLike[str],
    background: str | os.PathLike[str],
    division: Division,
    exclude_backgrounds: Sequence[str],
    seed: int,
) -> Banks:
    """Deal the recordings of two folders out to the splits.

    Parameters
    ----------
    foreground, background : path-like
        The folders.
    division : Division
        How sources, and so events, are divided; backgrounds are dealt out by its shares, each kind by itself.
    exclude_backgrounds : sequence of str
        Globs of backgrounds to leave out.
    seed : int
        Of the dealing.
    """
    labels, kinds = sources.list_foreground(foreground), sources.list_background(background, exclude_backgrounds)
    foreground_rng, background_rng = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(2))
    dealt: dict[str, str] = {}
    for kind in sorted(set(kinds.values())):
        dealt |= splits.deal([name for name in kinds if kinds[name] == kind], division.shares, background_rng)
    return Banks(
        Path(foreground), Path(background), labels, kinds, splits.divide(labels, division, foreground_rng), dealt
    )


def read_banks(files: Banks, spec: SoundscapeSpec, *, strict: bool, n_jobs: int) -> FileSources:
    """Read every recording once, and keep what can be used.

    Raises
    ------
    DataError
        If a class or the background has no usable recording in some split, or, where `strict`, any cannot be used.
    """
    events, bad_events = sources.inspect(files.foreground, files.labels, SHORTEST_EVENT, n_jobs=n_jobs)
    beds, bad_beds = sources.inspect(files.background, files.kinds, spec.duration, level=spec.level, n_jobs=n_jobs)
    skipped = (*bad_events, *bad_beds)
    if strict:
        report_skipped(skipped, strict=True)
    by_class: dict[tuple[str, str], list[Recording]] = {}
    for recording in events:
        by_class.setdefault((files.foreground_splits[recording.name], recording.label), []).append(recording)
    by_split: dict[str, list[Recording]] = {}
    for recording in beds:
        by_split.setdefault(files.background_splits[recording.name], []).append(recording)
    _refuse_empty(files, by_class, by_split, skipped)
    return FileSources(by_class, by_split, skipped)


def _refuse_empty(
    files: Banks,
    by_class: dict[tuple[str, str], list[Recording]],
    by_split: dict[str, list[Recording]],
    skipped: Sequence[str],
) -> None:
    because = f" ({len(skipped)} recordings cannot be used: {_first(skipped)})" if skipped else ""
    for split in SPLITS:
        if split not in by_split:
            raise DataError(f"background {files.background}: no usable recording for {split}{because}")
        for label in files.classes:
            if (split, label) not in by_class:
                raise DataError(f"foreground {files.foreground}: no usable {label} for {split}{because}")


def report_skipped(skipped: Sequence[str], *, strict: bool) -> None:
    """Warn of recordings that were left out, or refuse them where `strict`."""
    if skipped and strict:
        raise DataError(f"{len(skipped)} recordings cannot be used: {_first(skipped)}; mend or remove them")
    if skipped:
        warnings.warn(f"recordings skipped: {len(skipped)} ({_first(skipped)})", stacklevel=2)


def _first(skipped: Sequence[str]) -> str:
    return "; ".join(skipped[:3]) + ("; ..." if len(skipped) > 3 else "")
