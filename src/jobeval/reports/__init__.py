"""The recipes of the reports, and what renders them."""

from jobeval.reports.blocks import (
    Bullets,
    Callout,
    Chapter,
    Cover,
    FigureBlock,
    Heading,
    KeyNumber,
    KeyNumbers,
    PageBreak,
    Paragraph,
    TableBlock,
)
from jobeval.reports.builder import ReportBuilder, build_report, open_report
from jobeval.reports.html import render_html
from jobeval.reports.pdf import render_pdf
from jobeval.reports.report import Report
from jobeval.reports.writing import write_report

__all__ = [
    "Bullets",
    "Callout",
    "Chapter",
    "Cover",
    "FigureBlock",
    "Heading",
    "KeyNumber",
    "KeyNumbers",
    "PageBreak",
    "Paragraph",
    "Report",
    "ReportBuilder",
    "TableBlock",
    "build_report",
    "open_report",
    "render_html",
    "render_pdf",
    "write_report",
]
