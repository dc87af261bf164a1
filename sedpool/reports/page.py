"""Texts that templates make: HTML with everything escaped, Markdown and LaTeX through their own functions."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from sedpool import storage

_IN_LATEX: dict[str, Any] = {
    "block_start_string": "((*",
    "block_end_string": "*))",
    "variable_start_string": "(((",
    "variable_end_string": ")))",
    "comment_start_string": "((=",
    "comment_end_string": "=))",
}
"""Delimiters of a LaTeX template, where braces and per cent signs have a meaning of their own."""


def render(template: str, **content: Any) -> str:
    """Fill in a template of this package; a name that `content` lacks is an error.

    Parameters
    ----------
    template : str
        File name; its suffix is that of the format: only HTML is escaped here.
    **content
        Values and functions by the names that the template uses.
    """
    environment = Environment(
        loader=PackageLoader("sedpool.reports"),
        autoescape=template.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        **(_IN_LATEX if template.endswith(".tex") else {}),
    )
    return environment.get_template(template).render(**content)


def mark_half_renewed(page: Path) -> None:
    """Have an earlier page say that it must be made again; for the time in which its tables and figures are replaced.

    Parameters
    ----------
    page : Path
        The page, which is written last; nothing happens if there is none.
    """
    if page.exists():
        says = "Half renewed: the command that makes this page and the files beside it was interrupted. Repeat it."
        text = f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>{says}</title><p>{says}</p></html>\n'
        storage.write_text(page, text)
