"""What happens between epochs: the record of the run and its display."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column
from sklearn.metrics import average_precision_score

from sedpool import storage
from sedpool.errors import TrainingError
from sedpool.models.detector import Detector
from sedpool.run_folder import AT_BOUND
from sedpool.training.batches import Patches

logger = logging.getLogger(__name__)

_REMEDY = "lower training.learning_rate; the last good checkpoint is kept"
_BARS = "▁▂▃▄▅▆▇█"
SHOWN = {"loss": "loss", "accuracy": "acc", "val_loss": "val loss", "val_accuracy": "val acc"}


class Rows(keras.callbacks.Callback):
    """Collects rows and writes them to a CSV file as training goes.

    Parameters
    ----------
    path : Path or None
        The CSV file; None keeps the rows in memory only.
    """

    remembered = ("rows",)
    columns: tuple[str, ...] | None = None
    """Names of the columns; None where each row names its own."""

    def __init__(self, path: Path | None) -> None:
        super().__init__()
        self.path = path
        self.rows: list[Any] = []

    @property
    def table(self) -> pd.DataFrame:
        """The rows so far."""
        return pd.DataFrame(self.rows, columns=self.columns)

    def add(self, rows: Iterable[Any]) -> None:
        """Record rows, and write all of them to the file."""
        self.rows += rows
        if self.path:
            storage.write_csv(self.path, self.table)


class History(Rows):
    """Records one row per epoch: its measures and its learning rate.

    Parameters
    ----------
    path : Path or None
        The CSV file; None keeps the rows in memory only.
    report : callable, optional
        Takes every row when it is recorded.
    """

    def __init__(self, path: Path | None, report: Callable[[Mapping[str, Any]], None] | None = None) -> None:
        super().__init__(path)
        self.report = report

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Record the epoch."""
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.add([{"epoch": epoch + 1, **(logs or {}), "learning_rate": rate}])
        if self.report:
            self.report(self.rows[-1])


class ClassHistory(Rows):
    """Records rows per class before training and after each epoch; `class_rows` says which."""

    def class_rows(self, epoch: int) -> Iterable[list[Any]]:
        """Make the rows of one epoch, counted from 1; 0 is before training."""
        raise NotImplementedError

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Record the start as epoch 0."""
        if epoch == 0 and not self.rows:
            self.add(self.class_rows(0))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Record the epoch."""
        self.add(self.class_rows(epoch + 1))


class AlphaHistory(ClassHistory):
    """Records every class's α before training and after each epoch, and adds what became of them to the epoch's row.

    The row gets `alpha_change`, the largest change of an α in the epoch, and with CAP `alpha_at_bound`, the share of
    classes whose α is at its bound: as long as that is 0 the run equals AutoPool's.

    Parameters
    ----------
    detector : Detector
        With a pooling that has an `alpha`.
    path : Path or None
        The CSV file; None keeps the rows in memory only.
    """

    columns = "epoch", "event_label", "alpha", "bound"
    """The bound is missing without CAP."""

    def __init__(self, detector: Detector, path: Path | None) -> None:
        super().__init__(path)
        self.detector = detector

    def class_rows(self, epoch: int) -> list[list[Any]]:
        """Read every α."""
        alphas = np.ravel(keras.ops.convert_to_numpy(self.detector.pooling.alpha))
        bound = self.detector.pooling.alpha_max
        return [[epoch, label, float(alpha), bound] for label, alpha in zip(self.detector.classes, alphas, strict=True)]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Record the epoch."""
        before = [alpha for _, _, alpha, _ in self.rows[-len(self.detector.classes) :]]
        super().on_epoch_end(epoch)
        alphas, bounds = zip(*(row[2:] for row in self.rows[-len(self.detector.classes) :]), strict=True)
        if logs is not None:
            logs["alpha_change"] = float(np.abs(np.subtract(alphas, before)).max())
            if bounds[0] is not None:
                logs["alpha_at_bound"] = float(np.mean(np.abs(alphas) >= AT_BOUND * np.array(bounds)))


class Monitor(keras.callbacks.Callback):
    """Adds to an epoch's row what validation must improve, as `monitored`: a number that is better if it is higher.

    Parameters
    ----------
    kind : {'loss', 'map', 'psds1'}
        The negative validation loss; the macro-averaged average precision of clips, which is added as `val_map` too; or
        what `event_score` returns, which is added as `val_psds1` too. Epochs in which that is 0, as at the beginning
        where there are few clips, are judged by the negative loss, below all others.
    detector : Detector
        The network that is trained.
    validation : Patches
        With labels of clips, or of frames, whose highest counts for the clip. What is unknown is left out, and so are
        classes that no patch has.
    event_score : callable, optional
        Scores validation as the network is now; None where it is undefined.
    """

    def __init__(
        self,
        kind: str,
        detector: Detector,
        validation: Patches,
        event_score: Callable[[], float | None] | None = None,
    ) -> None:
        super().__init__()
        self.kind = kind
        self.detector = detector
        self.validation = validation
        self.event_score = event_score

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure the epoch."""
        if self.kind == "loss":
            logs["monitored"] = -logs["val_loss"]
            return
        if self.kind == "psds1":
            value = self.event_score() if self.event_score else None
            if value is None:
                raise TrainingError(
                    "training.monitor=psds1: no validation clip has any event; monitor loss or accuracy"
                )
            logs["val_psds1"] = value
            logs["monitored"] = value or -logs["val_loss"]
            return
        batches = [self.validation[index] for index in range(len(self.validation))]
        labels = np.concatenate([self.validation.clip_labels(y) for _, y in batches])
        scores = np.concatenate([self.detector.predict(x)["clip"] for x, _ in batches])
        known, labels = ~np.isnan(labels), labels > 0.5
        precisions = [
            average_precision_score(labels[rows, column], scores[rows, column])
            for column, rows in enumerate(known.T)
            if labels[:, column].any()
        ]
        if not precisions:
            raise TrainingError("training.monitor=map: no validation clip has any class; monitor loss or accuracy")
        logs["val_map"] = float(np.mean(precisions))
        logs["monitored"] = logs["val_map"]


