"""How ``sedpool data`` loads a corpus: with the configuration that training would use, so that both share one store."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sedpool.datasets.base import Dataset

Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE]...", help="Settings, as for training: features.sr=22050 dataset.seed=1"),
]


@contextmanager
def working(name: str, overrides: list[str] | None) -> Iterator[None]:
    """Work where the settings ``parallel`` say within the block."""
    from sedpool.runtime import parallel
    from sedpool.settings.compose import compose_parallel

    with parallel.cluster(compose_parallel([f"dataset={name}", *(overrides or [])]).address):
        yield


def configuration(name: str, root: Path | None, overrides: list[str] | None) -> dict[str, Any]:
    """Compose the configuration of training on a corpus."""
    from sedpool.settings.compose import compose

    place = {} if root is None else {"root": str(root)}
    return compose([f"dataset={name}", *(overrides or [])], **place)


def load(config: dict[str, Any]) -> "Dataset":
    """Load the corpus that a configuration describes, as far as it is there: clips without audio are left out."""
    from sedpool.experiment.run import build_dataset

    allowed = {key: True for key in config["dataset"] if key == "allow_missing"}
    return build_dataset({**config, "dataset": {**config["dataset"], **allowed}})
