"""The model card of a package: what it detects, how well, from which data, within which limits, on which terms."""

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from sedpool.comparison.labels import UNDEFINED, counted, number
from sedpool.comparison.run_intervals import KEY_COLUMNS
from sedpool.comparison.run_names import flat_settings
from sedpool.comparison.tables import look_up
from sedpool.datasets.catalog import CORPORA
from sedpool.inference.package import SUFFIX, About
from sedpool.reports import run_sentences
from sedpool.reports.document import Cell, TableBlock, TableRow, number_cell
from sedpool.reports.document_html import html_page
from sedpool.reports.document_markdown import markdown_table, markdown_text
from sedpool.reports.page import render
from sedpool.run_folder import RunFolder
from sedpool.settings.identity import without_places
from sedpool.settings.label_map import DROPPED, OTHERS, UNKNOWN

Intervals = Mapping[tuple[Any, ...], Sequence[float]]
"""Lower and upper end of an interval, by decoding, level, average, class and metric."""

_SPLITS = ("train", "validate", "test")
_SETTINGS = ("features", "model", "pooling", "supervision", "training", "augment", "labels", "evaluation")

BIBTEX = """\
@software{sedpool,
  title = {sedpool: sound event detection from weak labels},
  author = {{sedpool contributors}},
  version = {%s}
}

@article{mcfee2018adaptive,
  title = {Adaptive pooling operators for weakly labeled sound event detection},
  author = {McFee, Brian and Salamon, Justin and Bello, Juan Pablo},
  journal = {IEEE/ACM Transactions on Audio, Speech, and Language Processing},
  volume = {26}, number = {11}, pages = {2180--2193}, year = {2018},
  doi = {10.1109/TASLP.2018.2858559}
}
"""


@dataclass(frozen=True)
class ModelCard:
    """The content of a card, without its layout.

    Attributes
    ----------
    about : About
        Name, classes, author and licence.
    command, code : str
        How to use the package, on the command line and in Python.
    decoding : str
        How probabilities become events, in words.
    scores, class_scores : TableBlock or None
        Scores on the test clips, of all classes together and one by one; None if there was no test.
    test : str
        What it was tested on, and how to read the tables.
    data, limits : list of str
        Sentences about the data that it was trained on, and about its limits.
    settings : TableBlock
        The settings that it was trained with.
    bibtex : str
        The entries to cite.
    """

    about: About
    command: str
    code: str
    decoding: str
    scores: TableBlock | None
    class_scores: TableBlock | None
    test: str
    data: list[str]
    limits: list[str]
    settings: TableBlock
    bibtex: str


def model_card(about: About, run: RunFolder, intervals: pd.DataFrame, *, has_terms: bool = False) -> ModelCard:
    """Make the card of a package.

    Parameters
    ----------
    about : About
        What the package states.
    run : RunFolder
        A run folder, or the files of a package: configuration, metrics, decoding and durations.
    intervals : DataFrame
        The intervals of its scores; see `sedpool.comparison.run_intervals`.
    has_terms : bool
        Whether the package has a file ``LICENSE``.
    """
    config = without_places(dict(run.config))
    scores, class_scores, test = None, None, "It was not tested: nothing is known of how well it detects."
    if run.file("metrics.json").is_file():
        keys = intervals[list(KEY_COLUMNS)].itertuples(index=False, name=None)
        by_key = dict(zip(keys, intervals[["low", "high"]].itertuples(index=False, name=None), strict=True))
        decodings = {"as set": run.metrics} | ({"tuned": run.metrics["tuned"]} if run.metrics["tuned"] else {})
        scores, class_scores = _score_table(decodings, by_key), _class_table(decodings, by_key)
        said = [_test(about, run.metrics, has_intervals=not intervals.empty)]
        test = " ".join([*said, *filter(None, [run_sentences.resolution_ceiling(run.metrics)])])
    decoding = "It reports a class where its probability reaches the threshold that was set."
    if (tuned := run.tuned) is not None:
        decoding = (
            f"Its thresholds were tuned on {tuned['n_clips']} validation clips ({tuned['objective']}); "
            "--decode set uses those that were set before."
        )
    settings = flat_settings({key: config[key] for key in _SETTINGS if key in config})
    rows = [TableRow(name.removesuffix("._target_"), [Cell(_as_text(value))]) for name, value in settings]
    file = about.name.replace("/", "-") + SUFFIX
    return ModelCard(
        about=about,
        command=f"sedpool detect {shlex.quote(file)} recording.wav",
        code=f"detector = sp.load({json.dumps(file, ensure_ascii=False)})",
        decoding=decoding,
        scores=scores,
        class_scores=class_scores,
        test=test,
        data=[*_data(about, config, has_terms=has_terms), *filter(None, [run_sentences.front_end(run.front_end)])],
        limits=_limits(about, config, run.durations),
        settings=TableBlock("", "Settings", ["value"], rows, "setting"),
        bibtex=BIBTEX % about.sedpool,
    )


