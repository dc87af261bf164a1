"""Where a run was made: versions, commit, seeds, threads, precision, device."""

import json
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

FORMAT = 1
_PACKAGES = (
    "sedpool",
    "tensorflow",
    "jax",
    "torch",
    "keras",
    "numpy",
    "scipy",
    "pandas",
    "librosa",
    "soxr",
    "sed_eval",
)


def describe_environment(*, seed: int, threads: int | None, precision: str) -> dict[str, Any]:
    """Everything besides the configuration and the data that a run's numbers may depend on.

    Parameters
    ----------
    seed : int
        The run's seed.
    threads : int or None
        As configured; None is the backend's default.
    precision : str
        Keras dtype policy.
    """
    return {
        "format": FORMAT,
        "python": platform.python_version(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
        "git_commit": git_commit(),
        "seed": seed,
        "threads": threads,
        "processors": os.cpu_count(),
        "precision": precision,
        "backend": keras_backend(),
        "device": processor_facts().get("model name") or platform.processor() or platform.machine(),
        "system": " ".join([platform.system(), platform.machine(), *platform.libc_ver()]),
    }


def keras_backend() -> str:
    """Return the backend that ``KERAS_BACKEND`` or Keras's settings file asks for, without importing it."""
    return os.environ.get("KERAS_BACKEND") or _backend_in_settings() or "tensorflow"


def _backend_in_settings() -> str | None:
    folder = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    try:
        settings = json.loads(Path(folder, "keras.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return settings.get("backend") if isinstance(settings, dict) else None


def git_commit() -> str | None:
    """Return the commit of the running checkout, with ``+changes`` if tracked files differ; None outside one."""
    commit = _git("rev-parse", "HEAD")
    if commit and _git("status", "--porcelain", "--untracked-files=no"):
        return f"{commit}+changes"
    return commit or None


def _git(*arguments: str) -> str:
    folder = Path(__file__).resolve().parent
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def processor_facts() -> dict[str, str]:
    """Return what Linux says of the last processor, by name, as ``flags``; nothing on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    facts = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in facts}
