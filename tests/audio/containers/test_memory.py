"""The memory that it takes to find out what is in a long file."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

_MEASURE = """
import resource, sys
from sedpool import audio
audio.info(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
duration = audio.info(sys.argv[2]).duration
end = audio.read(sys.argv[2], 8000, onset=duration - 1.0)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, duration, len(end))
"""


@pytest.mark.parametrize("kind", ["MP3", "OGG"])
def test_fault_47_long_files_are_examined_in_little_memory(tmp_path: Path, kind: str) -> None:
    file = io.BytesIO()
    sf.write(file, 0.1 * np.random.default_rng(0).standard_normal(30 * 8000), 8000, format=kind)
    content = file.getvalue()
    (tmp_path / "short").write_bytes(content)
    with (tmp_path / "long").open("wb") as long:
        for _ in range(64_000_000 // len(content)):
            long.write(content)
    command = [sys.executable, "-c", _MEASURE, str(tmp_path / "short"), str(tmp_path / "long")]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert float(shown[1]) == 30 * (64_000_000 // len(content))
    assert int(shown[2]) == 8000
    assert int(shown[0]) < 32_000  # KiB, of a file of 62,500
