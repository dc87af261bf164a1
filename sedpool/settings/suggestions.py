"""Suggestions for misspelt options and settings of the training command."""

import re
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from hydra._internal.utils import get_args_parser

from sedpool.errors import ConfigError
from sedpool.settings.comments import known_settings, options

_NO_NAME = re.compile(r"null|true|false|[+-]?(\d[\d_.]*(e[+-]?\d+)?|\.\d+|inf|nan)|\{.*", re.IGNORECASE)
"""What Hydra takes for another value than a text."""


def refuse_unknown(arguments: Sequence[str], folders: Sequence[Path]) -> None:
    """Check that every argument is a flag of Hydra's or a setting, before Hydra ends with its usage.

    Parameters
    ----------
    arguments : sequence of str
        The command line.
    folders : sequence of Path
        Configuration folders.

    Raises
    ------
    ConfigError
        On the first other argument, with the settings that it may stand for: ``--epochs 5`` for ``training.epochs=5``;
        and on a group that is given a number or null, which Hydra ends with a traceback.
    """
    known, unknown = get_args_parser().parse_known_args(list(arguments))
    groups = options(folders)
    for override in known.overrides:
        group, _, value = override.lstrip("+").partition("=")
        is_group = group in groups or group.startswith("hydra/")
        if is_group and any(_NO_NAME.fullmatch(part.strip()) for part in value.split(",")):
            raise ConfigError(f"{override}: no such option; known: {', '.join(groups.get(group, ())) or 'only names'}")
    words = [word for word in [*unknown, *known.overrides] if word.startswith("-") or not {"=", "~"} & {*word}]
    if not words:
        return
    word = words[0]
    name, is_given, value = word.lstrip("-").partition("=")
    following = [*arguments[arguments.index(word) + 1 :], "-"][0]
    folder = following if word == "folder" else word
    if Path(folder).is_dir():
        raise ConfigError(
            f"{word}: no setting (key=value); to train on your own recordings, did you mean dataset=folder "
            f"dataset.root={folder}?"
        )
    if not is_given:
        value = "..." if following.startswith("-") or "=" in following else following
    names = list(dict.fromkeys([*options(folders), *known_settings(folders)]))
    meant = " or ".join(f"{setting}={value}" for setting in nearest(name.replace("-", "_"), names))
    remedy = f"did you mean {meant}?" if meant else "`sedpool train --help` lists the settings"
    raise ConfigError(f"{word}: no such option, settings are given as key=value; {remedy}")


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return the names that a misspelt one may stand for: those that end like it, else the most similar ones.

    Examples
    --------
    >>> nearest("epochs", ["seed", "training.epochs"])
    ['training.epochs']
    >>> nearest("training.ephocs", ["seed", "training.epochs"])
    ['training.epochs']
    """
    names = list(known)
    if name in names:
        return [name]
    last = name.rpartition(".")[2]
    if same := [setting for setting in names if setting.rpartition(".")[2] == last]:
        return same
    if similar := get_close_matches(name, names, n=1, cutoff=0.75):
        return similar
    (ending, *_) = [*get_close_matches(last, [setting.rpartition(".")[2] for setting in names], n=1, cutoff=0.75), ""]
    return [setting for setting in names if ending and setting.rpartition(".")[2] == ending]


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return "did you mean ...? " for a misspelt name, or an empty string."""
    similar = nearest(name, known)
    return f"did you mean {' or '.join(similar)}? " if similar else ""
