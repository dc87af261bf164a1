"""What config files say about themselves, in comments.

The first comment line of a file explains the option; the comment behind a value explains the setting, with its unit.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

DIRECTIVE = "# @package"


def options(folders: Sequence[Path]) -> dict[str, dict[str, Path]]:
    """List the config files of each group.

    Parameters
    ----------
    folders : sequence of Path
        Configuration folders, such as `sedpool.settings.compose.config_folder` and one that ``--config-dir`` names.

    Returns
    -------
    options : dict of str to dict of str to Path
        Files by group and option. Presets in sub-folders belong to ``experiment``.
    """
    found: dict[str, dict[str, Path]] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*.yaml")):
            group, _, option = path.relative_to(folder).with_suffix("").as_posix().rpartition("/")
            if group.startswith("experiment/"):
                group, option = "experiment", f"{group.removeprefix('experiment/')}/{option}"
            if group:
                found.setdefault(group, {})[option] = path
    return found


def explain_option(path: Path) -> str:
    """Return the first line that a config file says about itself, or an empty string."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith(DIRECTIVE):
            return line.lstrip("# ") if line.startswith("#") else ""
    return ""


def explain_settings(path: Path) -> dict[str, str]:
    """Return what a config file says about each setting, by dotted key; what it inherits from another file included.

    A choice of its defaults list has the key ``defaults.<group>``. A setting without a comment has an empty string.
    """
    text = path.read_text(encoding="utf-8")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return {}
    found: dict[str, str] = {}
    for key, value in root.value:
        if key.value == "defaults":
            for entry in value.value:
                if isinstance(entry, yaml.MappingNode):
                    found |= _comments(entry, text.splitlines(), "defaults.")
                elif entry.value != "_self_":
                    found |= explain_settings(path.with_name(f"{entry.value}.yaml"))
    return found | _comments(root, text.splitlines())


def _comments(node: yaml.MappingNode, lines: Sequence[str], prefix: str = "") -> dict[str, str]:
    """Return the comments of a mapping and, below it, of what is written as a block."""
    found: dict[str, str] = {}
    for key, value in node.value:
        if key.value in ("_target_", "defaults"):
            continue
        is_block = isinstance(value, yaml.MappingNode) and not value.flow_style
        end = key.end_mark if is_block else value.end_mark
        found[f"{prefix}{key.value}"] = lines[end.line][end.column :].partition("#")[2].strip()
        if is_block:
            found |= _comments(value, lines, f"{prefix}{key.value}.")
    return found


def known_settings(folders: Sequence[Path]) -> Iterator[str]:
    """Yield the dotted key of every setting of every option, those of no group first."""
    for folder in folders:
        if (path := folder / "train.yaml").is_file():
            yield from (key for key in explain_settings(path) if not key.startswith(("defaults.", "hydra")))
    for group, files in options(folders).items():
        if group not in ("experiment", "soundscapes"):
            for path in files.values():
                yield from (f"{group.replace('/', '.')}.{key}" for key in explain_settings(path))