def card_texts(card: ModelCard) -> tuple[str, str]:
    """Write the card as a page that needs no other file and no network, and as Markdown."""
    page = html_page("model_card.html", card=card)
    return page, render("model_card.md", card=card, text=markdown_text, table=markdown_table)


def _cell(
    decodings: Mapping[str, Any],
    intervals: Intervals,
    decoding: str,
    level: str,
    average: str,
    label: str,
    metric: str,
) -> Cell:
    """Return a score with its interval below it."""
    path = (level, average, *([label] if average == "class_wise" else []), metric)
    value = look_up(decodings[decoding], path)
    low, high = intervals.get((decoding, level, average, label, metric), (math.nan, math.nan))
    if math.isnan(value) or math.isnan(low):
        return number_cell(value)
    return Cell(f"{number(value)} [{number(low)}, {number(high)}]", value, interval=(low, high))


def _score_table(decodings: Mapping[str, Any], intervals: Intervals) -> TableBlock:
    metrics = decodings["as set"]
    levels = {"clip": "Clips"}
    if metrics["segment"] is not None:
        levels |= {"segment": f"Segments of {metrics['resolution']:g} s", "event": "Whole events"}
    columns = [("F1, micro", "micro", "f1"), ("precision", "micro", "precision"), ("recall", "micro", "recall")]
    columns.append(("F1, macro", "macro", "f1"))
    rows = []
    for level, title in levels.items():
        for decoding in decodings:
            cell = partial(_cell, decodings, intervals, decoding, level)
            name = f"{title}, {decoding}" if len(decodings) > 1 else title
            rows.append(TableRow(name, [cell(average, "", metric) for _, average, metric in columns]))
    return TableBlock("", "All classes", [title for title, *_ in columns], rows)


def _class_table(decodings: Mapping[str, Any], intervals: Intervals) -> TableBlock:
    metrics = decodings["as set"]
    levels = ["clip", "segment", "event"] if metrics["segment"] is not None else ["clip"]
    columns = [(level, decoding) for level in levels for decoding in decodings]
    rows = [
        TableRow(
            label,
            [_cell(decodings, intervals, decoding, level, "class_wise", label, "f1") for level, decoding in columns],
        )
        for label in metrics["clip"]["class_wise"]
    ]
    groups = [(f"{level} F1", len(decodings)) for level in levels]
    return TableBlock("", "Class by class", [decoding for _, decoding in columns], rows, "class", groups)


def _test(about: About, metrics: Mapping[str, Any], *, has_intervals: bool) -> str:
    scored = metrics["coverage"]["scored"]
    text = f"Measured on {scored:,} test clips of {about.corpus}, which it was not trained on."
    if folds := metrics.get("cross_validated"):
        text = (
            f"Measured by cross-validation, on {scored:,} test clips of {about.corpus}, with "
            f"{counted(folds, 'detector')} trained as this one, each without the recordings that it was tested on. "
            "This one may have learnt from them."
        )
    if has_intervals:
        text += (
            " In brackets: 95 % intervals over test clips; with other clips of the same kind expect values like these."
        )
    text += " Clips: whether a class is in a clip at all."
    if metrics["segment"] is not None:
        text += (
            f" Segments: whether it sounds in each stretch of {metrics['resolution']:g} s. Whole events: whether a "
            f"detection starts within {metrics['collar']:g} s of the true event and ends about where it ends."
        )
    text += (
        " Precision: the share of its detections that are right. Recall: the share of what there is that it finds. "
        "F1 is high only if both are."
    )
    text += " Micro averages count every decision alike, macro averages every class. 1 is perfect, 0 the worst."
    if metrics.get("tuned"):
        text += " Tuned: with thresholds that were chosen on validation clips, as sedpool detect uses them."
    return text


