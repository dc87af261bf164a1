"""The configuration of a small run."""

from pathlib import Path
from typing import Any

from tests.test_configs import composed

SMALL = ("dataset.n_train=24", "dataset.n_validate=8", "dataset.n_test=8", "training.epochs=2", "tracking=none")


def small(data_root: Path, runs: Path, *overrides: str) -> dict[str, Any]:
    """Configuration of a run on the small demo corpus."""
    return composed(*SMALL, f"data_root={data_root}", f"runs={runs}", *overrides)
