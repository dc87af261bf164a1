"""The help of the training command: every group, option and setting, explained by its config file."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from sedpool.settings.comments import explain_option, explain_settings, options
from sedpool.settings.compose import compose_unresolved

MORE_GROUPS = {
    "hydra/sweeper": "how -m searches in ranges of values",
    "soundscapes": "what `sedpool data synthesise` draws from; not for training",
}
"""Groups that the defaults list of ``train.yaml`` does not name."""

OPTION_COLUMN, SETTING_COLUMN = 24, 34
WIDEST = 120

TEMPLATE = """\
sedpool: train sound event detectors from weak labels, locate events, score them

Usage: {command} [group=option] [key=value] ...
       {command} -m pooling=max,mean,auto,cap seed=0,1,2      (a sweep)
       {command} -m hydra/sweeper=random 'KEY=interval(A,B)'  (a search)

== Groups (group=option; * marks what is chosen) ==

{groups}

== Settings (key=value, here with the values of what is chosen) ==

{settings}

Examples:
  {command} pooling=cap
  {command} pooling=auto dataset=urbansed dataset.root=data/URBAN-SED
  {command} pooling=rap pooling.l2=1e-4 training.epochs=10
  {command} dataset=urbansed --help      (the settings of another choice)

Your own class or function: pooling._target_=mymodule.MyPooling +pooling.power=3
Your own options: --config-dir FOLDER (both: docs/extend.md)
A path with special characters: 'dataset.root=my (new) data'
Other texts with special characters: 'dataset.classes=["dog (big)"]'
The composed settings: --cfg job
Tab completion: eval "$(python train.py -sc install=bash)"
"""


def render_help(command: str, overrides: Sequence[str], folders: Sequence[Path], width: int) -> str:
    """Return the help text of the training command.

    Parameters
    ----------
    command : str
        What the user typed, e.g. ``sedpool train``.
    overrides : sequence of str
        Settings and choices given beside ``--help``.
    folders : sequence of Path
        Configuration folders, the packaged one first.
    width : int
        Columns of the terminal.

    Raises
    ------
    ConfigError
        If the overrides do not compose.
    """
    width = min(width, WIDEST)
    config, choices = compose_unresolved(overrides, folders[1:])
    top = explain_settings(folders[0] / "train.yaml")
    files = options(folders)
    named = [key.removeprefix("defaults.") for key in top if key.startswith("defaults.") and " " not in key]
    groups: list[str] = []
    for group in [*named, *sorted(files.keys() - set(named))]:
        groups += textwrap.wrap(f"{group}: {top.get(f'defaults.{group}') or MORE_GROUPS.get(group, '')}", width)
        for option, path in files[group].items():
            mark = "*" if choices.get(group) == option else " "
            groups += _two_columns(f"{mark} {option}", explain_option(path), OPTION_COLUMN, width)
        groups.append("")
    settings: list[str] = []
    for group in [*(name for name in named if name != "experiment"), "hydra/sweeper"]:
        if choices[group] in files[group]:
            node = config["hydra"]["sweeper"] if group == "hydra/sweeper" else config[group]
            made_by = f" ({node['_target_']})" if "_target_" in node else ""
            settings.append(f"{group}={choices[group]}{made_by}")
            said = explain_settings(files[group][choices[group]])
            for key, value in node.items():
                if key != "_target_":
                    name = f"{group.replace('/', '.')}.{key}={_as_text(value)}"
                    settings += _two_columns(f"  {name}", said.get(key, ""), SETTING_COLUMN, width)
            settings.append("")
    settings.append("of the run")
    plain = {key: value for key, value in config.items() if key not in (*named, "hydra", "labels")}
    labels = {f"labels.{key}": value for key, value in config["labels"].items()}
    for key, value in (labels | plain).items():
        settings += _two_columns(f"  {key}={_as_text(value)}", top.get(key, ""), SETTING_COLUMN, width)
    return TEMPLATE.format(command=command, groups="\n".join(groups).rstrip(), settings="\n".join(settings))


def _two_columns(left: str, right: str, column: int, width: int) -> list[str]:
    """Return a name and its explanation side by side; below each other if the name is long."""
    lines = textwrap.wrap(right, width - column) or [""]
    if len(left) > column - 2:
        lines.insert(0, "")
    return [f"{name:{column}}{line}".rstrip() for name, line in zip([left, *[""] * len(lines)], lines, strict=False)]


def _as_text(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, Mapping) and "_target_" in value:
        return str(value["_target_"])
    return yaml.safe_dump(value, default_flow_style=True, width=1000, allow_unicode=True).removesuffix("...\n").strip()
