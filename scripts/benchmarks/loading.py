"""How long corpora take to load and check, against jams' own reader and against parsing the JSON alone."""

import json
import multiprocessing
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

Times = dict[str, float]
SPLITS = ("train", "validate", "test")
N_JAMS = 10_000
N_BY_JAMS = 300
"""Files that jams reads; its time is scaled to all, since it is slow."""


def measure(data: Path, n_rows: int) -> list[dict[str, object]]:
    """One row a way of loading: items, seconds by the clock and of the processor, peak memory in GB.

    Parameters
    ----------
    data : Path
        Holds ``urbansed_annotations`` and ``dcase2017_task4`` as distributed.
    n_rows : int
        Rows of a made table of labels.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = _many_jams(data / "urbansed_annotations", folder / "urbansed")
        table = _table(folder / "own", n_rows)
        ways: list[tuple[str, int, Callable[[Path], Times], Path]] = [
            ("load_urbansed, JAMS", N_JAMS, _urbansed, corpus),
            ("json.loads alone", N_JAMS, _json, corpus),
            ("jams.load", N_JAMS, _jams, corpus),
            ("load_dcase2017", 51_660, _dcase2017, data / "dcase2017_task4"),
            ("load_folder, one table", n_rows, _folder, table),
        ]
        return [{"way": way, "items": items} | _alone(load, path) for way, items, load, path in ways]


def _alone(load: Callable[[Path], Times], path: Path) -> Times:
    """Times and memory of a fresh process; imports are left out of the times."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_timed, (load, path))


def _timed(load: Callable[[Path], Times], path: Path) -> Times:
    return load(path) | {"peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}


def _many_jams(source: Path, root: Path) -> Path:
    """URBAN-SED's size and layout from copies of its distributed annotations."""
    originals = sorted(source.rglob("*.jams"))
    for split in SPLITS:
        (root / "annotations" / split).mkdir(parents=True)
    for index in range(N_JAMS):
        split = SPLITS[0 if index < 0.6 * N_JAMS else 1 if index < 0.8 * N_JAMS else 2]
        shutil.copyfile(originals[index % len(originals)], root / "annotations" / split / f"copy_{index:05d}.jams")
    return root


def _table(folder: Path, n: int) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(0)
    onset = rng.uniform(0, 5, n).round(3)
    names = [f"folder {index % 1000:03d}/recording {index:07d}.wav" for index in range(n)]
    labels = np.array([f"class {index}" for index in range(20)])[rng.integers(0, 20, n)]
    table = {
        "filename": names,
        "onset": onset,
        "offset": onset + rng.uniform(0.1, 4, n).round(3),
        "event_label": labels,
    }
    pd.DataFrame(table).to_csv(folder / "labels.csv", index=False)
    return folder


def _urbansed(root: Path) -> Times:
    from sedpool.datasets.urbansed import load_urbansed

    return _times(lambda: load_urbansed(root, allow_missing=True))


def _json(root: Path) -> Times:
    return _times(lambda: [json.loads(path.read_bytes()) for path in root.rglob("*.jams")])


def _jams(root: Path) -> Times:
    import jams

    paths = sorted(root.rglob("*.jams"))[:N_BY_JAMS]
    jams.load(str(paths[0]), validate=False)  # loads its schemata
    return _times(lambda: [jams.load(str(path), validate=False) for path in paths], N_JAMS / N_BY_JAMS)


def _dcase2017(root: Path) -> Times:
    from sedpool.datasets.dcase2017 import load_dcase2017

    return _times(lambda: load_dcase2017(root, allow_missing=True))


def _folder(root: Path) -> Times:
    from sedpool.datasets.folder import load_folder

    return _times(lambda: load_folder(root, allow_missing=True))


def _times(work: Callable[[], object], factor: float = 1.0) -> Times:
    """Seconds by the clock, and of the processor: on a busy machine the second tells more."""
    began, used = time.perf_counter(), time.process_time()
    work()
    return {
        "seconds": (time.perf_counter() - began) * factor,
        "cpu_seconds": (time.process_time() - used) * factor,
    }
