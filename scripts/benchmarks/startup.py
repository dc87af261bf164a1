"""How long a user waits before anything happens, against the import of TensorFlow that is put off."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import sedpool": ["-c", "import sedpool"],
    "train.py --help": ["train.py", "--help"],
    "import tensorflow": ["-c", "import tensorflow"],
}
REFERENCE = "import tensorflow"


def measure(turns: int) -> list[dict[str, object]]:
    """One row a command: median seconds of a fresh process, and its ratio to importing TensorFlow."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(turns):  # commands take turns, so that other load falls on all of them
        for name, arguments in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=True)
            seconds[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return [
        {"command": name, "seconds": median, "vs_tensorflow": median / medians[REFERENCE]}
        for name, median in medians.items()
    ]
