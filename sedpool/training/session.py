"""A training run in progress: its steps and epochs, and the checkpoints from which it goes on after a crash."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import keras

from sedpool.errors import ConfigError
from sedpool.training.batches import Patches, Prefetched
from sedpool.training.callbacks import KeepBest, check_weights
from sedpool.training.checkpoint import Checkpoints, Snapshot, assign, remembered, values_of
from sedpool.training.steps import Logs, steps_of

logger = logging.getLogger(__name__)

Weigh = Callable[[Any], Mapping[str, float]]

CHECKPOINT_SECONDS = 300.0
"""A checkpoint is made after every epoch, and within one when this much time has passed."""


@dataclass
class Position:
    """Where a run is, and what it has measured in the current epoch.

    Attributes
    ----------
    epoch, batch : int
        The next batch to train on.
    totals : dict of str to float
        Sums over the clips seen in the epoch, e.g. of the loss.
    clips : int
        How many those are.
    weights : dict of str to float
        What the totals are to be divided by where labels are known in part; where there is none, by `clips`.
    seconds, waited : float
        Time spent training, and the part of it spent waiting for data.
    stopped : bool
        Whether training ended before the last epoch.
    """

    epoch: int = 0
    batch: int = 0
    totals: dict[str, float] = field(default_factory=dict)
    clips: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    stopped: bool = False
    weights: dict[str, float] = field(default_factory=dict)

    def add(self, logs: Mapping[str, float], n_clips: int, weights: Mapping[str, float]) -> None:
        """Count a batch, by its clips or, where labels are known in part, by weights for each name."""
        self.batch += 1
        self.clips += n_clips
        for name, value in logs.items():
            self.totals[name] = self.totals.get(name, 0.0) + weights.get(name, n_clips) * float(value)
        for name, weight in weights.items():
            self.weights[name] = self.weights.get(name, 0.0) + weight

    def means(self) -> dict[str, float]:
        """Return the means over the clips seen, or over what is known of them; 0 where nothing is."""
        return {name: total / (self.weights.get(name, self.clips) or 1.0) for name, total in self.totals.items()}


class Stop:
    """The wish to end training with its best epoch so far: an interrupt (Ctrl-C), once; a second one ends everything.

    Attributes
    ----------
    is_asked : bool
        Whether there was an interrupt.
    """

    def __init__(self) -> None:
        self.is_asked = False

    @contextmanager
    def listening(self, best: KeepBest) -> Iterator[None]:
        """Take interrupts in the block; they are as ever while no epoch is over, in a thread, and where others do."""
        usual = signal.getsignal(signal.SIGINT)
        if usual is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
            yield
            return

        def ask(number: int, frame: Any) -> None:
            signal.signal(signal.SIGINT, usual)
            if not best.weights:
                raise KeyboardInterrupt
            self.is_asked = True
            logger.info(
                f"stopping: epoch {best.best_epoch}, the best so far, is kept and scored; Ctrl-C again ends at once"
            )

        signal.signal(signal.SIGINT, ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, usual)


class Session:
    """Trains a compiled model epoch by epoch.

    Keras's ``fit`` would do, except for two things: it cannot begin in the middle of an epoch, and it does not say how
    long it waits for data.

    Parameters
    ----------
    training_model, validation_model : keras.Model
        Compiled; the same, or two with the same weights of which each has targets of its own kind.
    callbacks : sequence of keras.callbacks.Callback
        In the order in which they are called.
    best : KeepBest
        The one of them that holds the best weights.
    checkpoints : Checkpoints or None
        Where to save; None does without.
    identity : dict
        What must be equal for a checkpoint to be this run's.
    weigh_training, weigh_validation : callable, optional
        From the labels of a batch to how much it counts in the means of an epoch, by name; by default every clip does
        alike.
    """

    def __init__(
        self,
        training_model: keras.Model,
        validation_model: keras.Model,
        callbacks: Sequence[keras.callbacks.Callback],
        best: KeepBest,
        checkpoints: Checkpoints | None,
        identity: dict[str, Any],
        weigh_training: Weigh | None = None,
        weigh_validation: Weigh | None = None,
    ) -> None:
        self.training_model = training_model
        self.callbacks = callbacks
        self.best = best
        self.checkpoints = checkpoints
        self.identity = identity
        self.weigh_training = weigh_training or _alike
        self.weigh_validation = weigh_validation or _alike
        self.position = Position()
        self.stop = Stop()
        self.steps = self.validation_steps = steps_of(training_model)
        if validation_model is not training_model:
            self.validation_steps = steps_of(validation_model)

    def run(self, training: Patches, validation: Patches, n_epochs: int) -> None:
        """Train from the last checkpoint, or from the beginning, to the end."""
        listeners = keras.callbacks.CallbackList(
            list(self.callbacks), model=self.training_model, epochs=n_epochs, steps=len(training)
        )
        self.training_model.stop_training = False
        # TensorFlow would trace a step that makes the optimizer's variables twice
        self.training_model.optimizer.build(self.training_model.trainable_variables)
        listeners.on_train_begin()
        self._resume()
        while self.position.epoch < n_epochs and not self.position.stopped:
            self._epoch(training, validation, listeners)
            if self.stop.is_asked:
                self.position.stopped = True
                self._save()
        listeners.on_train_end()

    def _epoch(self, training: Patches, validation: Patches, listeners: keras.callbacks.CallbackList) -> None:
        epoch, before, began = self.position.epoch, self.position.seconds, time.perf_counter()
        training.set_epoch(epoch)
        validation.set_epoch(epoch)
        listeners.on_epoch_begin(epoch)
        self._train(training, listeners)
        if self.stop.is_asked:  # the epoch is not whole: nothing is measured
            return
        measured = Position()
        batches = Prefetched(validation, place=self.validation_steps.place)
        tested = [(self.validation_steps.test(x, y), len(x), self.weigh_validation(y)) for x, y in batches]
        for logs, n_clips, weights in tested:
            measured.add(logs, n_clips, weights)
        self.validation_steps.write_back()
        logs = self.position.means() | {f"val_{name}": value for name, value in measured.means().items()}
        logs |= {
            "clips_per_second": round(self.position.clips / self.position.seconds, 2),
            "data_wait": round(self.position.waited / self.position.seconds, 4),
            "seconds": round(before + time.perf_counter() - began, 3),
        }
        listeners.on_epoch_end(epoch, logs)
        self.position = Position(epoch=epoch + 1, stopped=self.training_model.stop_training)
        self._save()

    def _train(self, training: Patches, listeners: keras.callbacks.CallbackList) -> None:
        position, saved = self.position, time.monotonic()
        batches = Prefetched(training, position.batch, self.steps.place)
        seconds, waited, began = position.seconds, position.waited, time.perf_counter()

        def record(logs: Logs, n_clips: int, weights: Mapping[str, float]) -> None:
            listeners.on_train_batch_end(position.batch, logs)
            position.add(logs, n_clips, weights)
            position.seconds = seconds + time.perf_counter() - began
            position.waited = waited + batches.waited

        under_way: tuple[Logs, int, Mapping[str, float]] | None = None
        for x, y in batches:
            started = self.steps.train(x, y), len(x), self.weigh_training(y)
            if under_way:  # a device works on the next step before the numbers of the last are looked at
                record(*under_way)
            under_way = started
            if self.stop.is_asked:
                break
            if time.monotonic() - saved > CHECKPOINT_SECONDS and position.batch + 1 < len(training):
                record(*under_way)
                under_way = None
                self._save()
                saved = time.monotonic()
        if under_way:
            record(*under_way)
        self.steps.write_back()

    def _save(self) -> None:
        if self.checkpoints is None:
            return
        self.steps.write_back()
        check_weights(self.training_model)
        arrays = {
            "network": values_of(self.training_model.variables),
            "optimizer": values_of(self.training_model.optimizer.variables),
            "best": self.best.weights,
        }
        counters = {
            type(callback).__name__: {name: getattr(callback, name) for name in names}
            for callback in self.callbacks
            if (names := remembered(callback))
        }
        state = {"identity": self.identity, "position": asdict(self.position), "callbacks": counters}
        self.checkpoints.save(Snapshot(arrays, state))

    def _resume(self) -> None:
        snapshot = self.checkpoints.load() if self.checkpoints else None
        if self.checkpoints is None or snapshot is None:
            return
        stored = snapshot.state["identity"]
        for name, ours in self.identity.items():
            if stored.get(name) != ours:
                raise ConfigError(
                    f"{self.checkpoints.folder}: the checkpoint has other {name}: {_short(stored.get(name))}, now "
                    f"{_short(ours)}; restore what was there, or begin anew with force=true"
                )
        assign(self.training_model.variables, snapshot.arrays["network"], "network")
        assign(self.training_model.optimizer.variables, snapshot.arrays["optimizer"], "optimizer")
        self.best.weights = snapshot.arrays.get("best", [])
        for callback in self.callbacks:  # one that an earlier version lacked begins anew
            for name, value in snapshot.state["callbacks"].get(type(callback).__name__, {}).items():
                setattr(callback, name, value)
        self.position = Position(**snapshot.state["position"])
        logger.info(f"going on from epoch {self.position.epoch + 1}, batch {self.position.batch + 1}")


def _alike(labels: Any) -> Mapping[str, float]:
    return {}


def _short(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)[:16]
