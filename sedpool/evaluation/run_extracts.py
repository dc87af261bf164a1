"""Files of a run for figures that are drawn without its corpus: how long events last, and one clip as an example."""

from sedpool import storage
from sedpool.datasets.base import Dataset
from sedpool.datasets.statistics import duration_percentiles
from sedpool.formats import write_tsv
from sedpool.inference.decode import SystemOutput
from sedpool.run_folder import RunFolder
from sedpool.scores import write_scores


def write_extracts(folder: RunFolder, dataset: Dataset, output: SystemOutput) -> None:
    """Write ``durations.csv``, ``example_scores.parquet`` and ``example_events.tsv``.

    Parameters
    ----------
    folder : RunFolder
        Where they go; what needs strong labels is not written without them.
    dataset : Dataset
        All splits of the corpus.
    output : SystemOutput
        The run's scores on the split ``test``.
    """
    if dataset.events is not None:
        durations = duration_percentiles(dataset).reset_index()
        storage.write_text(folder.file("durations.csv"), durations.to_csv(index=False, lineterminator="\n"))
    scored = dataset.split("test").select(output.clip_scores["filename"].tolist())
    if scored.events is None:
        return
    filename = example_clip(scored)
    frames, events = output.frame_scores, scored.events
    write_scores(frames[frames["filename"] == filename], folder.file("example_scores.parquet"))
    write_tsv(events[events["filename"] == filename], folder.file("example_events.tsv"))


def example_clip(dataset: Dataset) -> str:
    """The first clip with the most classes: the same for every run on a corpus, whatever it scored."""
    return str(dataset.tags.sum(axis=1).idxmax())
