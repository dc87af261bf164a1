"""A run whose labels were mapped."""

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import yaml

import sedpool as sp
from sedpool.errors import DataError
from sedpool.experiment.load import dataset_of
from sedpool.experiment.pack import pack_run
from sedpool.experiment.run import run
from sedpool.inference.package import unpack
from sedpool.run_folder import RunFolder
from sedpool.settings.instantiate import build
from tests.experiment.small import small
from tests.test_configs import composed


@pytest.mark.usefixtures("without_page")
@pytest.mark.parametrize("supervision", [pytest.param("strong", marks=pytest.mark.slow), "weak", "mixed"])
def test_training_leaves_out_what_nobody_knows(data_root: Path, tmp_path: Path, supervision: str) -> None:
    first, *others = build(small(data_root, tmp_path), "dataset").classes
    table = tmp_path / "map.csv"
    table.write_text(f"from,to\n{first},\n", encoding="utf-8")
    done = RunFolder(run(small(data_root, tmp_path, f"labels.map='{table}'", f"supervision={supervision}")))
    assert done.classes == tuple(others)
    assert np.isfinite(done.history[["loss", "val_loss"]].to_numpy()).all()


def test_a_map_of_ones_own_labels_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="sedpool")
    for number in range(5):
        sf.write(tmp_path / f"{number}.wav", np.zeros(8000), 8000)
        (tmp_path / f"{number}.txt").write_text("0.1\t0.5\towl\n0.2\t0.6\tgull\n", encoding="utf-8")
    table = tmp_path / "map.csv"
    table.write_text("from,to\nowl,-\n", encoding="utf-8")
    unknown = "".join(f"{number}.wav\tgull\n" for number in range(5))
    (tmp_path / "unknown.tsv").write_text(f"filename\tevent_label\n{unknown}", encoding="utf-8")
    config = composed(
        "dataset=folder", f"dataset.root='{tmp_path}'", f"labels.map='{table}'", f"runs='{tmp_path}/runs'"
    )
    with pytest.raises(DataError, match="class gull is unknown in all clips of train"):
        run(config)
    assert sum("events by the label map" in message for message in caplog.messages) == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("without_page")
def test_a_run_with_mapped_labels_needs_the_file_no_more(data_root: Path, tmp_path: Path) -> None:
    first, second, third, *_ = build(small(data_root, tmp_path), "dataset").classes
    table = tmp_path / "map.csv"
    table.write_text(f"from,to\n{first},noise\n{second},noise\n{third},-\n", encoding="utf-8")
    folder = run(small(data_root, tmp_path, f"labels.map='{table}'"))
    table.unlink()
    done = RunFolder(folder)
    kept = yaml.safe_load(done.file("config.yaml").read_text(encoding="utf-8"))["labels"]["map"]
    assert sorted(kept) == sorted([[first, "noise"], [second, "noise"], [third, "-"]])
    assert str(tmp_path) not in str(kept)
    assert done.classes[0] == "noise"
    assert third not in done.classes
    assert done.manifest is not None
    assert {"events_merged", "events_dropped"} <= set(done.manifest["notes"])
    dataset = dataset_of(done, data_root / "demo" if (data_root / "demo").is_dir() else None)
    assert dataset.classes == done.classes
    table = sp.evaluate(done.events, dataset.split("test"))
    micro = table[(table["level"] == "segment") & (table["average"] == "micro")]
    assert micro["f1"].item() == pytest.approx(done.metrics["segment"]["micro"]["f1"], nan_ok=True)
    _, parts = unpack(pack_run(done), "x")
    assert f"{third} → dropped" in parts["card.html"].decode()
