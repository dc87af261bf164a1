"""URBAN-SED in small: the demo's soundscapes, whose layout is URBAN-SED's, under URBAN-SED's names."""

import shutil
from pathlib import Path

from sedpool.datasets.demo import make_demo


def write_urbansed(root: Path, *, n_train: int = 5, n_validate: int = 3, n_test: int = 4) -> Path:
    """A corpus of clips of 10 s; the annotations of one test clip are a substring of another's name."""
    made = make_demo(root.parent / "made", n_train=n_train, n_validate=n_validate, n_test=n_test, n_jobs=1)
    for path in sorted(made.glob("a*/*/*.*")):
        kind, split, number = path.parts[-3], path.parts[-2], int(path.stem.rpartition("_")[2])
        name = f"soundscape_{split}_bimodal{number if number < n_test - 1 else 10}{path.suffix}"
        (root / kind / split).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, root / kind / split / name)
    return root
