"""A run that is loaded, or from whose weights another starts."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from sedpool.errors import ConfigError, StorageError
from sedpool.experiment.load import dataset_of, load
from sedpool.experiment.run import run
from sedpool.run_folder import RunFolder
from tests.experiment.small import small


def test_a_loaded_run_scores_as_the_run_did(finished: RunFolder, data_root: Path) -> None:
    loaded = load(finished.path, cache=data_root / "features")
    assert loaded.result.best_epoch in (1, 2)
    test = dataset_of(finished).split("test")
    pd.testing.assert_frame_equal(loaded.predict(test), finished.scores)


def test_fault_25_a_run_from_elsewhere_executes_no_code_unless_trusted(finished: RunFolder, tmp_path: Path) -> None:
    for target in ("joblib.load", "sedpool.storage.os.system", "sedpool.datasets.demo.Path", "keras.layers.Lambda"):
        node = finished.config["pooling"] | {"_target_": target}
        with pytest.raises(ConfigError, match=f"pooling is made by {target}, code outside sedpool"):
            load(copied(finished, tmp_path / target, pooling=node))
    nested = {"_target_": "sedpool.AutoPool", "kernel_constraint": {"_target_": "os.system", "command": "true"}}
    with pytest.raises(ConfigError, match=r"made by os\.system"):
        load(copied(finished, tmp_path / "nested", pooling=nested))
    known = {"_target_": "sedpool.AutoPool", "kernel_constraint": {"_target_": "keras.constraints.NonNeg"}}
    assert load(copied(finished, tmp_path / "known", pooling=known)).detector.classes == finished.classes
    foreign = finished.config["model"] | {"_target_": f"{__name__}.their_model"}
    untrusted = copied(finished, tmp_path / "foreign", model=foreign)
    with pytest.raises(ConfigError, match="trust_code=True"):
        load(untrusted)
    assert load(untrusted, trust_code=True).detector.classes == finished.classes


def their_model(**settings: Any) -> Any:
    from sedpool.models import compact_cnn

    return compact_cnn(**settings)


def copied(run: RunFolder, target: Path, **changes: Any) -> Path:
    shutil.copytree(run.path, target)
    (target / "config.yaml").write_text(yaml.safe_dump(run.config | changes))
    return target


@pytest.mark.usefixtures("without_page")
def test_a_run_starts_from_the_weights_of_another(finished: RunFolder, data_root: Path, tmp_path: Path) -> None:
    start = f"training.init_from={finished.path}"
    tuned = RunFolder(run(small(data_root, tmp_path, start, "training.learning_rate=1e-6", "training.epochs=1")))
    first = finished.history["loss"].iloc[0]
    assert tuned.history["loss"].iloc[0] < 0.9 * first
    with pytest.raises(StorageError, match=r"weights of another architecture.*pooling\._target_=\S+ \(here \S+\)"):
        run(small(data_root, tmp_path, start, "pooling=max"))
    with pytest.raises(ConfigError, match="nowhere: no such file or folder"):
        run(small(data_root, tmp_path, "training.init_from=nowhere"))


def test_fault_44_weights_for_other_classes_are_refused(finished: RunFolder, data_root: Path, tmp_path: Path) -> None:
    other = copied(finished, tmp_path / "other")
    table = pd.read_parquet(other / "clip_scores.parquet").rename(columns={"siren": "alarm"})
    table.to_parquet(other / "clip_scores.parquet")
    with pytest.raises(ConfigError, match=r"only the detector: siren; only the run: alarm"):
        run(small(data_root, tmp_path / "runs", f"training.init_from={other}"))
