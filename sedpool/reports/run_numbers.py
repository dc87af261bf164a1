"""The few numbers that open the page of a run, each in plain words, and its events by class."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sedpool.comparison.labels import number
from sedpool.reports.document import Cell, TableBlock, TableRow, number_cell
from sedpool.reports.run_sentences import stretched_decisions
from sedpool.run_folder import shown


class KeyNumber(NamedTuple):
    """A number with what it means.

    Attributes
    ----------
    text : str
        The number.
    title : str
        What it is called.
    terms : tuple of str
        Terms of `sedpool.reports.glossary` that explain the title.
    meaning : str
        What it counts, in plain words.
    judged : str
        What is good or bad about it.
    """

    text: str
    title: str
    terms: tuple[str, ...]
    meaning: str
    judged: str


def key_numbers(metrics: Mapping[str, Any]) -> list[KeyNumber]:
    """Choose the numbers that say most about a run, of the better of its decodings.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``.
    """
    part = shown(metrics)
    perfect = "1 is perfect, 0 is nothing right."
    clip = part["clip"]["macro"]
    found = [KeyNumber(number(clip["f1"]), "clip F1", ("F1", "Macro"), "Which classes sound in a clip.", perfect)]
    if metrics["segment"] is None:
        rates, unit = clip, "tags"
    else:
        rates, unit = part["segment"]["micro"], "seconds"
        if metrics["resolution"] != 1:
            unit = f"segments of {metrics['resolution']:g} s"
        stretched = stretched_decisions(metrics)
        meaning = f"Which classes sound when, in {unit}."
        judged = (
            f"To say of whole clips what sounds in them gets {number(stretched)}: what is above that is knowing when."
        )
        found.append(KeyNumber(number(rates["f1"]), "segment F1", ("F1", "Segment", "Micro"), meaning, judged))
        meaning = (
            f"Whole events, with their start within {metrics['collar']:g} s and their end within that or "
            f"{metrics['offset_share']:.0%} of their length."
        )
        judged = perfect
        if ceiling := metrics.get("ceiling"):
            judged = (
                f"With frames of {ceiling['frame_seconds']:.2g} s, at most {number(ceiling['event']['f1'])} can be "
                "reached."
            )
        event = part["event"]["micro"]
        found.append(KeyNumber(number(event["f1"]), "event F1", ("F1", "Event", "Collar"), meaning, judged))
        if overlap := part.get("intersection"):
            meaning = "Events that share half of their time with a true one, and half of its time with it."
            judged = f"{perfect} Kinder than event F1 where starts and ends are blurred."
            value = number(overlap["micro"]["f1"])
            found.append(KeyNumber(value, "F1 by overlap", ("F1", "Intersection"), meaning, judged))
    for name, meaning, judged in (
        (
            "precision",
            f"How much of what it detects is right, in {unit}.",
            "Low: many false alarms; sedpool detect --threshold takes a higher one.",
        ),
        (
            "recall",
            f"How much of what is there it detects, in {unit}.",
            "Low: many misses; sedpool detect --threshold takes a lower one.",
        ),
    ):
        found.append(KeyNumber(number(rates[name]), name, ("F1",), meaning, judged))
    return found


def events_table(metrics: Mapping[str, Any]) -> TableBlock:
    """Count the events of each class, or the clips that have it where labels have no times; see `key_numbers`.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``.
    """
    level = "clip" if metrics["segment"] is None else "event"
    rows = []
    for label, values in shown(metrics)[level]["class_wise"].items():
        right = round((values["recall"] or 0) * values["n_ref"])
        counts = [Cell(str(n), n) for n in (values["n_ref"], values["n_sys"], right)]
        rows.append(TableRow(label, [*counts, number_cell(values["f1"])]))
    return TableBlock("", "", ["true", "detected", "right", f"{level} F1"], rows, "class")
