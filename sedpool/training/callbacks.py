"""What happens between epochs: the record of the run and its display."""

import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sedpool import storage
from sedpool.errors import TrainingError
from sedpool.log import say
from sedpool.models.detector import Detector

SHOWN = {"loss": "loss", "accuracy": "acc", "val_loss": "val loss", "val_accuracy": "val acc"}


class History(keras.callbacks.Callback):
    """Collects one row an epoch and writes it to a CSV file as training goes.

    Parameters
    ----------
    patches_per_epoch : int
        For the throughput.
    path : Path or None
        The CSV file; None keeps the rows in memory only.
    """

    def __init__(self, patches_per_epoch: int, path: Path | None) -> None:
        super().__init__()
        self.patches_per_epoch = patches_per_epoch
        self.path = path
        self.rows: list[dict[str, float]] = []
        self._began = self._validation_began = 0.0

    @property
    def table(self) -> pd.DataFrame:
        """The rows so far."""
        return pd.DataFrame(self.rows)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the clock."""
        self._began, self._validation_began = time.perf_counter(), 0.0

    def on_test_begin(self, logs: Any = None) -> None:
        """Stop the training clock: throughput counts training steps only."""
        self._validation_began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Record the epoch."""
        now = time.perf_counter()
        training_seconds = (self._validation_began or now) - self._began
        row = {name: float(value) for name, value in (logs or {}).items()}
        row["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        row["clips_per_second"] = round(self.patches_per_epoch / training_seconds, 2)
        row["seconds"] = round(now - self._began, 3)
        self.rows.append({"epoch": epoch + 1, **row})
        if self.path:
            _write_csv(self.table, self.path)


class AlphaHistory(keras.callbacks.Callback):
    """Records every class's α before training and after each epoch.

    Parameters
    ----------
    detector : Detector
        With a pooling that has an `alpha`.
    path : Path or None
        The CSV file; None keeps the rows in memory only.
    """

    def __init__(self, detector: Detector, path: Path | None) -> None:
        super().__init__()
        self.detector = detector
        self.path = path
        self.tables: list[pd.DataFrame] = []

    def on_train_begin(self, logs: Any = None) -> None:
        """Record the start as epoch 0."""
        self._record(0)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Record the epoch."""
        self._record(epoch + 1)

    def _record(self, epoch: int) -> None:
        alpha = np.ravel(keras.ops.convert_to_numpy(self.detector.pooling.alpha))
        bound = getattr(self.detector.pooling, "alpha_bound", None)
        columns = {"epoch": epoch, "event_label": self.detector.classes, "alpha": alpha, "bound": bound}
        self.tables.append(pd.DataFrame(columns))
        if self.path:
            _write_csv(pd.concat(self.tables), self.path)


class KeepBest(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the best validation accuracy, and hands them back at the end.

    Attributes
    ----------
    best : float
        The best accuracy so far.
    best_epoch : int
        When it was reached, counted from 1.
    """

    def __init__(self, monitor: str) -> None:
        super().__init__()
        self.monitor = monitor
        self.best = -np.inf
        self.best_epoch = 0
        self._weights: list[Any] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Remember the weights if they are better than any before."""
        value = float((logs or {})[self.monitor])
        if value > self.best:
            self.best, self.best_epoch = value, epoch + 1
            self._weights = self.model.get_weights()

    def on_train_end(self, logs: Any = None) -> None:
        """Restore the best weights."""
        if self._weights:
            self.model.set_weights(self._weights)


class StopOnNaN(keras.callbacks.Callback):
    """Ends the run when the loss or a weight is no longer a number.

    The weights are looked at too, since a maximum or a clipping on the way can turn NaN into a harmless-looking loss.
    """

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Check the loss."""
        loss = float((logs or {}).get("loss", 0.0))
        if not np.isfinite(loss):
            raise TrainingError(f"the loss became {loss} at batch {batch}; lower training.learning_rate and run again")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Check the weights."""
        broken = [variable.path for variable in self.model.weights if not _is_finite(variable)]
        if broken:
            raise TrainingError(
                f"weights became NaN or infinite in epoch {epoch + 1} ({broken[0]}); "
                "lower training.learning_rate and run again"
            )


class ProgressBar(keras.callbacks.Callback):
    """A line on standard error: epoch, batches, loss, accuracies, clips a second.

    Parameters
    ----------
    history : History
        Of the same training; must come before this callback.
    """

    def __init__(self, history: History) -> None:
        super().__init__()
        self.history = history
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[status]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )

    def on_train_begin(self, logs: Any = None) -> None:
        """Show the bar."""
        self.task = self.progress.add_task("training", total=self.params["steps"], status="")
        self.progress.start()

    def on_train_end(self, logs: Any = None) -> None:
        """Remove the bar."""
        self.progress.stop()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Restart the bar."""
        self._began = time.perf_counter()
        description = f"epoch {epoch + 1}/{self.params['epochs']}"
        self.progress.reset(self.task, description=description, total=self.params["steps"], status="")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Advance the bar."""
        clips = (batch + 1) * self.history.patches_per_epoch / self.params["steps"]
        speed = clips / (time.perf_counter() - self._began)
        status = f"loss {(logs or {}).get('loss', float('nan')):.4f}  {speed:.0f} clips/s"
        self.progress.update(self.task, completed=batch + 1, status=status)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Leave one line an epoch behind."""
        row = self.history.rows[-1]
        values = "  ".join(f"{name} {row[key]:.3f}" for key, name in SHOWN.items())
        say(f"epoch {epoch + 1:3d}  {values}  {row['clips_per_second']:.0f} clips/s")


def _is_finite(variable: Any) -> bool:
    return bool(np.isfinite(keras.ops.convert_to_numpy(variable)).all())


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    storage.write_text(path, table.to_csv(index=False, lineterminator="\n"))
