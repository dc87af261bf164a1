import pytest

from sedpool.training.callbacks import ProgressBar


def test_the_line_of_an_epoch_says_what_it_reached_and_took(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"loss": 0.5, "accuracy": 0.75, "val_loss": 0.6, "val_accuracy": 0.7}
    row |= {"clips_per_second": 48.2, "data_wait": 0.012, "seconds": 21.4}
    bar = ProgressBar(16)
    bar.on_epoch_end(2, row)
    bar.on_epoch_end(3, row | {"energy_wh": 0.0712})
    first, second = capsys.readouterr().err.splitlines()
    assert first == "epoch   3  loss 0.500  acc 0.750  val loss 0.600  val acc 0.700  48 clips/s  waiting 1%  21 s"
    assert second.endswith("48 clips/s  waiting 1%  21 s  0.071 Wh")
