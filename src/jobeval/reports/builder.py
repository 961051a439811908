"""From released results to a report: chapter by chapter in a notebook, or all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jobeval.disclosure.released import ReleasedEvaluation, require_released
from jobeval.plan.parts import LookName
from jobeval.reports import (
    closing,
    conduct,
    design,
    destinations,
    detectable,
    economics,
    fidelity,
    final,
    front,
    groups,
    hours,
    jobs,
    leaving,
    midterm,
    outcomes,
    places,
    programme,
    quantiles,
    robustness,
    side_by_side,
    taking_part,
    ways,
)
from jobeval.reports.blocks import Chapter
from jobeval.reports.chapters import ChapterBuilder, require_language
from jobeval.reports.report import Report
from jobeval.reports.story import Blocks, Story
from jobeval.text import Language, Words, read_words

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


class ReportBuilder(ChapterBuilder[Story]):
    """A report in the making: each method gives one chapter, which shows itself in Jupyter.

    What has been shown is kept, in the order in which it was first shown; showing a chapter
    again replaces it. ``save`` writes what was shown.
    """

    def __init__(self, results: ReleasedEvaluation, language: Language = "da") -> None:
        language = require_language(language)
        self.results = require_released(results, ReleasedEvaluation)
        super().__init__(Story(self.results, _words(results, language)))

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

    def programme(self) -> Chapter:
        """What was done: key figures, waiting, hours, gaps, industries."""
        return self.tell(programme.programme)

    def fidelity(self) -> Chapter:
        """Whether the method was followed, element by element and place by place."""
        return self.tell(fidelity.fidelity)

    def side_by_side(self) -> Chapter:
        """Each job centre against the others, adjusted and unranked."""
        return self.tell(side_by_side.side_by_side)

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

    def fidelity_association(self) -> Chapter:
        """How the effects go together with how the method was followed."""
        return self.tell(places.fidelity_association)

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

    def economics(self) -> Chapter:
        """Cost and benefit: who gains and who pays, and what it would take."""
        return self.tell(economics.economics)

    def caveats(self) -> Chapter:
        """What the reader must keep in mind."""
        return self.tell(closing.caveats)

    def appendices(self) -> Chapter:
        """Balance, attrition, tests, deviations, disclosure log, reproducibility."""
        return self.tell(closing.appendices)

    def __repr__(self) -> str:
        words = self._story.words
        return f"ReportBuilder({self.results.plan.name}, {self.results.look}, {words.language})"
