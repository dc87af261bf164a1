"""Results of an evaluation: as the content of ``metrics.json``, as a table, and for annotation tools."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from sedpool.audio.files import stem
from sedpool.errors import DataError
from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.evaluate import METRICS_FORMAT, TABLE_COLUMNS, table_rows
from sedpool.evaluation.evaluation_input import EvaluationInput
from sedpool.evaluation.levels import LEVELS
from sedpool.evaluation.over_thresholds import NOTHING
from sedpool.evaluation.psds import PsdsCounts
from sedpool.evaluation.ranking import RANKING_NAMES, ranking_metrics, with_decisions
from sedpool.formats import write_jams
from sedpool.inference.decode import confidences
from sedpool.stats.intervals import Intervals
from sedpool.stats.replicates import Statistic, count_statistic, psds_statistic, ranking_statistic


@dataclass(frozen=True)
class Evaluation:
    """Reference and estimate with the metrics that were asked for.

    Attributes
    ----------
    input : EvaluationInput
        What was compared.
    counts : mapping of str to ClipCounts
        By level.
    baselines : mapping of str to mapping
        Counts of the baselines that cover whole clips, by baseline and level.
    clip_scores : DataFrame or None
        Clip scores to rank; None if rankings were not asked for.
    psds : mapping of str to PsdsCounts
        By scenario; empty if it was not asked for.
    settings : mapping of str to float or str
        Resolution, collar and the like, with the keys of ``metrics.json``.
    ceiling : dict or None
        What a system would score that is right about every frame; None without frame scores of every clip.
    over_thresholds : mapping
        What follows from frame scores at all thresholds: see `sedpool.evaluation.over_thresholds`.
    intervals : Intervals or None
        Confidence intervals of the metrics; None if they were not asked for.
    """

    input: EvaluationInput
    counts: Mapping[str, ClipCounts]
    baselines: Mapping[str, Mapping[str, ClipCounts]]
    clip_scores: pd.DataFrame | None
    psds: Mapping[str, PsdsCounts]
    settings: Mapping[str, Any]
    ceiling: Mapping[str, Any] | None = None
    over_thresholds: Mapping[str, Any] = field(default_factory=lambda: {**NOTHING, "pi_psds": {}, "box_psds": {}})
    intervals: Intervals | None = None

    def statistics(self) -> Iterator[tuple[str, Statistic]]:
        """Yield every metric as a function of the clips' weights, after its level; clips in the order of `input`."""
        for level, counts in self.counts.items():
            yield level, count_statistic(counts)
        if self.clip_scores is not None:
            yield "clip", ranking_statistic(self.input.true_tags, self.clip_scores)
        if self.psds:
            yield "psds", psds_statistic(self.psds)

    @cached_property
    def levels(self) -> dict[str, Metrics]:
        """Metrics by level; rankings are at clip level, alone or beside those of decisions."""
        found = {level: counts.metrics() for level, counts in self.counts.items()}
        if self.clip_scores is not None:
            rankings = ranking_metrics(self.input.true_tags, self.clip_scores)
            found = {**found, "clip": with_decisions(rankings, found["clip"]) if "clip" in found else rankings}
        return {level: found[level] for level in ("clip", *LEVELS) if level in found}

    @cached_property
    def areas(self) -> dict[str, float | None]:
        """PSDS by scenario."""
        return {name: counts.psds() for name, counts in self.psds.items()}

    @property
    def is_tagging(self) -> bool:
        """Whether no metric that was asked for depends on times."""
        return set(self.levels) <= {"clip"} and not self.psds

    def metrics(self) -> dict[str, Any]:
        """Return all results, with the keys of ``metrics.json``; what was not asked for is None or empty."""
        return {
            "format": METRICS_FORMAT,
            **{level: self.levels.get(level) for level in ("clip", *LEVELS)},
            "psds": self.areas,
            **self.over_thresholds,
            "baselines": {
                name: {level: counts.metrics() for level, counts in by_level.items()}
                for name, by_level in self.baselines.items()
            },
            "ceiling": self.ceiling,
            "coverage": self.input.coverage,
            **self.settings,
            "intervals": None if self.intervals is None else self.intervals.description(),
        }

    def table(self) -> pd.DataFrame:
        """Make one row per level, average and class, and for PSDS per scenario; see `sedpool.evaluation.evaluate`.

        Where there are intervals, ``<metric>_low`` and ``<metric>_high`` follow.
        """
        rows = [row for level, metrics in self.levels.items() for row in table_rows(level, metrics)]
        rows += [
            {"level": "psds", "average": name, "event_label": "", "psds": value} for name, value in self.areas.items()
        ]
        rankings = RANKING_NAMES if self.clip_scores is not None else ()
        columns = [*TABLE_COLUMNS, *rankings, *(["psds"] if self.psds else [])]
        table = pd.DataFrame(rows, columns=columns)
        if self.intervals is None:
            return table
        ends = self.intervals.columns([name for name in columns[3:] if name not in ("n_ref", "n_sys")])
        return table.merge(ends, how="left", on=["level", "average", "event_label"])

    def write_jams(self, folder: Path, frames: pd.DataFrame | None) -> None:
        """Write a JAMS file for each clip: its detected events, and its micro averages in their sandbox.

        Parameters
        ----------
        folder : Path
            Where the files go, named as the clips, without their suffixes where that is unique.
        frames : DataFrame or None
            Frame scores: an event's confidence is the highest score within it.

        Raises
        ------
        DataError
            If a clip's name leads out of the folder.
        """
        events = self.input.estimated.table(self.input.filenames, self.input.classes)
        if frames is not None:
            events = events.assign(confidence=confidences(events, frames))
        by_file = dict(list(events.groupby("filename")))
        taken = Counter(one for name in self.input.durations for one in {name, stem(name)})
        for name, duration in self.input.durations.items():
            found = {level: counts.select([name]).metrics()["micro"] for level, counts in self.counts.items()}
            # Where another clip has the name, `a.wav` and `a.flac` keep their suffixes.
            inside = PurePosixPath(f"{stem(name) if taken[stem(name)] == 1 else name}.jams")
            if inside.is_absolute() or ".." in inside.parts:
                raise DataError(f"{name}: this name leads out of {folder}; name clips by relative paths to write JAMS")
            write_jams(
                by_file.get(name, events.iloc[:0]),
                folder / inside,
                duration=duration,
                filename=name,
                sandbox={"metrics": found},
            )
