"""Exits of those who take part because of the lottery: weeks, and curves with and without."""

from __future__ import annotations

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.figures import plot_exits
from jobeval.figures.alt_texts import describe_exits
from jobeval.plan.exit_analyses import ExitTakeUpAnalysis, horizon_at
from jobeval.reports.blocks import Paragraph
from jobeval.reports.events import exit_analyses, name_event
from jobeval.reports.exit_curves import has_band
from jobeval.reports.sentences import lower_first, tell_level, tell_verdict
from jobeval.reports.story import Blocks, Story, is_shown
from jobeval.reports.taking_part import tell_cautions


def exit_takers(story: Story) -> Blocks:
    """The effect on those who take part, what it rests on, and their curves."""
    asked = exit_analyses(story, ExitTakeUpAnalysis)
    blocks = [block for analysis in asked for block in _takers(analysis, story)]
    if not blocks:
        return []
    intro = [story.heading("exits.takers", 2), story.paragraph("exits.takers_text")]
    return [*intro, *blocks]


def _takers(analysis: ExitTakeUpAnalysis, story: Story) -> Blocks:
    everyone = [e for e in story.effects_of(analysis.name) if not e.subgroup]
    told = [Paragraph(text=_tell(analysis, effect, story)) for effect in everyone]
    return [*told, *tell_cautions(everyone, story), *_figure(analysis, story)]


def _tell(analysis: ExitTakeUpAnalysis, effect: ReleasedEstimate, story: Story) -> str:
    event = name_event(analysis, story)
    if not effect.estimable:
        key = "effect.hidden" if effect.suppressed else "taking_part.not_estimable"
        return story.say(key, label=event)
    opening = story.say(
        "exits.takers_weeks", event=lower_first(event),
        horizon=horizon_at(analysis.horizon_weeks, story.results.look),
        treatment=tell_level(effect.mean_treatment, effect, story),
        control=tell_level(effect.mean_control, effect, story),
    )  # fmt: skip
    return opening + tell_verdict(effect, story)


def _figure(analysis: ExitTakeUpAnalysis, story: Story) -> Blocks:
    pair = story.pair(endpoint=analysis.endpoint, measure="complier_incidence")
    if pair is None or not is_shown(pair):
        return []
    control, treatment = story.labels
    labels = {
        control: story.say("exits.takers_without"),
        treatment: story.say("exits.takers_with"),
    }
    event = name_event(analysis, story)
    notes = [story.say("exits.takers_note")]
    notes += [story.say("exits.band_note")] if has_band(pair) else []
    return [
        story.figure(
            plot_exits(pair, labels, story.words),
            describe_exits(pair, labels, event, story.words),
            story.say("exits.takers_figure", event=event),
            " ".join(notes),
        )
    ]
