"""What mkdocs adds to the pages under docs/: pages made from code and configuration, and files that lie elsewhere.

- ``reference/settings.md``: every setting, from the comments of ``configs/``.
- ``reference/<group>.md``: every public name, from the stubs and ``__all__`` of the packages; mkdocstrings fills them.
- ``README.md`` (the home page), ``CONTRIBUTING.md``, ``SECURITY.md``, ``CHANGELOG.md`` and the reports below
  ``experiments/``.

Pages link to each other as files of the repository, so that links work there too; `on_page_markdown` turns them into
links of the site.
"""

import ast
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "configs"

ELSEWHERE = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "security.md": "SECURITY.md",
    "changelog.md": "CHANGELOG.md",
}
REPORT_FILES = ("*/README.md", "*/*.csv", "*/report/report.md", "*/report/figures/*.png")
LINK = re.compile(r"(\]\()(?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)")


@dataclass(frozen=True)
class ReferencePage:
    """A page of the API reference: the public names that it shows.

    Attributes
    ----------
    title : str
        Heading of the page.
    packages : tuple of str
        Packages whose names in ``sedpool/__init__.pyi`` are shown.
    modules : tuple of str
        Modules that are shown besides, each with its docstring and its ``__all__`` or its public functions and classes.
    """

    title: str
    packages: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


