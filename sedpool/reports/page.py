"""Texts that templates make: HTML with everything escaped, Markdown and LaTeX through their own functions."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

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
