"""From the scores in a run folder to its decisions, counts and numbers, as files.

``counts.parquet`` and ``tuned_counts.parquet`` hold the counts of every test clip: ``metrics.json`` follows from them,
and comparisons of runs start from them. ``sources.csv`` names the recordings that clips share, ``curve.csv`` holds
precision and recall by threshold. ``durations.csv`` and ``example_*`` are for figures drawn without the corpus.
"""

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from sedpool import storage
from sedpool.datasets.base import Dataset
from sedpool.datasets.mixing import clip_sources, mixing_details
from sedpool.datasets.statistics import duration_percentiles
from sedpool.evaluation.counts_table import OWN_STRETCHED, write_counts
from sedpool.evaluation.evaluate import DecodedCounts, count_run
from sedpool.evaluation.levels import Criteria
from sedpool.evaluation.paper_compat import CORPORA, paper_counts, paper_metrics
from sedpool.evaluation.scored_clips import ScoredClips
from sedpool.evaluation.thresholds import sweep_segments
from sedpool.evaluation.tuning import tune, validation_objective
from sedpool.formats import write_tsv
from sedpool.inference.decode import Decoder, SystemOutput
from sedpool.run_folder import RunFolder
from sedpool.scores import write_scores
from sedpool.settings.schema import EvaluationSettings

TUNED_FORMAT = 1


def decoder_of(settings: EvaluationSettings) -> Decoder:
    """Return the decoder that the settings describe."""
    return Decoder(**{field.name: getattr(settings, field.name) for field in fields(Decoder)})


def evaluate_folder(
    folder: RunFolder, dataset: Dataset, settings: EvaluationSettings, *, allow_missing: bool
) -> dict[str, Any]:
    """Decode, tune on validation, score on test, and write what follows from it.

    A finished run counts as half renewed from then on, until its report is renewed too (`RunFolder.end_renewal`).

    Parameters
    ----------
    folder : RunFolder
        With frame and clip scores of validation and test.
    dataset : Dataset
        The splits ``validate`` and ``test`` of the corpus.
    settings : EvaluationSettings
        How to decode, tune and score.
    allow_missing : bool
        Whether clips may lack scores.

    Returns
    -------
    metrics : dict
        The content of ``metrics.json``; see `sedpool.evaluation.evaluate_run`. On the paper's corpora with their own
        classes, or where the settings say so, also ``"paper_compat"``; see
        `sedpool.evaluation.paper_compat.paper_metrics`. ``"validation"``
        is what a search maximises; see `sedpool.evaluation.tuning.validation_objective`.
    """
    decoder, test = decoder_of(settings), dataset.split("test")
    criteria = Criteria(settings.resolution, settings.collar, settings.offset_tolerance_ratio)
    output = SystemOutput(folder.scores, folder.clip_scores, decoder)
    validation_output = SystemOutput(folder.validation_scores, folder.validation_clip_scores, decoder)
    validation_clips = dataset.split("validate")
    if allow_missing:
        validation_clips = validation_clips.select(validation_output.clip_scores["filename"].tolist())
    validation, tuned = ScoredClips(validation_output, validation_clips), None
    if settings.tune is not None:
        held_out = [*test.clips["filename"], *output.clip_scores["filename"]]
        tuned = tune(
            validation,
            held_out=held_out,
            parameters=settings.tune,
            objective=settings.tune_on,
            criteria=criteria,
        )
    run = count_run(output, test, tuned=tuned, criteria=criteria, allow_missing=allow_missing)
    metrics = run.metrics() | {"validation": validation_objective(validation, resolution=criteria.resolution)}
    counts = None
    is_published = dataset.name in CORPORA and not folder.config.get("labels", {}).get("map")
    if settings.paper_compat or (settings.paper_compat is None and is_published):
        strong = folder.config.get("supervision") == "strong"
        counts = paper_counts(output.frame_scores, output.clip_scores, run.clips.dataset, strong=strong)
        metrics["paper_compat"] = paper_metrics(counts)

    folder.begin_renewal()
    write_run_counts(folder, run.as_set, run.as_tuned)
    if counts is not None:
        write_counts(counts, folder.file("paper_counts.parquet"))
    write_tsv(output.events, folder.file("events.tsv"))
    if tuned is not None:
        write_tsv(tuned.decoder.events(output.frame_scores, output.clip_scores), folder.file("tuned_events.tsv"))
        storage.write_json(folder.file("tuned.json"), {"format": TUNED_FORMAT, **tuned.description()})
    storage.write_json(folder.file("metrics.json"), metrics)
    write_curve_and_example(folder, run.clips, resolution=criteria.resolution)
    if (mixing := mixing_details(test)) is not None and not (sources := clip_sources(mixing)).empty:
        storage.write_csv(folder.file("sources.csv"), sources)
    write_durations(folder, dataset)
    return metrics


def write_run_counts(folder: RunFolder, as_set: DecodedCounts, as_tuned: DecodedCounts | None = None) -> None:
    """Write the counts of every test clip as ``counts.parquet`` and ``tuned_counts.parquet``.

    Besides clips, segments and events there are the segments of the run's own clip decisions stretched over the clip.
    What an earlier evaluation tuned is removed if nothing was tuned now.
    """
    if as_tuned is None:
        for name in ("tuned.json", "tuned_counts.parquet", "tuned_events.tsv"):
            folder.file(name).unlink(missing_ok=True)
    for name, decoded in (("counts.parquet", as_set), ("tuned_counts.parquet", as_tuned)):
        if decoded is None:
            continue
        levels = {"clip": decoded.counts["clip"]}
        if decoded.baselines:
            levels["segment"] = decoded.counts["segment"]
            levels[OWN_STRETCHED] = decoded.baselines["clip_decisions_stretched"]["segment"]
            levels["event"] = decoded.counts["event"]
        write_counts(levels, folder.file(name))


def write_curve_and_example(folder: RunFolder, clips: ScoredClips, *, resolution: float = 1.0) -> None:
    """Write ``curve.csv``, ``example_scores.parquet`` and ``example_events.tsv``; nothing without strong labels.

    The curve is of smoothed frame scores at every threshold, in segments of `resolution` seconds. The example is the
    first clip with the most classes: the same for every run on a corpus, whatever it scored.
    """
    events = clips.dataset.events
    if clips.reference is None or events is None:
        return
    thresholds = np.arange(1, 100) / 100
    rates = sweep_segments(clips.reference, clips.frames, thresholds, resolution=resolution).micro()
    curve = pd.DataFrame({"threshold": thresholds} | {name: rates[name] for name in ("precision", "recall", "f1")})
    storage.write_csv(folder.file("curve.csv"), curve)
    filename = str(clips.dataset.tags.sum(axis=1).idxmax())
    frames = clips.output.frame_scores
    write_scores(frames[frames["filename"] == filename], folder.file("example_scores.parquet"))
    write_tsv(events[events["filename"] == filename], folder.file("example_events.tsv"))


def write_durations(folder: RunFolder, dataset: Dataset) -> None:
    """Write ``durations.csv``: how long the events of all splits last; nothing without strong labels."""
    if dataset.events is not None:
        storage.write_csv(folder.file("durations.csv"), duration_percentiles(dataset).reset_index())
