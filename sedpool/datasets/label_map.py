"""Renaming, merging and dropping classes, and labels of which nobody knows to what class they belong."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from sedpool.datasets.base import Dataset, nonzero
from sedpool.errors import DataError
from sedpool.events import EVENT_COLUMNS, empty_events, merge_events
from sedpool.regions import ALL_CLASSES, of_each_class, outside, tag_arrays
from sedpool.settings.label_map import DROPPED, OTHERS, UNKNOWN

logger = logging.getLogger(__name__)

KINDS = ("renamed", "merged", "dropped", "unknown")


def map_labels(dataset: Dataset, names: Mapping[str, str]) -> Dataset:
    """Rename, merge or drop classes of a dataset, or say that nobody knows what they are.

    Where a sound of an unknown class is, every class is unknown, except those that are annotated there. In a clip with
    such a tag, all classes are unknown that the clip has not.

    Parameters
    ----------
    dataset : Dataset
        Any corpus. Its events and tags are mapped in one pass: what a label becomes is not mapped again.
    names : mapping of str to str
        What labels become: the name of a class, the same for those that are merged; `""` unknown; `"-"` dropped. The
        label `"*"` stands for all that are not named, which otherwise stay as they are.

    Returns
    -------
    mapped : Dataset
        Classes are in the order of the first of theirs in `dataset`. Overlapping events of a class that others were
        merged into are one. The manifest's notes count what was changed, and so does a message.

    Raises
    ------
    DataError
        If the map names no class of the dataset, or leaves none.
    """
    source = f"dataset {dataset.name}"
    targets = targets_of(dataset.classes, names, source)
    classes = tuple(dict.fromkeys(label for label in targets.values() if label not in (UNKNOWN, DROPPED)))
    if not classes:
        raise DataError(f"{source}: the label map leaves no class; let one of {', '.join(dataset.classes)} stay")
    true, known = tag_arrays(dataset.tags)
    sources = {target: [targets[label] == target for label in dataset.classes] for target in (*classes, UNKNOWN)}
    mapped = np.stack([true[:, sources[label]].any(axis=1) for label in classes], axis=1)
    doubtful = np.stack([(~known)[:, sources[label]].any(axis=1) for label in classes], axis=1)
    doubtful |= (true | ~known)[:, sources[UNKNOWN]].any(axis=1, keepdims=True)
    tags = pd.DataFrame(mapped, index=dataset.tags.index, columns=list(classes))
    if (doubtful & ~mapped).any():
        tags = tags.astype("boolean").mask(doubtful & ~mapped)

    events, regions, counts = map_events(
        empty_events() if dataset.events is None else dataset.events, targets, dataset.regions
    )
    notes = {f"events_{kind}": count for kind, count in counts.items()}
    is_weak = (
        np.full(len(dataset), dataset.events is None) | dataset.clips["split"].isin(dataset.weak_splits).to_numpy()
    )
    of_class = true[is_weak].sum(axis=0)
    kinds = pd.Series(kinds_of(targets)).reindex(dataset.classes)
    notes |= {f"tags_{kind}": int(of_class[(kinds == kind).to_numpy()].sum()) for kind in KINDS}
    for unit in ("events", "tags"):
        if done := [f"{n} {name.partition('_')[2]}" for name, n in notes.items() if n and name.startswith(unit)]:
            logger.info(f"{source}: {unit} by the label map: {', '.join(done)}")
    return replace(
        dataset,
        classes=classes,
        tags=tags,
        events=None if dataset.events is None else events,
        regions=regions,
        manifest=replace(dataset.manifest, notes=dataset.manifest.notes | nonzero(**notes)),
    )


def targets_of(labels: Iterable[str], names: Mapping[str, str], source: str) -> dict[str, str]:
    """Return what each label becomes: a class, `UNKNOWN` or `DROPPED`; a message names what the map has in vain.

    Raises
    ------
    DataError
        If the map names none of the labels.
    """
    labels = list(dict.fromkeys(labels))
    absent = [label for label in names if label not in (OTHERS, *labels)]
    if len(absent) == len(names):
        theirs, ours = (", ".join(some[:10]) or "none" for some in (absent, labels))
        raise DataError(f"{source}: the label map names none of its labels ({ours}), but {theirs}; correct the map")
    if absent:
        logger.info(f"{source}: no label {', '.join(absent)}, which the label map names")
    return {label: names.get(label, names.get(OTHERS, label)) for label in labels}


def kinds_of(targets: Mapping[str, str]) -> dict[str, str]:
    """Return which of `KINDS` each label is; those that stay as they are have none."""
    shared = Counter(targets.values())
    special = {UNKNOWN: "unknown", DROPPED: "dropped"}
    kinds = {}
    for label, target in targets.items():
        if target in special:
            kinds[label] = special[target]
        elif shared[target] > 1:
            kinds[label] = "merged"
        elif label != target:
            kinds[label] = "renamed"
    return kinds


def map_events(
    events: pd.DataFrame, targets: Mapping[str, str], regions: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Map the labels of events and unknown regions.

    Parameters
    ----------
    events, regions : DataFrame
        See `sedpool.events` and `sedpool.regions`.
    targets : mapping of str to str
        Of `targets_of`, for every label in them.

    Returns
    -------
    events : DataFrame
        Those that have a class. In classes that several labels were merged into, overlapping events are one.
    regions : DataFrame
        With the times of unknown sounds, without the times in which events of their class are.
    counts : dict of str to int
        Events by `KINDS`, and how many were `joined` with another.
    """
    kinds, becomes = events["event_label"].map(kinds_of(targets)), events["event_label"].map(targets)
    counts = {kind: int((kinds == kind).sum()) for kind in KINDS}
    mapped = events.assign(event_label=becomes).loc[~becomes.isin([UNKNOWN, DROPPED])].reset_index(drop=True)
    is_merged = mapped["event_label"].isin(becomes[kinds == "merged"])
    joined = merge_events(mapped.loc[is_merged])
    counts["joined"] = int(is_merged.sum()) - len(joined)
    if counts["joined"]:
        mapped = pd.concat([mapped.loc[~is_merged], joined], ignore_index=True)
        mapped = mapped.sort_values(["filename", "onset"], kind="stable", ignore_index=True)
    # Regions of one class follow the map too; another of the labels merged into that class may be known to be there.
    region_becomes = regions["event_label"].map({ALL_CLASSES: ALL_CLASSES, **targets})
    regions = regions.assign(event_label=region_becomes).loc[region_becomes != DROPPED].reset_index(drop=True)
    of_merged = regions["event_label"].isin(becomes[kinds == "merged"])
    if of_merged.any():
        regions = pd.concat([regions.loc[~of_merged], outside(regions.loc[of_merged], mapped)], ignore_index=True)
    unknown = events.loc[becomes == UNKNOWN, list(EVENT_COLUMNS)].assign(event_label=ALL_CLASSES)
    if unknown.empty:
        return mapped, regions, counts
    # Where a sound of an unknown class is alone, any class may be; beside known events, any but theirs.
    alone = outside(unknown, mapped.assign(event_label=ALL_CLASSES))
    classes = [label for label in dict.fromkeys(targets.values()) if label not in (UNKNOWN, DROPPED)]
    beside_others = outside(of_each_class(outside(unknown, alone), classes), mapped)
    return mapped, pd.concat([regions, alone, beside_others], ignore_index=True), counts


def map_detections(events: pd.DataFrame, names: Mapping[str, str], classes: Iterable[str]) -> tuple[pd.DataFrame, int]:
    """Map the labels of detections where they are none of the mapped classes; those without a class are left out.

    Returns
    -------
    events : DataFrame
        Without those of labels that have no class. In classes that several labels were merged into, overlapping events
        are one.
    n_left_out : int
        Number of detections of labels that are dropped or of an unknown class.
    """
    own = set(classes)
    labels = events["event_label"].unique()
    becomes = {label: names.get(label, label if label in own else names.get(OTHERS, label)) for label in labels}
    mapped, _, counts = map_events(events, becomes, empty_events())
    return mapped, counts["dropped"] + counts["unknown"]
