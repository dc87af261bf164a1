"""What the tests of training share."""

from pathlib import Path

import pytest

from sedpool.inference.trained_detector import TrainingResult
from tests.training.small_run import small_run


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainingResult]:
    """The folder of the small run that nothing interrupted, which no test changes, and what came of training."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    return folder, small_run(folder)


@pytest.fixture(scope="session")
def uninterrupted(whole_run: tuple[Path, TrainingResult]) -> Path:
    return whole_run[0]
