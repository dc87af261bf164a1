"""What several test packages share."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from sedpool.run_folder import RunFolder
from sedpool.settings.instantiate import build
from tests.experiment.small import small

settings.register_profile("sedpool", deadline=None, max_examples=50)  # a busy machine is no failure
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("SEDPOOL_EXAMPLES", "sedpool"))


@pytest.fixture(scope="session", autouse=True)
def pages_with_one_example() -> Iterator[None]:
    """Draw one test clip on the page of a run, not four, which take as long as training so short a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sedpool.experiment.run.N_EXAMPLES", 1)
        yield


@pytest.fixture
def without_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what takes half the time of so short a run: its page."""
    monkeypatch.setattr("sedpool.experiment.run._report", lambda *_: None)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real corpora and annotations made by others; not part of the repository."""
    folder = os.environ.get("SEDPOOL_TEST_DATA")
    if not folder:
        pytest.skip("set SEDPOOL_TEST_DATA to the folder of real annotations to run this")
    return Path(folder)


FRONT_ENDS = Path(os.environ.get("SEDPOOL_DATA", "data")).resolve()
"""Where `make models` writes pretrained weights to."""


@pytest.fixture
def front_ends(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of data with the weights of aisfx below it, which are not part of the repository."""
    if not (FRONT_ENDS / "models" / "aisfx.npz").is_file():
        pytest.skip("the weights of aisfx are not here: `make models` gets them")
    monkeypatch.setenv("SEDPOOL_DATA", str(FRONT_ENDS))
    return FRONT_ENDS


@pytest.fixture(scope="session")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that holds the small demo corpus."""
    root = tmp_path_factory.mktemp("data")
    build(small(root, root), "dataset")
    return root


@pytest.fixture(scope="session")
def finished(data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run on the small demo corpus that has finished."""
    from sedpool.experiment.run import run

    return RunFolder(run(small(data_root, tmp_path_factory.mktemp("runs"))))


def pytest_collection_finish() -> None:
    """Take what all modules hold out of the search for garbage, which Keras begins before each network.

    Half a million objects were looked through each time, which took a third of the time of the tests that train.
    """
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", action="store_true", help="Show what the tests of faults see (`make faults`).")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--faults"):
        from tests import faults

        config.pluginmanager.register(faults)
