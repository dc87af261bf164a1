"""The Dataset, which every loader returns, and its manifest."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from sedpool import storage
from sedpool.errors import DataError
from sedpool.events import EVENT_COLUMNS, active_seconds, empty_events
from sedpool.regions import (
    are_soft,
    of_each_class,
    outside,
    tag_arrays,
    tag_values,
    validate_regions,
    within_durations,
)
from sedpool.runtime.arrays import BoolArray
from sedpool.runtime.representation import html_table
from sedpool.text_tables import table_text

CLIP_COLUMNS = ("filename", "path", "duration", "split")

FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What a corpus lacks, found while it was loaded.

    Attributes
    ----------
    missing : tuple of str
        Listed clips without audio on disk.
    extra : tuple of str
        Audio on disk that no list mentions.
    notes : dict of str to int
        Peculiarities by name, e.g. ``{"events_overlapping_own_class": 538}``.
    plan : str or None
        For a corpus that sedpool made, the hash of the plan that determines all of it.
    has_own_audio : bool
        Whether the recordings are the user's own, so that only their content distinguishes them from others with the
        same names.
    """

    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    notes: dict[str, int] = field(default_factory=dict)
    plan: str | None = None
    has_own_audio: bool = False


def nonzero(**counts: int) -> dict[str, int]:
    """Return the counts that are not 0, as notes of a manifest."""
    return {name: count for name, count in counts.items() if count}


def clips_from_rows(rows: Sequence[tuple[str, str | None, float, str]]) -> pd.DataFrame:
    """Make a clips table from ``(filename, path, duration, split)`` rows, in which a missing path stays None.

    Examples
    --------
    >>> clips_from_rows([("a.wav", None, 10, "test"), ("b.wav", "/b.wav", 10, "test")])["path"].tolist()
    [None, '/b.wav']
    """
    table = pd.DataFrame(list(rows), columns=list(CLIP_COLUMNS), dtype=object)  # pandas would make NaN of None in text
    return table.astype({"filename": str, "duration": np.float64, "split": str})


