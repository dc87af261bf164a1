"""What several test packages share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from sedpool.run_folder import RunFolder
from sedpool.settings.instantiate import build
from tests.experiment.small import small

settings.register_profile("sedpool", deadline=None)  # a busy machine is no failure
settings.load_profile("sedpool")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real corpora and annotations made by others; not part of the repository."""
    folder = os.environ.get("SEDPOOL_TEST_DATA")
    if not folder:
        pytest.skip("set SEDPOOL_TEST_DATA to the folder of real annotations to run this")
    return Path(folder)


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
