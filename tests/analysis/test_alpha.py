import numpy as np
import pandas as pd

from sedpool.analysis.alpha import alpha_and_duration, rank_correlation

ALPHA = pd.DataFrame(
    {
        "event_label": ["dog", "siren", "absent"],
        "alpha": [3.0, 0.5, 2.0],
        "bound": np.nan,
    }
)
DURATIONS = pd.DataFrame(
    {
        "events": [2, 1, 0],
        "duration_25": [1.25, 8.0, np.nan],
        "duration_50": [1.5, 8.0, np.nan],
        "duration_75": [1.75, 8.0, np.nan],
    },
    index=pd.Index(["dog", "siren", "absent"], name="event_label"),
)


def test_every_class_with_events_has_its_alpha_and_duration():
    table = alpha_and_duration(ALPHA, DURATIONS)
    assert table["event_label"].tolist() == ["dog", "siren"]
    assert table["alpha"].tolist() == [3.0, 0.5]
    assert table["median"].tolist() == [1.5, 8.0]
    assert table["n_events"].tolist() == [2, 1]
    assert round(rank_correlation(table)[0], 9) == -1.0


def test_equal_alphas_have_no_rank_correlation():
    assert np.isnan(rank_correlation(alpha_and_duration(ALPHA.assign(alpha=1.0), DURATIONS))).all()


def test_alphas_of_several_runs_are_averaged():
    table = alpha_and_duration(pd.concat([ALPHA, ALPHA.assign(alpha=1.0, bound=4.0)]), DURATIONS)
    assert table[["alpha", "bound"]].to_numpy().tolist() == [[2.0, 4.0], [0.75, 4.0]]


def test_classes_at_caps_bound_differ_by_rounding_alone():
    at_bound = ALPHA.assign(alpha=[3.2188758, 3.2188759, 3.2188757])
    assert np.isnan(rank_correlation(alpha_and_duration(at_bound, DURATIONS))).all()
