"""How long corpora take to load and check, against jams' own reader and against parsing the JSON alone."""

import json
import multiprocessing
import resource
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Times = dict[str, float]
SPLITS = ("train", "validate", "test")
N_JAMS = 10_000
N_FILES, N_INTERVALS = 5_000, 50_000
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
    for needed in ("urbansed_annotations", "dcase2017_task4"):
        if not (data / needed).is_dir():
            raise SystemExit(f"{data / needed}: no such folder; give --data the folder that holds it")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = _alone(_many_jams, data / "urbansed_annotations", folder / "urbansed")
        table = _alone(_table, folder / "own", n_rows)
        labels = _alone(_label_files, folder / "labels", n_rows)
        ways: list[tuple[str, int, Callable[[Path], Times], Path]] = [
            ("load_urbansed, JAMS", N_JAMS, _urbansed, corpus),
            ("json.loads alone", N_JAMS, _json, corpus),
            ("jams.load, unchecked", N_JAMS, _jams, corpus),
            ("jams.load, validated", N_JAMS, _jams_validated, corpus),
            ("load_dcase2017", 51_660, _dcase2017, data / "dcase2017_task4"),
            ("load_folder, one table", n_rows, _folder, table),
            *((f"read_events, {path.name}", n_rows, _events, path) for path in labels[:4]),
            (f"read_events, {N_FILES} label tracks of 40 rows", 40 * N_FILES, _events, labels[4]),
            *((f"read_events, {path.name}", N_INTERVALS, _events, path) for path in labels[5:]),
        ]
        return [{"way": way, "items": items} | _alone(_timed, load, path) for way, items, load, path in ways]


def _alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do something in a fresh process, so that its memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def _timed(load: Callable[[Path], Times], path: Path) -> Times:
    return load(path) | {"peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}


def _many_jams(source: Path, root: Path) -> Path:
    """URBAN-SED's size and layout from its distributed annotations, in version 2's namespace, which jams knows."""
    texts = [path.read_text().replace('"sound_event"', '"scaper"') for path in sorted(source.rglob("*.jams"))]
    for split in SPLITS:
        (root / "annotations" / split).mkdir(parents=True)
    for index in range(N_JAMS):
        split = SPLITS[0 if index < 0.6 * N_JAMS else 1 if index < 0.8 * N_JAMS else 2]
        (root / "annotations" / split / f"copy_{index:05d}.jams").write_text(texts[index % len(texts)])
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


def _label_files(folder: Path, n: int) -> list[Path]:
    """Four tables of `n` rows, a folder of label tracks, and files of programs for a single recording."""
    from sedpool.events import events_from_rows
    from sedpool.formats import RecordingInfo, write_events

    folder.mkdir()
    number = np.arange(n)
    onset = (number % 40).astype(float)
    events = pd.DataFrame(
        {
            "filename": [f"day {index // 4000:03d}/recording {index // 40:06d}.wav" for index in range(n)],
            "onset": onset,
            "offset": onset + 0.75,
            "event_label": np.array([f"class {index}" for index in range(20)])[number % 20],
        }
    )
    events.to_csv(folder / "dcase.tsv", sep="\t", index=False)
    events.to_csv(folder / "events.csv", index=False)
    selections = {"Selection": number + 1, "View": "Spectrogram 1", "Channel": 1, "Begin Time (s)": onset}
    selections |= {"End Time (s)": onset + 0.75, "Low Freq (Hz)": 0, "High Freq (Hz)": 8000}
    selections |= {"Begin File": events["filename"], "File Offset (s)": onset, "Species": events["event_label"]}
    pd.DataFrame(selections).to_csv(folder / "raven.txt", sep="\t", index=False)
    birdnet = {
        "Start (s)": onset,
        "End (s)": onset + 3,
        "Scientific name": "Avis",
        "Common name": events["event_label"],
    }
    birdnet |= {"Confidence": 0.9, "File": events["filename"]}
    pd.DataFrame(birdnet).to_csv(folder / "birdnet.csv", index=False)
    (folder / "tracks").mkdir()
    for index in range(N_FILES):
        lines = (f"{row}.0\t{row}.75\tclass {row % 20}\n" for row in range(40))
        (folder / f"tracks/recording {index}.txt").write_text("".join(lines))
    rows = [("a.wav", 0.5 * row, 0.5 * row + 0.25, f"class {row % 20}") for row in range(N_INTERVALS)]
    known = {"a.wav": RecordingInfo(0.5 * N_INTERVALS)}
    write_events(events_from_rows(rows), folder / "a.TextGrid", "textgrid", recordings=known)
    write_events(events_from_rows(rows), folder / "soundevent.json", "soundevent", recordings=known)
    slots = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="{side}{row}" TIME_VALUE="{500 * row + more}"/>\n'
        for row in range(N_INTERVALS)
        for side, more in (("b", 0), ("e", 250))
    )
    annotations = "".join(
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{row}" TIME_SLOT_REF1="b{row}" TIME_SLOT_REF2="e{row}">'
        f"<ANNOTATION_VALUE>class {row % 20}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>\n"
        for row in range(N_INTERVALS)
    )
    (folder / "a.eaf").write_text(
        f'<ANNOTATION_DOCUMENT><HEADER/><TIME_ORDER>{slots}</TIME_ORDER><TIER TIER_ID="calls">{annotations}</TIER>'
        "</ANNOTATION_DOCUMENT>"
    )
    regions = [{"value": {"start": on, "end": off, "labels": [label]}} for _, on, off, label in rows]
    task = {"id": 1, "annotations": [{"id": 1, "result": regions}], "data": {"audio": "a.wav"}}
    (folder / "label_studio.json").write_text(json.dumps([task]))
    names = ("dcase.tsv", "events.csv", "raven.txt", "birdnet.csv", "tracks")
    programs = ("a.TextGrid", "a.eaf", "label_studio.json", "soundevent.json")
    return [folder / name for name in (*names, *programs)]


def _events(path: Path) -> Times:
    from sedpool.formats import read_events

    return _times(lambda: read_events(path))


def _urbansed(root: Path) -> Times:
    from sedpool.datasets.urbansed import load_urbansed

    return _times(lambda: load_urbansed(root, allow_missing=True))


def _json(root: Path) -> Times:
    return _times(lambda: deque((json.loads(path.read_bytes()) for path in root.rglob("*.jams")), maxlen=0))


def _jams(root: Path, *, validate: bool = False) -> Times:
    import jams

    paths = [str(path) for path in sorted(root.rglob("*.jams"))[:N_BY_JAMS]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of how it calls jsonschema
        jams.load(paths[0], validate=validate)  # loads its schemata
        load = (jams.load(path, validate=validate) for path in paths)
        return _times(lambda: deque(load, maxlen=0), N_JAMS / N_BY_JAMS)


def _jams_validated(root: Path) -> Times:
    return _jams(root, validate=True)


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
