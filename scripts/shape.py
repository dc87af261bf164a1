"""Check that code does not crumble or swell: `make check` holds each package to its ceilings in pyproject.toml.

A function is counted as *used once* if it has at most four statements and a single place of the whole package refers to
its name: whoever reads that place has to look it up, and finds hardly more than its name says. Definitions, imports,
comments and docstrings are no references. What others call is left out: public names (those of an ``__all__``, and of
``tests/public_api.json``), public methods of classes that derive from another library's, decorated functions, and
methods with double underscores.

Ceilings only fall. A package above one of its own is an error; where it is below, the line to put in is printed.
"""

import ast
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SMALL = 4
"""Most statements of a small function, its docstring aside."""
OF_TYPING = frozenset({"NamedTuple", "Protocol", "TypedDict", "Generic"})
"""Bases that call no method."""


class Shape(NamedTuple):
    """What is measured of a package: small functions used once, and all statements."""

    used_once: int
    statements: int


def main() -> None:
    """Compare the package with its ceilings; exit with 1 if one is exceeded."""
    public = {name.rpartition(".")[2] for name in json.loads((ROOT / "tests/public_api.json").read_text("utf-8"))}
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    ceilings = {name: Shape(**most) for name, most in settings["tool"]["shape"].items()}
    problems, advice = compare(measure(ROOT / "sedpool", public), ceilings)
    for line in advice:
        print(line)
    if problems:
        sys.exit("\n".join(problems))


def compare(shapes: Mapping[str, Shape], ceilings: Mapping[str, Shape]) -> tuple[list[str], list[str]]:
    """Hold packages to their ceilings.

    Returns
    -------
    problems : list of str
        One line per package above a ceiling or without one, and per ceiling without a package.
    advice : list of str
        One line per package below one of its ceilings.
    """
    problems = [f"shape: no package {name}; delete its ceilings" for name in ceilings.keys() - shapes.keys()]
    advice = []
    for name, shape in shapes.items():
        line = f"{name} = {{ used_once = {shape.used_once}, statements = {shape.statements} }}"
        if name not in ceilings:
            problems.append(f"shape: {name} has no ceilings; add {line}")
            continue
        most = ceilings[name]
        if shape.used_once > most.used_once:
            too_many = f"{shape.used_once} small functions that are used once, at most {most.used_once}"
            problems.append(f"shape: {name} has {too_many}; inline those that say no more than their code")
        if shape.statements > most.statements:
            problems.append(f"shape: {name} has {shape.statements} statements, at most {most.statements}; delete some")
        if shape.used_once < most.used_once or shape.statements < most.statements:
            advice.append(f"shape: a ceiling can fall; put in {line}")
    return problems, advice


def measure(package: Path, public: set[str]) -> dict[str, Shape]:
    """Measure each folder directly in a package; modules beside them count under the package's own name.

    Parameters
    ----------
    package : Path
        Folder of the package.
    public : set of str
        Names of functions and methods that users call.
    """
    trees = {path: ast.parse(path.read_text("utf-8")) for path in sorted(package.rglob("*.py"))}
    nodes = {path: list(ast.walk(tree)) for path, tree in trees.items()}
    everything = [node for found in nodes.values() for node in found]
    references = Counter(node.id for node in everything if isinstance(node, ast.Name))
    references += Counter(node.attr for node in everything if isinstance(node, ast.Attribute))
    exported = [
        ast.literal_eval(node.value)
        for node in everything
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    left_out = public.union(*exported, _hooks([node for node in everything if isinstance(node, ast.ClassDef)]))
    shapes: dict[str, Shape] = {}
    for path, found in nodes.items():
        inside = path.relative_to(package).parts
        name = inside[0] if len(inside) > 1 else package.name
        used_once = sum(
            isinstance(node, ast.FunctionDef)
            and not node.decorator_list
            and not node.name.startswith("__")
            and node.name not in left_out
            and references[node.name] == 1
            and _n_statements(node) <= SMALL
            for node in found
        )
        before = shapes.get(name, Shape(0, 0))
        n_statements = sum(isinstance(node, ast.stmt) for node in found)
        shapes[name] = Shape(before.used_once + used_once, before.statements + n_statements)
    return shapes


def _hooks(classes: list[ast.ClassDef]) -> Iterator[str]:
    """Yield the public methods of classes that derive, directly or not, from a class that is not among them."""
    bases = {one.name: {ast.unparse(base).partition("[")[0] for base in one.bases} for one in classes}

    def derives(name: str) -> bool:
        return any(derives(base) if base in bases else base not in OF_TYPING for base in bases[name])

    for one in classes:
        if derives(one.name):
            yield from (node.name for node in one.body if isinstance(node, ast.FunctionDef) and node.name[0] != "_")


def _n_statements(function: ast.FunctionDef) -> int:
    """Count the statements in a function, its docstring aside."""
    return sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1 - bool(ast.get_docstring(function))


if __name__ == "__main__":
    main()
