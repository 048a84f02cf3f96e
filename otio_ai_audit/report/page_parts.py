"""What all pages share: their templates, and a policy that allows only their own script and style."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


def render(
    template: str,
    styles: tuple[str, ...],
    scripts: tuple[str, ...],
    view: Mapping[str, Any],
    *,
    sources: tuple[str, ...] = (),
) -> str:
    """Return a page that needs nothing but itself.

    Parameters
    ----------
    template, styles, scripts
        Files of ``page/``; styles and scripts are joined in this order. Nothing of `view` stands in them.
    view
        What the template shows; every text is escaped.
    sources
        What the policy allows besides, as ``media-src data:``; texts of ours, never of a result.
    """
    from markupsafe import Markup

    style, script = ("".join(map(asset, names)) for names in (styles, scripts))
    own = (f"style-src '{_hash(style)}'", f"script-src '{_hash(script)}'")
    policy = "; ".join(
        ("default-src 'none'", "img-src data:", *sources, *own, "base-uri 'none'", "form-action 'none'")
    )
    page = _environment().get_template(template)
    return str(page.render(policy=policy, style=Markup(style), script=Markup(script), **view))


@cache
def asset(name: str) -> str:
    """Text of a file of ``page/``."""
    text = resources.files(__package__).joinpath("page", name).read_text(encoding="utf-8")
    # Line ends as the browser counts them, whatever the checkout made of them.
    return text.replace("\r\n", "\n")


@cache
def _environment() -> Any:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(asset),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
