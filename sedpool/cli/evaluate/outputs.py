"""Where the results of ``sedpool evaluate`` go: the terminal, standard output, files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sedpool import storage
from sedpool.errors import ConfigError
from sedpool.reports.evaluation_report import Evaluation
from sedpool.reports.evaluation_tables import evaluation_page, print_evaluation
from sedpool.text_tables import without_formulas

STANDARD_OUTPUT = "-"


@dataclass(frozen=True)
class Outputs:
    """Files to write; ``-`` prints one of them and nothing else.

    Attributes
    ----------
    json, csv, html : str or None
        A file, ``-`` or nothing.
    jams : Path or None
        A folder.
    """

    json: str | None
    csv: str | None
    html: str | None
    jams: Path | None

    def __post_init__(self) -> None:
        if [self.json, self.csv, self.html].count(STANDARD_OUTPUT) > 1:
            raise ConfigError("only one of --json, --csv and --html can go to standard output (-)")
        if str(self.jams) == STANDARD_OUTPUT:
            raise ConfigError("--jams -: one file per clip cannot go to standard output; name a folder")

    def write(self, evaluation: Evaluation, *, title: str, frames: pd.DataFrame | None) -> None:
        """Write what was asked for, and show tables unless something else goes to standard output.

        Parameters
        ----------
        evaluation : Evaluation
            The results.
        title : str
            What the page is about.
        frames : DataFrame or None
            Frame scores, for the confidences in JAMS.

        Raises
        ------
        StorageError
            If a place cannot be written.
        """
        texts: dict[str | None, Callable[[], str]] = {
            self.json: lambda: storage.json_text(evaluation.metrics()),
            self.csv: lambda: without_formulas(evaluation.table()).to_csv(index=False, lineterminator="\n"),
            self.html: lambda: evaluation_page(evaluation, title),
        }
        for target, text in texts.items():
            if target and target != STANDARD_OUTPUT:
                storage.write_text(target, text())
        if self.jams:
            evaluation.write_jams(self.jams, frames)
        if STANDARD_OUTPUT in texts:
            print(texts[STANDARD_OUTPUT]().removesuffix("\n"))
        else:
            print_evaluation(evaluation)