REFERENCE = {
    "datasets": ReferencePage("Corpora", ("datasets",), ("sedpool.events", "sedpool.scores")),
    "features": ReferencePage("Features and augmentation", ("features", "frontends", "augment"), ("sedpool.features",)),
    "models": ReferencePage("Networks", ("models",)),
    "pooling": ReferencePage(
        "Pooling operators", ("pooling",), ("sedpool.pooling.functional", "sedpool.pooling.bounds")
    ),
    "training": ReferencePage("Training and runs", ("training", "experiment", "run_folder")),
    "inference": ReferencePage("Detection", ("inference",)),
    "evaluation": ReferencePage("Evaluation", ("evaluation",), ("sedpool.evaluation",)),
    "stats": ReferencePage(
        "Statistics",
        ("stats", "comparison"),
        tuple(f"sedpool.stats.{name}" for name in ("replicates", "resampling", "clusters", "tests", "ranks", "power")),
    ),
    "formats": ReferencePage("Label formats", ("formats",), ("sedpool.formats",)),
    "plot": ReferencePage("Plots", ("plot",), ("sedpool.plot",)),
}


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add the pages that are made here and the files that lie outside docs/."""
    from mkdocs.structure.files import File

    reports = [path.relative_to(ROOT).as_posix() for glob in REPORT_FILES for path in (ROOT / "experiments").glob(glob)]
    for address, source in (ELSEWHERE | {path: path for path in reports}).items():
        files.append(File.generated(config, address, abs_src_path=str(ROOT / source)))
    files.append(File.generated(config, "reference/settings.md", content=settings_page()))
    for name, page in REFERENCE.items():
        files.append(File.generated(config, f"reference/{name}.md", content=reference_page(page)))
    return files


def on_page_markdown(markdown: str, page: "Page", config: "MkDocsConfig", files: "Files") -> str:
    """Turn links between files of the repository into links between pages of the site."""
    del config, files
    return site_links(markdown, page.file.src_uri)


def site_links(markdown: str, address: str) -> str:
    """Rewrite the relative links of a page.

    Parameters
    ----------
    markdown : str
        Text of the page; its links lead to files of the repository.
    address : str
        Where the page lies in the site, such as ``decisions/design.md``.

    Returns
    -------
    str
        The text with links to pages of the site.
    """
    folder = posixpath.dirname(source_of(address))

    def rewritten(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[2]))
        if (ROOT / target).is_dir():
            target += "/README.md"
        found = posixpath.relpath(address_of(target), posixpath.dirname(address) or ".")
        return f"{match[1]}{found}{match[3] or ''})"

    return LINK.sub(rewritten, markdown)


def source_of(address: str) -> str:
    """Path in the repository of a page of the site."""
    if address in ELSEWHERE:
        return ELSEWHERE[address]
    return address if address.startswith("experiments/") else f"docs/{address}"


def address_of(source: str) -> str:
    """Address in the site of a file of the repository."""
    for address, path in ELSEWHERE.items():
        if path == source:
            return address
    return source.removeprefix("docs/")


def reference_page(page: ReferencePage) -> str:
    """Write a page of the API reference as directives that mkdocstrings fills in."""
    parts = [f"# {page.title}\n"]
    shown: set[str] = set()
    for name, target in sorted(public_names(), key=lambda names: names[0].lower()):
        if target.split(".")[1] in page.packages:
            parts.append(_directive(target, f"sedpool.{name}"))
            shown.add(target)
    for module in page.modules:
        targets = [(name, target) for name, target in module_names(module) if target not in shown]
        if targets:
            parts.append(_directive(module, module, members="false"))
            parts += [_directive(target, f"{module}.{name}", level=3) for name, target in targets]
    return "\n".join(parts)


def _directive(target: str, name: str, level: int = 2, **options: str) -> str:
    options |= {"heading": name, "toc_label": name.rpartition(".")[2], "heading_level": str(level)}
    return f"::: {target}\n    options:\n" + "".join(f"      {key}: {value}\n" for key, value in options.items())


def public_names() -> list[tuple[str, str]]:
    """List the public names of `sedpool` with the full name of what each stands for.

    Raises
    ------
    LookupError
        If no page of the reference takes a name.
    """
    names = [
        (name, f"sedpool.{target}")
        for name, target in _imports(ROOT / "sedpool/__init__.pyi")
        if name not in ("formats", "plot")
    ]
    taken = {package for page in REFERENCE.values() for package in page.packages}
    lost = sorted({f"{name} (of {target})" for name, target in names if target.split(".")[1] not in taken})
    if lost:
        raise LookupError(f"docs/hooks.py: no page in REFERENCE takes {', '.join(lost)}; add its package to one")
    return names


def module_names(module: str) -> list[tuple[str, str]]:
    """List what a module offers, with the full name of each: its imports in ``__all__``, or what it defines."""
    folder = ROOT / Path(*module.split("."))
    path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    if (stub := folder / "__init__.pyi").is_file():
        return [(name, f"{module}.{target}") for name, target in _imports(stub)]
    if folder.is_dir():
        return [(name, target) for name, target in _imports(path) if not name.startswith("_")]
    return [
        (node.name, f"{module}.{node.name}")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]


def _imports(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module or ''}.{alias.name}".lstrip(".")


@dataclass(frozen=True)
class Setting:
    """A key of a config file with its value and what the comment beside or above it says."""

    key: str
    default: str
    meaning: str


def settings_page() -> str:
    """Write the page of all settings: those of ``configs/train.yaml``, then each group with its options."""
    top = CONFIGS / "train.yaml"
    defaults = group_defaults(top)
    parts = [
        "# Settings",
        "Give any of these to `python train.py` or `sedpool train`: a setting as `key=value`, an option of a group as"
        " `group=option`, such as `python train.py pooling=rap pooling.l2=1e-4`. In YAML `null` means none.\n\n"
        "This page is made from the comments in `configs/`.",
        "## General",
        _table(s for s in file_settings(top) if s.key.split(".")[0] not in {"defaults", "hydra"}),
    ]
    for group in sorted(path.name for path in CONFIGS.iterdir() if path.is_dir() and path.name in defaults):
        if group != "experiment":
            parts += _group(group, defaults[group])
    parts += ["## experiment", "Presets that set several groups at once: `experiment=NAME`.", _experiments()]
    return "\n\n".join(parts) + "\n"


def _group(group: str, default: str) -> list[str]:
    files = {path.stem: path for path in sorted((CONFIGS / group).glob("*.yaml"))}
    settings = {option: full_settings(path) for option, path in files.items()}
    parts = [
        f"## {group}",
        f"`{group}=OPTION`; {default} is the default. `{group}.KEY=VALUE` changes a setting of the chosen option.",
        _options(files),
    ]
    meanings = {s.key: s.meaning for option in reversed(files) for s in settings[option] if s.meaning}
    meanings |= {s.key: s.meaning for s in settings[default] if s.meaning}
    shown = {
        option: [Setting(s.key, s.default, s.meaning or meanings.get(s.key, "")) for s in settings[option]]
        for option in files
    }
    if any(_target(path) for path in files.values()) and len(files) > 1:
        for option in files:
            if shown[option]:
                parts += [f"### {group}={option}", _table(shown[option], prefix=f"{group}.")]
        return parts
    parts.append(_table(shown[default], prefix=f"{group}."))
    of_default = {s.key: s.default for s in shown[default]}
    changes = [
        (
            f"`{option}`",
            ", ".join(f"`{s.key}={s.default}`" for s in shown[option] if of_default.get(s.key) != s.default),
        )
        for option in files
        if option != default
    ]
    if changes:
        parts += ["Where the other options differ:", _markdown_table(("option", "settings"), changes)]
    return parts


def _options(files: Mapping[str, Path]) -> str:
    if not any(_target(path) for path in files.values()):
        return _markdown_table(
            ("option", "what it is"), [(f"`{name}`", head_comment(path)) for name, path in files.items()]
        )
    rows = [(f"`{name}`", head_comment(path), f"`{_target(path)}`") for name, path in files.items()]
    return _markdown_table(("option", "what it is", "what it builds"), rows)


def _experiments() -> str:
    folder = CONFIGS / "experiment"
    return _markdown_table(
        ("option", "what it is"),
        [
            (f"`{path.relative_to(folder).with_suffix('').as_posix()}`", head_comment(path))
            for path in sorted(folder.rglob("*.yaml"))
        ],
    )


def group_defaults(path: Path) -> dict[str, str]:
    """Read which option of each group ``train.yaml`` takes."""
    lists = yaml.safe_load(path.read_text(encoding="utf-8"))["defaults"]
    return {group: str(option) for entry in lists if isinstance(entry, dict) for group, option in entry.items()}


def full_settings(path: Path) -> list[Setting]:
    """List the settings of a config file with those that it takes over from files beside it."""
    settings: dict[str, Setting] = {}
    defaults = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("defaults", [])
    for base in (entry for entry in defaults if isinstance(entry, str) and entry != "_self_"):
        settings |= {s.key: s for s in full_settings(path.with_name(f"{base}.yaml"))}
    for s in file_settings(path):
        if s.key != "defaults" and not s.key.endswith("_target_"):
            before = settings.get(s.key)
            settings[s.key] = Setting(s.key, s.default, s.meaning or (before.meaning if before else ""))
    return list(settings.values())


def file_settings(path: Path) -> Iterator[Setting]:
    """Read the keys of one config file with their values and comments, nested keys with dots."""
    text = path.read_text(encoding="utf-8")
    node = yaml.compose(text)
    if isinstance(node, yaml.MappingNode):
        yield from _settings_of(node, text.splitlines(), "")


def _settings_of(node: yaml.MappingNode, lines: list[str], prefix: str) -> Iterator[Setting]:
    for key, value in node.value:
        if isinstance(value, yaml.MappingNode) and not value.flow_style and value.value:
            yield from _settings_of(value, lines, f"{prefix}{key.value}.")
            continue
        default = " ".join(line.strip() for line in _between(lines, value.start_mark, value.end_mark))
        after = lines[value.end_mark.line][value.end_mark.column :] if value.end_mark.line < len(lines) else ""
        meaning = after.partition("#")[2].strip() or _comment_above(lines, key.start_mark.line)
        yield Setting(prefix + key.value, default, meaning)


def _between(lines: list[str], start: yaml.Mark, end: yaml.Mark) -> list[str]:
    if start.line == end.line:
        return [lines[start.line][start.column : end.column]]
    return [lines[start.line][start.column :], *lines[start.line + 1 : end.line]]


def _comment_above(lines: list[str], line: int) -> str:
    first = line
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    if first == 0 or lines[first - 1].strip():
        return ""  # the comment at the head of a file is about the file
    return " ".join(text.strip().removeprefix("#").strip() for text in lines[first:line])


def head_comment(path: Path) -> str:
    """Comment at the head of a config file, without Hydra's ``@package``."""
    lines = path.read_text(encoding="utf-8").splitlines()
    head = []
    for line in lines:
        if not line.startswith("#"):
            break
        head.append(line.removeprefix("#").strip())
    return " ".join(line for line in head if not line.startswith("@package"))


def _target(path: Path) -> str:
    configuration: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    if "_target_" in configuration:
        return str(configuration["_target_"])
    for base in configuration.get("defaults", []):
        if isinstance(base, str) and base != "_self_":
            return _target(path.with_name(f"{base}.yaml"))
    return ""


def _table(settings: Iterable[Setting], prefix: str = "") -> str:
    rows = [(f"`{prefix}{s.key}`", f"`{s.default}`", s.meaning) for s in settings]
    return _markdown_table(("setting", "default", "meaning"), rows)


def _markdown_table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
