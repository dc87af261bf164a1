"""Runs jobs on a cluster: one array of SLURM, each task of which is the command line of a job."""

import logging
import os
import re
import shlex
import subprocess
import time
from collections.abc import Sequence

from sedpool.errors import ConfigError
from sedpool.experiment.jobs import Job, job_environment, read_note, write_note
from sedpool.settings.schema import LauncherSettings

logger = logging.getLogger(__name__)

_ASK_EVERY = 5.0  # seconds; the controller of a cluster answers everybody
_EXIT_CODE = re.compile(r"JobState=(\S+) .*ExitCode=(\d+):(\d+)")


class Slurm:
    """See `sedpool.experiment.launchers.runner.Backend`.

    Parameters
    ----------
    settings : LauncherSettings
        `jobs` of them run at a time; `sbatch` are further options.
    """

    def __init__(self, settings: LauncherSettings) -> None:
        self._settings = settings
        self._tasks: dict[str, Job] = {}
        self._running: set[str] = set()

    def start(self, jobs: Sequence[Job]) -> None:
        """Submit jobs, except those that an earlier command has left in the queue.

        Raises
        ------
        ConfigError
            If there is no SLURM here, or it refuses them.
        """
        queue = queued_tasks()
        earlier = {task: job for job in jobs if (task := read_note(job.folder).get("queued")) in queue}
        new = [job for job in jobs if job not in earlier.values()]
        self._tasks = dict(earlier)
        if earlier:
            logger.info(f"{len(earlier)} of {len(jobs)} are in the queue already")
        if not new:
            return
        lines = [
            f"{index}) exec {shlex.join(job.command)} >> {shlex.quote(str(job.output))} 2>&1 ;;"
            for index, job in enumerate(new)
        ]
        path = shlex.quote(job_environment()["PYTHONPATH"])
        script = ["#!/bin/bash", f"export PYTHONPATH={path}", "case $SLURM_ARRAY_TASK_ID in", *lines, "esac", ""]
        array = f"--array=0-{len(new) - 1}%{self._settings.jobs}"
        own = [array, "--parsable", "--requeue", "--job-name=sedpool", "--output=/dev/null", f"--chdir={os.getcwd()}"]
        number = _ask("sbatch", *own, *shlex.split(self._settings.sbatch), text="\n".join(script)).split(";")[0].strip()
        logger.info(f"SLURM has them as job {number}; scancel {number} removes them")
        for index, job in enumerate(new):
            self._tasks[f"{number}_{index}"] = job
            write_note(job.folder, queued=f"{number}_{index}")

    def ended(self, timeout: float) -> list[tuple[Job, str | None]]:
        """Wait for a while, and ask which are not in the queue any more."""
        time.sleep(max(timeout, _ASK_EVERY))
        try:
            queue = queued_tasks()
        except ConfigError as error:  # the controller may be busy
            logger.warning(f"{error}; asking again")
            return []
        for task in [task for task in self._tasks if queue.get(task) == "RUNNING" and task not in self._running]:
            self._running.add(task)
            logger.info(f"{self._tasks[task].name}: begins, as job {task} of SLURM")
        return [(job := self._tasks.pop(task), _reason(job, task)) for task in list(self._tasks) if task not in queue]

    def stop(self) -> None:
        """Leave the jobs in the queue."""
        numbers = " ".join(sorted({task.partition("_")[0] for task in self._tasks}))
        if numbers:
            logger.info(f"the jobs stay with SLURM; the same command waits for them, scancel {numbers} ends them")


def queued_tasks() -> dict[str, str]:
    """Return the state of each of this user's tasks that is in the queue or runs.

    Raises
    ------
    ConfigError
        If there is no SLURM here, or it does not answer.
    """
    lines = _ask("squeue", "--me", "--array", "--noheader", "--format=%F_%K %T").splitlines()
    return dict(line.split() for line in lines)


def _reason(job: Job, task: str) -> str | None:
    """Return why a job failed that has left the queue; None if it did not."""
    os.listdir(job.folder.path)  # a network file system looks again for files that it has not seen before
    if job.folder.is_done:
        return None
    found = subprocess.run(["scontrol", "--oneliner", "show", "job", task], capture_output=True, text=True, check=False)
    if not (ended := _EXIT_CODE.search(found.stdout)):
        return job.reason(1)
    state, status, number = ended[1], int(ended[2]), int(ended[3])
    reason = job.reason(-number if number else status) or "ended without a finished run"
    return reason if state in ("FAILED", "COMPLETED") else f"{reason} ({state.lower().replace('_', ' ')}, says SLURM)"


def _ask(*command: str, text: str = "") -> str:
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ConfigError(
            f"launcher=slurm: no {command[0]} on this machine; call from one that submits to the cluster, or use "
            "launcher=local"
        ) from None
    if done.returncode:
        raise ConfigError(f"{command[0]}: {' '.join(done.stderr.split()) or 'no answer'}")
    return done.stdout
