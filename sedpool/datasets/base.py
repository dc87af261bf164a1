"""The Dataset: what every corpus becomes once it is loaded."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from sedpool import storage
from sedpool.errors import DataError

CLIP_COLUMNS = ("filename", "path", "duration", "split")

FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What a corpus lacks, counted while it was loaded.

    Attributes
    ----------
    missing : tuple of str
        Listed clips without audio on disk.
    extra : tuple of str
        Audio on disk that no list mentions.
    notes : dict of str to int
        Peculiarities by name, e.g. ``{"events_overlapping_own_class": 538}``.
    plan : str or None
        Of a corpus that sedpool made, the hash of the plan from which all of it follows.
    has_own_audio : bool
        Whether the recordings are the user's own: only what is in them tells them from others of the same names.
    """

    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    notes: dict[str, int] = field(default_factory=dict)
    plan: str | None = None
    has_own_audio: bool = False


def nonzero(**counts: int) -> dict[str, int]:
    """Notes of a manifest: the counts that say something."""
    return {name: count for name, count in counts.items() if count}


def clips_from_rows(rows: Sequence[tuple[str, str | None, float, str]]) -> pd.DataFrame:
    """Clips table from ``(filename, path, duration, split)`` rows, in which a missing path stays None.

    Examples
    --------
    >>> clips_from_rows([("a.wav", None, 10, "test"), ("b.wav", "/b.wav", 10, "test")])["path"].tolist()
    [None, '/b.wav']
    """
    table = pd.DataFrame(list(rows), columns=list(CLIP_COLUMNS), dtype=object)  # pandas would make NaN of None in text
    return table.astype({"filename": str, "duration": np.float64, "split": str})


@dataclass(frozen=True)
class Dataset:
    """What is loaded of a corpus: all of it, or a part.

    Attributes
    ----------
    name : str
        Name of the corpus.
    classes : tuple of str
        Class names, in the order of every array's class axis.
    clips : DataFrame
        One row a clip: `filename` (unique id), `path` (audio file; None where it is missing), `duration` (seconds),
        `split`. An optional column `onset` says at which second of `path` a clip begins that is a part of its file
        (NaN for one that is all of it).
    tags : DataFrame of bool
        One row a clip, in the order of `clips`, index `filename`, one column a class.
    events : DataFrame or None
        Event table (see `sedpool.events`), None where only weak labels exist.
    manifest : Manifest
        What is missing.
    weak_splits : tuple of str
        Splits without strong labels in a corpus that has them elsewhere: `events` says nothing about their clips, and
        is None once only these are selected.
    """

    name: str
    classes: tuple[str, ...]
    clips: pd.DataFrame
    tags: pd.DataFrame
    events: pd.DataFrame | None = None
    manifest: Manifest = field(default_factory=Manifest)
    weak_splits: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        missing = [column for column in CLIP_COLUMNS if column not in self.clips.columns]
        if missing:
            raise DataError(f"dataset {self.name}: clips have no column {', '.join(missing)}")
        if not self.clips["filename"].is_unique:
            twice = self.clips["filename"][self.clips["filename"].duplicated()].iloc[0]
            raise DataError(f"dataset {self.name}: clip {twice} is listed twice; ids must be unique")
        if not self.tags.index.equals(pd.Index(self.clips["filename"])) or tuple(self.tags.columns) != self.classes:
            raise DataError(f"dataset {self.name}: tags do not match the clips and classes")

    def __repr__(self) -> str:
        """Say how much there is."""
        splits = ", ".join(f"{count} {name}" for name, count in self.clips["split"].value_counts(sort=False).items())
        labels = "weak" if self.events is None else f"{len(self.events)} events"
        return f"Dataset({self.name}: {splits or 'no clips'}; {len(self.classes)} classes; {labels})"

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self.clips)

    @property
    def durations(self) -> dict[str, float]:
        """Length of every clip in seconds, by `filename`."""
        return dict(zip(self.clips["filename"], self.clips["duration"].astype(float), strict=True))

    @property
    def windows(self) -> dict[str, tuple[float, float]]:
        """Onset and duration in seconds, by `filename`, of the clips that are a part of their file."""
        if "onset" not in self.clips.columns:
            return {}
        parts = self.clips.loc[self.clips["onset"].notna(), ["filename", "onset", "duration"]]
        return {name: (float(onset), float(duration)) for name, onset, duration in parts.itertuples(index=False)}

    def select(self, filenames: Sequence[str]) -> "Dataset":
        """The part with the clips `filenames`, in the corpus's order."""
        keep = self.clips["filename"].isin(list(filenames)).to_numpy()
        clips = self.clips.loc[keep].reset_index(drop=True)
        events = self.events
        if len(clips) and clips["split"].isin(self.weak_splits).all():
            events = None
        if events is not None:
            events = events.loc[events["filename"].isin(clips["filename"])].reset_index(drop=True)
        return replace(self, clips=clips, tags=self.tags.loc[keep], events=events)

    def split(self, name: str) -> "Dataset":
        """The clips of one split, e.g. ``"train"``.

        Raises
        ------
        DataError
            If the corpus has no such split.
        """
        names = sorted(self.clips["split"].unique())
        if name not in names:
            raise DataError(f"dataset {self.name}: no split {name}; it has {', '.join(names)}")
        return self.select(self.clips.loc[self.clips["split"] == name, "filename"].tolist())

    def with_events(self) -> "Dataset":
        """The clips whose events are known; all of them, and no events, where there are only weak labels."""
        return self.select(self.clips.loc[~self.clips["split"].isin(self.weak_splits), "filename"].tolist())

    @property
    def known_events(self) -> pd.DataFrame | None:
        """The events; None where no clip has strong labels, though others of the corpus may."""
        has_none = self.events is None or (self.events.empty and self.tags.to_numpy().any())
        return None if has_none else self.events

    def available(self) -> "Dataset":
        """The clips whose audio is on disk."""
        return self.select(self.clips.loc[self.clips["path"].notna(), "filename"].tolist())


