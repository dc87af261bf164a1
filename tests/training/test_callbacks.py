import re

import keras
import pytest

from sedpool.training.callbacks import History, KeepBest, ProgressBar, sparkline


def test_the_line_of_an_epoch_says_what_it_reached_and_took(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"loss": 0.5, "accuracy": 0.75, "val_loss": 0.6, "val_accuracy": 0.7}
    row |= {"clips_per_second": 48.2, "data_wait": 0.012, "seconds": 21.4}
    history = History(None)
    bar = ProgressBar(16, history, KeepBest("val_accuracy"))
    bar.set_params({"epochs": 4, "steps": 10})
    history.rows = [row, row | {"seconds": 61.4}, row | {"seconds": 71.4}]
    bar.on_epoch_end(2, row)
    bar.on_epoch_end(3, row | {"energy_wh": 0.0712})
    first, second = capsys.readouterr().err.splitlines()
    said = "epoch   3  loss 0.500  acc 0.750  val loss 0.600  val acc 0.700  48 clips/s  waiting 1%  21 s"
    assert first == f"{said}  at most 0:01:01 left"
    assert second.endswith("48 clips/s  waiting 1%  21 s  0.071 Wh")


def test_an_accuracy_that_differs_by_rounding_is_no_better_to_early_stopping_nor_to_the_kept_weights() -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    best, stop = KeepBest("val_accuracy"), keras.callbacks.EarlyStopping("val_accuracy", mode="max", patience=2)
    listeners = keras.callbacks.CallbackList([best, stop], model=model)
    listeners.on_train_begin()
    for epoch, accuracy in enumerate([0.9, 0.9039999902248382, 0.9, 0.9039999997615814]):
        listeners.on_epoch_end(epoch, {"val_accuracy": accuracy})
    assert best.best_epoch == 2
    assert stop.stopped_epoch == 3


def test_the_line_shows_the_course_of_validation_and_the_time_left() -> None:
    history, best = History(None), KeepBest("val_accuracy")
    history.rows = [{"seconds": 60.0, "val_accuracy": value} for value in (0.5, 0.9, 0.8)]
    best.best_epoch = 2
    bar = ProgressBar(16, history, best)
    bar.set_params({"epochs": 5, "steps": 10})
    bar.task = bar.progress.add_task("training", total=10, status="")
    bar.on_epoch_begin(3)
    bar.on_train_batch_end(4, {"loss": 0.25})
    (task,) = bar.progress.tasks
    assert re.fullmatch(r"at most 0:01:30 left  (▁█▆ )?best: epoch 2  loss 0\.2500  \d+ clips/s", task.fields["status"])


def test_a_course_is_drawn_from_its_lowest_to_its_highest_value() -> None:
    assert sparkline([0.1, 0.1]) == "▁▁"
    assert sparkline([-3.0, -1.0, -2.0]) == "▁█▅"
    assert sparkline(list(range(100)), width=8) == "▁▂▃▄▅▆▇█"
