from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sedpool import scores as sc
from sedpool.errors import DataError, StorageError


def table(values: list[list[float]]) -> object:
    return sc.frame_scores("a.wav", np.array(values), np.arange(len(values) + 1.0), ["x", "y"])


def test_rows_follow_each_other() -> None:
    scores = table([[0, 1], [0.5, 0.2]])
    assert scores["onset"].tolist() == [0.0, 1.0]
    assert scores["offset"].tolist() == [1.0, 2.0]
    assert sc.classes_of(scores) == ("x", "y")


def test_parquet_returns_the_scores_exactly(tmp_path: Path) -> None:
    scores = table([[0.1, 1 / 3]])
    sc.write_scores(scores, tmp_path / "s.parquet")
    assert sc.read_scores(tmp_path / "s.parquet").equals(scores)


@pytest.mark.parametrize("value", [np.nan, -0.1, 1.1])
def test_fault_24_a_value_that_is_no_probability_is_named(value: float) -> None:
    with pytest.raises(DataError, match=r"a\.wav, class y: .* not a probability"):
        sc.validate_scores(table([[0, 0], [0, value]]))


def test_scores_without_filename_or_classes_are_refused() -> None:
    with pytest.raises(DataError, match="no column filename"):
        sc.validate_scores(table([[0, 0]]).drop(columns="filename"))
    with pytest.raises(DataError, match="no class columns"):
        sc.validate_scores(table([[0, 0]])[["filename", "onset", "offset"]])
    with pytest.raises(DataError, match="no scores; column level holds no numbers"):
        sc.validate_scores(table([[0, 0]]).assign(level=pd.Categorical(["event"])))


def test_damaged_parquet_is_named(tmp_path: Path) -> None:
    sc.write_scores(table([[0, 1]]), tmp_path / "s.parquet")
    content = (tmp_path / "s.parquet").read_bytes()
    (tmp_path / "s.parquet").write_bytes(content[: len(content) // 2])
    with pytest.raises(StorageError, match=r"s\.parquet: not a readable parquet file"):
        sc.read_scores(tmp_path / "s.parquet")


def test_the_highest_frame_of_each_clip():
    edges = np.array([0.0, 1.0, 2.0])
    tables = [
        sc.frame_scores(name, np.array(rows), edges, ["dog"])
        for name, rows in (("b.wav", [[0.1], [0.7]]), ("a.wav", [[0.3], [0.2]]))
    ]
    highest = sc.highest_frames(pd.concat(tables, ignore_index=True))
    assert highest.to_dict("list") == {"filename": ["b.wav", "a.wav"], "dog": [0.7, 0.3]}


@pytest.mark.parametrize("names", [[None, "a.wav"], [1, 2], [["a"], ["b"]], [b"a", b"b"], [float("nan"), "a.wav"]])
def test_fault_67_rows_without_a_name_are_named(tmp_path: Path, names: list) -> None:
    table = pd.DataFrame({"filename": pd.Series(names, dtype=object), "dog": [0.2, 0.7]})
    with pytest.raises(DataError, match=r"^x: row 1: filename is .*; expected a name$"):
        sc.validate_scores(table, source="x")
