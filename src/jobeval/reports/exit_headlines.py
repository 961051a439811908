"""Exits on the first pages: sentences and key numbers for everyone."""

from __future__ import annotations

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.figures.alt_texts import share_left
from jobeval.plan.endpoints import DeliveredExit
from jobeval.plan.exit_analyses import (
    CoxAnalysis,
    CurveAnalysis,
    ExitAnalysis,
    IncidenceAnalysis,
    MeanWeeksAnalysis,
)
from jobeval.reports.blocks import KeyNumber
from jobeval.reports.destinations import tell_first_destination
from jobeval.reports.events import (
    exit_analyses,
    horizon_of,
    name_event,
    name_rate,
    overall_ratios,
    overall_weeks,
)
from jobeval.reports.sentences import (
    lower_first,
    number_of,
    tell_event,
    tell_ratio,
    tell_weeks,
)
from jobeval.reports.story import Pair, Story, is_shown
from jobeval.text.numbers import DIGITS


def exit_sentences(story: Story) -> list[str]:
    """What exits say about everyone: in weeks where the plan asks for them, else in rates."""
    texts = [
        *weeks_sentences(story),
        *(_tell_event(analysis, story) for analysis in exit_analyses(story, CurveAnalysis)),
        *(tell_first_destination(a, story) for a in exit_analyses(story, IncidenceAnalysis)),
        *(tell_ratio(e, name_rate(a, story), story) for a, e in _ratios_alone(story)),
    ]
    return [text for text in texts if text]


def weeks_sentences(story: Story) -> list[str]:
    """The mean weeks until each event, in both arms."""
    return [
        tell_weeks(effect, name_event(analysis, story), horizon_of(analysis, story), story)
        for analysis, effect in overall_weeks(story)
    ]


def exit_numbers(story: Story) -> list[KeyNumber]:
    """Key numbers: mean weeks, shares of delivered events, and where no weeks tell it a rate."""
    shares = [
        _share_number(analysis, pair, story)
        for analysis in exit_analyses(story, CurveAnalysis)
        if (pair := _delivered_pair(analysis, story))
    ]
    ratios = [_ratio_number(a, e, story) for a, e in _ratios_alone(story)[:1]]
    return [*weeks_numbers(story), *shares, *ratios]


def weeks_numbers(story: Story) -> list[KeyNumber]:
    """The difference in mean weeks until each event."""
    return [_weeks_number(a, e, story) for a, e in overall_weeks(story) if e.estimable]


def _ratios_alone(story: Story) -> list[tuple[CoxAnalysis, ReleasedEstimate]]:
    """Hazard ratios of events that no number of weeks tells."""
    in_weeks = {name_event(a, story) for a, effect in overall_weeks(story) if effect.estimable}
    return [(a, e) for a, e in overall_ratios(story) if name_event(a, story) not in in_weeks]


def _tell_event(analysis: ExitAnalysis, story: Story) -> str:
    pair = _delivered_pair(analysis, story)
    event = lower_first(story.endpoint(analysis.endpoint))
    return tell_event(pair, event, story) if pair else ""


def _delivered_pair(analysis: ExitAnalysis, story: Story) -> Pair | None:
    if not isinstance(story.results.plan.endpoints[analysis.endpoint], DeliveredExit):
        return None
    pair = story.pair(endpoint=analysis.endpoint, measure="survival")
    return pair if pair and is_shown(pair) else None


def _weeks_number(analysis: MeanWeeksAnalysis, effect: ReleasedEstimate, story: Story) -> KeyNumber:
    label = story.say(
        "headline.weeks", event=name_event(analysis, story), horizon=horizon_of(analysis, story)
    )
    return number_of(effect, label, story)


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


def _ratio_number(analysis: CoxAnalysis, effect: ReleasedEstimate, story: Story) -> KeyNumber:
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
