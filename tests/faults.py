"""What the tests of faults see, as a table: a plugin of pytest for `make faults`.

Seen is the last error or warning that a test received, else the last of its checks, with the values that it compared.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FAULTS, SEEN = ROOT / "docs/faults.md", ROOT / "docs/faults-seen.md"
HEAD = """# What the tests of faults see

For every test of a [fault](faults.md): what is expected, and what the test saw when it ran. That is the last error or
warning that it received, else the last of its checks and the values that it compared; of a test of several cases it is
that of the first. `make faults` runs them all, prints this table and writes this page. Last written at commit {commit}.

| # | expected | seen | test |
|---|---|---|---|
"""
LONGEST = 240
_TEST = re.compile(r"::(test_faults?_\d\d\w*)")
_OBSERVED = pytest.StashKey[list[str]]()
_PLACES = re.compile(r"\S*pytest-of-\w+/pytest-\d+/(popen-gw\d+/)?[\w.-]+/?|(?<=127\.0\.0\.1):\d+|0x[0-9a-f]{6,}")


def pytest_configure(config: pytest.Config) -> None:
    """Listen to errors and warnings that tests expect."""

    def listen(context: type[Any], said: Any) -> None:
        leave = context.__exit__

        def leave_observed(self: Any, kind: Any, value: Any, trace: Any) -> Any:
            if text := said(self, value):
                config.stash.setdefault(_OBSERVED, []).append(text)
            return leave(self, kind, value, trace)

        context.__exit__ = leave_observed

    listen(pytest.RaisesExc, lambda _, value: "" if isinstance(value, SystemExit) and not value.code else str(value))
    listen(type(pytest.warns()), lambda warned, _: str(warned.list[-1].message) if warned.list else "")


def pytest_assertion_pass(item: pytest.Item, lineno: int, orig: str, expl: str) -> None:
    """Keep a check that held, and the values in it."""
    values = expl.splitlines()[0]
    item.stash[_OBSERVED] = [f"{orig}, as {values}" if values not in ("True", orig) else orig]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Run a test, and hand on what it saw with its report."""
    messages = item.config.stash[_OBSERVED] = []
    try:
        return (yield)
    finally:
        item.user_properties.append(("seen", [*item.stash.get(_OBSERVED, ["nothing"]), *messages][-1]))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print fault, expected and seen of every test, and write the page."""
    expected = dict(re.findall(r"^\| (\d+) \| [^|]+\| ([^|]+) \|", FAULTS.read_text(encoding="utf-8"), re.MULTILINE))
    cases: dict[str, list[str]] = {}
    for outcome in ("failed", "error", "skipped", "passed"):
        for report in terminalreporter.stats.get(outcome, []):
            if (found := _TEST.search(report.nodeid)) and (report.when == "call" or outcome != "passed"):
                seen = (
                    report.longrepr[2] if outcome == "skipped" else dict(report.user_properties).get("seen", "nothing")
                )
                seen = plain(seen) if outcome == "passed" else f"{outcome.upper()}: {plain(seen)}"
                cases.setdefault(found[1], []).append(seen)
    code = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py"))
    there = set(re.findall(r"def (test_faults?_\w+)", code))
    before = SEEN.read_text(encoding="utf-8").splitlines() if SEEN.is_file() else []
    rows = {row.split("`")[-2]: row for row in before if row.endswith("` |") and row.split("`")[-2] in there}
    for name, seen in sorted(cases.items()):
        number = name.split("_")[2].lstrip("0")
        more = f", in {len(seen)} cases" if len(seen) > 1 else ""
        rows[name] = f"| {number} | {expected.get(number, 'MISSING')} | `` {seen[0]} ``{more} | `{name}` |"
        terminalreporter.write_line(f"{number} · {expected.get(number, 'MISSING')} · {seen[0]}{more}")
    prefixes = [re.match(r"test_faults?((_\d\d|_and|_to)+)", name) for name in rows]
    shown = {number.lstrip("0") for prefix in prefixes if prefix for number in re.findall(r"\d\d", prefix[1])}
    if missing := expected.keys() - shown:
        terminalreporter.write_line(f"not seen yet: {', '.join(sorted(missing, key=int))}", red=True)
    git = ["git", "-C", str(ROOT), "rev-parse", "--short=10", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    table = sorted(rows.values(), key=lambda row: (int(row.split("|")[1]), row.split("`")[-2]))
    SEEN.write_text(HEAD.format(commit=commit) + "\n".join(table) + "\n", encoding="utf-8")


def plain(text: str) -> str:
    """Return a message on one line, without places that every run has others of, as the text of a table's cell."""
    for place in (os.environ.get("SEDPOOL_TEST_DATA"), os.environ.get("SEDPOOL_DATA"), str(ROOT)):
        text = text.replace(f"{place}/", "") if place else text
    text = " ".join(_PLACES.sub("", text).split()).replace("|", "¦").replace("``", "''")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
