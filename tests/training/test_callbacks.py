import keras
import pytest

from sedpool.training.callbacks import KeepBest, ProgressBar


def test_the_line_of_an_epoch_says_what_it_reached_and_took(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"loss": 0.5, "accuracy": 0.75, "val_loss": 0.6, "val_accuracy": 0.7}
    row |= {"clips_per_second": 48.2, "data_wait": 0.012, "seconds": 21.4}
    bar = ProgressBar(16)
    bar.on_epoch_end(2, row)
    bar.on_epoch_end(3, row | {"energy_wh": 0.0712})
    first, second = capsys.readouterr().err.splitlines()
    assert first == "epoch   3  loss 0.500  acc 0.750  val loss 0.600  val acc 0.700  48 clips/s  waiting 1%  21 s"
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
