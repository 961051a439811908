"""Exits by name: which analyses there are, what their events are called, whom they tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.plan.exit_analyses import (
    AdjustedAnalysis,
    CoxAnalysis,
    ExitAnalysis,
    MeanWeeksAnalysis,
    horizon_at,
)
from jobeval.reports.sentences import lower_first
from jobeval.reports.story import Story

Kind = TypeVar("Kind", bound=ExitAnalysis)
AT_WEEK = "week="
"""How the part of an effect begins that is told after some weeks."""


def exit_analyses(story: Story, kind: type[Kind]) -> list[Kind]:
    """The exit analyses of one kind that are due at this look."""
    return [analysis for analysis in story.analyses if isinstance(analysis, kind)]


def name_event(analysis: ExitAnalysis, story: Story) -> str:
    """The event of an exit analysis: a destination, or what the endpoint is called."""
    endpoint = story.results.plan.endpoints[analysis.endpoint]
    destinations = getattr(endpoint, "destinations", ())
    cause = analysis.cause or (destinations[0] if len(destinations) == 1 else None)
    if cause is None:
        return story.endpoint(analysis.endpoint)
    return story.say("effect.exit_to", destination=lower_first(story.words.state(cause)))


def name_rate(analysis: AdjustedAnalysis, story: Story) -> str:
    """The event, and how its rate is computed where that is not the usual way."""
    parts = [name_event(analysis, story)]
    if analysis.covariates:
        parts.append(story.say("effect.adjusted"))
    if isinstance(analysis, CoxAnalysis):
        parts += [story.say("exits.exact")] if analysis.ties == "exact" else []
        parts += [story.say("exits.firth")] if analysis.penalty else []
    return ", ".join(parts)


def overall_ratios(story: Story) -> list[tuple[CoxAnalysis, ReleasedEstimate]]:
    """The hazard ratios of everyone that can be shown, each event and way once."""
    found: dict[str, tuple[CoxAnalysis, ReleasedEstimate]] = {}
    for analysis in exit_analyses(story, CoxAnalysis):
        for effect in story.effects_of(analysis.name):
            if not (effect.subgroup or effect.part) and effect.estimable:
                found.setdefault(name_rate(analysis, story), (analysis, effect))
    return list(found.values())


def overall_weeks(story: Story) -> list[tuple[MeanWeeksAnalysis, ReleasedEstimate]]:
    """The mean weeks until each event for everyone, unadjusted ones first; each event once."""
    found: dict[str, tuple[MeanWeeksAnalysis, ReleasedEstimate]] = {}
    for analysis in sorted(exit_analyses(story, MeanWeeksAnalysis), key=_is_adjusted):
        for effect in story.effects_of(analysis.name):
            if not effect.subgroup and effect.unit == "weeks":
                found.setdefault(name_event(analysis, story), (analysis, effect))
    return list(found.values())


def horizon_of(analysis: MeanWeeksAnalysis, story: Story) -> int:
    """The horizon of this look, in weeks."""
    return horizon_at(analysis.horizon_weeks, story.results.look)


def tell_by_event(told: Mapping[str, Sequence[str]]) -> list[str]:
    """The sentences of each event in one text, headed by the event where there are several."""
    texts = {event: " ".join(sentences) for event, sentences in told.items()}
    return [f"{event}. {text}" if len(texts) > 1 else text for event, text in texts.items()]


def is_due_later(effect: ReleasedEstimate, story: Story) -> bool:
    """Whether the midterm has not come to the weeks after which the effect is asked."""
    hidden_or_known = effect.suppressed or effect.estimable
    return story.midterm and AT_WEEK in effect.part and not hidden_or_known


def _is_adjusted(analysis: MeanWeeksAnalysis) -> bool:
    return bool(analysis.covariates)
