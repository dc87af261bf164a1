"""Every configuration file builds the operator that its name says, and states all its parameters."""

import inspect
from pathlib import Path

import numpy as np
import pytest

hydra = pytest.importorskip("hydra", reason="backend tests need no Hydra")

FOLDER = Path(__file__).parents[2] / "configs"
NAMES = sorted(path.stem for path in (FOLDER / "pooling").glob("*.yaml"))


@pytest.fixture(scope="module")
def compose():
    with hydra.initialize_config_dir(str(FOLDER), version_base=None):
        yield lambda name: hydra.compose(f"pooling/{name}").pooling


@pytest.mark.parametrize("name", NAMES)
def test_it_pools(compose, name):
    pool = hydra.utils.instantiate(compose(name), _convert_="all").with_bag_size(26)
    p = np.random.default_rng(0).random((2, 26, 3), dtype="float32")
    extra = {"logits": p} if pool.needs_logits else {}
    assert pool(p, **extra).shape == (2, 3)


@pytest.mark.parametrize("name", NAMES)
def test_it_states_every_parameter(compose, name):
    config = compose(name)
    parameters = inspect.signature(hydra.utils.get_object(config["_target_"])).parameters
    assert set(config) - {"_target_"} == set(parameters) - {"axis", "kwargs"}
