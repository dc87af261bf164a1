"""Plain English: phrases that a reader from outside stumbles over stay out of code, pages and settings."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
STUMBLED_OVER = re.compile(r"\b(but for|shall|is told|are told|told|heard|the same of)\b|\b, of which\b", re.IGNORECASE)
READ = ("sedpool/**/*.py", "sedpool/**/*.html", "configs/**/*.yaml", "docs/**/*.md", "scripts/**/*.py", "*.md")


def test_no_phrase_of_a_dialect() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for pattern in READ
        for path in sorted(ROOT.glob(pattern))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if STUMBLED_OVER.search(line)
    ]
    assert found == []
