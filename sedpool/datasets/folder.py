"""A folder of the user's own recordings, with labels in any format and splits by folder, by column or at random."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from sedpool import audio
from sedpool.datasets.base import Dataset, Manifest, nonzero
from sedpool.datasets.folder_labels import folder_names, read_labels, read_unknown, unknown_file
from sedpool.datasets.folder_names import RecordingNames
from sedpool.datasets.folder_splits import drawn_splits, stated_splits
from sedpool.datasets.recordings import find_recordings, recorded_durations, refuse_incomplete, within_recordings
from sedpool.datasets.transforms import SHORTEST_BAG, rebag
from sedpool.errors import ConfigError, DataError
from sedpool.events import refuse_other_unit, tags_from_events, validate_events
from sedpool.formats.clip import ROUNDING
from sedpool.formats.notes import gathered, note
from sedpool.formats.options import LabelOptions
from sedpool.formats.texts import tidied_text

TO_ANNOTATE = "label them (an empty .txt beside a recording says that it has no events)"


def load_folder(
    root: str | os.PathLike[str],
    split: str | None = None,
    *,
    name: str | None = None,
    labels: str | None = None,
    columns: Mapping[str, str | int] | None = None,
    unit: str | None = None,
    min_confidence: float | None = None,
    annotators: str | None = None,
    tiers: Sequence[str] | None = None,
    point_duration: float | None = None,
    zero_length: Literal["error", "drop"] = "error",
    label_from: Literal["text", "tier", "folder"] = "text",
    unknown: str | None = None,
    partial_times: bool = False,
    classes: Sequence[str] | None = None,
    clip_duration: float | None = 10.0,
    shares: Sequence[float] = (0.6, 0.2, 0.2),
    seed: int = 0,
    allow_missing: bool = False,
) -> Dataset:
    """Load the user's own recordings with their labels.

    Labels are DCASE's TSV, CSV, JAMS, Audacity label tracks, Raven selection tables or sed_eval's lists (see
    `sedpool.formats`): a file beside each recording with its name, or tables for many. Tables without times, with
    the columns ``filename, event_label`` (one row per label) or ``filename, event_labels`` (separated by commas), and
    JAMS in ``tag_open`` give weak labels. A split has strong labels if all its recordings have them; otherwise it has
    only tags.

    Parameters
    ----------
    root : path-like
        The folder.
    split : {"train", "validate", "test"}, optional
        The part to load; all by default.
    name : str, optional
        Name of the corpus; by default that of the folder.
    labels : str, optional
        The only file of labels to read, as a path from `root` or, if that has no such file, from the current folder;
        by default every file in `root` that holds labels.
    columns, unit, min_confidence, annotators, tiers, point_duration, zero_length, label_from : optional
        What is not recognised in files of labels, and which of them count: see `sedpool.formats.read_events`. With
        ``label_from="folder"`` no such file is read: the tag of a recording is the name of the folder that it is in.
    unknown : str, optional
        A table of times in which it is not known whether a class sounds, with the column `filename` and any of
        `onset`, `offset` (without both: the whole recording) and `event_label` (without: all classes); found as
        `labels` is. By default ``unknown.tsv`` or ``unknown.csv`` in `root`, if there is one.
    partial_times : bool
        Keep the times of training recordings although others beside them have tags alone, for supervision that is
        mixed. Recordings of such a training split are not cut.
    classes : sequence of str, optional
        The labels to learn; others are left out. By default all, in alphabetical order.
    clip_duration : float or None
        Strongly labelled recordings longer than this (seconds) are cut into consecutive clips of this length, each with
        the events inside it; None leaves recordings whole.
    shares : sequence of float
        Shares of the recordings for training, validation and test, drawn if the splits are given neither by a column
        `split` in the tables nor by folders named after them.
    seed : int
        Seed of this draw.
    allow_missing : bool
        Accept labels without their recording (its `path` is None) and recordings without labels, which are left out;
        both are listed in the manifest. Labels that all belong to other recordings than the folder has stay an error.

    Returns
    -------
    dataset : Dataset
        `filename` is the path from `root` in Unicode's composed form (NFC), with start and end in seconds if the
        recording was cut (``a.wav#t=10,20``).

    Raises
    ------
    DataError
        If there are no recordings or labels, something is wrong with a label, or something is missing.
    ConfigError
        If `shares` cannot be met, or `clip_duration` is below 0.01 s.
    """
    root = Path(root)
    if not root.is_dir():
        raise DataError(f"folder: {root}: no such folder (dataset.root)")
    if clip_duration is not None and not clip_duration >= SHORTEST_BAG:
        raise ConfigError(
            f"clip_duration={clip_duration:g}: expected seconds from {SHORTEST_BAG:g}, or null to leave recordings "
            "whole"
        )
    recordings = {tidied_text(Path(path).relative_to(root).as_posix()): path for path in find_recordings(root)}
    if zero_length not in ("error", "drop"):
        raise ConfigError(
            f"zero_length={zero_length}: nothing is learnt from events without a length; expected error or drop"
        )
    options = LabelOptions(
        columns or {},
        unit,
        min_confidence,
        annotators,
        tiers,
        point_duration,
        zero_length,
        "text" if label_from == "folder" else label_from,
    )
    with gathered():
        table = unknown_file(root, unknown)
        rows = (
            folder_names(root, list(recordings), labels)
            if label_from == "folder"
            else read_labels(root, list(recordings), labels, options, unknown=table)
        )
        regions = read_unknown(table, list(recordings))
    rows, names, left_out = _of_classes(_with_recordings_of(regions, rows), classes, root)
    regions = regions if classes is None else regions.loc[regions["event_label"].isin([*names, ""])]
    clips, manifest = _clips(rows, recordings)
    refuse_incomplete_folder(root, manifest, list(recordings), allow_missing=allow_missing)
    filenames = clips["filename"].tolist()
    tags = tags_from_events(rows, filenames, names)
    stated = stated_splits(filenames, rows)
    clips["split"] = drawn_splits(tags, shares, seed) if stated is None else stated

    # A split has strong labels if all its recordings have them.
    located = clips["filename"].isin(rows.loc[rows["strong"], "filename"])
    strong = sorted(set(clips["split"]) - set(clips.loc[~located, "split"]))
    partial = {"train"} - set(strong) if partial_times else set()
    in_strong = (clips["split"].isin(strong) | (clips["split"].isin(partial) & located)).to_numpy()
    _note_unused(rows, set(clips.loc[in_strong, "filename"]), root)
    events: pd.DataFrame | None = None
    notes: dict[str, int] = {}
    if in_strong.any():
        labelled = rows["strong"] & (rows["event_label"] != "")
        labelled &= rows["filename"].isin(clips.loc[in_strong, "filename"])
        _check_ends(rows.loc[labelled], clips, root)
        events, notes = within_recordings(validate_events(rows.loc[labelled]), clips.loc[in_strong])
        if "events_clipped_at_the_end" in notes:  # an event past the end gives no tag
            tags.loc[in_strong] = tags_from_events(events, clips.loc[in_strong, "filename"].tolist(), names).to_numpy()

    is_long = clips["duration"] > (clip_duration or np.inf)
    weak_and_long = int((is_long & ~in_strong).sum())
    notes |= nonzero(labels_left_out=left_out, weak_recordings_longer_than_a_clip=weak_and_long)
    weak = tuple(sorted(set(clips["split"]) - set(strong) - partial)) if events is not None else ()
    dataset = Dataset(
        name or root.resolve().name, names, clips, tags, events, replace(manifest, notes=notes), weak_splits=weak
    )
    dataset = dataset.with_unknown(regions) if len(regions) else dataset
    if clip_duration is not None and (is_long & clips["split"].isin(strong)).any():
        dataset = rebag(dataset, clip_duration, splits=strong)
    return dataset.split(split) if split else dataset


def _with_recordings_of(regions: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Add rows for recordings of which nothing is stated but what is unknown: they are labelled, too."""
    if regions.empty:
        return rows
    names = sorted(set(regions["filename"]) - set(rows["filename"]))
    more = pd.DataFrame({"filename": names, "event_label": "", "strong": bool(rows["strong"].any())})
    return pd.concat([rows, more], ignore_index=True) if names else rows


def _check_ends(rows: pd.DataFrame, clips: pd.DataFrame, root: Path) -> None:
    """Refuse files of labels whose times have another unit, and note events that pass the end of their recording."""
    durations = clips.loc[clips["path"].notna()].set_index("filename")["duration"]
    late = rows.loc[rows["offset"] > rows["filename"].map(durations).astype(np.float64) + ROUNDING]
    with gathered():
        for source, part in late.groupby("source", sort=False):
            of_file = rows.loc[rows["source"] == source]
            refuse_other_unit(of_file, durations, str(root / str(source)), "dataset.unit=")
            begins_inside = part["onset"] < part["filename"].map(durations)
            if n_cut := int(begins_inside.sum()):
                note(root / str(source), "cut at the end of their recording, which they pass: {n} events", n_cut)
            if n_outside := len(part) - n_cut:
                note(
                    root / str(source),
                    "left out, as they begin after the end of their recording: {n} events",
                    n_outside,
                )


def _note_unused(rows: pd.DataFrame, located: Collection[str], root: Path) -> None:
    """Note times in splits that have tags only (clips not in `located`), and tags without times in the other splits."""
    labelled = rows.loc[rows["event_label"] != ""]
    in_located = labelled["filename"].isin(located)
    timed = labelled.loc[labelled["strong"], ["filename", "event_label"]]
    pairs = pd.MultiIndex.from_frame(labelled[["filename", "event_label"]])
    unlocated = in_located & ~labelled["strong"] & ~pairs.isin(pd.MultiIndex.from_frame(timed))
    unused = labelled["strong"] & ~in_located
    if unused.any():
        without = sorted(
            set(rows.loc[~rows["filename"].isin(located), "filename"]) - set(rows.loc[rows["strong"], "filename"])
        )
        note(
            root,
            f"the times of {unused.sum()} events are not used, only their tags, as the labels of {len(without)} "
            f"recordings beside them have none ({', '.join(without[:3])}{', …' if without[3:] else ''})",
        )
    if unlocated.any():
        first = labelled.loc[unlocated].iloc[0]
        note(
            root,
            f"{unlocated.sum()} tags have no event, though other labels of their recordings have times (first "
            f"{first['filename']}: {first['event_label']}); where a recording is cut they are left out",
        )


def _of_classes(
    rows: pd.DataFrame, classes: Sequence[str] | None, root: Path
) -> tuple[pd.DataFrame, tuple[str, ...], int]:
    """Blank labels outside `classes`, keeping their rows; return rows, classes and the number of blanked labels."""
    found = sorted(set(rows["event_label"].unique()) - {""})
    names = tuple(found if classes is None else classes)
    if not found:
        raise DataError(f"{root}: its label files hold no events, so that there is nothing to learn; label some")
    if not set(names) & set(found):
        raise DataError(
            f"folder: none of the labels is one of the classes {', '.join(names)}; found {', '.join(found)}"
        )
    other = ~rows["event_label"].isin([*names, ""])
    return rows.assign(event_label=rows["event_label"].mask(other, "")), names, int(other.sum())


def refuse_incomplete_folder(
    root: Path, manifest: Manifest, recordings: Sequence[str], *, allow_missing: bool = False
) -> None:
    """Refuse labels without their recording and recordings without labels, and say how to mend that.

    With `allow_missing` only labels are refused that belong to none of the recordings that are there.

    Raises
    ------
    DataError
        If there are any; the message says how recordings were looked for, and which of them are similar.
    """
    missing = manifest.missing
    if allow_missing and recordings and len(manifest.extra) == len(recordings):
        raise DataError(
            f"folder: {root}: its labels name {len(missing)} recordings (such as {missing[0]}), and none of the "
            f"{len(recordings)} in it (such as {manifest.extra[0]}); are they the labels of another folder?"
        )
    if allow_missing:
        return
    similar = RecordingNames(list(recordings)).similar(missing[:3])
    hint = f"; similar: {', '.join(similar)}" if similar else ""
    if len(missing) == 1 and missing[0] == audio.stem(missing[0]):
        hint += f"; if {missing[0]} is the heading of a column, name all columns (dataset.columns)"
    to_complete = (
        f"looked for by path, by name and by name without suffix{hint}; correct the labels, add the recordings,"
    )
    refuse_incomplete("folder", root, manifest, allow_missing=False, to_complete=to_complete, to_annotate=TO_ANNOTATE)


def _clips(rows: pd.DataFrame, recordings: Mapping[str, str]) -> tuple[pd.DataFrame, Manifest]:
    """List every labelled recording; one without audio is taken to last until its last label."""
    last = rows["offset"].fillna(0.0).groupby(rows["filename"]).max()  # sorted by name
    names, here = last.index.tolist(), set(recordings)
    paths = [recordings.get(name) for name in names]
    durations = recorded_durations(paths, last)
    clips = pd.DataFrame({"filename": names, "path": pd.Series(paths, dtype=object), "duration": durations})
    missing = tuple(name for name in names if name not in here)
    return clips, Manifest(missing, tuple(sorted(here.difference(names))), has_own_audio=True)
