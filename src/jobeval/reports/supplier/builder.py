"""From a released monitoring to a report: chapter by chapter in a notebook, or all at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from jobeval.disclosure.monitoring import ReleasedMonitor
from jobeval.disclosure.released import require_released
from jobeval.reports.blocks import Chapter
from jobeval.reports.chapters import ChapterBuilder, require_language
from jobeval.reports.report import Report
from jobeval.reports.story import Blocks
from jobeval.reports.supplier import beside, closing, course, front, payment, people, published
from jobeval.reports.supplier.story import MonitorStory
from jobeval.text import Language, read_words

RECIPE: tuple[Callable[[MonitorStory], Blocks], ...] = (
    front.cover,
    front.key_numbers,
    people.intake,
    people.work,
    published.claims,
    course.kept,
    course.waiting,
    course.industries,
    course.months,
    beside.suppliers,
    payment.contracts,
    payment.hand_over,
    closing.method,
    closing.appendices,
)
"""The chapters in report order."""


def build_supplier_report(results: ReleasedMonitor, language: Language) -> Report:
    """The whole supplier report, by its recipe.

    Raises
    ------
    DisclosureError
        ``results`` has not passed ``jobeval.release_monitor``.
    """
    builder = SupplierReportBuilder(results, language)
    return Report(tuple(builder.tell(section) for section in RECIPE))


def open_supplier_report(
    folder: str | Path, language: Language = "da", *, as_of: dt.date | str | None = None
) -> SupplierReportBuilder:
    """Read a monitoring folder, make its tables, release them, and begin a report.

    ``as_of`` is the last day that is seen, by default the plan's ``cut_off``.
    """
    from jobeval.disclosure.monitoring import release_monitor
    from jobeval.monitoring.monitor import read_monitor

    day = dt.date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    return SupplierReportBuilder(release_monitor(read_monitor(folder, as_of=day)), language)


class SupplierReportBuilder(ChapterBuilder[MonitorStory]):
    """A supplier report in the making: each method gives one chapter, shown in Jupyter."""

    def __init__(self, results: ReleasedMonitor, language: Language = "da") -> None:
        language = require_language(language)
        self.results = require_released(results, ReleasedMonitor)
        super().__init__(MonitorStory(self.results, read_words(language)))

    def cover(self) -> Chapter:
        """The front page. A report begins with it."""
        return self.tell(front.cover)

    def key_numbers(self) -> Chapter:
        """One page of key numbers, and what they are not."""
        return self.tell(front.key_numbers)

    def intake(self) -> Chapter:
        """Started, still in course, ended with reasons."""
        return self.tell(people.intake)

    def work(self) -> Chapter:
        """Kinds of work apart, full time, education and placements."""
        return self.tell(people.work)

    def claims(self) -> Chapter:
        """Published percentages held against their counts."""
        return self.tell(published.claims)

    def kept(self) -> Chapter:
        """Jobs kept for 13 and 26 weeks."""
        return self.tell(course.kept)

    def waiting(self) -> Chapter:
        """Time to the first contact, placement and job."""
        return self.tell(course.waiting)

    def industries(self) -> Chapter:
        """Industries of jobs and placements."""
        return self.tell(course.industries)

    def months(self) -> Chapter:
        """Month by month, and the five columns of Jobindsats."""
        return self.tell(course.months)

    def suppliers(self) -> Chapter:
        """Suppliers side by side, never ranked."""
        return self.tell(beside.suppliers)

    def contracts(self) -> Chapter:
        """Milestones, payments and forecast."""
        return self.tell(payment.contracts)

    def hand_over(self) -> Chapter:
        """Citizens between one programme and the next."""
        return self.tell(payment.hand_over)

    def method(self) -> Chapter:
        """How the numbers were made, and what they do not say."""
        return self.tell(closing.method)

    def appendices(self) -> Chapter:
        """Notes on the data, disclosure log, reproducibility."""
        return self.tell(closing.appendices)

    def __repr__(self) -> str:
        words = self._story.words
        return f"SupplierReportBuilder({self.results.plan.name}, {words.language})"
