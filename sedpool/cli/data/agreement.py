"""How far the annotators of a corpus agree, as a table on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sedpool.formats.annotators import agreement

if TYPE_CHECKING:
    from sedpool.datasets.base import Dataset
    from sedpool.formats.annotators import Annotations

RESOLUTION = 1.0  # seconds


def print_agreement(annotations: Sequence["Annotations"], dataset: "Dataset") -> None:
    """Print one row per class; nothing where no recording has several annotators."""
    from sedpool.datasets.transforms import piece_onset, recording_of
    from sedpool.reports.document import Cell, TableBlock, TableRow, number_cell
    from sedpool.reports.terminal import print_table

    if not annotations:
        return
    durations: dict[str, float] = {}
    for name, seconds in dataset.durations.items():
        recording = recording_of(name)
        durations[recording] = max(durations.get(recording, 0.0), piece_onset(name) + seconds)
    n_recordings = sum(len(one.annotators) for one in annotations)
    table = agreement(annotations, durations, resolution=RESOLUTION)
    rows = [
        TableRow(label, [*(Cell(str(n), n) for n in (first, second)), number_cell(f1), number_cell(kappa)])
        for label, first, second, f1, kappa in table.itertuples(index=False, name=None)
    ]
    title = f"Agreement of annotators in segments of {RESOLUTION:g} s; recordings with several: {n_recordings}"
    print_table(
        TableBlock("", title, ("events, first", "events, second", "F1", "Cohen's kappa"), rows, row_title="class")
    )
