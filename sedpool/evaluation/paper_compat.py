"""What would the paper's published evaluation say? Its three defects on purpose, to compare with its tables [1]_.

Numbers made here are comparable only with the published ones; the rest of this package evaluates correctly.

1. **The reference is contaminated.** A clip's events were looked up by substring: every clip whose name contains the
   clip's, without its first letter, lends its events, so that ``…test_bimodal1`` has those of ``…test_bimodal10`` too.
2. **Time is bent.** A clip's n output frames are stretched over all of it and each stands at its start, frame i at
   i · duration / n, between which probabilities are interpolated at the input frames.
3. **The strong model is scored on its first 9.288 s** (400 input frames), reference included.

Averages are mixed: static F1 is macro, static precision and recall are micro; all dynamic numbers are micro. "Static"
means the pooled output at URBAN-SED and DCASE 2017 and the highest frame at MedleyDB; both are given.

References
----------
.. [1] B. McFee, J. Salamon, J. P. Bello, "Adaptive pooling operators for weakly labeled sound event detection",
   IEEE/ACM TASLP 26(11), 2018, section IV and tables I to III; evaluation code at github.com/marl/milsed.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from sedpool.datasets.base import Dataset
from sedpool.evaluation.clip import clip_counts
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.segment import segment_counts
from sedpool.events import clip_to_duration
from sedpool.inference.decode import Decoder
from sedpool.scores import classes_of, frame_scores, highest_frames

CORPORA = ("urbansed", "dcase2017", "medleydb")
"""Names of the paper's corpora."""
FRAME_RATE = 44100 / 1024
"""Input frames a second."""
STRONG_DURATION = 400 / FRAME_RATE
"""Seconds of each clip on which the strong model was scored."""
THRESHOLD = 0.5
RESOLUTION = 1.0  # seconds per segment


def substring_reference(events: pd.DataFrame, filenames: Sequence[str]) -> pd.DataFrame:
    """Look up the reference as the published evaluation did.

    Parameters
    ----------
    events : DataFrame
        Event table.
    filenames : sequence of str
        The clips to look up.

    Returns
    -------
    reference : DataFrame
        Event table in which a clip also has the events of every clip whose name, without its suffix, contains the
        clip's without its first letter.

    Examples
    --------
    >>> from sedpool.events import events_from_rows
    >>> events = events_from_rows([("test1.wav", 0.0, 1.0, "siren"), ("test12.wav", 2.0, 3.0, "dog_bark")])
    >>> substring_reference(events, ["test1.wav", "test12.wav"])
         filename  onset  offset event_label
    0   test1.wav    0.0     1.0       siren
    1   test1.wav    2.0     3.0    dog_bark
    2  test12.wav    2.0     3.0    dog_bark
    """
    stems = {name: PurePosixPath(name).stem for name in filenames}
    by_file = dict(list(events.groupby("filename", sort=False)))
    found = [
        by_file[other].assign(filename=name)
        for name, stem in stems.items()
        for other, other_stem in stems.items()
        if stem[1:] in other_stem and other in by_file
    ]
    return pd.concat([events.iloc[:0], *found], ignore_index=True)


def stretched_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Interpolate frame scores as the published evaluation did.

    Parameters
    ----------
    scores : DataFrame
        Frame scores (see `sedpool.scores`), clips starting at 0 s.

    Returns
    -------
    interpolated : DataFrame
        Frame scores at the input's frame rate. A clip that has that many frames already is left as it is.
    """
    classes = classes_of(scores)
    tables = [_interpolated(str(name), table, classes) for name, table in scores.groupby("filename", sort=False)]
    return pd.concat(tables, ignore_index=True)


def _interpolated(filename: str, scores: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    duration = float(scores["offset"].iloc[-1])
    n_frames = int(duration * FRAME_RATE)
    if len(scores) >= n_frames:
        return scores
    edges = np.append(np.arange(n_frames) / FRAME_RATE, duration)
    starts = np.arange(len(scores)) * duration / len(scores)
    values = scores.loc[:, list(classes)].to_numpy(dtype=np.float64)
    columns = [np.interp(edges[:-1], starts, column) for column in values.T]
    return frame_scores(filename, np.stack(columns, axis=1), edges, classes)


def paper_counts(
    frame_scores: pd.DataFrame, clip_scores: pd.DataFrame, dataset: Dataset, *, strong: bool = False
) -> dict[str, ClipCounts]:
    """Count as the paper was scored.

    Parameters
    ----------
    frame_scores, clip_scores : DataFrame
        What the detector says (see `sedpool.scores`).
    dataset : Dataset
        The clips that have scores, with events.
    strong : bool
        Whether the detector was trained on frame labels: then only the first 9.288 s of each clip are scored.

    Returns
    -------
    counts : dict of str to ClipCounts
        In clips, of the `pooled` output and of the `highest_frame`; in segments (`dynamic`) unless the Dataset has only
        weak labels.
    """
    decisions = Decoder(clip_threshold=THRESHOLD)
    counts = {
        "pooled": clip_counts(dataset.tags, decisions.tags(clip_scores)),
        "highest_frame": clip_counts(dataset.tags, decisions.tags(highest_frames(frame_scores))),
    }
    if dataset.events is not None:
        durations = dataset.durations
        if strong:
            durations = {name: min(seconds, STRONG_DURATION) for name, seconds in durations.items()}
        reference = substring_reference(dataset.events, dataset.clips["filename"].tolist())
        detected = Decoder(THRESHOLD).events(stretched_scores(frame_scores))
        tables = [clip_to_duration(table, durations)[0] for table in (reference, detected)]
        counts["dynamic"] = segment_counts(*tables, durations=durations, classes=dataset.classes, resolution=RESOLUTION)
    return counts


def paper_metrics(counts: Mapping[str, ClipCounts]) -> dict[str, Any]:
    """Score as the paper was scored: the key `paper_compat` of ``metrics.json``.

    Parameters
    ----------
    counts : mapping of str to ClipCounts
        Of `paper_counts`.

    Returns
    -------
    metrics : dict
        ``{"static": {"pooled": S, "highest_frame": S}, "dynamic": {"micro": M, "class_wise": {label: M}}}``; S has
        macro `f1` and micro `precision` and `recall`, M is as in `sedpool.evaluation.segment_metrics`. `dynamic` is
        None where there are only weak labels.
    """
    static = {}
    for rule in ("pooled", "highest_frame"):
        found = counts[rule].metrics()
        # scikit-learn's macro average counts a class that is nowhere as 0.
        f1 = float(np.mean([values["f1"] or 0.0 for values in found["class_wise"].values()]))
        static[rule] = {"f1": f1, **{name: found["micro"][name] for name in ("precision", "recall")}}
    dynamic = counts["dynamic"].metrics() if "dynamic" in counts else None
    return {
        "static": static,
        "dynamic": dynamic and {name: dynamic[name] for name in ("micro", "class_wise")},
    }


def static_rule(corpus: str) -> str:
    """Return what the published table of a corpus calls static: ``"highest_frame"`` at MedleyDB, else ``"pooled"``."""
    return "highest_frame" if corpus == "medleydb" else "pooled"
