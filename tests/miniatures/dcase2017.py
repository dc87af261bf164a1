"""DCASE 2017 task 4 in small: lists and recordings under the names that the task's repository and script give."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile as sf

RELEASE = "groundtruth_release/groundtruth_{}_label_{}_set.csv"
SEGMENTED = "audio/unbalanced_train_segments_{}_set_audio_formatted_and_segmented_downloads"
Weak = Mapping[str, Sequence[str]]
Strong = Mapping[str, Sequence[tuple[str, str, str]]]


def write_dcase2017(root: Path, weak: Weak, strong: Strong, samples: np.ndarray, sr: int) -> Path:
    """A corpus whose recordings all sound the same.

    `weak` has rows ``<name>.wav<TAB><label>`` by the task's name of a set; `strong` has onset, offset and label of
    events in the first recording of a set.
    """
    (root / "groundtruth_release").mkdir(parents=True)
    for part, rows in weak.items():
        names = list(dict.fromkeys(row.split("\t")[0] for row in rows))
        labels = [row.replace("\t", "\t0.000\t10.000\t") for row in rows]
        (root / RELEASE.format("weak", part)).write_text("\n".join(labels) + "\n")
        bounds = [name.removesuffix(".wav").rsplit("_", 2) for name in names]
        listed = "".join(f'{name},{start},{end},"Train,Car","/m/07jdr,/m/0k4j"\r\n' for name, start, end in bounds)
        if part != "evaluation":
            (root / f"{part}_set.csv").write_text(listed, newline="")
        for name in names:
            path = root / SEGMENTED.format(part) / f"Y{name}"
            path.parent.mkdir(parents=True, exist_ok=True)
            sf.write(path, samples, sr)
        events = ["\t".join((names[0], *row)) for row in strong.get(part, [])]
        if events:
            (root / RELEASE.format("strong", part)).write_text("\n".join(events) + "\n")
    return root
