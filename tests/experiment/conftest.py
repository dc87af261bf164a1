"""What the tests of runs share."""

import pytest


@pytest.fixture
def without_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what takes half the time of so short a run: its page."""
    monkeypatch.setattr("sedpool.experiment.run._report", lambda *_: None)
