"""The public names with their signatures, as the source states them: ``python tests/public_api.py`` writes them anew.

They are read from the source, so that they are the same under every version of Python and of our dependencies.
"""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import sedpool as sp
from sedpool.pooling import functional

RECORD = Path(__file__).with_suffix(".json")
COMMAND = "python tests/public_api.py"


def public_api() -> dict[str, str]:
    """Map each public name, and each public member of the classes among them, to its signature."""
    entries: dict[str, str] = {}
    for name in sorted(sp.__all__):
        value = getattr(sp, name)
        if isinstance(value, ModuleType):
            entries |= {f"{name}.{inner}": signature(getattr(value, inner)) for inner in sorted(value.__all__)}
        elif inspect.isclass(value):
            entries[name] = signature(value)
            entries |= {f"{name}.{member}": text for member, text in members(value)}
        else:
            entries[name] = signature(value)
    for name, value in sorted(vars(functional).items()):
        if getattr(value, "__module__", "") == functional.__name__ and not name.startswith("_"):
            entries[f"pooling.functional.{name}"] = signature(value)
    return entries


def signature(value: Any) -> str:
    """Write how a public name is called; what cannot be called, as its value."""
    if not callable(value):
        return repr(value)
    if not inspect.isclass(value):
        return function_signature(definition(value))
    bases = "".join(f" {base.__name__}" for base in ours(value)[1:] if base.__name__ in sp.__all__)
    initialisers = [vars(base)["__init__"] for base in ours(value) if "__init__" in vars(base)]
    if initialisers and "__dataclass_fields__" not in vars(value):
        return f"class{bases} {function_signature(definition(initialisers[0]))}"
    return f"class{bases} ({', '.join(inspect.signature(value).parameters)})"


def members(class_: type) -> Iterator[tuple[str, str]]:
    """Yield the public attributes, properties and methods of a class; those of its public bases stand with these."""
    seen: set[str] = set()
    for base in ours(class_):
        if base is not class_ and base.__name__ in sp.__all__:
            continue
        for node in definition(base).body:
            if isinstance(node, ast.FunctionDef):
                name = node.name
                kinds = "".join(f"@{ast.unparse(kind)} " for kind in node.decorator_list)
                text = kinds + function_signature(node)
            elif isinstance(node, ast.AnnAssign):
                name, text = ast.unparse(node.target), ast.unparse(node).partition(": ")[2]
            elif isinstance(node, ast.Assign):
                name, text = ast.unparse(node.targets[0]), "= " + ast.unparse(node.value)
            else:
                continue
            if (not name.startswith("_") or name in ("__call__", "__len__")) and name not in seen:
                seen.add(name)
                yield name, text


def ours(class_: type) -> list[type]:
    """List a class and those that it inherits from, without those of other packages."""
    return [base for base in class_.__mro__ if base.__module__.split(".")[0] == "sedpool"]


def definition(value: Any) -> Any:
    """Parse the source of a function or class."""
    return ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]


def function_signature(node: ast.FunctionDef) -> str:
    """Write a function's parameters and what it returns."""
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"({ast.unparse(node.args)}){returned}"


if __name__ == "__main__":
    RECORD.write_text(json.dumps(public_api(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
