import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.counts_table import counts_of, counts_table


@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 100))
def test_what_goes_in_comes_out(n_clips, n_classes, seed):
    generator = np.random.default_rng(seed)
    names = tuple(f"clip {index}" for index in range(n_clips))[::-1]
    classes = tuple(f"class {index}" for index in range(n_classes))
    of_class = [generator.integers(0, 5, (n_clips, n_classes)) for _ in range(3)]
    segment = ClipCounts(names, classes, *of_class, *(generator.integers(0, 5, n_clips) for _ in range(3)))
    levels = {"clip": ClipCounts(names, classes, *of_class), "segment": segment}
    table = counts_table(levels)
    for level, counts in levels.items():
        read = counts_of(table, level)
        assert (read.filenames, read.classes) == (names, classes)
        assert read.metrics() == counts.metrics()
    assert counts_of(table, "event") is None


def test_a_table_survives_parquet(tmp_path):
    import pandas as pd

    ones = np.ones((2, 1), dtype=np.int64)
    counts = ClipCounts(("b.wav", "a.wav"), ("dog, barking",), ones, ones, ones)
    counts_table({"clip": counts}).to_parquet(tmp_path / "counts.parquet", index=False)
    read = counts_of(pd.read_parquet(tmp_path / "counts.parquet"), "clip")
    assert read.filenames == counts.filenames
    assert read.metrics()["micro"]["f1"] == pytest.approx(1.0)
