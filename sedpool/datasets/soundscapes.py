"""Soundscapes made from folders of foreground and background recordings, and loaded."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sedpool import storage
from sedpool.datasets.base import Dataset
from sedpool.datasets.layout import read_layout
from sedpool.errors import DataError
from sedpool.soundscapes.sources import SoundLibraries, divide_libraries, read_libraries, report_skipped
from sedpool.soundscapes.spec import SoundscapeSpec, make_spec, uniform
from sedpool.soundscapes.splits import SplitRule
from sedpool.soundscapes.writing import Plan, make_corpus, write_corpus

ESC_PATTERN = r"^(?P<fold>\d+)-(?P<source>\d+)-"
"""Names of ESC-10 and ESC-50: fold, id of the source recording, take."""
ESC_FOLDS = {"train": ("1", "2"), "validate": ("3",), "test": ("4",)}


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
    spec: Mapping[str, Any] | None = None,
    source_pattern: str = ESC_PATTERN,
    folds: Mapping[str, Sequence[str | int]] | None = ESC_FOLDS,
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
        Folder with one sub-folder for each class; ``001 - Dog bark`` becomes the label ``dog_bark``.
    background : path-like
        Folder of backgrounds at least as long as a soundscape; its sub-folders are kinds, and every split
        gets backgrounds of every kind.
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
        Range in dB that levels over the background are drawn from, in LUFS as Scaper defines it.
    spec : mapping, optional
        Distributions that replace the last three, for all classes or for single ones, as
        `sedpool.soundscapes.spec.make_spec` takes them.
    source_pattern : str
        Regular expression for file names, with a group `source`, and `fold` where `folds` is given.
    folds : mapping of str to sequence of str, optional
        The folds of each split. None assigns whole sources by `shares`.
    shares : (float, float, float)
        Shares of train, validate and test among backgrounds, and among sources where there are no folds.
    exclude_backgrounds : sequence of str
        Globs of backgrounds to leave out, e.g. those that resemble a class.
    strict : bool
        Refuse a recording that cannot be used instead of skipping it with a warning.
    n_jobs : int
        Number of worker processes, -1 for one per core.

    Raises
    ------
    ConfigError
        If a distribution is impossible, or names a class that no recording has.
    DataError
        If a folder is missing or holds no audio, a class has no recording in a split, or, if `strict`, a
        recording cannot be used.
    """
    if not spec:
        event = {"duration": uniform("event_duration", event_duration), "snr": uniform("snr", snr)}
        spec = {"n_events": uniform("n_events", n_events), "event": event}
    wanted = make_spec(spec)
    split_rule = SplitRule(source_pattern, folds, shares)
    libraries = divide_libraries(foreground, background, split_rule, exclude_backgrounds, seed)
    sizes = {"train": n_train, "validate": n_validate, "test": n_test}
    plan = _plan("soundscapes", libraries, wanted, seed, sizes)
    folder = make_corpus(
        root, plan, lambda: read_libraries(libraries, wanted, strict=strict, n_jobs=n_jobs), n_jobs=n_jobs
    )
    report_skipped(storage.read_json(folder / "corpus.json")["skipped"], strict=strict)
    return _load(folder, "soundscapes", split)


def synthesise(
    folder: str | os.PathLike[str],
    foreground: str | os.PathLike[str],
    background: str | os.PathLike[str],
    spec: SoundscapeSpec,
    *,
    sizes: Mapping[str, int],
    seed: int = 0,
    split_rule: SplitRule,
    exclude_backgrounds: Sequence[str] = (),
    isolated: bool = False,
    strict: bool = False,
    n_jobs: int = -1,
) -> bool:
    """Make a corpus of soundscapes in a given folder, unless it exists.

    Parameters
    ----------
    folder : path-like
        The corpus; see `sedpool.datasets.layout`.
    spec : SoundscapeSpec
        Distributions that soundscapes are drawn from.
    sizes : mapping of str to int
        Number of soundscapes of each split.
    split_rule : SplitRule
        How recordings are divided among the splits.
    isolated : bool
        Also write the background and every event alone.
    foreground, background, seed, exclude_backgrounds, strict, n_jobs
        See `load_soundscapes`.

    Returns
    -------
    written : bool
        False if the corpus existed.

    Raises
    ------
    ConfigError, DataError
        See `load_soundscapes`; also if the folder holds anything else.
    """
    libraries = divide_libraries(foreground, background, split_rule, exclude_backgrounds, seed)
    folder = Path(folder)
    plan = _plan("synthesised", libraries, spec, seed, sizes, isolated)
    written = write_corpus(
        folder, plan, lambda: read_libraries(libraries, spec, strict=strict, n_jobs=n_jobs), n_jobs=n_jobs
    )
    report_skipped(storage.read_json(folder / "corpus.json")["skipped"], strict=strict)
    return written


def load_synthesised(root: str | os.PathLike[str], split: str | None = None) -> Dataset:
    """Load a corpus that `synthesise` or ``sedpool data synthesise`` made.

    Parameters
    ----------
    root : path-like
        The corpus.
    split : {"train", "validate", "test"}, optional
        The part to load; all by default.

    Raises
    ------
    DataError
        If the folder holds no such corpus.
    """
    if not (Path(root) / "corpus.json").is_file():
        problem = "no corpus.json in it" if Path(root).is_dir() else "no such folder"
        raise DataError(f"{root}: {problem}; make the corpus with `sedpool data synthesise`")
    return _load(Path(root), "synthesised", split)


def _load(folder: Path, name: str, split: str | None) -> Dataset:
    made = storage.read_json(folder / "corpus.json")
    dataset = read_layout(folder, name, made["classes"], clip_duration=made["spec"]["duration"], split=split)
    notes = dataset.manifest.notes | ({"recordings_skipped": len(made["skipped"])} if made["skipped"] else {})
    return replace(dataset, manifest=replace(dataset.manifest, notes=notes, plan=made["plan"]))


def _plan(
    name: str,
    libraries: SoundLibraries,
    spec: SoundscapeSpec,
    seed: int,
    sizes: Mapping[str, int],
    isolated: bool = False,
) -> Plan:
    spec.check_labels(libraries.classes)
    return Plan(name, seed, sizes, spec, libraries.fingerprint(), isolated)
