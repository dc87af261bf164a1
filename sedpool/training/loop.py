"""Training a detector by a recipe."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import pandas as pd

from sedpool.models.detector import Detector
from sedpool.training.batches import Patches, SetEpoch
from sedpool.training.callbacks import AlphaHistory, History, KeepBest, ProgressBar, StopOnNaN
from sedpool.training.optimizer import Adam
from sedpool.training.recipe import Recipe

MONITOR = "val_accuracy"


@dataclass(frozen=True)
class Outcome:
    """What a training run leaves besides the weights.

    Attributes
    ----------
    history : DataFrame
        One row an epoch.
    alpha : DataFrame or None
        `epoch, event_label, alpha, bound`; None for a pooling without α.
    best_epoch : int
        The epoch whose weights the detector now has, counted from 1.
    """

    history: pd.DataFrame
    alpha: pd.DataFrame | None
    best_epoch: int


def train(
    detector: Detector,
    training: Patches,
    validation: Patches,
    recipe: Recipe,
    *,
    folder: Path | None = None,
    progress: bool = True,
) -> Outcome:
    """Train `detector` in place; it ends with the weights of its best epoch.

    Parameters
    ----------
    detector : Detector
        Untrained, or to be trained further.
    training, validation : Patches
        With targets of the detector's supervision.
    recipe : Recipe
        Hyper-parameters.
    folder : Path, optional
        Where ``history.csv`` and ``alpha.csv`` grow during training.
    progress : bool
        Whether to show a progress bar on standard error.

    Raises
    ------
    TrainingError
        If the loss is no longer a number.
    """
    trainee = detector.trainee
    trainee.compile(
        optimizer=Adam(learning_rate=recipe.learning_rate, alpha_lr_multiplier=recipe.alpha_lr_multiplier),
        loss=keras.losses.BinaryCrossentropy(),
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy")],
        jit_compile=False,
    )
    history = History(len(training) * training.batch_size, folder and folder / "history.csv")
    best = KeepBest(MONITOR)
    alpha = AlphaHistory(detector, folder and folder / "alpha.csv") if is_adaptive(detector) else None
    bar = ProgressBar(history) if progress else None
    callbacks = [SetEpoch(training), StopOnNaN(), *_schedule(recipe), history, best]
    callbacks += [callback for callback in (alpha, bar) if callback]
    try:
        trainee.fit(
            training,
            validation_data=validation,
            epochs=recipe.epochs,
            callbacks=list(callbacks),
            shuffle=False,
            verbose=0,
        )
    finally:
        if bar:
            bar.on_train_end()
    return Outcome(history.table, pd.concat(alpha.tables) if alpha else None, best.best_epoch)


def is_adaptive(detector: Detector) -> bool:
    """Whether the pooling has an α that training changes."""
    return detector.supervision == "weak" and hasattr(detector.pooling, "alpha")


def _schedule(recipe: Recipe) -> Sequence[Any]:
    reduce = keras.callbacks.ReduceLROnPlateau(
        monitor=MONITOR, mode="max", factor=recipe.lr_factor, patience=recipe.lr_patience, min_delta=0.0
    )
    stop = keras.callbacks.EarlyStopping(monitor=MONITOR, mode="max", patience=recipe.early_stopping_patience)
    return reduce, stop
