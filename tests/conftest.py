"""What several test packages share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("sedpool", deadline=None)  # a busy machine is no failure
settings.load_profile("sedpool")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real corpora and annotations made by others; not part of the repository."""
    folder = os.environ.get("SEDPOOL_TEST_DATA")
    if not folder:
        pytest.skip("set SEDPOOL_TEST_DATA to the folder of real annotations to run this")
    return Path(folder)
