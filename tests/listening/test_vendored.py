"""The player lies in the package as its makers published it."""

import hashlib
import json
from pathlib import Path

import sedpool.listening

STATIC = Path(sedpool.listening.__file__).parent / "static"


def test_the_player_is_the_published_one() -> None:
    about = json.loads((STATIC / "wavesurfer.json").read_text(encoding="utf-8"))
    assert hashlib.sha256((STATIC / "wavesurfer.min.js").read_bytes()).hexdigest() == about["sha256"]
    assert about["package"].endswith("@" + about["version"])
    assert int(about["version"].split(".")[0]) >= 7
    assert "BSD 3-Clause" in (STATIC / "wavesurfer.LICENSE").read_text(encoding="utf-8")
