"""An interrupt ends training with its best epoch; a second one ends it at once."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from sedpool.inference.trained_detector import TrainingResult
from sedpool.models import Detector
from sedpool.training.loop import train
from tests.training.small_run import N_CLIPS, N_VALIDATION, RECIPE, patches, small_detector

SHORT = replace(RECIPE, epochs=3, early_stopping_patience=10)


class Interrupts(keras.callbacks.Callback):
    """Presses Ctrl-C in one batch of one epoch, so many times."""

    def __init__(self, epoch: int, times: int = 1) -> None:
        super().__init__()
        self.at, self.times, self.epoch = epoch, times, 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if (self.epoch, batch) == (self.at, 1):
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def usual_interrupts() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    after = signal.signal(signal.SIGINT, before)
    assert after is signal.default_int_handler


def trained(folder: Path | None = None, epochs: int = 3, **options: Any) -> tuple[Detector, TrainingResult]:
    detector = small_detector()
    data = patches(N_CLIPS, 1, 5), patches(N_VALIDATION, 2, 3)
    return detector, train(detector, *data, replace(SHORT, epochs=epochs), folder=folder, progress=False, **options)


def weights(detector: Detector) -> list[np.ndarray]:
    return [np.asarray(value) for value in detector.network.get_weights()]


def test_training_that_is_stopped_ends_with_the_bits_of_its_best_epoch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, of_two = trained(epochs=2)
    stopped, result = trained(tmp_path, meters=[Interrupts(3)], stops_on_interrupt=True)
    assert len(result.history) == 2
    assert result.best_epoch == of_two.best_epoch
    assert all(map(np.array_equal, weights(stopped), weights(whole)))
    again, after = trained(tmp_path, stops_on_interrupt=True)  # as after an end in the midst of scoring
    assert len(after.history) == 2
    assert all(map(np.array_equal, weights(again), weights(whole)))
    said = f"stopping: epoch {result.best_epoch}, the best so far, is kept and scored; Ctrl-C again ends at once"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("interrupts", "stops"), [(Interrupts(3, 2), True), (Interrupts(1), True), (Interrupts(3), False)]
)
def test_a_second_interrupt_or_one_with_nothing_to_keep_ends_at_once_and_training_goes_on_later(
    tmp_path: Path, interrupts: Interrupts, stops: bool
) -> None:
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, meters=[interrupts], stops_on_interrupt=stops)
    whole, _ = trained()
    resumed, result = trained(tmp_path, stops_on_interrupt=True)
    assert len(result.history) == 3
    assert all(map(np.array_equal, weights(resumed), weights(whole)))
