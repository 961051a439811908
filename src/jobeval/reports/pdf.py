"""A report as PDF: PDF/A-2a and PDF/UA-1, by Typst."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jobeval.figures.style import symbol_font_folder
from jobeval.reports.fonts import font_folder
from jobeval.reports.report import Report

STANDARDS: Any = ["a-2a", "ua-1"]
VIEW_BOX = re.compile(r'viewBox="0 0 [\d.]+ ([\d.]+)"')
LOW_POINTS = 220.0
"""Figures no higher than this stay in the text: a page loses little by them."""
NEAR_BLOCKS = 4
WORDS = ("contents", "page", "source")


def let_float(blocks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Say of each figure whether it ``floats``: moves to where a page has room for it.

    Small figures stay where they are told, and so do those near the end of a chapter, which
    might else land below the next chapter's heading.
    """
    return [
        {**block, "floats": _may_move(block) and not _ends_chapter(blocks[i + 1 :])}
        if block["kind"] == "figure" else dict(block)
        for i, block in enumerate(blocks)
    ]  # fmt: skip


def _may_move(figure: Mapping[str, Any]) -> bool:
    size = VIEW_BOX.search(figure["svg"])
    return not figure["stays"] and size is not None and float(size[1]) > LOW_POINTS


def _ends_chapter(following: Sequence[Mapping[str, Any]]) -> bool:
    near = following[:NEAR_BLOCKS]
    return len(near) < NEAR_BLOCKS or any(
        block["kind"] == "page_break" or (block["kind"] == "heading" and block["level"] == 1)
        for block in near
    )


def render_pdf(report: Report) -> bytes:
    """The report as PDF, tagged, with the same bytes every time.

    The data go in as one JSON text, so nothing in them can be markup. A figure without an
    alternative text fails.
    """
    import typst

    cut_off = dt.date.fromisoformat(report.cover.cut_off)
    data = {
        "cover": report.cover.to_dict(),
        "blocks": let_float(report.numbered()),
        "words": {name: report.words.say(f"cover.{name}") for name in WORDS},
        "date": [cut_off.year, cut_off.month, cut_off.day],
    }
    template = files("jobeval.reports").joinpath("templates", "report.typ").read_bytes()
    compiler = typst.Compiler(
        template,
        font_paths=typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(font_folder()), str(symbol_font_folder())],
        ),
        sys_inputs={"report": json.dumps(data, ensure_ascii=False)},
    )
    midnight = dt.datetime.combine(cut_off, dt.time(), tzinfo=dt.UTC)
    pdf = compiler.compile(format="pdf", pdf_standards=STANDARDS, timestamp=midnight)
    assert isinstance(pdf, bytes)
    return pdf
