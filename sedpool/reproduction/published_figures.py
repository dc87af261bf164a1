"""Figures of the paper drawn from the numbers that its authors committed, where nobody has run."""

from collections.abc import Iterator

import numpy as np

from sedpool.plot.class_scores import class_score_figure
from sedpool.reports.document import FigureBlock
from sedpool.reports.study_figures import figure_name
from sedpool.reproduction.published import TITLES, read_class_wise


def published_figures() -> Iterator[FigureBlock]:
    """Dynamic F1 of each class: figures 7 and 10, as far as there are numbers."""
    table = read_class_wise().rename(columns={"f1": "estimate"})
    for corpus, rows in table.groupby("dataset", sort=False):
        unknown = dict.fromkeys(("low", "high", "own_stretched"), np.nan)
        yield FigureBlock(
            published_name(figure_name("class scores", str(corpus))),
            f"Dynamic F1 of each class, as published, {TITLES[str(corpus)]}",
            class_score_figure(rows.assign(**unknown)),
            "The authors' own numbers, by their evaluation, of the methods of which they committed them; classes in "
            "alphabetical order. They gave no intervals and no stretched tags, so that nothing here is compared with "
            "runs. A class without a mark was never detected.",
        )


def published_name(name: str) -> str:
    """The name of a figure that shows published numbers."""
    return f"{name} (published)"
