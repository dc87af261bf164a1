"""Pages that need no other file and no network: templates, filled in with everything escaped."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template: str, **content: Any) -> str:
    """The page that a template of this package makes of `content`; a name that it lacks is an error."""
    environment = Environment(
        loader=PackageLoader("sedpool.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template(template).render(**content)
