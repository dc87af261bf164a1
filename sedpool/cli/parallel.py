"""Options that say where the work of a command is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import typer

Jobs = Annotated[int | None, typer.Option(min=1, help="Processes; default: one per processor.")]
Where = Annotated[
    Literal["local", "dask"],
    typer.Option("--parallel", help="Where: in processes of this machine, or on the workers of a Dask cluster."),
]
Address = Annotated[
    str | None,
    typer.Option("--parallel-address", metavar="ADDRESS", help="With dask: of its scheduler, tcp://HOST:8786."),
]


@contextmanager
def working(kind: str, address: str | None) -> Iterator[None]:
    """Work where the options say within the block."""
    from sedpool.runtime import parallel
    from sedpool.settings.schema import ParallelSettings, checked

    with parallel.cluster(checked(ParallelSettings, {"kind": kind, "address": address}, "parallel").address):
        yield
