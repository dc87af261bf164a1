"""Arguments that the ``sedpool data`` commands share."""

from pathlib import Path
from typing import Annotated

import typer


def complete_name() -> list[str]:
    """List the corpora, for completion in a shell."""
    from sedpool.datasets.catalog import CORPORA

    return [corpus.name for corpus in CORPORA]


Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A corpus; `sedpool data list` shows them.", autocompletion=complete_name)
]
Root = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="The corpus's folder; default: $SEDPOOL_DATA or data, and its own."),
]
