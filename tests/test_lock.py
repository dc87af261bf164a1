"""requirements.lock, from which a release is installed: exact, whole, and without the address of any index."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKED = re.compile(r"^([\w.-]+)==(\S+)((?: ;.*?)?)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n", re.MULTILINE)


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, str]:
    return {plain(entry[1]): entry[2] for entry in LOCKED.finditer((ROOT / "requirements.lock").read_text("utf-8"))}


def test_every_line_is_a_version_with_hashes() -> None:
    assert LOCKED.sub("", (ROOT / "requirements.lock").read_text("utf-8")) == ""


def test_the_lock_has_every_dependency_in_the_version_that_is_tested() -> None:
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()[1:])
    tested = {plain(name): version for name, version in pins.items()}
    versions = locked()
    assert {name: version for name, version in versions.items() if tested.get(name, version) != version} == {}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {plain(re.split("[<>=]", one)[0]) for one in project["dependencies"]} <= versions.keys()
