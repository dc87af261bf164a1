"""Joining a detector with data: features for a dataset, targets for its supervision, training."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from sedpool.augment import NONE, Augmentation, Augmenter, PitchVariants
from sedpool.augment.prepare import AugmentationInputs, prepare_augmentation
from sedpool.datasets.base import Dataset
from sedpool.errors import ConfigError
from sedpool.features.prepare import PreparedDataset, prepare
from sedpool.features.store import Extractor, n_frames
from sedpool.inference.trained_detector import TrainedDetector, TrainingResult
from sedpool.models.detector import Detector, check_patch
from sedpool.runtime.arrays import Float32Array
from sedpool.training.batches import Patches
from sedpool.training.loop import train
from sedpool.training.packing import FitPacker
from sedpool.training.recipe import STUDY, Recipe
from sedpool.training.sampling import Sampling, from_active_clips, in_turn
from sedpool.training.targets import frame_targets


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

    Raises
    ------
    ConfigError
        If `augmentation` changes levels and the features are not in dB.
    DataError
        If recordings cannot be used.
    """
    augmentation.check_unit(features.unit)
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
) -> TrainingResult:
    """Train a detector on prepared data; see `sedpool.training.loop.train`."""
    training = _training_patches(detector, prepared_train, recipe, augmentation or AugmentationInputs(), seed)
    drawn: dict[str, Any] = (
        {"n_batches": recipe.validation_batches, "seed": seed + 1} if recipe.validation == "random" else {}
    )
    validation = _patches(detector, prepared_validation, recipe, **drawn)
    return train(detector, training, validation, recipe, folder=folder, progress=progress, meters=meters)


def _training_patches(
    detector: Detector, prepared: PreparedDataset, recipe: Recipe, augmentation: AugmentationInputs, seed: int
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
        versions=augmentation.versions,
        # One pass over the clips, however many versions there are of each.
        n_batches=recipe.batches_per_epoch or -(-len(prepared.dataset) // recipe.batch_size),
        seed=seed,
        sampling=sampling,
        augmenter=Augmenter(settings, prepared.extractor.silence, augmentation.backgrounds)
        if settings != NONE
        else None,
        bag_frames=bag,
    )


def _patch_frames(detector: Detector, prepared: PreparedDataset, seconds: float) -> int:
    """Input frames of a patch; for a strong model those that have an output, and no others."""
    frames = prepared.extractor.n_frames(seconds)
    return frames - frames % detector.min_frames if detector.supervision == "strong" else frames


def _patches(
    detector: Detector,
    prepared: PreparedDataset,
    recipe: Recipe,
    *,
    versions: Mapping[float, Mapping[str, Float32Array]] | None = None,
    **draws: Any,
) -> Patches:
    strong = detector.supervision == "strong"
    targets = _targets(detector, prepared, framewise=strong or recipe.min_activity is not None)
    return Patches(
        PitchVariants(versions) if versions else prepared.features,
        PitchVariants(dict.fromkeys(versions, targets)) if versions else targets,
        patch_frames=_patch_frames(detector, prepared, recipe.patch_duration),
        batch_size=recipe.batch_size,
        silence=prepared.extractor.silence,
        min_activity=None if strong else recipe.min_activity,
        **draws,
    )


def _targets(detector: Detector, prepared: PreparedDataset, *, framewise: bool) -> dict[str, Any]:
    dataset = prepared.dataset
    detector.check_classes(dataset.classes, f"dataset {dataset.name}")
    if (n_unknown := int(dataset.tags.isna().to_numpy().sum())) or len(dataset.regions):
        raise ConfigError(
            f"dataset {dataset.name}: {n_unknown} tags and {len(dataset.regions)} stretches of time are unknown, which "
            "training cannot leave out; drop their labels (- in labels.map), or leave out these clips"
        )
    if not framewise:
        return dict(zip(dataset.tags.index, dataset.tags.to_numpy(dtype=bool), strict=True))
    if dataset.events is None:
        raise ConfigError(
            f"dataset {dataset.name} has no strong labels: use supervision=weak and training.min_activity=null"
        )
    lengths = {name: n_frames(prepared.features, name) for name in dataset.clips["filename"]}
    return frame_targets(dataset.events, lengths, detector.classes, prepared.extractor.frame_rate)
