"""Runs jobs on this machine: a few threads, each of which waits for a process at a time."""

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress

from sedpool.experiment.jobs import Job, job_environment
from sedpool.experiment.launchers.parent import PARENT
from sedpool.settings.schema import LauncherSettings

logger = logging.getLogger(__name__)


class Local:
    """See `sedpool.experiment.launchers.runner.Backend`.

    Parameters
    ----------
    settings : LauncherSettings
        `jobs` of them run at a time.
    """

    def __init__(self, settings: LauncherSettings) -> None:
        self._pool = ThreadPoolExecutor(settings.jobs)
        self._lock = threading.Lock()
        self._is_stopped = False
        self._waiting: dict[Future[str | None], Job] = {}
        self._running: dict[Job, subprocess.Popen[bytes]] = {}

    def start(self, jobs: Sequence[Job]) -> None:
        """Queue jobs in their order."""
        self._waiting = {self._pool.submit(self._run, job): job for job in jobs}

    def ended(self, timeout: float) -> list[tuple[Job, str | None]]:
        """Wait until some have ended, or for `timeout` seconds."""
        ended = wait(self._waiting, timeout, FIRST_COMPLETED).done
        return [(self._waiting.pop(future), future.result()) for future in ended]

    def stop(self) -> None:
        """End all jobs with what they have started; the same command goes on with them."""
        with self._lock:
            self._is_stopped = True
            stopped = list(self._running)
            for process in self._running.values():
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
        self._pool.shutdown(cancel_futures=True)
        for job in stopped:
            job.plan()

    def _run(self, job: Job) -> str | None:
        with self._lock, job.output.open("ab") as output:
            if self._is_stopped:
                return None
            logger.info(f"{job.name}: begins")
            process = subprocess.Popen(
                job.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=job_environment() | {PARENT: str(os.getpid())},
                process_group=0,  # an interrupt is this process's to handle, and a stop is to reach its own workers
            )
            self._running[job] = process
        status = process.wait()
        with self._lock:
            del self._running[job]
        return job.reason(status)
