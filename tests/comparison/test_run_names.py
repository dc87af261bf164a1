"""What runs are called where they are compared."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from sedpool import storage
from sedpool.comparison.collect import finished_runs
from sedpool.comparison.run_names import named_apart
from sedpool.run_folder import RunFolder
from tests.test_configs import composed

MakeRun = Callable[..., RunFolder]
GOLDEN = Path(__file__).parents[1] / "golden" / "fixtures" / "runs" / "demo-cap-s0-aaddf8ec49"


@pytest.fixture
def made(tmp_path: Path) -> MakeRun:
    """Run folders that hold what names follow from: a configuration and a manifest."""

    def make(*overrides: str, data: str | None = "aaaa1", labels: str = "hash", more: Any = None) -> RunFolder:
        run = RunFolder(tmp_path / str(len(list(tmp_path.iterdir()))))
        storage.write_text(run.file("config.yaml"), yaml.safe_dump(composed(*overrides)))
        known = {} if data is None else {"data": {"dataset": data, **(more or {})}}
        storage.write_json(run.file("manifest.json"), {"hash": labels, "corpus": "demo", **known})
        return run

    return make


def names(runs: Sequence[RunFolder]) -> list[tuple[str, str]]:
    return [(run.dataset, run.method) for run in named_apart(runs)]


def test_seeds_and_folds_of_a_method_are_its_repetitions(made: MakeRun) -> None:
    runs = [made("corpus=a-fold1", "seed=1"), made("corpus=a-fold2", "+dataset.fold=2", data="bbbb1")]
    assert names(runs) == [("a-fold1", "cap"), ("a-fold2", "cap")]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["pooling=rap", "pooling.l2=1e-4"], ["rap (pooling.l2=0.001)", "rap (pooling.l2=0.0001)"]),
        (["pooling=rap", "labels.drop=0.1"], ["rap (labels.drop=0)", "rap (labels.drop=0.1)"]),
        (
            ["pooling=rap", "model=paper", "training.epochs=3"],
            ["rap (model=compact_cnn, training.epochs=30)", "rap (model=paper_cnn, training.epochs=3)"],
        ),
    ],
)
def test_methods_that_differ_in_anything_else_are_two(made: MakeRun, overrides: list[str], expected: Any) -> None:
    found = names([made("pooling=rap"), made(*overrides), made("pooling=max")])
    assert found == [("demo", expected[0]), ("demo", expected[1]), ("demo", "max")]


def test_many_differences_are_told_by_a_hash(made: MakeRun) -> None:
    many = [f"evaluation.{key}=0.3" for key in ("threshold", "clip_threshold", "median_filter", "max_gap")]
    (first, second) = (method for _, method in names([made(), made(*many)]))
    assert first != second
    assert first.count("=") == second.count("=") == 3


def test_corpora_of_one_name_are_told_apart_by_their_data(made: MakeRun) -> None:
    runs = [made("corpus=birds"), made("corpus=birds", data="bbbb1"), made("corpus=birds", "seed=1", data="bbbb1")]
    assert [run.study for run in named_apart(runs)] == ["birds (aaaa)", "birds (bbbb)", "birds (bbbb)"]
    folds = [made("corpus=b-fold1"), made("corpus=b-fold1", data="bbbb1")]
    assert [(run.dataset, run.study, run.fold) for run in named_apart(folds)] == [
        ("b (aaaa)-fold1", "b (aaaa)", 1),
        ("b (bbbb)-fold1", "b (bbbb)", 1),
    ]


def test_runs_of_sedpool_01_are_known_by_their_labels(made: MakeRun) -> None:
    former = made(data=None, labels="same")
    assert names([former, made(labels="same")]) == [("demo", "cap")] * 2
    assert names([former, made(data=None, labels="other1")]) == [("demo (same)", "cap"), ("demo (othe)", "cap")]


@pytest.mark.parametrize("setting", ["training.init_from", "augment.background"])
def test_runs_given_other_weights_or_backgrounds_are_two_methods(made: MakeRun, setting: str) -> None:
    runs = [
        made(),
        made(f"{setting}=/na/noises", more={setting: "aaaa1"}),
        made(f"{setting}=/nb/noises", more={setting: "bbbb1"}),
    ]
    runs.append(made(f"{setting}=/moved/x", "seed=1", more={setting: "aaaa1"}))
    found = [f"cap ({setting}={value})" for value in ("–", "aaaa1", "bbbb1", "aaaa1")]
    assert names(runs) == [("demo", name) for name in found]


def test_runs_in_folders_that_a_user_named_alike_are_not_the_same(tmp_path: Path) -> None:
    for place, seed in (("a", 0), ("b", 7), ("c", 0)):
        run = RunFolder(tmp_path / place / "best")
        shutil.copytree(GOLDEN, run.path)
        text = run.file("config.yaml").read_text()
        storage.write_text(run.file("config.yaml"), text.replace("\nseed: 0\n", f"\nseed: {seed}\n"))
    found = finished_runs([tmp_path])
    assert [run.config["seed"] for run in found.runs] == [0, 7]
    assert found.left_out == {tmp_path / "c" / "best": f"the same run as {tmp_path / 'a' / 'best'}"}
