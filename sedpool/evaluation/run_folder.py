"""From the scores in a run folder to its decisions and numbers: ``events.tsv``, ``tuned.json``, ``metrics.json``."""

from dataclasses import fields, replace
from typing import Any

from sedpool import storage
from sedpool.datasets.base import Dataset
from sedpool.evaluation.counts_table import write_counts
from sedpool.evaluation.evaluate import evaluate_run
from sedpool.evaluation.objective import validation_objective
from sedpool.evaluation.paper_compat import CORPORA, paper_counts, paper_metrics
from sedpool.evaluation.run_counts import write_clip_counts, write_curve
from sedpool.evaluation.run_extracts import write_extracts
from sedpool.evaluation.tuning import Tuned, tune
from sedpool.formats import write_tsv
from sedpool.inference.decode import Decoder, SystemOutput
from sedpool.run_folder import RunFolder
from sedpool.settings.schema import EvaluationSettings

TUNED_FORMAT = 1


def decoder_of(settings: EvaluationSettings) -> Decoder:
    """The decoder that the settings describe."""
    return Decoder(**{field.name: getattr(settings, field.name) for field in fields(Decoder)})


def evaluate_folder(
    folder: RunFolder, dataset: Dataset, settings: EvaluationSettings, *, allow_missing: bool
) -> dict[str, Any]:
    """Decode, tune on validation, score on test, and write what follows from it.

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
        The content of ``metrics.json``; see `sedpool.evaluation.evaluate_run`. On the paper's corpora, or where the
        settings say so, also ``"paper_compat"``; see `sedpool.evaluation.paper_compat.paper_metrics`. ``"validation"``
        is what a search maximises; see `sedpool.evaluation.objective`.
    """
    output = SystemOutput(folder.scores, folder.clip_scores, decoder_of(settings))
    validation_output, validation_reference = _validation(folder, dataset, settings, allow_missing=allow_missing)
    tuned = _tuned(folder, dataset, settings, validation_output, validation_reference)
    metrics = evaluate_run(
        output,
        dataset.split("test"),
        tuned=tuned,
        resolution=settings.resolution,
        collar=settings.collar,
        offset_tolerance_ratio=settings.offset_tolerance_ratio,
        allow_missing=allow_missing,
    )
    metrics["validation"] = validation_objective(
        validation_output, validation_reference, resolution=settings.resolution
    )
    if settings.paper_compat or (settings.paper_compat is None and dataset.name in CORPORA):
        scored = dataset.split("test").select(output.clip_scores["filename"].tolist())
        strong = folder.config.get("supervision") == "strong"
        counts = paper_counts(output.frame_scores, output.clip_scores, scored, strong=strong)
        write_counts(counts, folder.file("paper_counts.parquet"))
        metrics["paper_compat"] = paper_metrics(counts)
    write_tsv(output.events, folder.file("events.tsv"))
    if tuned is not None:
        storage.write_json(folder.file("tuned.json"), {"format": TUNED_FORMAT, **tuned.description()})
    storage.write_json(folder.file("metrics.json"), metrics)
    outputs = {"counts.parquet": output}
    if tuned is not None:
        outputs["tuned_counts.parquet"] = replace(output, decoder=tuned.decoder)
    write_clip_counts(
        folder,
        dataset.split("test"),
        outputs,
        resolution=settings.resolution,
        collar=settings.collar,
        offset_tolerance_ratio=settings.offset_tolerance_ratio,
    )
    write_curve(folder, dataset.split("test"), output, resolution=settings.resolution)
    write_extracts(folder, dataset, output)
    return metrics


def _validation(
    folder: RunFolder, dataset: Dataset, settings: EvaluationSettings, *, allow_missing: bool
) -> tuple[SystemOutput, Dataset]:
    """Read the run's output for the validation clips, and select their reference."""
    output = SystemOutput(folder.validation_scores, folder.validation_clip_scores, decoder_of(settings))
    reference = dataset.split("validate")
    return output, reference.select(output.clip_scores["filename"].tolist()) if allow_missing else reference


def _tuned(
    folder: RunFolder, dataset: Dataset, settings: EvaluationSettings, output: SystemOutput, reference: Dataset
) -> Tuned | None:
    if settings.tune is None:
        for name in ("tuned.json", "tuned_counts.parquet"):
            folder.file(name).unlink(missing_ok=True)
        return None
    return tune(
        output,
        reference,
        held_out=[*dataset.split("test").clips["filename"], *folder.clip_scores["filename"]],
        parameters=settings.tune,
        objective=settings.tune_on,
        resolution=settings.resolution,
        collar=settings.collar,
        offset_tolerance_ratio=settings.offset_tolerance_ratio,
    )
