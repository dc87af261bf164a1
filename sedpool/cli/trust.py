"""The option by which commands run code that a run folder names."""

from typing import Annotated

import typer

TrustCode = Annotated[
    bool,
    typer.Option("--trust-code", help="Run the code of classes outside sedpool that a run names; only if you know it."),
]
