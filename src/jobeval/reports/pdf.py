"""A report as PDF: PDF/A-2a and PDF/UA-1, by Typst."""

from __future__ import annotations

import datetime as dt
import json
from importlib.resources import files
from typing import Any

from jobeval.figures.style import symbol_font_folder
from jobeval.reports.fonts import font_folder
from jobeval.reports.report import Report

STANDARDS: Any = ["a-2a", "ua-1"]
WORDS = ("contents", "page", "source")


def render_pdf(report: Report) -> bytes:
    """The report as PDF, tagged, with the same bytes every time.

    The data go in as one JSON text, so nothing in them can be markup. A figure without an
    alternative text fails.
    """
    import typst

    cut_off = dt.date.fromisoformat(report.cover.cut_off)
    data = {
        "cover": report.cover.to_dict(),
        "blocks": report.numbered(),
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
