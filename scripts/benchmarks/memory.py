"""How much memory something takes, on Linux."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")


def peak_mib(action: Callable[[], Any]) -> float | None:
    """Most memory in MiB that `action` takes beyond what is in use before; None where the system does not tell."""
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew from what is in use
        before = status_mib("VmRSS")
        action()
        return status_mib("VmHWM") - before
    except OSError:
        return None


def status_mib(field: str) -> float:
    """Read a field of the process's status, e.g. ``VmRSS``, in MiB."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024
