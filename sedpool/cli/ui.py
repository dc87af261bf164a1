"""``sedpool ui``: runs, comparisons and listening pages in a browser."""

from pathlib import Path
from typing import Annotated

import typer


def ui(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders with runs, corpora and recordings; by default this one.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of this computer; by default any free one.")] = 0,
    time_expansion: Annotated[
        int, typer.Option(min=1, max=100, help="Play recordings so many times slower: for ultrasound.")
    ] = 1,
) -> None:
    """Show runs side by side, listen to what they detect, and try them on recordings, in a browser of this computer.

    Prints the address. Only who has it gets in, and only files in the folders are shown. Stop it by Ctrl-C.
    """
    from sedpool.errors import ConfigError

    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        raise ConfigError("sedpool ui needs Starlette and uvicorn: pip install 'sedpool[ui]'") from None
    from sedpool.runtime.backend import import_backend

    import_backend()
    from sedpool.ui.library import Library
    from sedpool.ui.server import serve

    library = Library(tuple(folders or [Path(".")]))
    serve(library, port, time_expansion, lambda address: print(f"Open {address}", flush=True))
