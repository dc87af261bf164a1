"""What several test packages share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real corpora and annotations made by others; not part of the repository."""
    folder = os.environ.get("SEDPOOL_TEST_DATA")
    if not folder:
        pytest.skip("set SEDPOOL_TEST_DATA to the folder of real annotations to run this")
    return Path(folder)
