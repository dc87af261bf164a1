import pytest

from sedpool.analysis.boundaries import boundary_deviations
from sedpool.events import empty_events, events_from_rows


def test_by_hand(reference, estimated):
    table = boundary_deviations(reference, estimated).set_index("event_label")
    assert table.loc["dog", ["onset_deviation", "offset_deviation"]].tolist() == [1.0, 1.0]
    assert table.loc["siren", ["onset_deviation", "offset_deviation"]].tolist() == [0.0, 2.0]
    assert len(table) == 2


def test_an_event_is_matched_once_with_the_longest_overlap():
    reference = events_from_rows([("a.wav", 0.0, 2.0, "dog"), ("a.wav", 3.0, 8.0, "dog")])
    estimated = events_from_rows([("a.wav", 1.0, 7.0, "dog"), ("a.wav", 7.5, 9.0, "dog")])
    table = boundary_deviations(reference, estimated)
    assert table[["onset_deviation", "offset_deviation"]].to_numpy().tolist() == [[-2.0, -1.0]]


@pytest.mark.parametrize("swap", [False, True])
def test_nothing_gives_an_empty_table(reference, swap):
    tables = (empty_events(), reference) if swap else (reference, empty_events())
    assert boundary_deviations(*tables).empty