class KeepBest(keras.callbacks.Callback):
    """Keeps the weights of the epoch that validation likes best, and hands them back at the end.

    Attributes
    ----------
    best : float
        The best value of what is monitored so far.
    best_epoch : int
        When it was reached, counted from 1.
    weights : list of ndarray
        The network's weights then.
    """

    remembered = ("best", "best_epoch")

    def __init__(self, monitor: str) -> None:
        super().__init__()
        self.monitor = monitor
        self.best = -np.inf
        self.best_epoch = 0
        self.weights: list[Any] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Remember the weights if they are better than any before, by more than rounding, as early stopping sees it."""
        value = float(np.float32((logs or {})[self.monitor]))
        if value > self.best:
            self.best, self.best_epoch = value, epoch + 1
            self.weights = self.model.get_weights()

    def on_train_end(self, logs: Any = None) -> None:
        """Restore the best weights."""
        if self.weights:
            self.model.set_weights(self.weights)


class StopOnNaN(keras.callbacks.Callback):
    """Ends the run when the loss or a weight is no longer a number.

    The weights are looked at too, since a maximum or a clipping on the way can turn NaN into a harmless-looking loss.
    """

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Check the loss."""
        loss = float((logs or {}).get("loss", 0.0))
        if not np.isfinite(loss):
            raise TrainingError(f"the loss became {loss} at batch {batch}; {_REMEDY}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Check the weights."""
        check_weights(self.model)


def check_weights(network: keras.Model) -> None:
    """See that every weight is a number.

    Raises
    ------
    TrainingError
        If one is NaN or infinite.
    """
    values = keras.ops.convert_to_numpy
    broken = [variable.path for variable in network.weights if not np.isfinite(values(variable)).all()]
    if broken:
        raise TrainingError(f"weights became NaN or infinite ({broken[0]}); {_REMEDY}")


class ProgressBar(keras.callbacks.Callback):
    """A line on standard error: epoch, batches, time left, the course of validation, loss and clips a second.

    After an epoch a line stays: its accuracies, time and energy, and how long the epochs that are left may take.

    Parameters
    ----------
    clips_per_batch : int
        For the speed.
    history : History
        The epochs so far; this callback comes after the one that records them.
    best : KeepBest
        The best of them, which comes before it too.
    """

    def __init__(self, clips_per_batch: int, history: History, best: KeepBest) -> None:
        super().__init__()
        self.clips_per_batch = clips_per_batch
        self.history = history
        self.best = best
        one_line = Column(no_wrap=True, overflow="ellipsis")
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            TextColumn("{task.fields[status]}", table_column=one_line),
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
        """Restart the bar, and draw the course so far."""
        self._epoch, self._began, self._seen = epoch, time.perf_counter(), 0
        self._course = ""
        if self.history.rows:
            drawn = sparkline([float(row[self.best.monitor]) for row in self.history.rows])
            shown = "" if self.progress.console.options.ascii_only else f"{drawn} "
            self._course = f"{shown}best: epoch {self.best.best_epoch}  "
        description = f"epoch {epoch + 1}/{self.params['epochs']}"
        self.progress.reset(self.task, description=description, total=self.params["steps"], status=self._course)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Advance the bar."""
        self._seen += self.clips_per_batch
        speed = self._seen / (time.perf_counter() - self._began)
        left = self.time_left(self.params["epochs"] - self._epoch - (batch + 1) / self.params["steps"])
        loss = (logs or {}).get("loss", float("nan"))
        status = f"{left}{self._course}loss {loss:.4f}  {speed:.0f} clips/s"
        self.progress.update(self.task, completed=batch + 1, status=status)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Leave one line per epoch behind."""
        row = logs or {}
        values = "  ".join(f"{name} {row[key]:.3f}" for key, name in SHOWN.items())
        speed = f"{row['clips_per_second']:.0f} clips/s  waiting {row['data_wait']:.0%}  {row['seconds']:.0f} s"
        energy = f"  {row['energy_wh']:.2g} Wh" if "energy_wh" in row else ""
        left = self.time_left(self.params["epochs"] - epoch - 1).rstrip()
        logger.info(f"epoch {epoch + 1:3d}  {values}  {speed}{energy}{left and '  ' + left}")

    def time_left(self, n_epochs: float) -> str:
        """Say how long so many epochs take, if none is the last before its time; empty where it is not known yet."""
        seconds = [row["seconds"] for row in self.history.rows]
        if not seconds or n_epochs <= 0:
            return ""
        return f"at most {timedelta(seconds=round(n_epochs * float(np.median(seconds))))} left  "


def sparkline(values: Sequence[float], width: int = 12) -> str:
    """Draw the last values as a row of bars, from the lowest to the highest of them.

    Parameters
    ----------
    values : sequence of float
        What to draw.
    width : int
        At most so many.

    Examples
    --------
    >>> sparkline([0.5, 0.6, 0.9, 0.8])
    '▁▃█▆'
    """
    shown = np.asarray(values, dtype=float)[-width:]
    height = np.ptp(shown) or 1.0
    return "".join(_BARS[round(float(value) * (len(_BARS) - 1))] for value in (shown - shown.min()) / height)
