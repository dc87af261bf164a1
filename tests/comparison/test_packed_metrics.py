"""Packed metrics say what the mappings said that they were made of."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.comparison.collect import finished_runs
from sedpool.comparison.packed_metrics import PackedMetrics
from sedpool.errors import StorageError
from sedpool.run_folder import RunFolder
from tests.miniatures.runs import write_run

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.integers())
METRICS = st.dictionaries(
    st.text(), st.recursive(LEAVES, lambda items: st.dictionaries(st.text(), items), max_leaves=20)
)


def unpacked(value):
    return {key: unpacked(item) for key, item in value.items()} if isinstance(value, PackedMetrics) else value


@given(st.lists(METRICS, min_size=1, max_size=3))
def test_what_was_packed_comes_back_with_its_types(several):
    shapes = {}
    packed = [PackedMetrics.of("metrics.json", one, shapes) for one in several]
    assert [repr(unpacked(one)) for one in packed] == [repr(one) for one in several]
    assert all(one.get(key) == one[key] and key in one for one in packed for key in one)


def test_a_key_that_is_missing_names_the_file():
    packed = PackedMetrics.of("runs/metrics.json", {"clip": {"f1": 0.5}}, {})
    with pytest.raises(StorageError, match=r"runs/metrics\.json: no f2 in it"):
        packed["clip"]["f2"]
    assert packed["clip"].get("f2") is None
    assert "f2" not in packed["clip"]


def test_runs_share_the_shape_of_their_metrics_and_keep_no_tables(tmp_path: Path):
    for seed in (0, 1):
        write_run(tmp_path, seed=seed, scores_seed=seed)
    runs = finished_runs([tmp_path]).runs
    assert runs[0].metrics._shape is runs[1].metrics._shape
    assert unpacked(runs[0].metrics) == RunFolder(runs[0].path).metrics
    assert runs[0].counts is not None
    assert runs[0].counts is not runs[0].counts
    assert RunFolder(runs[0].path).keeps_tables
