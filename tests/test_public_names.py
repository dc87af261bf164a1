"""What `sedpool` and `sedpool.pooling` offer: their stubs, their `__all__` and what can be imported agree."""

import ast
import importlib
import json
from pathlib import Path

import pytest

import sedpool as sp
from sedpool import pooling
from tests.public_api import COMMAND, RECORD, public_api


def stated(package: str) -> dict[str, str]:
    """Names in the stub of a package, and the module that each is taken from."""
    path = importlib.import_module(package).__file__
    assert path is not None
    imports = ast.parse(Path(path).with_suffix(".pyi").read_text(encoding="utf-8")).body
    names: dict[str, str] = {}
    for line in imports:
        assert isinstance(line, ast.ImportFrom)
        for alias in line.names:
            assert alias.asname == alias.name, "a type checker takes only `X as X` for public"
            assert alias.name not in names
            names[alias.name] = f"{package}.{line.module}" if line.module else package
    return names


@pytest.mark.parametrize("package", ["sedpool", "sedpool.plot", "sedpool.pooling"])
def test_stub_all_and_imports_agree(package: str) -> None:
    module, names = importlib.import_module(package), stated(package)
    assert sorted(module.__all__) == sorted(names)
    assert set(names) <= set(dir(module))
    for name, source in names.items():
        imported: dict[str, object] = {}
        exec(f"from {package} import {name}", imported)
        assert imported[name] is getattr(importlib.import_module(source), name)


def test_every_operator_is_a_name_of_the_package() -> None:
    assert set(pooling.__all__) - {"functional"} <= set(sp.__all__)
    assert {"Decoder", "load_synthesised"} <= set(sp.__all__)


def test_public_names_and_signatures_are_those_on_record() -> None:
    recorded, now = json.loads(RECORD.read_text(encoding="utf-8")), public_api()
    changes = [
        f"{name}: {recorded.get(name, 'nothing')} -> {now.get(name, 'nothing')}"
        for name in sorted(recorded.keys() | now.keys())
        if recorded.get(name) != now.get(name)
    ]
    assert not changes, "\n".join(
        ["The public API has changed:", *changes, f"If it is meant to: {COMMAND}, and say so in CHANGELOG.md."]
    )


def test_type_checkers_read_our_annotations() -> None:
    assert (Path(sp.__file__).parent / "py.typed").is_file()
