import numpy as np
import pytest
from scipy import stats

from sedpool.stats.power import detectable_mean_difference


def test_the_detectable_mean_is_found_with_the_stated_power():
    differences = np.random.default_rng(0).normal(0, 1, 8)
    differences = (differences - differences.mean()) / differences.std(ddof=1)
    effect = detectable_mean_difference(differences)
    drawn = np.random.default_rng(1).normal(effect, 1, size=(20_000, 8))
    found = stats.ttest_1samp(drawn, 0, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.01)


def test_one_run_shows_nothing():
    assert np.isnan(detectable_mean_difference([0.1]))
