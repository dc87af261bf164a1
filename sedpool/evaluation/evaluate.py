"""How good is a system's output on a whole Dataset: as a table to look at, or as a run's ``metrics.json``."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from sedpool.datasets.base import Dataset
from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.baselines import stretched_baselines
from sedpool.evaluation.clip import clip_metrics
from sedpool.evaluation.levels import LEVELS, metrics_at_all_levels
from sedpool.evaluation.psds import psds_of_scores
from sedpool.evaluation.ranking import ranking_metrics, with_decisions
from sedpool.evaluation.scenarios import SCENARIOS
from sedpool.evaluation.tuning import Tuned
from sedpool.evaluation.validation import listed, refuse_unknown_files
from sedpool.inference.decode import SystemOutput
from sedpool.scores import classes_of

METRICS_FORMAT = 1
TABLE_COLUMNS = ("level", "average", "event_label", "f1", "precision", "recall", "error_rate", "n_ref", "n_sys")


def evaluate(events: pd.DataFrame, dataset: Dataset, *, clip_predictions: pd.DataFrame | None = None) -> pd.DataFrame:
    """Score detected events, and clip decisions if there are any, against a Dataset.

    Parameters
    ----------
    events : DataFrame
        Event table; a clip without rows is one without detections.
    dataset : Dataset
        The reference. Every clip in it counts.
    clip_predictions : DataFrame of bool, optional
        The system's clip decisions: one row a clip (index `filename`), one column a class.

    Returns
    -------
    table : DataFrame
        One row a level (clip, segment of 1 s, event with a collar of 0.2 s and 20 %, onset, intersection) and average
        (micro, macro, sed_eval_macro, class_wise), with the metrics in columns, NaN where undefined. `event_label` is
        empty but for class-wise rows.

    Raises
    ------
    DataError, EvaluationError
        If events or decisions do not fit the Dataset.
    """
    levels: dict[str, Metrics] = {}
    if clip_predictions is not None:
        levels["clip"] = clip_metrics(dataset.tags, clip_predictions)
    if dataset.events is not None:
        levels |= metrics_at_all_levels(dataset.events, events, durations=dataset.durations, classes=dataset.classes)
    rows = [row for level, metrics in levels.items() for row in table_rows(level, metrics)]
    return pd.DataFrame(rows, columns=list(TABLE_COLUMNS))


def table_rows(level: str, metrics: Metrics) -> list[dict[str, Any]]:
    """Rows of the table of `evaluate` for one level of ``metrics.json``."""
    averages = [name for name in metrics if name != "class_wise"]
    rows = [{"level": level, "average": name, "event_label": ""} | metrics[name] for name in averages]
    for label, values in metrics["class_wise"].items():
        rows.append({"level": level, "average": "class_wise", "event_label": label} | values)
    return rows


def evaluate_run(
    output: SystemOutput,
    dataset: Dataset,
    *,
    tuned: Tuned | None = None,
    resolution: float = 1.0,
    collar: float = 0.2,
    offset_tolerance_ratio: float = 0.2,
    allow_missing: bool = False,
) -> dict[str, Any]:
    """Score what a run says about its test clips: the content of ``metrics.json``.

    Parameters
    ----------
    output : SystemOutput
        Scores of the clips of `dataset`, with the decoder that was set.
    dataset : Dataset
        The reference.
    tuned : Tuned, optional
        The decoder that was tuned on validation, for the same scores.
    resolution : float
        Length of a segment in seconds.
    collar : float
        Seconds by which an event's onset may be off, and its offset at least.
    offset_tolerance_ratio : float
        Share of an event's length by which its offset may be off, if that is more than `collar`.
    allow_missing : bool
        Score the clips that have scores, and show in the coverage how many lack them, instead of an error.

    Returns
    -------
    metrics : dict
        ``{"format", "clip", "segment", "event", "onset", "intersection", "psds", "coverage", "baselines", "decoding"}``
        and the settings. `clip` also holds what needs no threshold. Where the Dataset has only weak labels, `segment`
        to `intersection` are None and `psds` and `baselines` empty. Coverage counts the clips `expected`, those
        `scored` and, of these, those `without_detections`. ``"tuned"`` holds what depends on the decoder with the
        tuned one, and how it was found; None without one.

    Raises
    ------
    DataError, EvaluationError
        If the scores do not fit the Dataset.
    """
    scored = _scored_part(dataset, output, allow_missing=allow_missing)
    settings = {"resolution": resolution, "collar": collar, "offset_tolerance_ratio": offset_tolerance_ratio}
    return {
        "format": METRICS_FORMAT,
        **_metrics_of(output, scored, settings),
        "coverage": {
            "scored": len(scored),
            "expected": len(dataset),
            "without_detections": len(scored) - output.events["filename"].nunique(),
        },
        "resolution": resolution,
        "collar": collar,
        "offset_share": offset_tolerance_ratio,  # its first name, which stays in files
        "tuned": _tuned_metrics(tuned, output, scored, settings) if tuned else None,
    }


def _metrics_of(output: SystemOutput, dataset: Dataset, settings: dict[str, float]) -> dict[str, Any]:
    """What depends on how scores are decoded."""
    return {
        "clip": _clip_level(output, dataset),
        **_levels_and_baselines(dataset, output, settings),
        "psds": _psds(output, dataset),
        "decoding": output.decoder.settings(),
    }


def _tuned_metrics(tuned: Tuned, output: SystemOutput, dataset: Dataset, settings: dict[str, float]) -> dict[str, Any]:
    return tuned.description() | _metrics_of(replace(output, decoder=tuned.decoder), dataset, settings)


def _levels_and_baselines(dataset: Dataset, output: SystemOutput, settings: dict[str, float]) -> dict[str, Any]:
    """The levels of located events, and `baselines`."""
    reference = dataset.events
    if reference is None:
        return dict.fromkeys(LEVELS) | {"baselines": {}}

    def score(events: pd.DataFrame) -> dict[str, Metrics]:
        return metrics_at_all_levels(
            reference, events, durations=dataset.durations, classes=dataset.classes, **settings
        )

    stretched = stretched_baselines(dataset.tags, output.tags, dataset.durations)
    return score(output.events) | {"baselines": {name: score(events) for name, events in stretched.items()}}


def _clip_level(output: SystemOutput, dataset: Dataset) -> Metrics:
    """Clip decisions and rankings, by average."""
    return with_decisions(ranking_metrics(dataset.tags, output.clip_scores), clip_metrics(dataset.tags, output.tags))


def _psds(output: SystemOutput, dataset: Dataset) -> dict[str, float | None]:
    """Both DCASE scenarios, of the scores that the decoder compares with its thresholds."""
    if dataset.events is None:
        return {}
    smoothed = output.decoder.smoothed(output.frame_scores)
    return {
        name: psds_of_scores(
            smoothed, dataset.events, durations=dataset.durations, classes=dataset.classes, scenario=scenario
        )
        for name, scenario in SCENARIOS.items()
    }


def _scored_part(dataset: Dataset, output: SystemOutput, *, allow_missing: bool) -> Dataset:
    """The clips that have scores, after a check of classes and file names."""
    for source, scores in (("scores", output.frame_scores), ("clip scores", output.clip_scores)):
        _refuse_other_classes(classes_of(scores), dataset, source=source)
        refuse_unknown_files(scores["filename"].unique(), dataset.clips["filename"], source=source)
    present = set(output.clip_scores["filename"])
    one_sided = sorted(present ^ set(output.frame_scores["filename"]))
    if one_sided:
        raise EvaluationError(f"{dataset.name}: {listed(one_sided)} have either frame or clip scores; expected both")
    missing = sorted(set(dataset.clips["filename"]) - present)
    if missing and not allow_missing:
        raise EvaluationError(
            f"{dataset.name}: {len(missing)} of {len(dataset)} clips have no scores ({listed(missing)}); "
            "detect them, or score the rest with allow_missing=true"
        )
    return dataset.select(sorted(present))


def _refuse_other_classes(classes: Sequence[str], dataset: Dataset, *, source: str) -> None:
    different = sorted(set(classes) ^ set(dataset.classes))
    if different:
        raise EvaluationError(f"{source} and dataset {dataset.name} differ in the classes {listed(different)}")
