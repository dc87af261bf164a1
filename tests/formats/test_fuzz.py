"""Label files with damage of any kind: a valid result or the one error, and never a row that is lost without a word."""

import json
import random
from pathlib import Path

import pytest

from sedpool import formats
from sedpool.errors import SedpoolError
from sedpool.events import OPTIONAL_COLUMNS, events_from_rows, validate_events
from sedpool.formats import RecordingInfo
from sedpool.formats.write import WRITERS

from .test_tiers import EAF, HEAD

N_MUTATIONS = 150
BITS = [
    "\t",
    ",",
    ";",
    "\n",
    '"',
    "#",
    "\\",
    "\0",
    "-",
    "1e308",
    "nan",
    "",
    "ü",
    "\ufeff",
    "[",
    "]",
    "{",
    "null",
    "<",
    "&",
]
ROWS = [("a.wav", 0.5, 1.5, "dog"), ("a.wav", 1.0, 2.25, "cat, big"), ("a.wav", 3.0, 4.0, "dog")]
LABEL_STUDIO = [
    {"audio": "a.wav", "id": 1, "label": [{"start": 0.5, "end": 1.5, "channel": 0, "labels": ["dog"]}], "annotator": 1}
]


def example(kind: str, folder: Path) -> Path:
    """A valid file."""
    texts = {"a.eaf": HEAD + EAF, "ls.json": json.dumps(LABEL_STUDIO), "list.txt": "a.wav\t0.5\t1.5\tdog\nb.wav\n" * 3}
    if kind in texts:
        (folder / kind).write_text(texts[kind], encoding="utf-8")
        return folder / kind
    events = events_from_rows(ROWS).assign(**dict(zip(OPTIONAL_COLUMNS, (0.5, 1, 10.0, 20.0), strict=True)))
    path = folder / f"a{WRITERS[kind].suffix}"
    formats.write_events(events, path, kind, recordings={"a.wav": RecordingInfo(10.0)})
    return path


def mutated(data: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice([0, 1, 1, 5, 40]))
        piece = rng.choice([rng.choice(BITS).encode(), bytes([rng.randrange(256)]), data[at:end] * 2])
        data = data[:at] + piece + data[end:]
    return data


@pytest.mark.parametrize("kind", [*WRITERS, "a.eaf", "ls.json", "list.txt"])
@pytest.mark.filterwarnings("ignore:.*the recording's end; cut there")
def test_damaged_files_are_read_or_refused(tmp_path: Path, kind: str) -> None:
    if kind == "textgrid":
        pytest.importorskip("praatio")
    path = example(kind, tmp_path)
    whole, rng = path.read_bytes(), random.Random(kind)
    assert len(formats.read_events(path))
    n_read = 0
    for _ in range(N_MUTATIONS):
        path.write_bytes(mutated(whole, rng))
        for read in (formats.read_events, formats.recordings, formats.read_tags):
            found, message = None, ""
            try:
                found = read(path)
            except SedpoolError as error:
                message = str(error)
            assert "\n" not in message
            if read is formats.read_events and found is not None:
                n_read += 1
                validate_events(found)
    assert 0 < n_read < N_MUTATIONS