@dataclass(frozen=True)
class Dataset:
    """A loaded corpus, or a part of one.

    Attributes
    ----------
    name : str
        Name of the corpus.
    classes : tuple of str
        Class names, in the order of every array's class axis.
    clips : DataFrame
        One row per clip: `filename` (unique id), `path` (audio file; None where it is missing), `duration` (seconds),
        `split`. For clips that are a part of their file, an optional column `onset` states where they begin
        in seconds (NaN for a clip that is the whole file).
    tags : DataFrame of bool
        One row per clip, in the order of `clips`, index `filename`, one column per class. Where some are unknown
        (``pd.NA``), they are of pandas' type ``boolean``. Soft tags are numbers from 0 to 1, NaN where unknown;
        training learns them as they are, and all else counts them as true from 0.5 on.
    events : DataFrame or None
        Event table (see `sedpool.events`), None where only weak labels exist.
    manifest : Manifest
        Missing and extra audio, and peculiarities.
    weak_splits : tuple of str
        Splits without strong labels in a corpus that has them elsewhere: `events` says nothing about their clips, and
        is None once only these are selected.
    regions : DataFrame
        Times in which it is not known whether a class sounds (see `sedpool.regions`), within the clips; they come by
        `with_unknown`.
    """

    name: str
    classes: tuple[str, ...]
    clips: pd.DataFrame
    tags: pd.DataFrame
    events: pd.DataFrame | None = None
    manifest: Manifest = field(default_factory=Manifest)
    weak_splits: tuple[str, ...] = ()
    regions: pd.DataFrame = field(default_factory=empty_events)

    def __post_init__(self) -> None:
        missing = [column for column in CLIP_COLUMNS if column not in self.clips.columns]
        if missing:
            raise DataError(f"dataset {self.name}: clips have no column {', '.join(missing)}")
        if not self.clips["filename"].is_unique:
            twice = self.clips["filename"][self.clips["filename"].duplicated()].iloc[0]
            raise DataError(f"dataset {self.name}: clip {twice} is listed twice; ids must be unique")
        values = self.tags.select_dtypes("number").to_numpy(np.float64)
        if (wrong := (values < 0) | (values > 1)).any():
            raise DataError(f"dataset {self.name}: a tag is {values[wrong][0]:g}; expected numbers from 0 to 1")
        if not self.tags.index.equals(pd.Index(self.clips["filename"])) or tuple(self.tags.columns) != self.classes:
            raise DataError(f"dataset {self.name}: tags do not match the clips and classes")

    def __repr__(self) -> str:
        """Describe the dataset by its numbers of clips, classes and events."""
        splits = ", ".join(f"{count} {name}" for name, count in self.clips["split"].value_counts(sort=False).items())
        labels = "weak" if self.events is None else f"{len(self.events)} events"
        return f"Dataset({self.name}: {splits or 'no clips'}; {len(self.classes)} classes; {labels})"

    def _repr_html_(self) -> str:
        """Show clips, minutes and events of each split, in a notebook."""
        names = self.clips["split"]
        known = None if self.known_events is None else self.known_events["filename"].value_counts()
        rows: list[tuple[object, ...]] = []
        for split, clips in self.clips.groupby(names, sort=False):
            n_events = "–" if known is None else int(known.reindex(clips["filename"], fill_value=0).sum())
            rows.append((split, len(clips), f"{clips['duration'].sum() / 60:.1f}", n_events))
        title = f"{self.name}: {len(self.classes)} classes ({', '.join(self.classes)})"
        return html_table(title, rows, ("split", "clips", "minutes", "events"))

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
        """Return the part with the clips `filenames`, in the corpus's order."""
        keep = self.clips["filename"].isin(list(filenames)).to_numpy()
        clips = self.clips.loc[keep].reset_index(drop=True)
        events = self.events
        if len(clips) and clips["split"].isin(self.weak_splits).all():
            events = None
        if events is not None:
            events = events.loc[events["filename"].isin(clips["filename"])].reset_index(drop=True)
        regions = self.regions.loc[self.regions["filename"].isin(clips["filename"])].reset_index(drop=True)
        return replace(self, clips=clips, tags=self.tags.loc[keep], events=events, regions=regions)

    def split(self, name: str) -> "Dataset":
        """Return the clips of one split, e.g. ``"train"``.

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
        """Return the clips whose events are known or, if there are only weak labels, all clips without events."""
        return self.select(self.clips.loc[~self.clips["split"].isin(self.weak_splits), "filename"].tolist())

    @property
    def located(self) -> BoolArray:
        """Of which clips the events are known, in the order of `clips`; not those that have tags and no event."""
        if self.events is None:
            return np.zeros(len(self), dtype=bool)
        has_events = self.clips["filename"].isin(self.events["filename"]).to_numpy()
        has_no_tag = ~(tag_values(self.tags) > 0).any(axis=1)
        return (has_events | has_no_tag) & ~self.clips["split"].isin(self.weak_splits).to_numpy()

    @property
    def known_events(self) -> pd.DataFrame | None:
        """The events; None if no clip of this part has strong labels."""
        has_none = self.events is None or (self.events.empty and tag_arrays(self.tags)[0].any())
        return None if has_none else self.events

    def with_unknown(self, regions: pd.DataFrame) -> "Dataset":
        """Mark times in which it is not known whether classes sound; they count neither way.

        A tag stays right if the clip has an event of the class outside these times or, where it has tags alone, if they
        leave a part of the clip. It becomes unknown in the other clips in which they are.

        Parameters
        ----------
        regions : DataFrame
            `filename, onset, offset, event_label` (seconds): without a label of all classes, up to infinity to the end
            of the clip.

        Raises
        ------
        DataError
            If a clip or label is none of this Dataset, or a time is not possible.
        """
        source, names = f"dataset {self.name}, unknown regions", self.clips["filename"].tolist()
        if other := sorted(set(regions["filename"]) - set(names)):
            raise DataError(f"{source}: no clip {other[0]}; expected clips of the dataset, such as {names[0]}")
        table = regions if self.regions.empty else pd.concat([self.regions, regions], ignore_index=True)
        table = within_durations(validate_regions(table, self.classes, source=source), self.durations)
        by_class = of_each_class(table, self.classes)
        seconds = active_seconds(by_class, names, self.classes).to_numpy()
        is_right = seconds < self.clips["duration"].to_numpy()[:, np.newaxis] - 1e-9
        if self.events is not None:
            outside_of_them = active_seconds(outside(self.events, by_class), names, self.classes).to_numpy() > 0
            has_events = ~self.clips["split"].isin(self.weak_splits).to_numpy()
            is_right &= outside_of_them | ~has_events[:, np.newaxis]
        true, known = tag_arrays(self.tags)
        unknown = ~known | ((seconds > 0) & ~(true & is_right))
        tags = self.tags
        if unknown.any():
            tags = (tags if are_soft(tags) else tags.astype("boolean")).mask(unknown)
        return replace(self, tags=tags, regions=table)

    def available(self) -> "Dataset":
        """Return the clips whose audio is on disk."""
        return self.select(self.clips.loc[self.clips["path"].notna(), "filename"].tolist())


def refuse_unlabelled(dataset: Dataset, supervision: str) -> None:
    """Refuse a corpus in which training or validation knows nothing of a class: it could not be learnt or judged.

    Parameters
    ----------
    dataset : Dataset
        All splits.
    supervision : str
        With ``"weak"`` tags alone are learnt from; else also the times of a clip that are known.

    Raises
    ------
    DataError
        If no tag of a class is known in the training or the validation clips, and no part of any clip.
    """
    for split in ("train", "validate"):
        part = dataset.select(dataset.clips.loc[dataset.clips["split"] == split, "filename"].tolist())
        known = tag_arrays(part.tags)[1]
        if supervision != "weak" and not known.all():
            by_class = of_each_class(part.regions, part.classes)
            seconds = active_seconds(by_class, part.clips["filename"].tolist(), part.classes).to_numpy()
            known = known | (seconds > 0) & (seconds < part.clips["duration"].to_numpy()[:, np.newaxis] - 1e-9)
        is_learnt = known.any(axis=0)
        if len(part) and not is_learnt.all():
            label = dataset.classes[int(np.argmin(is_learnt))]
            raise DataError(
                f"dataset {dataset.name}: class {label} is unknown in all clips of {split}; label some of them, or "
                "drop the class (- in labels.map)"
            )


def manifest_of(dataset: Dataset, unusable: Collection[str] = ()) -> dict[str, Any]:
    """Return the content of ``manifest.json``.

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
    """Return the hash that identifies a corpus, whatever its folder.

    Parameters
    ----------
    dataset : Dataset
        The whole corpus.

    Returns
    -------
    digest : str
        For a made corpus, the hash of its plan; otherwise of clips, splits and labels and, if the recordings are the
        user's own, of their content.
    """
    if dataset.manifest.plan is not None:
        return dataset.manifest.plan
    labels = str(manifest_of(dataset)["hash"])
    if not dataset.manifest.has_own_audio:
        return labels
    paths = dict.fromkeys(dataset.clips["path"].dropna())
    return storage.hash_value([labels, storage.sha256_files(paths)])


def usable_and_listed(manifest: Mapping[str, Any]) -> tuple[int, int]:
    """Return the number of clips that can be used, and of all listed clips."""
    splits = manifest["splits"].values()
    return sum(part["usable"] for part in splits), sum(part["listed"] for part in splits)


def _hash(dataset: Dataset, usable: "pd.Series[bool]") -> str:
    """Return the SHA-256 of clips, labels and which clips are usable, with times to the microsecond.

    Confidence, channel and frequencies of events change no number, so that they are left out.
    """
    digest = hashlib.sha256()
    tables = [dataset.clips[["filename", "split", "duration"]].assign(usable=usable)]
    tables += [] if dataset.events is None else [dataset.events[list(EVENT_COLUMNS)]]
    for table in tables:
        digest.update(table_text(table).encode())
    true, known = tag_arrays(dataset.tags)
    digest.update("\t".join(dataset.classes).encode() + np.packbits(true).tobytes())
    if are_soft(dataset.tags):
        digest.update(tag_values(dataset.tags).tobytes())
    if len(dataset.regions) or not known.all():
        digest.update(table_text(dataset.regions).encode() + np.packbits(known).tobytes())
    return digest.hexdigest()
