from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.errors import ConfigError, DataError
from sedpool.soundscapes.splits import SplitRule, assign_splits, divide

FOLDS = {"train": [1, 2], "validate": [3], "test": [4]}
PATTERN = r"^(?P<fold>\d)-(?P<source>\d+)-"


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_folds_decide() -> None:
    labels = {f"dog/{fold}-{fold}00-A.ogg": "dog" for fold in (1, 2, 3, 4)}
    splits = divide(labels, SplitRule(PATTERN, FOLDS), rng())
    assert list(splits.values()) == ["train", "train", "validate", "test"]


def test_a_source_in_two_splits_is_refused() -> None:
    labels = {"dog/1-7-A.ogg": "dog", "dog/3-7-B.ogg": "dog", "dog/4-8-A.ogg": "dog"}
    with pytest.raises(DataError, match="come from one source, 7"):
        divide(labels, SplitRule(PATTERN, FOLDS), rng())


def test_a_fold_without_split_is_refused() -> None:
    with pytest.raises(ConfigError, match="fold 5 belongs to 0 splits"):
        divide({"dog/5-7-A.ogg": "dog"}, SplitRule(PATTERN, FOLDS), rng())


def test_a_name_that_does_not_fit_is_refused() -> None:
    with pytest.raises(DataError, match=r"dog/bark\.ogg: the source pattern"):
        divide({"dog/bark.ogg": "dog"}, SplitRule(PATTERN, FOLDS), rng())


def test_a_class_without_a_split_is_refused() -> None:
    labels = {f"dog/{source}-A.ogg": "dog" for source in (1, 2)}
    with pytest.raises(DataError, match="class dog has no recording for validate"):
        divide(labels, SplitRule(r"^(?P<source>\d+)-"), rng())


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["cat", "dog"])), min_size=20, max_size=60), st.integers(0)
)
def test_whole_sources_are_assigned(takes: list[tuple[int, str]], seed: int) -> None:
    takes = takes + [(source, "cat") for source in (100, 101, 102)] + [(source, "dog") for source in (103, 104, 105)]
    labels = {f"{label}/{source}-{index}.wav": label for index, (source, label) in enumerate(takes)}
    splits = divide(labels, SplitRule(r"^(?P<source>\d+)-"), rng(seed % 2**32))
    by_source: dict[str, set[str]] = {}
    for path, split in splits.items():
        by_source.setdefault(path.split("/")[1].split("-")[0], set()).add(split)
    assert all(len(found) == 1 for found in by_source.values())


@given(st.integers(0, 30), st.integers(0, 2**32))
def test_every_split_gets_its_share(n: int, seed: int) -> None:
    assigned = assign_splits([str(i) for i in range(n)], (0.6, 0.2, 0.2), rng(seed))
    counts = Counter(assigned.values())
    assert len(assigned) == n
    assert len(counts) == min(n, 3)
    if n >= 5:
        for split, share in {"train": 0.6, "validate": 0.2, "test": 0.2}.items():
            assert abs(counts[split] - share * n) <= 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pattern": "("}, "not a regular expression"),
        ({"pattern": r"\d"}, r"no group \(\?P<source>"),
        ({"pattern": r"(?P<source>\d)", "folds": FOLDS}, r"no group \(\?P<fold>"),
        ({"pattern": PATTERN, "folds": {"train": [1]}}, "expected train, validate, test"),
        ({"pattern": PATTERN, "shares": (1.0, 0.0, 0.0)}, "three numbers above 0"),
        ({"pattern": PATTERN, "shares": (1.0, 1.0)}, "three numbers above 0"),
    ],
)
def test_wrong_division(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SplitRule(**settings)
