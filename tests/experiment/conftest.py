"""A small corpus and a run on it that has finished."""

from pathlib import Path

import pytest

from sedpool.experiment.run import run
from sedpool.run_folder import RunFolder
from sedpool.settings.instantiate import build
from tests.experiment.small import small


@pytest.fixture(scope="session")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that holds the small demo corpus."""
    root = tmp_path_factory.mktemp("data")
    build(small(root, root), "dataset")
    return root


@pytest.fixture(scope="session")
def finished(data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder(run(small(data_root, tmp_path_factory.mktemp("runs"))))


@pytest.fixture
def without_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what takes half the time of so short a run: its page."""
    monkeypatch.setattr("sedpool.experiment.run._report", lambda *_: None)
