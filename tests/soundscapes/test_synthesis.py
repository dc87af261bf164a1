import numpy as np
import pytest

from sedpool.datasets.urbansed import CLASSES
from sedpool.soundscapes import synthesis


def test_every_class_has_a_synthesiser() -> None:
    assert tuple(synthesis.SYNTHESISERS) == CLASSES


@pytest.mark.parametrize("n", [4410, 44100, 200_000])
@pytest.mark.parametrize("label", [*CLASSES, "coloured_noise"])
def test_sounds_are_finite_audible_and_new_each_time(label: str, n: int) -> None:
    synthesise = getattr(synthesis, label)
    one, other = (synthesise(n, np.random.default_rng(seed)) for seed in (0, 1))
    for samples in (one, other):
        assert samples.shape == (n,)
        assert samples.dtype == np.float32
        assert np.isfinite(samples).all()
        assert np.abs(samples).max() > 1e-3
    assert np.abs(np.corrcoef(one, other)[0, 1]) < 0.5
    np.testing.assert_array_equal(one, synthesise(n, np.random.default_rng(0)))
