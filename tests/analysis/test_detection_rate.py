import numpy as np
import pandas as pd
import pytest

from sedpool.analysis.detection_rate import detection_rate, event_detections, quantile_edges, with_snr


def test_by_hand(line):
    detections = event_detections(line)
    assert detections["event_label"].tolist() == ["dog", "siren", "siren"]
    assert detections["duration"].tolist() == [4.0, 4.0, 2.0]
    assert detections["covered"].tolist() == pytest.approx([0.75, 0.0, 1.0])
    assert detections["found"].tolist() == [True, False, True]
    assert detections["polyphony"].tolist() == pytest.approx([0.5, 0.5, 0.0])


def test_rates_by_duration(line):
    table = detection_rate(event_detections(line), "duration", [0.0, 3.0, 4.0])
    together = table[table["event_label"] == ""]
    assert together[["low", "high", "n_events", "rate"]].to_numpy().tolist() == [[0, 3, 1, 1.0], [3, 4, 2, 0.5]]
    assert table.loc[table["event_label"] == "siren", "rate"].tolist() == [1.0, 0.0]
    assert ((table["rate_low"] <= table["rate"]) & (table["rate"] <= table["rate_high"])).all()


def test_snr_comes_from_the_mixing_and_is_unknown_otherwise(line):
    mixing = pd.DataFrame(
        {"filename": ["a.wav", "b.wav"], "onset": [0.0, 0.0], "event_label": ["dog", "siren"], "snr": [6.0, 12.0]}
    )
    detections = with_snr(event_detections(line), mixing)
    np.testing.assert_array_equal(detections["snr"], [6.0, np.nan, 12.0])
    assert detection_rate(detections, "snr", [0.0, 20.0])["n_events"].iloc[0] == 2


def test_edges_where_all_events_are_alike():
    edges = quantile_edges(pd.Series([10.0, 10.0]))
    assert edges[0] == 10.0
    assert edges[1] > 10.0
