"""From released results to a report: chapter by chapter in a notebook, or all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from jobeval.disclosure.released import ReleasedEvaluation, require_released
from jobeval.plan.parts import LookName
from jobeval.reports import (
    closing,
    conduct,
    design,
    destinations,
    detectable,
    final,
    front,
    groups,
    hours,
    jobs,
    leaving,
    midterm,
    outcomes,
    places,
    quantiles,
    robustness,
    taking_part,
    ways,
)
from jobeval.reports.blocks import Chapter, Heading, Paragraph, drop_bare_headings
from jobeval.reports.report import Report
from jobeval.reports.story import Blocks, Story
from jobeval.text import LANGUAGES, Language, Words, read_words

Section = Callable[[Story], Blocks]
RECIPES: dict[LookName, tuple[Section, ...]] = {"midterm": midterm.RECIPE, "final": final.RECIPE}


def build_report(results: ReleasedEvaluation, language: Language) -> Report:
    """The whole report of a look, by its recipe.

    Raises
    ------
    DisclosureError
        ``results`` has not passed ``jobeval.release``.
    """
    builder = ReportBuilder(results, language)
    return Report(tuple(builder.tell(section) for section in RECIPES[results.look]))


def open_report(
    folder: str | Path, look: LookName, language: Language = "da", *, arm: str | None = None
) -> ReportBuilder:
    """Read a trial folder, carry out its plan at a look, release it, and begin a report.

    ``arm`` names the treatment arm to tell of, where the plan has several.
    """
    from jobeval.disclosure.gate import release
    from jobeval.evaluation.evaluate import evaluate
    from jobeval.registers.trial import read_trial

    return ReportBuilder(release(evaluate(read_trial(folder), look=look, arm=arm)), language)


def _words(results: ReleasedEvaluation, language: Language) -> Words:
    """The catalogue, and the units that the plan names itself."""
    units = (getattr(endpoint, "unit", None) for endpoint in results.plan.endpoints.values())
    labels = [unit for unit in units if unit is not None and not isinstance(unit, str)]
    return read_words(language).with_units({u.en: getattr(u, language) for u in labels})


class ReportBuilder:
    """A report in the making: each method gives one chapter, which shows itself in Jupyter.

    What has been shown is kept, in the order in which it was first shown; showing a chapter
    again replaces it. ``save`` writes what was shown.
    """

    def __init__(self, results: ReleasedEvaluation, language: Language = "da") -> None:
        if language not in LANGUAGES:
            raise ValueError(f"language must be one of {LANGUAGES}, not {language!r}")
        self.results = require_released(results, ReleasedEvaluation)
        self._story = Story(self.results, _words(results, language))
        self._chapters: dict[str, Chapter] = {}

    def tell(self, section: Section) -> Chapter:
        """The chapter that a section of the recipe tells."""
        blocks = tuple(drop_bare_headings(section(self._story)))
        return self._keep(Chapter(getattr(section, "__name__", "own"), blocks))

    def _keep(self, chapter: Chapter) -> Chapter:
        self._chapters[chapter.name] = chapter
        return chapter

    def cover(self) -> Chapter:
        """The front page. A report begins with it."""
        return self.tell(front.cover)

    def headline(self) -> Chapter:
        """One page: four key numbers, three sentences, the status."""
        return self.tell(front.headline)

    def summary(self) -> Chapter:
        """One or two pages in plain language."""
        return self.tell(front.summary)

    def trial(self) -> Chapter:
        """Purpose, lottery, follow-up, endpoints."""
        return self.tell(design.trial)

    def method(self) -> Chapter:
        """How the numbers were made."""
        return self.tell(design.method)

    def delivery(self) -> Chapter:
        """Flow, inflow, balance, take-up, intensity."""
        return self.tell(conduct.delivery)

    def effects(self) -> Chapter:
        """Primary effects and the table of all."""
        return self.tell(outcomes.effects)

    def detectable(self) -> Chapter:
        """What the trial could have found, and what it rules out."""
        return self.tell(detectable.detectable)

    def taking_part(self) -> Chapter:
        """Effects on those who take part because they are drawn."""
        return self.tell(taking_part.taking_part)

    def shares(self) -> Chapter:
        """Shares by difference, standardised and as a ratio."""
        return self.tell(hours.shares)

    def hours(self) -> Chapter:
        """What stands behind a mean with many zeros."""
        return self.tell(hours.hours)

    def quantiles(self) -> Chapter:
        """Effects along the distribution."""
        return self.tell(quantiles.quantiles)

    def indices(self) -> Chapter:
        """Effects on indices of several outcomes."""
        return self.tell(detectable.indices)

    def subgroups(self) -> Chapter:
        """Effects in the groups that the plan names."""
        return self.tell(groups.subgroups)

    def sorted_groups(self) -> Chapter:
        """Effects in groups sorted by their predicted effect; exploratory."""
        return self.tell(groups.sorted_groups)

    def spillover(self) -> Chapter:
        """What happened to those beside, where the lottery had two steps."""
        return self.tell(places.spillover)

    def sites(self) -> Chapter:
        """Effects by job centre."""
        return self.tell(places.sites)

    def fidelity(self) -> Chapter:
        """How the effects go together with how the method was followed."""
        return self.tell(places.fidelity)

    def sensitivity(self) -> Chapter:
        """The same endpoints by other estimators and in the variants of the plan."""
        return self.tell(robustness.sensitivity)

    def missing_outcomes(self) -> Chapter:
        """The range of the effect that missing outcomes leave."""
        return self.tell(robustness.missing_outcomes)

    def exits(self) -> Chapter:
        """Exit curves and rates."""
        return self.tell(leaving.exits)

    def destinations(self) -> Chapter:
        """Competing destinations, and weeks before and after the exit."""
        return self.tell(destinations.destinations)

    def states(self) -> Chapter:
        """Status week by week."""
        return self.tell(ways.states)

    def ways(self) -> Chapter:
        """Ways between states: shares, weeks, moves and histories."""
        return self.tell(ways.ways)

    def jobs(self) -> Chapter:
        """Jobs that are kept, and jobs that are started again and again."""
        return self.tell(jobs.jobs)

    def caveats(self) -> Chapter:
        """What the reader must keep in mind."""
        return self.tell(closing.caveats)

    def appendices(self) -> Chapter:
        """Balance, attrition, tests, deviations, disclosure log, reproducibility."""
        return self.tell(closing.appendices)

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

    def __repr__(self) -> str:
        language = cast(str, self._story.words.language)
        return f"ReportBuilder({self.results.plan.name}, {self.results.look}, {language})"
