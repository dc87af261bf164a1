"""The tie between a job on this machine and the process that started it; apart, since it has to be there at once."""

import os
import threading
import time

PARENT = "SEDPOOL_PARENT"
"""Environment variable: the process with which a job ends."""


def end_with_parent() -> None:
    """End with the process that started this job, even if that is killed: left behind, it would lock its run folder."""
    parent = int(os.environ.pop(PARENT, 0))

    def follow() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    if parent:
        threading.Thread(target=follow, daemon=True).start()
