"""The look of every figure, and its form in a page."""

import base64
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType

from sedpool import storage
from sedpool.comparison.labels import ordered_methods

# Okabe and Ito's palette: distinct under every common kind of colour blindness.
BLUE = "#0072B2"
ORANGE = "#D55E00"
GREEN = "#009E73"
PINK = "#CC79A7"
YELLOW = "#E69F00"
SKY = "#56B4E9"
BLACK = "#222222"
GREY = "#8a8a8a"
CYCLE = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, BLACK)
CAP_BOUND: dict[str, Any] = {"color": BLACK, "linestyle": (0, (1, 1)), "linewidth": 1.2}
"""The line of CAP's bound on α."""


_RASTER_DPI = 300
"""Of images within SVG: coarser ones are moved to whole points, away from what is drawn over them."""


@dataclass(frozen=True)
class MethodStyle:
    """The look of a method in every figure; marker and line distinguish it where there is no colour.

    Attributes
    ----------
    color, marker : str
        As matplotlib names them.
    line : LineStyleType
        Line style, as matplotlib names it.
    """

    color: str
    marker: str
    line: LineStyleType = "-"


_METHODS = {
    "max": MethodStyle(ORANGE, "v"),
    "mean": MethodStyle(SKY, "s"),
    "softmax": MethodStyle(GREEN, "^"),
    "rap_1e-2": MethodStyle("#e3a9c8", "<", ":"),
    "rap_1e-3": MethodStyle(PINK, "D", "-."),
    "rap_1e-4": MethodStyle("#8a3a68", ">", "--"),
    "cap": MethodStyle(BLUE, "o"),
    "auto": MethodStyle(YELLOW, "P", "--"),
    "strong": MethodStyle(BLACK, "*", "--"),
}
"""The methods of the paper's tables."""
_OTHERS = (
    *(MethodStyle(color, "X", "-.") for color in (GREY, *CYCLE)),
    *(MethodStyle(color, "p", ":") for color in (GREY, *CYCLE)),
)


def method_styles(methods: Iterable[str]) -> dict[str, MethodStyle]:
    """Return the style of each method, in the order of `ordered_methods`; those of the paper are always the same.

    Parameters
    ----------
    methods : iterable of str
        Names, as in configurations; each may come several times.
    """
    ordered = ordered_methods(methods)
    others = [method for method in ordered if method not in _METHODS]
    styles = _METHODS | {method: _OTHERS[index % len(_OTHERS)] for index, method in enumerate(others)}
    return {method: styles[method] for method in ordered}


styled = matplotlib.rc_context(
    {
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": GREY,
        "grid.color": "#e4e4e4",
        "legend.frameon": False,
        "legend.fontsize": 8,
        "figure.facecolor": "white",
        "svg.hashsalt": "sedpool",  # the same figure, the same bytes
    }
)
"""Decorator of every function that draws: the style holds inside it only."""


def new_figure(width: float, height: float) -> Figure:
    """Make a figure of `width` × `height` inches outside matplotlib's global state."""
    return Figure(figsize=(width, height), layout="constrained")


def new_panels(n_panels: int, columns: int, width: float, row_height: float) -> tuple[Figure, list[Axes]]:
    """Make a figure `width` inches wide with panels that share their axes, filled row by row."""
    rows = -(-n_panels // columns)
    figure = new_figure(width, row_height * rows + 0.6)
    panels = list(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat)
    for index, axes in enumerate(panels):
        axes.set_visible(index < n_panels)
        axes.tick_params(labelbottom=index + columns >= n_panels)  # where no panel follows below
    return figure, panels[:n_panels]


def draw_bounds(draw: Callable[..., object], alphas: pd.DataFrame) -> None:
    """Draw a line at each of CAP's bounds in the column `bound`, by ``axhline`` or ``axvline``; none without CAP."""
    for bound in np.unique(alphas["bound"].dropna().astype(float).round(4)):
        draw(bound, **CAP_BOUND, label=f"CAP's bound, {bound:.2f}")


def draw_runs(axes: Axes, table: pd.DataFrame, x: str, y: str, **look: Any) -> None:
    """Draw a thin line per run, all of them as one artist: a line of its own takes 10 kB and a millisecond.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    table : DataFrame
        Points with the name of their `run`, in their order along its line.
    x, y : str
        Columns of the coordinates.
    **look
        Of `matplotlib.collections.LineCollection`.
    """
    lines = [own[[x, y]].to_numpy(dtype=float) for _, own in table.groupby("run", sort=False)]
    axes.add_collection(LineCollection(lines, **look))
    axes.autoscale_view()


def plain(axes: Axes) -> None:
    """Remove grid and frame, for images."""
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


@styled
def write_figure(figure: Figure, path: Path, *, dpi: int = 150) -> None:
    """Write a figure to a file, atomically; its suffix (png, svg, pdf) chooses the format."""
    with storage.atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=dpi)
    figure.set_layout_engine("none")  # as in `data_uri`


@styled
def data_uri(figure: Figure) -> str:
    """Write a figure as an SVG image inside a ``data:`` address, for a page that needs no other file."""
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", dpi=_RASTER_DPI, metadata={"Date": None})
    figure.set_layout_engine("none")  # it is laid out: to write it in another format takes no second search
    return "data:image/svg+xml;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
