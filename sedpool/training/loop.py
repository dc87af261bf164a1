"""Training a detector by a recipe."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import keras

from sedpool.inference.trained_detector import TrainingResult
from sedpool.models.detector import Detector
from sedpool.settings.identity import recorded_form
from sedpool.storage import hash_value
from sedpool.training.batches import Patches
from sedpool.training.callbacks import AlphaHistory, History, KeepBest, Monitor, ProgressBar, StopOnNaN
from sedpool.training.checkpoint import Checkpoints
from sedpool.training.gradient_share import GradientShare
from sedpool.training.losses import (
    clip_accuracy,
    frame_and_clip_loss,
    known_accuracy,
    known_clip_accuracy,
    known_cross_entropy,
    known_pairs,
    known_share,
    mixed_loss,
)
from sedpool.training.optimizer import Adam
from sedpool.training.recipe import Recipe
from sedpool.training.session import Session

MIN_DELTA = 0.0
"""By how much what is monitored must rise to count as better: by however little, for schedules and the kept epoch.

The paper does not say. Keras's default is this for early stopping and 1e-4 for the learning rate.
"""


def train(
    detector: Detector,
    training: Patches,
    validation: Patches,
    recipe: Recipe,
    *,
    frames_are_labelled: bool = False,
    partly_known: bool = False,
    folder: Path | None = None,
    progress: bool = True,
    meters: Sequence[keras.callbacks.Callback] = (),
    event_score: Callable[[], float | None] | None = None,
    report_epoch: Callable[[Mapping[str, Any]], None] | None = None,
    stops_on_interrupt: bool = False,
) -> TrainingResult:
    """Train `detector` in place; it ends with the weights of its best epoch.

    Parameters
    ----------
    detector : Detector
        Untrained, or to be trained further.
    training, validation : Patches
        With targets of the detector's supervision.
    recipe : Recipe
        Hyper-parameters.
    frames_are_labelled : bool
        Whether the training patches of a weakly supervised detector have targets for every input frame, as in
        self-training. Those of validation are of clips all the same.
    partly_known : bool
        Whether some targets are soft or unknown (NaN), which then count neither in losses nor in means. Those of clips
        and frames at once have a row for the clip (see `Patches`).
    folder : Path, optional
        Where ``history.csv``, ``alpha.csv``, ``gradient_share.csv`` and ``checkpoint/`` grow during training. Training
        goes on from the last checkpoint there.
    progress : bool
        Whether to show a progress bar on standard error.
    meters : sequence of keras.callbacks.Callback
        What else adds to an epoch's row, e.g. its energy.
    event_score : callable, optional
        Scores validation as the network is now, for a recipe with ``monitor="psds1"``.
    report_epoch : callable, optional
        Takes every row of ``history.csv`` when it is recorded.
    stops_on_interrupt : bool
        Whether the first interrupt (Ctrl-C) after an epoch ends training with the best epoch so far, as early stopping
        does. The second one ends everything.

    Raises
    ------
    TrainingError
        If the loss is no longer a number.
    StorageError
        If no checkpoint in the folder is intact, or the disk is full.
    ConfigError
        If the checkpoint has other classes, clips, labels or settings.
    """
    training_model = validation_model = detector.training_model
    weigh_training = weigh_validation = known_share if partly_known else None
    compile_for_training(validation_model, recipe, partly_known=partly_known)
    if frames_are_labelled or on_clips_and_frames(detector, recipe):
        training_model = detector.clip_and_frame_model
        compile_for_training(training_model, recipe, reduction=detector.reduction, partly_known=partly_known)
        weigh_training = partial(known_pairs, reduction=detector.reduction) if partly_known else None
        if not frames_are_labelled:
            validation_model, weigh_validation = training_model, weigh_training
    history = History(folder and folder / "history.csv", report_epoch)
    judged = None if recipe.monitor == "accuracy" else Monitor(recipe.monitor, detector, validation, event_score)
    monitored = "monitored" if judged else "val_accuracy"
    best = KeepBest(monitored)
    alpha = share = None
    if detector.supervision != "strong":
        share = GradientShare(detector, validation, folder and folder / "gradient_share.csv")
        if detector.pooling.alpha is not None:
            alpha = AlphaHistory(detector, folder and folder / "alpha.csv")
    bar = ProgressBar(training.batch_size, history, best) if progress else None
    better = {"monitor": monitored, "mode": "max", "min_delta": MIN_DELTA}
    schedules = [
        keras.callbacks.ReduceLROnPlateau(**better, factor=recipe.lr_factor, patience=recipe.lr_patience),
        keras.callbacks.EarlyStopping(**better, patience=recipe.early_stopping_patience),
    ]
    records = [record for record in (alpha, share, *meters, history, best, bar) if record]
    callbacks = [StopOnNaN(), *([judged] if judged else []), *schedules, *records]
    session = Session(
        training_model,
        validation_model,
        callbacks,
        best,
        Checkpoints(folder / "checkpoint") if folder else None,
        {
            "classes": list(detector.classes),
            "training clips or labels": training.identity,
            "validation clips or labels": validation.identity,
            # Where the weights to start from lie says nothing of what they are.
            "settings": hash_value(
                recorded_form("training", asdict(recipe)) | {"init_from": None, "seed": training.seed}
            ),
        },
        weigh_training=weigh_training,
        weigh_validation=weigh_validation,
    )
    try:
        with session.stop.listening(best) if stops_on_interrupt else nullcontext():
            session.run(training, validation, recipe.epochs)
    finally:
        if bar:
            bar.on_train_end()
    return TrainingResult(
        history.table, alpha.table if alpha else None, best.best_epoch, share.table if share else None
    )


def on_clips_and_frames(detector: Detector, recipe: Recipe) -> bool:
    """Whether the labels of a corpus train the predictions of clips and of frames at once."""
    return detector.supervision == "mixed" or (detector.supervision == "strong" and recipe.clip_loss_weight > 0)


def compile_for_training(
    training_model: keras.Model, recipe: Recipe, *, reduction: int | None = None, partly_known: bool = False
) -> None:
    """Give a model the recipe's optimiser, loss and metric.

    Parameters
    ----------
    training_model : keras.Model
        One of a detector's.
    recipe : Recipe
        Hyper-parameters.
    reduction : int, optional
        Input frames per output frame, for a `sedpool.models.Detector.clip_and_frame_model`.
    partly_known : bool
        Whether some labels are soft or unknown (NaN).
    """
    if reduction is not None and partly_known:
        loss, right = mixed_loss(recipe.clip_loss_weight, reduction), known_clip_accuracy
    elif reduction is not None:
        loss, right = frame_and_clip_loss(recipe.clip_loss_weight, reduction), clip_accuracy
    elif partly_known:
        loss, right = known_cross_entropy, known_accuracy
    else:
        loss, right = keras.losses.BinaryCrossentropy(), None
    accuracy = keras.metrics.BinaryAccuracy(name="accuracy")
    if right is not None:
        accuracy = keras.metrics.MeanMetricWrapper(right, name="accuracy")
    training_model.compile(
        optimizer=Adam(learning_rate=recipe.learning_rate, alpha_lr_multiplier=recipe.alpha_lr_multiplier),
        loss=loss,
        metrics=[accuracy],
        jit_compile=keras.backend.backend() == "jax",  # on TensorFlow's CPUs its compiler is slower than oneDNN
    )
