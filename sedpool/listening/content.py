"""What a page knows, as JSON: probabilities from which it decodes events, and the reference that they are judged by.

Probabilities are those that the decoder compares with its thresholds, after its median filter, to the last bit. With a
box filter no threshold changes where events lie, so that the page gets all boxes and only drops those below it.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sedpool.evaluation.evaluation_input import EvaluationInput
from sedpool.evaluation.event_arrays import EventArrays
from sedpool.inference.decode import Decoder
from sedpool.scores import classes_of


@dataclass(frozen=True)
class ScoredRecording:
    """A recording and what a detector says about it.

    Attributes
    ----------
    filename : str
        Its id in event tables.
    path : Path
        The file.
    scores : DataFrame
        Its frame scores (see `sedpool.scores`), and no others.
    part : (float, float) or None
        Onset and duration in seconds of the part of the file that it is; None for all of it.
    """

    filename: str
    path: Path
    scores: pd.DataFrame
    part: tuple[float, float] | None = None


def restricted(decoder: Decoder, classes: list[str]) -> Decoder:
    """Return a decoder of some classes alone."""
    settings: dict[str, Any] = {
        name: {label: value[label] for label in classes}
        for name, value in vars(decoder).items()
        if isinstance(value, Mapping)
    }
    return replace(decoder, **settings)


def decoder_content(decoder: Decoder, classes: list[str]) -> dict[str, list[float]]:
    """Return what the page decides by: a number for each class."""
    low = "threshold" if decoder.low_threshold is None else "low_threshold"
    names = {"threshold": "threshold", "lowThreshold": low, "maxGap": "max_gap", "minDuration": "min_duration"}
    return {key: decoder.each(name, classes).tolist() for key, name in names.items()}


def scores_content(scores: pd.DataFrame, decoder: Decoder) -> dict[str, Any]:
    """Return the probabilities of one recording, class after class, and the edges of frames in seconds."""
    classes = list(classes_of(scores))
    values = decoder.smoothed(scores)[classes].to_numpy()
    short = values.astype("<f4")
    is_short = np.array_equal(short, values)
    edges = np.append(scores["onset"].to_numpy("<f8"), scores["offset"].to_numpy("<f8")[-1:])
    content: dict[str, Any] = {
        "edges": encoded(edges.tobytes()),
        "precision": 4 if is_short else 8,
        "probabilities": encoded((short if is_short else values.astype("<f8")).T.tobytes()),
        "boxes": None,
    }
    if decoder.box_filter is not None:
        boxes = replace(decoder, threshold=0.0).events(scores)
        firsts = np.searchsorted(edges, boxes["onset"])
        lasts = np.searchsorted(edges, boxes["offset"]) - 1
        labels = pd.Index(classes).get_indexer(pd.Index(boxes["event_label"]))
        columns = {"label": labels, "first": firsts, "last": lasts, "confidence": boxes["confidence"]}
        content["boxes"] = pd.DataFrame(columns).to_dict("records")
    return content


def reference_content(reference: EvaluationInput | None, filename: str) -> dict[str, Any]:
    """Return the annotated events of one recording, and the times in which nobody knows what sounds."""
    if reference is None or filename not in reference.durations:
        return {"reference": None, "unknown": []}
    clip = reference.filenames.index(filename)

    def of_clip(events: EventArrays, **more: Any) -> list[dict[str, Any]]:
        columns = {"label": events.label, "onset": events.onset, "offset": events.offset, **more}
        records: list[dict[str, Any]] = pd.DataFrame(columns)[events.clip == clip].to_dict("records")
        return records

    annotated = of_clip(reference.reference, isUnknown=reference.is_unknown)
    return {"reference": annotated, "unknown": of_clip(reference.unknown_time)}


def encoded(data: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(data).decode("ascii")
