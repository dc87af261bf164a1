"""What is in a corpus, and what about it makes scores say little: known before anything is computed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sedpool import audio
from sedpool.datasets.base import Dataset
from sedpool.datasets.recordings import recording_names, recordings_of
from sedpool.datasets.transforms import ROUNDING
from sedpool.errors import AudioError
from sedpool.events import active_seconds
from sedpool.formats.texts import lookalikes
from sedpool.regions import tag_arrays
from sedpool.soundscapes.spec import SPLITS

SHOWN = 5  # classes that a sentence names
BRIEF = 0.010  # seconds; events of such a length are rather times of another unit


@dataclass(frozen=True)
class Overview:
    """What is in a corpus.

    Attributes
    ----------
    name : str
        Name of the corpus.
    splits : DataFrame
        Index `split`; number of `recordings` and `clips`, and their length together in `seconds`.
    labels : DataFrame
        Index `event_label`, columns (split, kind): number of `clips` that have the class, and of those known to be
        `without` it; number of its `events` and their length together in `seconds`, each second counted once, both NaN
        in splits whose labels have no times.
    forms : dict of (int, int) to int
        Number of recordings by sampling rate in Hz and number of channels; those that cannot be read are left out.
    shorter, longer : int
        Number of recordings that are shorter and longer than a training patch.
    notes : dict of str to int
        What was counted while it was read, as in its manifest.
    supervision : str
        Which labels training uses, and why, as a sentence.
    lookalikes : list of tuple of str
        Classes whose names look alike; see `sedpool.formats.texts.lookalikes`.
    warnings : list of str
        What to know before training, one sentence each.
    """

    name: str
    splits: pd.DataFrame
    labels: pd.DataFrame
    forms: dict[tuple[int, int], int]
    shorter: int
    longer: int
    notes: dict[str, int]
    supervision: str
    lookalikes: list[tuple[str, ...]]
    warnings: list[str]

    def content(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        by_class = {
            str(label): {
                split: {
                    kind: None if np.isnan(n) else float(n) if kind == "seconds" else int(n)
                    for kind, n in row[split].items()
                }
                for split in self.splits.index
            }
            for label, row in self.labels.iterrows()
        }
        forms = [{"samplerate": rate, "channels": channels, "n": n} for (rate, channels), n in self.forms.items()]
        return {
            "splits": self.splits.to_dict("index"),
            "labels": by_class,
            "recordings": forms,
            "shorter_than_a_patch": self.shorter,
            "longer_than_a_patch": self.longer,
            "notes": self.notes,
            "supervision": self.supervision,
            "lookalikes": self.lookalikes,
            "warnings": self.warnings,
        }


def overview(
    dataset: Dataset,
    *,
    supervision: str = "weak",
    patch_duration: float = 10.0,
    min_activity: float | None = None,
    highest_frequency: float = 0.0,
) -> Overview:
    """Look through a corpus; of the recordings only the headers are read.

    Parameters
    ----------
    dataset : Dataset
        All splits, as training would use it. Clips without audio are left out where others have some.
    supervision : {"weak", "strong", "mixed"}
        Labels that training uses.
    patch_duration : float
        Length of a training patch in seconds.
    min_activity : float, optional
        Share of a patch that the events of a class must fill for its tag; by default a patch has the tags of its clip.
    highest_frequency : float
        Hz; upper end of the features' bands, to be compared with what recordings hold. 0 says nothing of it.
    """
    missing, extra = dataset.manifest.missing, dataset.manifest.extra
    dataset = dataset.available() if dataset.clips["path"].notna().any() else dataset
    recordings = recordings_of(dataset)
    groups = dataset.clips.groupby("split")["duration"]
    splits = pd.DataFrame(
        {"recordings": recordings.groupby("split").size(), "clips": groups.size(), "seconds": groups.sum()}
    )
    splits = splits.loc[sorted(splits.index, key=[*SPLITS, *splits.index].index)]
    labels = pd.concat({split: _labels(dataset.split(split)) for split in splits.index}, axis=1)
    forms = _forms(recordings["path"].dropna().unique())
    shorter = int((recordings["end"] < patch_duration - ROUNDING).sum())
    uses_tags = supervision == "weak" and min_activity is None
    patch = f"a training patch ({patch_duration:g} s, training.patch_duration)"
    warnings = [
        f"{len(names)} recordings {what}: {_first(names)}"
        for names, what in (
            (missing, "have labels but no audio, and are left out"),
            (extra, "have audio but no labels, and are left out"),
        )
        if names
    ]
    unknown = int(dataset.tags.isna().to_numpy().sum())
    if unknown or len(dataset.regions):
        warnings.append(
            f"{unknown} tags and {len(dataset.regions)} stretches of time are unknown, and neither training nor scores "
            "count them"
        )
    if dataset.events is not None and len(dataset.events):
        half = float((dataset.events["offset"] - dataset.events["onset"]).median())
        if half < BRIEF:
            warnings.append(f"half of the events last at most {half:.3g} s; is the unit right (dataset.unit)?")
    warnings += [
        f"classes that look alike are different: {' and '.join(group)}; if they are one, rename one of them, or merge "
        "them (labels.map)"
        for group in lookalikes(dataset.classes)
    ]
    warnings += [*class_warnings(dataset), *_about_rates(forms, highest_frequency)]
    if shorter:
        warnings.append(f"{shorter} of {len(recordings)} recordings are shorter than {patch}: silence fills the rest")
    training = dataset.clips.loc[dataset.clips["split"] == "train", "duration"]
    if uses_tags and (long := int((training > patch_duration + ROUNDING).sum())):
        warnings.append(
            f"{long} of {len(training)} training clips are longer than {patch}, which may lack what their tags say; "
            "cut them and label the parts, or lengthen the patch"
        )
    return Overview(
        dataset.name,
        splits,
        labels,
        forms,
        shorter,
        int((recordings["end"] > patch_duration + ROUNDING).sum()),
        dict(dataset.manifest.notes),
        _supervision(dataset, supervision, uses_tags),
        lookalikes(dataset.classes),
        warnings,
    )


def _labels(part: Dataset) -> pd.DataFrame:
    """Count clips, events and seconds of each class in a split."""
    classes = list(part.classes)
    index = pd.Index(classes, name="event_label")
    true, known = tag_arrays(part.tags)
    counts = {"clips": true.sum(axis=0), "without": (known & ~true).sum(axis=0)}
    table = pd.DataFrame(counts | {"events": np.nan, "seconds": np.nan}, index=index)
    if part.events is not None:
        table["events"] = part.events["event_label"].value_counts().reindex(classes, fill_value=0).astype(float)
        table["seconds"] = active_seconds(part.events, part.clips["filename"].tolist(), classes).sum()
    return table


def _forms(paths: Iterable[str]) -> dict[tuple[int, int], int]:
    """Count recordings by sampling rate and channels, the most frequent form first."""
    found: Counter[tuple[int, int]] = Counter()
    for path in paths:
        try:
            info = audio.info(path)
        except AudioError:  # named when the recording is read
            continue
        found[info.samplerate, info.channels] += 1
    return dict(found.most_common())


def class_warnings(dataset: Dataset) -> list[str]:
    """Say which classes no score can be trusted of: in one recording, not in every split, or in every clip.

    Parameters
    ----------
    dataset : Dataset
        All splits; its recordings are not read.
    """
    true, known = tag_arrays(dataset.tags)
    tags, absent = (pd.DataFrame(array, columns=list(dataset.classes)) for array in (true, known & ~true))
    of_split = dataset.clips["split"].to_numpy()
    counts, without = (table.groupby(of_split).sum().T for table in (tags, absent))
    splits = sorted(counts.columns, key=[*SPLITS, *counts.columns].index)
    present = tags.groupby(recording_names(dataset).to_numpy()).any()
    alone, partial, everywhere = [], [], []
    for label in dataset.classes:
        if present[label].sum() == 1:
            alone.append(f"{label} ({present.index[present[label]][0]})")
        own = [split for split in splits if counts.loc[label, split]]
        if len(own) == 1 < len(splits):
            partial.append(f"{label} (only in {own[0]})")
        elif not own:
            partial.append(f"{label} (nowhere)")
        elif len(own) < len(splits):
            partial.append(f"{label} (not in {', '.join(split for split in splits if split not in own)})")
        full = [split for split in own if not without.loc[label, split]]
        if full:
            everywhere.append(f"{label} ({', '.join(full)})")
    said = {
        "in one recording only, so that nothing tests what is learned of it": alone,
        "not in every split, so that it is not learned, tuned or scored": partial,
        "in every clip, so that clip F1 says nothing and tags cannot teach when it is absent": everywhere,
    }
    found = [f"{what}: {_first(classes)}" for what, classes in said.items() if classes]
    if everywhere:
        found[-1] += "; add recordings without it (docs/negative-recordings.md)"
    return found


def _about_rates(forms: dict[tuple[int, int], int], highest_frequency: float) -> list[str]:
    """Say whether sampling rates differ, or are all too low for the bands of the features."""
    rates: Counter[int] = Counter()
    for (rate, _), n in forms.items():
        rates[rate] += n
    if not rates:
        return []
    said, lowest, highest = [], min(rates), max(rates)
    if len(rates) > 1:
        each = ", ".join(f"{rate} Hz ({n})" for rate, n in sorted(rates.items()))
        said.append(
            f"several sampling rates: {each}; above {lowest / 2:g} Hz nothing is in recordings of {lowest} Hz, by "
            "which a detector may know them"
        )
    if highest / 2 < highest_frequency:
        said.append(
            f"recordings of {highest} Hz hold nothing above {highest / 2:g} Hz, and the features reach up to "
            f"{highest_frequency:g} Hz: their upper bands stay empty; features.sr={highest} leaves these out"
        )
    return said


def _supervision(dataset: Dataset, supervision: str, uses_tags: bool) -> str:
    """Say which labels training uses."""
    if supervision == "mixed":
        training = dataset.select(dataset.clips.loc[dataset.clips["split"] == "train", "filename"].tolist())
        located = int(training.located.sum())
        return (
            f"supervision=mixed: training uses the times of the labels in {located} clips, and the tags of the other "
            f"{len(training) - located}"
        )
    if dataset.events is None or "train" in dataset.weak_splits:
        remedy = ", only tags" if uses_tags else ", which it needs: set supervision=weak training.min_activity=null"
        return f"supervision={supervision}: the labels of training have no times{remedy}"
    if supervision == "strong":
        return "supervision=strong: training uses the times of the labels"
    if not uses_tags:
        return "supervision=weak: training uses the tags of each patch, which follow from the times of the labels"
    return (
        "supervision=weak: training uses only which classes each clip has, although the labels have times; "
        "supervision=strong uses the times, and locates events better where these are right"
    )


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
