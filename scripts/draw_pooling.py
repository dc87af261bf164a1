"""Draw the figures of docs/concepts.md: ``python scripts/draw_pooling.py docs/figures``."""

from pathlib import Path
from typing import Annotated

import typer

from sedpool.plot.pooling import alpha_sweep_figure, gallery_figure, gallery_operators, toy_bag
from sedpool.plot.weight_bound import weight_bound_figure


def main(folder: Annotated[Path, typer.Argument(help="Where the PNG files go.")]) -> None:
    """Draw the figures of docs/concepts.md."""
    bag = toy_bag()
    figures = {
        "pooling_gallery": gallery_figure(gallery_operators(), bag),
        "pooling_bounds": weight_bound_figure(),
        "pooling_alpha": alpha_sweep_figure(bag),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=120)
        typer.echo(f"written: {folder / name}.png")


if __name__ == "__main__":
    typer.run(main)
