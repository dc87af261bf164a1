"""What is in a corpus, as sentences and as a table."""

from sedpool.comparison.labels import counted
from sedpool.datasets.overview import Overview
from sedpool.reports.document import Cell, TableBlock, TableRow

_CHANNELS = {1: "mono", 2: "stereo"}


def overview_sentences(overview: Overview) -> list[str]:
    """Say how many recordings there are, how long and in which form, what was counted, and what training uses."""
    recordings = overview.splits["recordings"]
    splits = ", ".join(f"{n} {split}" for split, n in recordings.items())
    forms = [
        f"{rate} Hz {_CHANNELS.get(channels, f'{channels} channels')}" + (f" ({n})" if len(overview.forms) > 1 else "")
        for (rate, channels), n in overview.forms.items()
    ]
    seconds = overview.splits["seconds"].sum()
    length = f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"
    sentences = [
        f"{overview.name}: {counted(int(recordings.sum()), 'recording')} ({splits}), {length}; "
        f"{', '.join(forms) or 'no audio'}; "
        f"{overview.shorter} shorter and {overview.longer} longer than a training patch"
    ]
    if overview.notes:
        notes = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in overview.notes.items())
        sentences.append(f"counted while it was read: {notes}")
    return [*sentences, overview.supervision]


def overview_table(overview: Overview, most: int | None = None) -> TableBlock:
    """Make a table of the labels: one row per class, at most so many; clips, events and seconds in each split."""
    labels = overview.labels.iloc[:most]
    columns: list[str] = []
    total: list[Cell] = []
    rows: list[list[Cell]] = [[] for _ in labels.index]
    for split, n_clips in overview.splits["clips"].items():
        has_times = overview.labels[split, "events"].notna().any()
        columns += [f"{split} clips", " events", " s"] if has_times else [f"{split} clips"]
        for kind in ("clips", "events", "seconds") if has_times else ("clips",):
            number = n_clips if kind == "clips" else overview.labels[split, kind].sum()
            for cells, value in zip([total, *rows], [number, *labels[split, kind]], strict=True):
                cells.append(Cell(f"{value:.0f}", float(value)))
    named = [
        TableRow("all", total),
        *(TableRow(str(label), cells) for label, cells in zip(labels.index, rows, strict=True)),
    ]
    if more := len(overview.labels) - len(labels):
        named.append(TableRow(f"and {more} more", [Cell("")] * len(columns)))
    return TableBlock("", "", columns, named, row_title="class")
