"""Renew constraints.txt: the newest versions of all packages that pyproject.toml admits together (`make upgrade`).

Run it with the oldest Python that sedpool supports, then `make test-versions`. Nothing is installed.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
EXTRAS = "test,docs,check,dask,energy,jax,postgres,remote,search,torch"
HELD = "torch"  # a release is gigabytes: raise it by hand, here and in constraints.txt
FOR_GPUS = ("nvidia-cu", "nvidia-n", "cuda-", "triton")  # what torch brings on some machines only


def main() -> None:
    """Write name and version of each package that pip would install into an empty environment."""
    header, *pins = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    (held,) = (pin for pin in pins if pin.startswith(f"{HELD}=="))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", "-"]
    done = subprocess.run([*command, f"{ROOT}[{EXTRAS}]", held], stdout=subprocess.PIPE, text=True, check=True)
    found = [item["metadata"] for item in json.loads(done.stdout)["install"]]
    renewed = [f"{one['name']}=={one['version'].split('+')[0]}" for one in found if one["name"] != "sedpool"]
    kept = sorted((pin for pin in renewed if not pin.startswith(FOR_GPUS)), key=str.lower)
    CONSTRAINTS.write_text("\n".join([header, *kept]) + "\n", encoding="utf-8")
    print("\n".join(sorted({*kept} ^ {*pins}, key=str.lower)) or "All are the newest already.")


if __name__ == "__main__":
    main()
