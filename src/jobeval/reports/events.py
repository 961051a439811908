"""Exits in words: what the event is called, its sentences and its key numbers."""

from __future__ import annotations

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.figures.alt_texts import share_left
from jobeval.plan.analyses import ExitAnalysis
from jobeval.plan.endpoints import DeliveredExit
from jobeval.reports.blocks import KeyNumber
from jobeval.reports.sentences import lower_first, tell_event, tell_incidence, tell_ratio
from jobeval.reports.story import Pair, Story
from jobeval.text.numbers import DIGITS


def exit_analyses(story: Story, *estimators: str) -> list[ExitAnalysis]:
    """The exit analyses due at this look, by estimator."""
    return [a for a in story.analyses if isinstance(a, ExitAnalysis) and a.estimator in estimators]


def name_event(analysis: ExitAnalysis, story: Story) -> str:
    """The event of an exit analysis: a destination, or what the endpoint is called."""
    endpoint = story.results.plan.endpoints[analysis.endpoint]
    destinations = getattr(endpoint, "destinations", ())
    cause = analysis.cause or (destinations[0] if len(destinations) == 1 else None)
    if cause is None:
        return story.endpoint(analysis.endpoint)
    return story.say("effect.exit_to", destination=lower_first(story.words.state(cause)))


def name_rate(analysis: ExitAnalysis, story: Story) -> str:
    """The event, and whether its rate is adjusted for what was known before the lottery."""
    event = name_event(analysis, story)
    return f"{event}, {story.say('effect.adjusted')}" if analysis.covariates else event


def exit_sentences(story: Story) -> list[str]:
    """What the exit curves and models say about everyone."""
    texts = [
        *(_tell_event(analysis, story) for analysis in exit_analyses(story, "kaplan_meier")),
        *(_tell_incidence(analysis, story) for analysis in exit_analyses(story, "aalen_johansen")),
    ]
    rates = [
        tell_ratio(effect, name_rate(analysis, story), story)
        for analysis, effect in overall_ratios(story)
    ]
    return [*filter(None, texts), *rates]


def overall_ratios(story: Story) -> list[tuple[ExitAnalysis, ReleasedEstimate]]:
    """The hazard ratios of everyone that can be shown."""
    return [
        (analysis, effect)
        for analysis in exit_analyses(story, "cox")
        for effect in story.effects_of(analysis.name)
        if not effect.subgroup and effect.estimable
    ]


def exit_numbers(story: Story) -> list[KeyNumber]:
    """Key numbers of delivered events: the share in the end, and the first hazard ratio."""
    numbers = [
        _share_number(analysis, pair, story)
        for analysis in exit_analyses(story, "kaplan_meier")
        if (pair := _delivered_pair(analysis, story))
    ]
    return [*numbers, *(_ratio_number(a, e, story) for a, e in overall_ratios(story)[:1])]


def _tell_event(analysis: ExitAnalysis, story: Story) -> str:
    pair = _delivered_pair(analysis, story)
    event = lower_first(story.endpoint(analysis.endpoint))
    return tell_event(pair, event, story) if pair else ""


def _delivered_pair(analysis: ExitAnalysis, story: Story) -> Pair | None:
    if not isinstance(story.results.plan.endpoints[analysis.endpoint], DeliveredExit):
        return None
    return _shown(story.pair(endpoint=analysis.endpoint, measure="survival"))


def _tell_incidence(analysis: ExitAnalysis, story: Story) -> str:
    endpoint = story.results.plan.endpoints[analysis.endpoint]
    cause = next(iter(getattr(endpoint, "destinations", ())), "")
    found = story.pair(endpoint=analysis.endpoint, measure="cumulative_incidence", cause=cause)
    pair = _shown(found)
    return tell_incidence(pair, lower_first(story.words.state(cause)), story) if pair else ""


def _shown(pair: Pair | None) -> Pair | None:
    return pair if pair and not any(any(curve.suppressed) for curve in pair) else None


def _share_number(analysis: ExitAnalysis, pair: Pair, story: Story) -> KeyNumber:
    control, treatment = (share_left(curve) for curve in pair)
    numbers = story.words.numbers
    return KeyNumber(
        value=numbers.decimal_number(100 * treatment, 0),
        unit=numbers.percent_sign.strip(),
        label=story.say(
            "headline.event_share", event=story.endpoint(analysis.endpoint),
            week=min(curve.times[-1] for curve in pair),
        ),
        detail=story.say("headline.take_up_detail", control=numbers.percent(control, 0)),
    )  # fmt: skip


def _ratio_number(analysis: ExitAnalysis, effect: ReleasedEstimate, story: Story) -> KeyNumber:
    numbers, digits = story.words.numbers, DIGITS["hazard_ratio"]
    return KeyNumber(
        value=numbers.decimal_number(effect.estimate, digits),
        unit=story.say("headline.times"),
        label=story.say("headline.rate", event=name_rate(analysis, story)),
        detail=story.say(
            "headline.rate_detail",
            interval=numbers.interval(effect.conf_low, effect.conf_high, digits),
        ),
    )
