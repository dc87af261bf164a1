"""A run whose labels were mapped."""

from pathlib import Path

import pytest
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


def test_training_refuses_what_nobody_knows_before_it_begins(data_root: Path, tmp_path: Path) -> None:
    first, *_ = build(small(data_root, tmp_path), "dataset").classes
    table = tmp_path / "map.csv"
    table.write_text(f"from,to\n{first},\n", encoding="utf-8")
    runs = tmp_path / "runs"
    with pytest.raises(DataError, match=r"dataset demo: \d+ tags and \d+ stretches of time to train on are unknown"):
        run(small(data_root, runs, f"labels.map='{table}'"))
    assert not runs.exists()


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