def manifest_of(dataset: Dataset, unusable: Collection[str] = ()) -> dict[str, Any]:
    """The content of ``manifest.json``.

    Parameters
    ----------
    dataset : Dataset
        Every listed clip, those without audio included.
    unusable : collection of str
        The `filename` of clips whose audio is there but cannot be used.

    Returns
    -------
    manifest : dict
        ``{"format", "corpus", "classes", "splits": {name: {"listed", "usable"}}, "missing", "unusable", "extra",
        "notes", "hash"}``; lists are of file names.
    """
    clips = dataset.clips
    usable = clips["path"].notna() & ~clips["filename"].isin(list(unusable))
    splits = {
        str(name): {"listed": len(part), "usable": int(part.sum())}
        for name, part in usable.groupby(clips["split"], sort=False)
    }
    return {
        "format": FORMAT,
        "corpus": dataset.name,
        "classes": list(dataset.classes),
        "splits": splits,
        "missing": clips.loc[clips["path"].isna(), "filename"].tolist(),
        "unusable": sorted(unusable),
        "extra": list(dataset.manifest.extra),
        "notes": dict(dataset.manifest.notes),
        "hash": _hash(dataset, usable),
    }


def corpus_hash(dataset: Dataset) -> str:
    """Return the hash that tells a corpus from every other, wherever it lies.

    Parameters
    ----------
    dataset : Dataset
        What was loaded of the whole corpus.

    Returns
    -------
    digest : str
        Of the plan of a made corpus; otherwise of clips, splits and labels, and of what is in the recordings where
        they are the user's own.
    """
    if dataset.manifest.plan is not None:
        return dataset.manifest.plan
    labels = str(manifest_of(dataset)["hash"])
    if not dataset.manifest.has_own_audio:
        return labels
    paths = dict.fromkeys(dataset.clips["path"].dropna())
    return storage.hash_value([labels, storage.sha256_files(paths)])


def usable_and_listed(manifest: Mapping[str, Any]) -> tuple[int, int]:
    """Number of clips that can be used, and of all that are listed."""
    splits = manifest["splits"].values()
    return sum(part["usable"] for part in splits), sum(part["listed"] for part in splits)


def _hash(dataset: Dataset, usable: "pd.Series[bool]") -> str:
    """SHA-256 of the usable clips and all their labels, to the microsecond."""
    digest = hashlib.sha256()
    tables = [dataset.clips[["filename", "split", "duration"]].assign(usable=usable)]
    tables += [] if dataset.events is None else [dataset.events]
    for table in tables:
        digest.update(table.to_csv(sep="\t", index=False, float_format="%.6f", lineterminator="\n").encode())
    digest.update("\t".join(dataset.classes).encode() + np.packbits(dataset.tags.to_numpy(dtype=bool)).tobytes())
    return digest.hexdigest()
