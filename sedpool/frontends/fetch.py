"""Getting a front-end: by pip, or from a file that is there; checked by its hash and converted once."""

import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

from sedpool.errors import ConfigError, DataError
from sedpool.frontends.aisfx_weights import weights_of_wheel, write_weights

PACKAGE = "aisfx==0.1.2"
WHEEL_SHA256 = "bfe219950715af179e9a1653e7117cc1852baef267cd6596c42cad74afe1d194"
_TIMEOUT = 1800  # seconds, for 23 MB


def fetch_aisfx() -> Path:
    """Download the package that carries the weights of aisfx, and convert them; return where they lie.

    pip downloads it, as its settings say (index, mirror, proxy), and nothing of it is installed or executed.

    Raises
    ------
    ConfigError
        If there is no pip.
    DataError
        If it cannot be downloaded, or is another file than expected.
    """
    with tempfile.TemporaryDirectory(prefix="sedpool-") as folder:
        pinned = Path(folder, "pinned.txt")
        pinned.write_text(f"{PACKAGE} --hash=sha256:{WHEEL_SHA256}\n", encoding="utf-8")
        options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--disable-pip-version-check", "--quiet"]
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", folder, "--requirement", str(pinned)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT)
        except subprocess.TimeoutExpired:
            raise DataError(f"{PACKAGE}: not downloaded within {_TIMEOUT // 60} minutes; run the same again") from None
        if "No module named pip" in done.stderr:
            raise ConfigError(
                f"{sys.executable} has no pip, which downloads {PACKAGE}; download its wheel elsewhere: "
                "sedpool models get aisfx FILE"
            )
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr]
            reason = " ".join(said[-1].removeprefix("ERROR:").split())
            raise DataError(
                f"{PACKAGE}: pip cannot download it ({reason}); or download its wheel elsewhere: "
                "sedpool models get aisfx FILE"
            )
        (wheel,) = Path(folder).glob("*.whl")
        return add_aisfx(wheel)


def add_aisfx(wheel: Path) -> Path:
    """Convert the weights in the package that was downloaded before; return where they lie.

    Raises
    ------
    DataError
        If the file is not there, or is another than expected.
    """
    if not wheel.is_file():
        raise DataError(f"{wheel}: no such file; expected the wheel of {PACKAGE}")
    content = wheel.read_bytes()
    if (found := sha256(content).hexdigest()) != WHEEL_SHA256:
        raise DataError(f"{wheel}: sha256 {found}, which is not the wheel of {PACKAGE} ({WHEEL_SHA256}); get it again")
    return write_weights(weights_of_wheel(content))
