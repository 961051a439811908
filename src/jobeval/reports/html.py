"""A report as one self-contained HTML file: no script, no request."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from jobeval.reports.fonts import FAMILY, WEIGHTS, subset_font
from jobeval.reports.report import Report
from jobeval.tables import Table

POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:"


def render_html(report: Report) -> bytes:
    """The report as HTML: inline figures, embedded font, the same bytes every time."""
    page = _environment().get_template("report.html.j2")
    blocks = report.numbered()
    characters = "".join(
        sorted(set(json.dumps([report.cover.to_dict(), blocks], ensure_ascii=False)))
    )
    text = page.render(
        cover=report.cover,
        blocks=blocks,
        words=report.words,
        policy=POLICY,
        family=FAMILY,
        fonts={weight: subset_font(weight, characters) for weight in WEIGHTS},
    )
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines() if line.strip()).encode()


def show_blocks(blocks: Sequence[Mapping[str, Any]]) -> str:
    """Blocks as they show themselves in Jupyter."""
    return _environment().get_template("cell.html.j2").render(blocks=blocks)


def inline_svg(svg: str, alt: str, anchor: str) -> Markup:
    """An SVG to stand in a page: scalable, named for screen readers, its ids its own."""
    svg = re.sub(r"<style[^>]*>.*?</style>", "", svg, flags=re.S)
    svg = re.sub(r'(<svg\b[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg\b[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'\bid="', f'id="{anchor}-', svg)
    svg = re.sub(r"url\(#", f"url(#{anchor}-", svg)
    svg = re.sub(r'href="#', f'href="#{anchor}-', svg)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)
    return Markup(svg)


def table_html(table: Mapping[str, Any], label: str = "") -> Markup:
    """A table block as HTML, escaped by ``Table`` itself."""
    return Markup(Table.from_dict(table).to_html(label))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("jobeval.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    helpers: dict[str, Any] = {"inline_svg": inline_svg, "table_html": table_html}
    environment.globals.update(helpers)
    return environment
