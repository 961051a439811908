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
from jobeval.reports.supplier.builder import (
    SupplierReportBuilder,
    build_supplier_report,
    open_supplier_report,
)
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
    "SupplierReportBuilder",
    "TableBlock",
    "build_report",
    "build_supplier_report",
    "open_report",
    "open_supplier_report",
    "render_html",
    "render_pdf",
    "write_report",
]
