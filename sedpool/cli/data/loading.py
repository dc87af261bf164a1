"""How ``sedpool data`` loads a corpus: with the configuration that training would use, so that both share one store."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sedpool.datasets.base import Dataset

Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE]...", help="Settings, as for training: features.sr=22050 dataset.seed=1"),
]
Jobs = Annotated[int | None, typer.Option(min=1, help="Processes; default: one per processor.")]


def configuration(
    name: str, root: Path | None, overrides: list[str] | None, *, allow_missing: bool = True
) -> dict[str, Any]:
    """Compose the configuration of training on a corpus; clips without audio are allowed, or only where asked for."""
    from sedpool.settings.compose import compose

    place = {} if root is None else {"root": str(root)}
    allowed = ["allow_missing=true"] if allow_missing else []
    return compose([f"dataset={name}", *allowed, *(overrides or [])], **place)


def load(config: dict[str, Any]) -> "Dataset":
    """Load the corpus that a configuration describes."""
    from sedpool.experiment.run import build_dataset

    return build_dataset(config)
