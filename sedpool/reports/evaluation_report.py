"""What an evaluation found, for a terminal, a table, a page and annotation tools."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from rich.console import Console

from sedpool import storage
from sedpool.audio import stem
from sedpool.errors import DataError
from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.dataset import METRICS_FORMAT, TABLE_COLUMNS, table_rows
from sedpool.evaluation.levels import LEVELS
from sedpool.evaluation.material import Material
from sedpool.formats import write_jams
from sedpool.reports.tables import BASELINE_TITLES, METRIC_NAMES, Row, number
from sedpool.reports.terminal import plain_table

_OVERALL = ("F1", "P", "R", "ER", "macro F1")
_SCENARIOS = {"scenario1": "scenario 1", "scenario2": "scenario 2"}


@dataclass(frozen=True)
class Evaluation:
    """Reference and estimate with the counts at the levels that were asked for.

    Attributes
    ----------
    material : Material
        What was compared.
    counts : mapping of str to ClipCounts
        By level.
    baselines : mapping of str to mapping
        The same of answers that cover whole clips, by their name.
    psds : mapping of str to float or None
        By scenario; empty if it was not asked for.
    settings : mapping of str to float or str
        Resolution, collar and the like.
    """

    material: Material
    counts: Mapping[str, ClipCounts]
    baselines: Mapping[str, Mapping[str, ClipCounts]]
    psds: Mapping[str, float | None]
    settings: Mapping[str, Any]

    def metrics(self) -> dict[str, Any]:
        """Everything, with the keys of ``metrics.json``; levels that were not asked for are None."""
        return {
            "format": METRICS_FORMAT,
            **{level: self.counts[level].metrics() if level in self.counts else None for level in ("clip", *LEVELS)},
            "psds": dict(self.psds),
            "baselines": {
                name: {level: counts.metrics() for level, counts in by_level.items()}
                for name, by_level in self.baselines.items()
            },
            "coverage": self.material.coverage,
            **self.settings,
        }

    def table(self) -> pd.DataFrame:
        """One row a level, average and class; see `sedpool.evaluation.evaluate`. PSDS has a row a scenario."""
        rows = [row for level, metrics in self._by_level().items() for row in table_rows(level, metrics)]
        rows += [
            {"level": "psds", "average": name, "event_label": "", "psds": value} for name, value in self.psds.items()
        ]
        columns = [*TABLE_COLUMNS, "psds"] if self.psds else list(TABLE_COLUMNS)
        return pd.DataFrame(rows, columns=columns)

    def summary(self) -> str:
        """The clips, classes and lengths in a sentence."""
        coverage, material = self.material.coverage, self.material
        lengths = "lengths as stated" if material.lengths_known else "each as long as its last event says"
        return (
            f"Clips: {coverage['scored']} ({lengths}), {coverage['without_detections']} without any detection. "
            f"Classes: {len(material.classes)}. Events: {len(material.reference)} true, "
            f"{len(material.estimated)} detected"
        )

    def overall_rows(self) -> list[Row]:
        """Micro F1, precision, recall and error rate of each level, then macro F1; under it those of the baselines."""
        rows = []
        for level, counts in self.counts.items():
            rows.append(Row(self._title(level), _overall_cells(counts)))
            for name, title in BASELINE_TITLES.items():
                if level in self.baselines[name]:
                    rows.append(Row(title, _overall_cells(self.baselines[name][level]), is_baseline=True))
        return rows

    def class_rows(self, names: Sequence[str]) -> list[Row]:
        """Numbers by name, e.g. ``("f1", "n_ref", "n_sys")``, of each class at each level in turn."""
        by_level = self._by_level()
        return [
            Row(label, [_cell(one["class_wise"][label][name]) for one in by_level.values() for name in names])
            for label in self.material.classes
        ]

    def print(self, *, as_json: bool) -> None:
        """Show tables on the terminal, or nothing but the JSON."""
        if as_json:
            print(storage.json_text(self.metrics()), end="")
            return
        console = Console()
        console.print(self.summary(), highlight=False, soft_wrap=True)
        if self.counts:
            console.print(plain_table("", _OVERALL, self.overall_rows()))
            console.print(plain_table("F1 by class", list(self.counts), self.class_rows(["f1"])))
        for name, value in self.psds.items():
            console.print(f"PSDS, {_SCENARIOS[name]}: {number(value, 6)}", highlight=False)

    def page(self, title: str) -> str:
        """An HTML page that needs no other file."""
        environment = Environment(
            loader=PackageLoader("sedpool.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        return environment.get_template("evaluation.html").render(
            title=title,
            evaluation=self,
            overall=_OVERALL,
            number=number,
            scenarios=_SCENARIOS,
        )

    def write_jams(self, folder: Path, confidence: pd.Series | None) -> None:
        """Write a JAMS file for each clip: its detected events, and its micro averages in their sandbox.

        Parameters
        ----------
        folder : Path
            Where the files go, named as the clips.
        confidence : Series or None
            Of each detected event.
        """
        events = self.material.estimated
        by_file = dict(
            list((events if confidence is None else events.assign(confidence=confidence)).groupby("filename"))
        )
        for name, duration in self.material.durations.items():
            found = {level: counts.select([name]).metrics()["micro"] for level, counts in self.counts.items()}
            inside = PurePosixPath(f"{stem(name)}.jams")
            if inside.is_absolute() or ".." in inside.parts:
                raise DataError(f"{name}: this name leads out of {folder}; name clips by relative paths to write JAMS")
            write_jams(
                by_file.get(name, events.iloc[:0]),
                folder / inside,
                duration=duration,
                filename=name,
                sandbox={"metrics": found},
            )

    def _by_level(self) -> dict[str, Metrics]:
        return {level: counts.metrics() for level, counts in self.counts.items()}

    def _title(self, level: str) -> str:
        collar = f"{self.settings['collar']:g} s"
        return {
            "clip": "clips",
            "segment": f"segments of {self.settings['resolution']:g} s",
            "event": f"events, {collar} and {self.settings['offset_share']:.0%}",
            "onset": f"onsets, {collar}",
            "intersection": "intersections, half and half",
        }[level]


def _overall_cells(counts: ClipCounts) -> list[str]:
    metrics = counts.metrics()
    return [*(number(metrics["micro"].get(name)) for name in METRIC_NAMES), number(metrics["macro"]["f1"])]


def _cell(value: float | int | None) -> str:
    return str(value) if isinstance(value, int) else number(value)
