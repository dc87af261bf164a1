"""Paths and names on the command line reach the settings as they were typed."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import sedpool
from sedpool.errors import ConfigError
from sedpool.settings.comments import known_settings
from sedpool.settings.compose import compose, config_folder
from sedpool.settings.identity import DATA
from sedpool.settings.overrides import NAMES, PATHS, quote_texts, quoted_form
from sedpool.settings.targets import TARGETS

CHARACTERS = " ~#='()!&,{}[]\"`$%^*?<>|;:@+.-_/019abcXYZäöüßéñ日本\u0308"


def dataset(*overrides: str) -> dict[str, Any]:
    return compose(["dataset=folder", *overrides])["dataset"]


@settings(max_examples=60)
@given(st.text(CHARACTERS, min_size=1, max_size=25))
@example("/my (new) data/a=b")
@example("a,b")
@example("{a: 1}")
@example("[a]")
@example("2024")
@example("true")
@example("1e3")
@example("=")
@example("'")
@example("'it's'")
@example(" a  b ")
def test_a_path_arrives_as_it_was_typed(path: str) -> None:
    assume(not path.lstrip().startswith(("'", '"')) or path.rstrip()[-1] not in "'\"")  # may be quoted for Hydra
    assume("${" not in path)
    assume(path.lower() != "null")
    config = compose(["dataset=folder", f"dataset.root={path}", f"runs=/{path}", f"++corpus={path}"])
    assert config["dataset"]["root"] == os.path.expanduser(path)
    assert (config["runs"], config["corpus"]) == (f"/{path}", path)


@given(st.lists(st.text(CHARACTERS.replace(",", ""), min_size=1, max_size=12), min_size=1, max_size=3))
@example(["käfer", "vögel"])
@example(["2023", "2024"])
@example(["a", "b"])
def test_values_of_a_sweep_arrive_as_they_were_typed(paths: list[str]) -> None:
    assume(not any(set("'\"$~") & set(path) or path.endswith(")") or path.lower() == "null" for path in paths))
    (quoted,) = quote_texts([f"dataset.root={','.join(paths)}"], is_sweep=True)
    parsed = OverridesParser.create().parse_override(quoted)
    if len(paths) == 1:
        assert parsed.value() == paths[0]
    else:
        arrived = [
            OverridesParser.create().parse_override(f"x={value}").value() for value in parsed.sweep_string_iterator()
        ]
        assert [str(value).strip() for value in arrived] == [path.strip() for path in paths]


UNTOUCHED: Sequence[str] = [
    "pooling=cap,max",
    "seed=0,1",
    "seed=choice(0,1)",
    "seed=range(0,3)",
    "dataset.shares=[1,0,0]",
    "dataset.columns={onset: von}",
    "~experiment",
    "~dataset.root=x",
    "dataset.root=choice(a,b)",
    "dataset.root=glob(*)",
    "dataset.root=null",
    "dataset.root=",
    "dataset.root=${data_root}/x",
    "dataset.root=a/b c",
    "dataset.root=C:\\data",
    "dataset.root=a\\,b",
    "corpus=mine",
    "experiment=mcfee2018/urbansed",
]


@pytest.mark.parametrize("is_sweep", [False, True])
def test_what_hydra_reads_stays_as_it_is(is_sweep: bool) -> None:
    assert quote_texts(UNTOUCHED, is_sweep=is_sweep) == UNTOUCHED
    sweeps = ["dataset.root=a,b", 'dataset.root="a,b",c', "training.init_from=runs/a,runs/b"]
    assert quote_texts(sweeps, is_sweep=True) == sweeps


def test_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert dataset("dataset.root=~/x (1)")["root"] == "/home/me/x (1)"
    assert dataset('dataset.root="~/a b"')["root"] == "/home/me/a b"
    assert dataset("dataset.root=~")["root"] == "/home/me"
    assert dataset("dataset.root=~no such user")["root"] == "~no such user"
    assert dataset("dataset.root=x", "dataset.name=~/x")["name"] == "~/x"
    assert quote_texts(["+runs=~/a,~/b"], is_sweep=True) == ["+runs=/home/me/a,/home/me/b"]


def test_a_label_map_of_any_name(tmp_path: Path) -> None:
    path = tmp_path / "Arten (neu), 2.csv"
    path.write_text("from,to\nPlover,plover\n", encoding="utf-8")
    assert compose([f"labels.map={path}"])["labels"]["map"] == [["Plover", "plover"]]


def test_references_stay_references() -> None:
    assert dataset("data_root=/data", "dataset.root=${data_root}/my (new)")["root"] == "/data/my (new)"


def test_a_comma_in_a_sweep_is_asked_about_where_the_path_is_there(tmp_path: Path) -> None:
    path = tmp_path / "new, old"
    path.mkdir()
    with pytest.raises(ConfigError, match="2 values of a sweep, but there is one path of this name; for that type '"):
        quote_texts([f"dataset.root={path}"], is_sweep=True)
    assert quote_texts([f"dataset.root={path}"]) == [f'dataset.root="{path}"']


@pytest.mark.parametrize(
    ("override", "form"),
    [
        ("dataset.columns={onset: Begin Time (s), offset: 3}", 'dataset.columns={onset: "Begin Time (s)", offset: 3}'),
        ("dataset.classes=[dog's bark,cat]", 'dataset.classes=["dog\'s bark",cat]'),
        ("dataset.unit=käfer", 'dataset.unit="käfer"'),
        ("dataset.tiers=[a (b), c]", 'dataset.tiers=["a (b)", c]'),
    ],
)
def test_other_settings_are_refused_with_the_form_to_type(override: str, form: str) -> None:
    assert shlex.split(quoted_form(override)) == [form]
    with pytest.raises(ConfigError) as refused:
        dataset("dataset.root=x", override)
    assert str(refused.value) == f"{override}: not readable; quote texts with special characters: {shlex.quote(form)}"
    dataset("dataset.root=x", form)


def test_keys_that_no_quotes_can_hold_are_refused_too() -> None:
    with pytest.raises(ConfigError, match="only a file can hold keys with special characters"):
        compose(["evaluation.threshold={käfer: 0.5}"])


def test_paths_and_names_are_settings_and_every_argument_that_is_a_path_is_among_them() -> None:
    assert set(known_settings([config_folder()])) >= PATHS | NAMES
    for name in TARGETS["dataset"]:
        hints = get_type_hints(getattr(sedpool, name.removeprefix("sedpool.")))
        paths = {f"dataset.{key}" for key, hint in hints.items() if os.PathLike in map(get_origin, get_args(hint))}
        assert "dataset.root" in paths
        assert paths <= PATHS
    for group, setting in DATA.items():
        assert f"{group}.{setting}" in PATHS


def test_equals_signs_between_braces_are_shown_as_colons() -> None:
    with pytest.raises(ConfigError, match=r"write colons between names and values: '(.*)'") as raised:
        dataset("dataset.root=x", "dataset.columns={filename=Datei,onset=Begin Time (s)}")
    (shown,) = shlex.split(str(raised.value).partition("values: ")[2])
    assert dataset("dataset.root=x", shown)["columns"] == {"filename": "Datei", "onset": "Begin Time (s)"}
