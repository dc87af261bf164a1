import numpy as np
import pandas as pd

from sedpool.analysis.alpha import alpha_and_duration, rank_correlation
from sedpool.events import events_from_rows

ALPHA = pd.DataFrame(
    {
        "epoch": [0, 0, 0, 5, 5, 5],
        "event_label": ["dog", "siren", "absent"] * 2,
        "alpha": [1.0, 1.0, 1.0, 3.0, 0.5, 2.0],
        "bound": np.nan,
    }
)
EVENTS = events_from_rows([("a", 0, 1, "dog"), ("a", 2, 4, "dog"), ("b", 0, 8, "siren")])


def test_durations_meet_the_kept_epochs_alpha():
    table = alpha_and_duration(ALPHA, EVENTS, epoch=5)
    assert table["event_label"].tolist() == ["dog", "siren"]
    assert table["alpha"].tolist() == [3.0, 0.5]
    assert table["median"].tolist() == [1.5, 8.0]
    assert table["n_events"].tolist() == [2, 1]
    assert round(rank_correlation(table)[0], 9) == -1.0


def test_equal_alphas_have_no_rank_correlation():
    assert np.isnan(rank_correlation(alpha_and_duration(ALPHA, EVENTS, epoch=0))).all()


def test_classes_at_caps_bound_differ_by_rounding_alone():
    at_bound = ALPHA.assign(alpha=[3.2188758, 3.2188759, 3.2188757] * 2)
    assert np.isnan(rank_correlation(alpha_and_duration(at_bound, EVENTS, epoch=5))).all()
