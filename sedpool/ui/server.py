"""The server: on this computer alone, for whoever has the address."""

import secrets
import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn

from sedpool.errors import ConfigError
from sedpool.ui.library import Library
from sedpool.ui.site import Site
from sedpool.ui.trials import Trials

HOST = "127.0.0.1"


def serve(library: Library, port: int, slower: int, announce: Callable[[str], None]) -> None:
    """Serve the pages until they are stopped, as by Ctrl-C.

    Parameters
    ----------
    library : Library
        What is shown.
    port : int
        Port; 0 for any that is free.
    slower : int
        How many times slower recordings are played.
    announce : callable
        Called with the address once it answers.

    Raises
    ------
    ConfigError
        If the port is taken.
    """
    with socket.socket() as listening, tempfile.TemporaryDirectory(prefix="sedpool-ui-") as uploads:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
        except OSError as error:
            raise ConfigError(f"--port {port}: {error.strerror}; give another, or 0 for any that is free") from None
        port, token = listening.getsockname()[1], secrets.token_urlsafe(24)
        trials = Trials(slower)
        app = Site(library, trials, Path(uploads)).app(token, (f"{HOST}:{port}", f"localhost:{port}"))
        # Without log_config, which would close the handlers of everybody else's logs.
        config = uvicorn.Config(app, log_config=None, log_level="error", access_log=False, server_header=False)
        server = uvicorn.Server(config)
        listening.listen()
        announce(f"http://{HOST}:{port}/{token}/")
        try:
            with suppress(KeyboardInterrupt):  # which is how it is stopped
                server.run(sockets=[listening])
        finally:
            trials.close()
