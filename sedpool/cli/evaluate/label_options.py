"""``--map`` and ``--unknown``: what the labels that are compared become, and what nobody knows."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sedpool.datasets.label_map import KINDS, map_detections, map_events, targets_of
from sedpool.evaluation.validation import refuse_unknown_files
from sedpool.events import empty_events
from sedpool.formats.regions import read_regions

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabelChanges:
    """What becomes of labels between file and evaluation.

    Attributes
    ----------
    names : mapping of str to str
        What labels become; see `sedpool.datasets.label_map.map_labels`. Empty: nothing else.
    unknown : Path or None
        A table of times in which it is not known whether a class sounds.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    unknown: Path | None = None

    def of_reference(
        self, events: pd.DataFrame, clips: Collection[str], source: str
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Map the reference's events; return these and the unknown regions.

        Raises
        ------
        DataError
            If the map names none of the labels, or the table of unknown times is wrong.
        EvaluationError
            If that table names other recordings.
        """
        regions = empty_events()
        if self.unknown is not None:
            regions = read_regions(self.unknown)
            refuse_unknown_files(regions["filename"].unique(), clips, source=f"--unknown {self.unknown}")
        if not self.names:
            return events, regions
        labels = dict.fromkeys([*events["event_label"], *filter(None, regions["event_label"])])
        mapped, regions, counts = map_events(events, targets_of(labels, self.names, source), regions)
        done = ", ".join(f"{counts[kind]} {kind}" for kind in (*KINDS, "joined") if counts[kind])
        logger.info(f"{source}: events by the label map: {done or 'none changed'}")
        return mapped, regions

    def of_detections(self, events: pd.DataFrame, classes: Collection[str], source: str) -> pd.DataFrame:
        """Map labels of detections that are none of the mapped reference's classes."""
        if not self.names:
            return events
        mapped, n_left_out = map_detections(events, self.names, classes)
        if n_left_out:
            logger.info(f"{source}: left out by the label map: {n_left_out} events")
        return mapped
