"""Soundscapes from real recordings: made from a foreground and a background folder on first use, then loaded."""

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sedpool import storage
from sedpool.datasets.dataset import Dataset
from sedpool.datasets.layout import SPLITS, read_layout
from sedpool.datasets.soundscapes import banks, splits
from sedpool.datasets.soundscapes.banks import FileSources, Recording
from sedpool.datasets.soundscapes.specs import Recipe
from sedpool.datasets.soundscapes.splits import Division
from sedpool.datasets.soundscapes.writer import Plan, make_corpus
from sedpool.errors import DataError

CLIP_DURATION = 10.0
SHORTEST_EVENT = 0.050
"""Seconds of sound that a foreground recording must hold."""
ESC_PATTERN = r"^(?P<fold>\d+)-(?P<source>\d+)-"
"""Names of ESC-10 and ESC-50: fold, id of the source recording, take."""
ESC_FOLDS = {"train": ("1", "2"), "validate": ("3",), "test": ("4",)}


@dataclass(frozen=True)
class Banks:
    """Two folders of recordings, and which split every file of them belongs to."""

    foreground: Path
    background: Path
    labels: dict[str, str]
    kinds: dict[str, str]
    foreground_splits: dict[str, str]
    background_splits: dict[str, str]


def load_soundscapes(
    root: str | os.PathLike[str],
    foreground: str | os.PathLike[str],
    background: str | os.PathLike[str],
    split: str | None = None,
    *,
    seed: int = 0,
    n_train: int = 1200,
    n_validate: int = 400,
    n_test: int = 400,
    n_events: tuple[int, int] = (1, 6),
    event_duration: tuple[float, float] = (0.5, 3.0),
    snr: tuple[float, float] = (6.0, 30.0),
    source_pattern: str = ESC_PATTERN,
    folds: Mapping[str, Sequence[str]] | None = ESC_FOLDS,
    shares: tuple[float, float, float] = (0.6, 0.2, 0.2),
    exclude_backgrounds: Sequence[str] = (),
    strict: bool = False,
    n_jobs: int = -1,
) -> Dataset:
    r"""Load soundscapes mixed from real recordings, making them first where they do not exist.

    No split shares a source recording or a background file with another.

    Parameters
    ----------
    root : path-like
        Parent folder of made corpora.
    foreground : path-like
        Folder with one sub-folder a class; ``001 - Dog bark`` becomes the label ``dog_bark``.
    background : path-like
        Folder of backgrounds of 10 s or more; its sub-folders are kinds, of which every split gets some.
    split : {"train", "validate", "test"}, optional
        The part to load; all by default.
    seed : int
        Seed of every draw; the same seed gives the same bytes.
    n_train, n_validate, n_test : int
        Number of soundscapes of each split.
    n_events : (int, int)
        Fewest and most events in a soundscape.
    event_duration : (float, float)
        Range in seconds that lengths are drawn from; a recording with less sound gives a shorter event.
    snr : (float, float)
        Range in dB that levels over the background are drawn from.
    source_pattern : str
        Regular expression for file names, with a group `source`, and `fold` where `folds` is given.
    folds : mapping of str to sequence of str, optional
        The folds of each split. None deals whole sources out by `shares`.
    shares : (float, float, float)
        Shares of train, validate and test among backgrounds, and among sources where there are no folds.
    exclude_backgrounds : sequence of str
        Globs of backgrounds to leave out, e.g. those that resemble a class.
    strict : bool
        Refuse a recording that cannot be used instead of skipping it with a warning.
    n_jobs : int
        Number of worker processes, -1 for one a core.

    Raises
    ------
    DataError
        If a folder is missing or holds no audio, a class has no recording in some split, or, where `strict`, a
        recording cannot be used.
    """
    files = _divide(foreground, background, Division(source_pattern, folds, shares), exclude_backgrounds, seed)
    recipe = Recipe(n_events, snr, event_duration, {}, CLIP_DURATION)
    sizes = {"train": n_train, "validate": n_validate, "test": n_test}
    plan = Plan("soundscapes", seed, sizes, recipe, _fingerprint(files))
    folder = make_corpus(root, plan, lambda: _prepare(files, strict, n_jobs), n_jobs=n_jobs)
    skipped = storage.read_json(folder / "corpus.json")["skipped"]
    _report(skipped, strict)
    classes = tuple(sorted(set(files.labels.values())))
    dataset = read_layout(folder, "soundscapes", classes, clip_duration=CLIP_DURATION, split=split)
    notes = dataset.manifest.notes | ({"recordings_skipped": len(skipped)} if skipped else {})
    return replace(dataset, manifest=replace(dataset.manifest, notes=notes))


def _divide(
    foreground: str | os.PathLike[str],
    background: str | os.PathLike[str],
    division: Division,
    exclude_backgrounds: Sequence[str],
    seed: int,
) -> Banks:
    labels, kinds = banks.list_foreground(foreground), banks.list_background(background, exclude_backgrounds)
    foreground_rng, background_rng = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(2))
    dealt: dict[str, str] = {}
    for kind in sorted(set(kinds.values())):
        dealt |= splits.deal([name for name in kinds if kinds[name] == kind], division.shares, background_rng)
    return Banks(
        Path(foreground), Path(background), labels, kinds, splits.divide(labels, division, foreground_rng), dealt
    )


def _fingerprint(files: Banks) -> dict[str, dict[str, list[str]]]:
    """Content, label and split of every recording: other recordings make another corpus, wherever they lie."""
    return {
        role: {name: [labels[name], assigned[name], storage.sha256_file(folder / name)] for name in labels}
        for role, folder, labels, assigned in (
            ("foreground", files.foreground, files.labels, files.foreground_splits),
            ("background", files.background, files.kinds, files.background_splits),
        )
    }


def _prepare(files: Banks, strict: bool, n_jobs: int) -> FileSources:
    events, bad_events = banks.inspect(files.foreground, files.labels, SHORTEST_EVENT, n_jobs=n_jobs)
    beds, bad_beds = banks.inspect(files.background, files.kinds, CLIP_DURATION, n_jobs=n_jobs)
    skipped = (*bad_events, *bad_beds)
    if strict:
        _report(skipped, strict)
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
        for label in sorted(set(files.labels.values())):
            if (split, label) not in by_class:
                raise DataError(f"foreground {files.foreground}: no usable {label} for {split}{because}")


def _report(skipped: Sequence[str], strict: bool) -> None:
    if skipped and strict:
        raise DataError(f"{len(skipped)} recordings cannot be used: {_first(skipped)}; mend or remove them")
    if skipped:
        warnings.warn(f"recordings skipped: {len(skipped)} ({_first(skipped)})", stacklevel=3)


def _first(skipped: Sequence[str]) -> str:
    return "; ".join(skipped[:3]) + ("; ..." if len(skipped) > 3 else "")