def _data(about: About, config: Mapping[str, Any], *, has_terms: bool) -> list[str]:
    splits = sorted(about.clips, key=lambda name: (*_SPLITS, name).index(name))
    counts = ", ".join(f"{about.clips[name]:,} {name}" for name in splits)
    sentences = [f"Corpus: {about.corpus}" + (f"; clips: {counts}." if counts else ".")]
    if config.get("supervision") == "strong":
        sentences.append("It learnt from strong labels: when each event starts and ends.")
    elif config.get("supervision") == "mixed":
        sentences.append("It learnt from the times of events where these were known, and elsewhere from tags of clips.")
    else:
        sentences.append("It learnt from weak labels: which classes a clip has, not when they sound.")
    if pairs := config.get("labels", {}).get("map"):
        special = {DROPPED: "dropped", UNKNOWN: "unknown"}
        names = [("all others" if label == OTHERS else label, special.get(target, target)) for label, target in pairs]
        sentences.append(
            f"Labels were mapped to other classes: {', '.join(f'{label} → {target}' for label, target in names)}."
        )
    loader = str(config.get("dataset", {}).get("_target_"))
    corpus = next((one for one in CORPORA if loader == f"sedpool.load_{one.name}"), None)
    if corpus is None or corpus.licence == "yours" or corpus.licence.startswith("that of"):
        stated = "; its author may state it in the file LICENSE of the package" if has_terms else ""
        sentences.append(f"The terms of use of its corpus's recordings are not known{stated}.")
    else:
        sentences.append(f"{corpus.title}, terms of the recordings: {corpus.licence}.")
        if corpus.homepage:
            sentences.append(f"{corpus.citation}. {corpus.homepage}")
    return sentences


def _limits(about: About, config: Mapping[str, Any], durations: pd.DataFrame | None) -> list[str]:
    features = config["features"]
    limits = [
        f"It knows {len(about.classes)} classes. It takes any other sound for one of them, or does not report it."
    ]
    if "sr" in features:
        top = features.get("fmax") or features["sr"] / 2
        limits.append(
            f"It uses sound up to {top / 1000:g} kHz (sampling rate {features['sr']:,} Hz). Recordings of another rate "
            "are converted; those of a lower rate lack high frequencies that it was trained with."
        )
    limits.append(
        f"It decides {1 / about.frame_duration:.1f} times a second which classes sound. For this reason alone an onset "
        f"or offset is off by up to {about.frame_duration:.2g} s, and shorter events run together or are missed."
    )
    patch = config["training"]["patch_duration"]
    limits.append(
        f"It was trained on pieces of {patch:g} s. It works through longer recordings in windows of that length, or in "
        "longer ones if that changes no score."
    )
    if durations is not None and durations["duration_50"].notna().any():
        short, long = durations["duration_5"].min(), durations["duration_95"].max()
        limits.append(f"Most events in its corpus last {short:.2g} to {long:.2g} s.")
    if features.get("reference") == "window" or features.get("peak_window") is not None:
        limits.append(
            "Levels are measured against the loudest sound of each window: a quiet sound near a loud one may be missed."
        )
    else:
        limits.append("The overall loudness of a recording matters: levels are not measured against its loudest sound.")
    if str(config.get("dataset", {}).get("_target_")) == "sedpool.load_demo":
        limits.append("Its sounds were synthesised; it was not tried on real recordings.")
    limits.append(
        "Microphones, places and backgrounds other than those of its corpus were not tried. Check it on recordings of "
        "your own before you rely on it: sedpool evaluate scores detections against labels."
    )
    return limits


def _as_text(value: Any) -> str:
    if value is None:
        return UNDEFINED
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
