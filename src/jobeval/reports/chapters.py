"""A report in the making, whatever it is about: chapters are kept as they are shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from jobeval.reports.blocks import Block, Chapter, Heading, Paragraph, drop_bare_headings
from jobeval.reports.report import Report
from jobeval.text import LANGUAGES, Language

S = TypeVar("S")


def require_language(language: Language) -> Language:
    """Return the language if there are words in it, else raise ``ValueError``."""
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {LANGUAGES}, not {language!r}")
    return language


class ChapterBuilder(Generic[S]):
    """Keeps what has been shown, in the order in which it was first shown.

    Showing a chapter again replaces it. ``save`` writes what was shown.
    """

    def __init__(self, story: S) -> None:
        self._story = story
        self._chapters: dict[str, Chapter] = {}

    def tell(self, section: Callable[[S], list[Block]]) -> Chapter:
        """The chapter that a section of the recipe tells."""
        blocks = tuple(drop_bare_headings(section(self._story)))
        return self._keep(Chapter(getattr(section, "__name__", "own"), blocks))

    def _keep(self, chapter: Chapter) -> Chapter:
        self._chapters[chapter.name] = chapter
        return chapter

    def text(self, title: str, *paragraphs: str) -> Chapter:
        """The evaluator's own words, under a heading of the second level."""
        blocks = (Heading(text=title, level=2), *(Paragraph(text=text) for text in paragraphs))
        return self._keep(Chapter(f"text: {title}", blocks))

    @property
    def report(self) -> Report:
        """The chapters shown so far."""
        return Report(tuple(self._chapters.values()))

    def save(self, folder: str | Path | None) -> tuple[Path, ...]:
        """Write what was shown as HTML and PDF; with ``None`` nothing is written."""
        from jobeval.reports.writing import write_report

        return () if folder is None else write_report(self.report, Path(folder))
