"""Joining a detector with data: features for a dataset, targets for its supervision, training."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from sedpool.augment import NONE, Augmentation, Augmenter, PitchVariants
from sedpool.augment.prepare import AugmentationInputs, prepare_augmentation
from sedpool.datasets.base import Dataset
from sedpool.errors import ConfigError, DataError
from sedpool.events import empty_events
from sedpool.features.prepare import PreparedDataset, prepare
from sedpool.features.store import Extractor, n_frames
from sedpool.inference.trained_detector import TrainedDetector, TrainingResult, score
from sedpool.models.detector import Detector, check_patch
from sedpool.regions import tag_values
from sedpool.runtime.arrays import Float32Array
from sedpool.training.batches import Patches
from sedpool.training.checkpoint import assign, values_of
from sedpool.training.loop import on_clips_and_frames, train
from sedpool.training.packing import FitPacker
from sedpool.training.recipe import STUDY, Recipe
from sedpool.training.sampling import Sampling, from_active_clips, in_turn
from sedpool.training.targets import (
    Labels,
    clip_targets,
    frame_targets,
    mixed_targets,
    pseudo_labels,
    unknown_throughout,
)

logger = logging.getLogger(__name__)

EventScore = Callable[[pd.DataFrame, Dataset], float | None]
"""Says how well frame scores (see `sedpool.scores`) locate the events of a dataset; None where that is undefined."""


def fit(
    detector: Detector,
    train: Dataset,
    *,
    validate: Dataset,
    features: Extractor,
    recipe: Recipe = STUDY,
    seed: int = 0,
    augmentation: Augmentation = NONE,
    cache: str | Path = "data/features",
    progress: bool = True,
    event_score: EventScore | None = None,
) -> TrainedDetector:
    """Train a detector; the notebook's counterpart of ``train.py``.

    Parameters
    ----------
    detector : Detector
        From `build_detector`; trained in place.
    train, validate : Dataset
        With tags, or events for a detector with strong supervision.
    features : Extractor
        Feature extractor.
    recipe : Recipe
        Hyper-parameters. `precision`, `threads` and `init_from` have no part in this: they concern how a detector is
        built, and this one is.
    seed : int
        Draws the batches. The initial weights are drawn when the backbone is built: call
        ``keras.utils.set_random_seed`` before.
    augmentation : Augmentation
        What is done to the training patches.
    cache : path-like
        Parent folder of feature stores.
    progress : bool
        Whether to show progress bars on standard error.
    event_score : callable, optional
        What a recipe with ``monitor="psds1"`` judges epochs by: `sedpool.evaluation.psds1`, which takes frame scores
        and a Dataset.

    Raises
    ------
    ConfigError
        If `augmentation` changes levels and the features are not in dB, or the recipe judges epochs by events that
        `validate` does not have.
    DataError
        If recordings cannot be used.
    """
    augmentation.check_unit(features.unit)
    recipe.check_monitor(validate.name, has_times=validate.known_events is not None)
    prepared_train, prepared_validation = (
        prepare(dataset, features, cache=cache, progress=progress) for dataset in (train, validate)
    )
    augmentation_inputs = prepare_augmentation(prepared_train, augmentation, cache=cache, progress=progress)
    result = fit_prepared(
        detector,
        prepared_train,
        prepared_validation,
        recipe,
        seed=seed,
        augmentation=augmentation_inputs,
        progress=progress,
        event_score=event_score,
    )
    patch_frames = features.n_frames(recipe.patch_duration)
    packer = FitPacker(train.name, {"train": len(train), "validate": len(validate)}, recipe, augmentation, seed)
    return TrainedDetector(detector, result, features, Path(cache), patch_frames, packer=packer)


def fit_prepared(
    detector: Detector,
    prepared_train: PreparedDataset,
    prepared_validation: PreparedDataset,
    recipe: Recipe,
    *,
    seed: int,
    augmentation: AugmentationInputs | None = None,
    folder: Path | None = None,
    progress: bool = True,
    meters: Sequence[keras.callbacks.Callback] = (),
    event_score: EventScore | None = None,
    report_epoch: Callable[[int | None, Mapping[str, Any]], None] | None = None,
    stops_on_interrupt: bool = False,
) -> TrainingResult:
    """Train a detector on prepared data, in rounds where the recipe asks for self-training.

    The last round leaves its files in `folder`, those before it in ``rounds/0`` (from tags), ``rounds/1`` and so on. A
    round that was finished before an interruption is not repeated: its last checkpoint holds its result.

    Parameters
    ----------
    detector, prepared_train, prepared_validation, recipe, seed, augmentation, event_score
        See `fit`.
    folder, progress, meters
        See `sedpool.training.loop.train`.
    report_epoch : callable, optional
        Takes the round of self-training, None for the last one, and every row of ``history.csv`` when it is recorded.
    stops_on_interrupt : bool
        See `sedpool.training.loop.train`; only the last round can be stopped so.

    Raises
    ------
    TrainingError, StorageError, ConfigError
        See `sedpool.training.loop.train`.
    """
    recipe.check_supervision(detector.supervision)
    recipe.check_monitor(
        prepared_validation.dataset.name, has_times=prepared_validation.dataset.known_events is not None
    )
    if recipe.monitor == "psds1" and event_score is None:
        raise ConfigError("monitor='psds1': nothing measures it; give event_score=sedpool.evaluation.psds1")
    judge = event_score and partial(_score_events, event_score, detector, prepared_validation)
    augmentation = augmentation or AugmentationInputs()
    drawn: dict[str, Any] = (
        {"n_batches": recipe.validation_batches, "seed": seed + 1} if recipe.validation == "random" else {}
    )
    parts = prepared_train, prepared_validation
    targets, of_validation = (_targets(detector, prepared, recipe) for prepared in parts)
    partly_known = any(labels.dtype != bool for some in (targets, of_validation) for labels in some.values())
    clip_row = partly_known and on_clips_and_frames(detector, recipe)
    if clip_row and detector.supervision == "strong":
        targets, of_validation = map(_with_empty_row, (targets, of_validation))
    validation = _patches(detector, prepared_validation, recipe, of_validation, clip_row=clip_row, **drawn)
    n_rounds = recipe.self_training_rounds
    initial = values_of(detector.network.variables) if n_rounds else []
    for number in range(n_rounds + 1):
        if n_rounds:
            of_clips = number == 0 and detector.supervision == "weak"
            logger.info(f"self-training: round {number} of {n_rounds}, labels of {'clips' if of_clips else 'frames'}")
        if number > 0:
            targets = dict(_pseudo_targets(detector, prepared_train, recipe))
            clip_row = clip_row if detector.supervision == "strong" else partly_known
            targets = _with_empty_row(targets) if clip_row else targets
            if recipe.self_training_start == "fresh":
                assign(detector.network.variables, initial, "network")
        result = train(
            detector,
            _training_patches(detector, prepared_train, recipe, augmentation, seed, targets, clip_row),
            validation,
            recipe,
            frames_are_labelled=number > 0,
            partly_known=partly_known,
            folder=folder / "rounds" / str(number) if folder and number < n_rounds else folder,
            progress=progress,
            meters=meters,
            event_score=judge,
            report_epoch=report_epoch and partial(report_epoch, number if number < n_rounds else None),
            stops_on_interrupt=stops_on_interrupt and number == n_rounds,
        )
    return result


def _score_events(event_score: EventScore, detector: Detector, prepared: PreparedDataset) -> float | None:
    """Score prepared data as the detector is now, and how well that locates its events."""
    return event_score(score(detector, prepared)[0], prepared.dataset)


def _pseudo_targets(detector: Detector, prepared: PreparedDataset, recipe: Recipe) -> dict[str, Float32Array]:
    """Label the input frames of every clip by what the detector says of it, and by its tags or its events.

    With events it is self-distillation: the mean of a frame's label and its probability.
    """
    scores, _ = score(detector, prepared)
    by_clip = dict(list(scores.groupby("filename", sort=False)))
    share = recipe.pseudo_label_share if recipe.pseudo_labels == "hard" else None
    strong = detector.supervision == "strong"
    if strong:
        known: Mapping[str, Labels] = _targets(detector, prepared, recipe)
    else:
        tags = prepared.dataset.tags
        tagged = zip(tags.index, tag_values(tags), strict=True)
        known = {filename: labels for filename, labels in tagged if not np.isnan(labels).all()}
    targets = {}
    for filename, labels in known.items():
        frames = by_clip[filename][list(detector.classes)].to_numpy(dtype=np.float32)
        found = np.repeat(frames if strong else pseudo_labels(frames, labels, share), detector.reduction, axis=0)
        length = n_frames(prepared.features, filename)  # the last output frame holds to the end
        found = np.pad(found, ((0, max(0, length - len(found))), (0, 0)), "edge")[:length]
        targets[filename] = (found + labels) / 2 if strong else found
    return targets


def _training_patches(
    detector: Detector,
    prepared: PreparedDataset,
    recipe: Recipe,
    augmentation: AugmentationInputs,
    seed: int,
    targets: Mapping[str, Labels],
    clip_row: bool,
) -> Patches:
    settings = augmentation.settings
    bag = settings.bag_duration and tuple(
        _patch_frames(detector, prepared, seconds) for seconds in settings.bag_duration
    )
    if bag:
        check_patch(bag[0], detector.min_frames, "augment.bag_duration")
    sampling: Sampling = in_turn
    if recipe.active_clips and recipe.patches_per_clip and recipe.max_patches_per_clip:
        sampling = from_active_clips(recipe.active_clips, recipe.patches_per_clip, recipe.max_patches_per_clip)
    return _patches(
        detector,
        prepared,
        recipe,
        targets,
        versions=augmentation.versions,
        # One pass over the clips, however many versions there are of each.
        n_batches=recipe.batches_per_epoch or -(-len(targets) // recipe.batch_size),
        seed=seed,
        sampling=sampling,
        augmenter=Augmenter(settings, prepared.extractor.silence, augmentation.backgrounds)
        if settings != NONE
        else None,
        bag_frames=bag,
        clip_row=clip_row,
    )


def _patch_frames(detector: Detector, prepared: PreparedDataset, seconds: float) -> int:
    """Input frames of a patch; for a strong model those that have an output, and no others."""
    frames = prepared.extractor.n_frames(seconds)
    return frames - frames % detector.min_frames if detector.supervision == "strong" else frames


def _patches(
    detector: Detector,
    prepared: PreparedDataset,
    recipe: Recipe,
    targets: Mapping[str, Labels],
    *,
    versions: Mapping[float, Mapping[str, Float32Array]] | None = None,
    **draws: Any,
) -> Patches:
    return Patches(
        PitchVariants(versions) if versions else prepared.features,
        PitchVariants(dict.fromkeys(versions, targets)) if versions else targets,
        patch_frames=_patch_frames(detector, prepared, recipe.patch_duration),
        batch_size=recipe.batch_size,
        silence=prepared.extractor.silence,
        min_activity=None if detector.supervision == "strong" else recipe.min_activity,
        **draws,
    )


def _targets(detector: Detector, prepared: PreparedDataset, recipe: Recipe) -> dict[str, Labels]:
    """Return the labels of the clips of which anything is known; of the others nothing is learnt, not even statistics.

    Raises
    ------
    ConfigError
        If classes differ, or times are needed and there are none.
    DataError
        If nothing is known of any clip.
    """
    dataset = prepared.dataset
    detector.check_classes(dataset.classes, f"dataset {dataset.name}")
    lengths = {name: n_frames(prepared.features, name) for name in dataset.clips["filename"]}
    frame_rate = prepared.extractor.frame_rate
    targets: dict[str, Labels]
    if detector.supervision == "mixed":
        events = empty_events() if dataset.events is None else dataset.events
        targets = mixed_targets(dataset.tags, dataset.located, events, lengths, frame_rate, dataset.regions)
    elif detector.supervision == "weak" and recipe.min_activity is None:
        targets = clip_targets(dataset.tags)
    elif dataset.events is None:
        raise ConfigError(
            f"dataset {dataset.name} has no strong labels: use supervision=weak and training.min_activity=null"
        )
    else:
        if detector.supervision == "strong" and (n_tagged := int((~dataset.located).sum())):
            raise ConfigError(
                f"dataset {dataset.name}: {n_tagged} of {len(dataset)} clips have tags without times, which "
                "supervision=strong cannot learn from; set supervision=mixed"
            )
        targets = frame_targets(
            dataset.events,
            lengths,
            detector.classes,
            frame_rate,
            dataset.regions,
            unknown_throughout(dataset.tags, dataset.events, dataset.regions),
        )
    known = {name: labels for name, labels in targets.items() if labels.dtype == bool or not np.isnan(labels).all()}
    if not known:
        raise DataError(f"dataset {dataset.name}: no label of these {len(dataset)} clips is known; label some of them")
    if left_out := len(targets) - len(known):
        logger.info(f"{left_out} of {len(targets)} clips are left out of the losses, as none of their labels is known")
    return known


def _with_empty_row(targets: Mapping[str, Labels]) -> dict[str, Labels]:
    """Put a row for the clip before the labels of frames: it has what these have."""
    return {
        name: np.pad(labels.astype(np.float32), ((1, 0), (0, 0)), constant_values=np.nan)
        for name, labels in targets.items()
    }
