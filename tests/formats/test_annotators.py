import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score

from sedpool.errors import DataError
from sedpool.events import events_from_rows
from sedpool.formats import read_events
from sedpool.formats.annotators import Annotations, agreed, agreement, keeping_annotations, resolve_annotators
from tests.miniatures.sounds import observation, write_jams

SPANS = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6)).map(lambda pair: (pair[0], sum(pair))), max_size=4)


@given(spans=st.lists(SPANS, min_size=1, max_size=5), needed=st.integers(1, 5))
def test_agreement_is_that_of_every_second(spans: list, needed: int) -> None:
    found = agreed(spans, needed)
    for second in range(30):
        voices = sum(any(onset <= second < offset for onset, offset in own) for own in spans)
        assert any(onset <= second < offset for onset, offset in found) == (voices >= needed)
    assert all(before[1] < after[0] for before, after in itertools.pairwise(found))


EVENTS = events_from_rows(
    [
        ("a.wav", 0, 4, "dog"),
        ("a.wav", 2, 6, "dog"),
        ("a.wav", 3, 8, "dog"),
        ("a.wav", 0, 1, "cat"),
        ("b.wav", 0, 1, "cat"),
        ("b.wav", 0.5, 1.5, "cat"),
    ]
).assign(annotator=["ann", "bob", "cy", "cy", "bob", "bob"])
WHO = {"a.wav": ["ann", "bob", "cy"], "b.wav": ["bob"]}
OF_B = [("b.wav", 0.0, 1.0, "cat"), ("b.wav", 0.5, 1.5, "cat")]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("union", [("a.wav", 0.0, 8.0, "dog"), ("a.wav", 0.0, 1.0, "cat")]),
        ("majority", [("a.wav", 2.0, 6.0, "dog")]),
        ("ann", [("a.wav", 0.0, 4.0, "dog")]),
        ("bob", [("a.wav", 2.0, 6.0, "dog")]),
    ],
)
def test_union_majority_and_choice(how: str, expected: list) -> None:
    events = resolve_annotators(EVENTS, WHO, how, "x")
    assert sorted(events.itertuples(index=False, name=None)) == sorted([*expected, *OF_B])


def test_four_annotators_of_whom_two_heard_nothing_have_no_majority() -> None:
    who = WHO | {"a.wav": ["ann", "bob", "cy", "dan"]}
    events = resolve_annotators(EVENTS, who, "majority", "x")
    assert ("a.wav", 3.0, 4.0, "dog") in list(events.itertuples(index=False, name=None))
    assert len(events) == 1 + len(OF_B)


def test_what_to_do_must_be_said() -> None:
    with pytest.raises(DataError, match=r"x: 3 annotations of a\.wav \(ann, bob, cy\); unite or choose: --annotators"):
        resolve_annotators(EVENTS, WHO, None, "x")
    with pytest.raises(DataError, match=r"x: no annotator eve of a\.wav, but ann, bob, cy; expected --annotators"):
        resolve_annotators(EVENTS, WHO, "eve", "x")


def test_two_annotations_in_a_jams(tmp_path: Path) -> None:
    path = write_jams(tmp_path / "a.jams", observation() | {"value": "dog"}, namespace="segment_open")
    document = json.loads(path.read_text())
    document["annotations"] *= 2
    document["annotations"][0] = document["annotations"][0] | {"annotation_metadata": {"annotator": {"name": "ann"}}}
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"2 annotations of a\.wav \(1, ann\); unite or choose"):
        read_events(path)
    assert read_events(path, annotators="majority").itertuples(index=False, name=None).__next__()[1:3] == (1.0, 3.0)
    assert len(read_events(path, annotators="ann")) == 1


@given(first=SPANS, second=SPANS, length=st.integers(27, 40))
def test_agreement_of_two_is_that_of_scikit_learn(first: list, second: list, length: int) -> None:
    rows = [("a.wav", onset, offset, "dog") for onset, offset in (*first, *second)]
    events = events_from_rows(rows).assign(annotator=["ann"] * len(first) + ["bob"] * len(second))
    table = agreement([Annotations(events, {"a.wav": ["bob", "ann"]})], {"a.wav": length})
    if not rows:
        assert table.empty
        return
    voices = [[any(a <= second < b for a, b in own) for second in range(length)] for own in (first, second)]
    (row,) = table.itertuples()
    assert (row.n_first, row.n_second) == (len(first), len(second))
    assert row.f1 == pytest.approx(f1_score(*voices))
    if all(voices[0]) and all(voices[1]):
        assert np.isnan(row.kappa)
    else:
        assert row.kappa == pytest.approx(cohen_kappa_score(*voices))


def test_agreement_of_three_is_that_of_their_pairs() -> None:
    with keeping_annotations() as kept:
        resolve_annotators(EVENTS, WHO, "union", "x")
    (annotations,) = kept
    assert set(annotations.annotators) == {"a.wav"}
    table = agreement(kept, {"a.wav": 10.0}).set_index("event_label")
    assert table.loc["dog", ["n_first", "n_second"]].tolist() == [3, 3]  # ann and bob, ann and cy, bob and cy
    assert table.loc["cat", ["n_first", "n_second"]].tolist() == [0, 2]  # and not those of b.wav, which only bob has
    assert table.loc["dog", "f1"] == pytest.approx(2 * (2 + 1 + 3) / (4 + 4 + 4 + 5 + 4 + 5))
    assert table.loc["cat", "f1"] == 0.0


def test_agreement_without_lengths_ends_with_the_last_event() -> None:
    of_two = EVENTS.loc[EVENTS["annotator"].isin(["ann", "bob"])]
    table = agreement([Annotations(of_two, {"a.wav": ["ann", "bob"]})], resolution=0.5)
    assert table.loc[table["event_label"] == "dog", "kappa"].item() == pytest.approx(
        cohen_kappa_score([n < 8 for n in range(12)], [4 <= n < 12 for n in range(12)])
    )
