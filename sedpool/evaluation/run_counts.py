"""Files of a run for comparisons: counts of every test clip, the recordings that clips share, its curve."""

from collections.abc import Mapping
from typing import Any

from sedpool import storage
from sedpool.datasets.base import Dataset
from sedpool.datasets.mixing import clip_sources, mixing_details
from sedpool.evaluation.clip import clip_counts
from sedpool.evaluation.counts_table import OWN_STRETCHED, write_counts
from sedpool.evaluation.event import event_counts
from sedpool.evaluation.segment import segment_counts
from sedpool.evaluation.thresholds import segment_curve
from sedpool.events import stretch_tags
from sedpool.inference.decode import SystemOutput
from sedpool.run_folder import RunFolder


def write_clip_counts(
    folder: RunFolder,
    test: Dataset,
    outputs: Mapping[str, SystemOutput],
    *,
    resolution: float = 1.0,
    collar: float = 0.2,
    offset_tolerance_ratio: float = 0.2,
) -> None:
    """Write the counts of each output, and ``sources.csv`` where annotations name the recordings.

    Beside the output's own segments stand those of its clip decisions stretched over the clip.

    Parameters
    ----------
    folder : RunFolder
        Where they go.
    test : Dataset
        The reference; clips without scores are left out.
    outputs : mapping of str to SystemOutput
        By the name of the file of counts.
    resolution, collar, offset_tolerance_ratio : float
        See `sedpool.evaluation.segment_metrics` and `sedpool.evaluation.event_metrics`.
    """
    for name, output in outputs.items():
        scored = test.select(output.clip_scores["filename"].tolist())
        levels = {"clip": clip_counts(scored.tags, output.tags)}
        if scored.events is not None:
            stretched = stretch_tags(output.tags, scored.durations)
            common: dict[str, Any] = {"durations": scored.durations, "classes": scored.classes}
            levels["segment"] = segment_counts(scored.events, output.events, resolution=resolution, **common)
            levels[OWN_STRETCHED] = segment_counts(scored.events, stretched, resolution=resolution, **common)
            levels["event"] = event_counts(
                scored.events, output.events, collar=collar, offset_tolerance_ratio=offset_tolerance_ratio, **common
            )
        write_counts(levels, folder.file(name))
    mixing = mixing_details(test)
    if mixing is not None and not (sources := clip_sources(mixing)).empty:
        storage.write_text(folder.file("sources.csv"), sources.to_csv(index=False, lineterminator="\n"))


def write_curve(folder: RunFolder, test: Dataset, output: SystemOutput, *, resolution: float = 1.0) -> None:
    """Write ``curve.csv``: precision and recall of smoothed frame scores at every threshold.

    Parameters
    ----------
    folder : RunFolder
        Where it goes; nothing is written without strong labels.
    test : Dataset
        The reference; clips without scores are left out.
    output : SystemOutput
        Scores, and the decoder whose smoothing is applied.
    resolution : float
        Length of a segment in seconds.
    """
    scored = test.select(output.clip_scores["filename"].tolist())
    if scored.events is None:
        return
    curve = segment_curve(
        output.decoder.smoothed(output.frame_scores),
        scored.events,
        durations=scored.durations,
        classes=scored.classes,
        resolution=resolution,
    )
    storage.write_text(folder.file("curve.csv"), curve.to_csv(index=False, lineterminator="\n"))
