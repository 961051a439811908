"""The index of several outcomes, and what the trial could have found."""

from __future__ import annotations

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.plan.analyses import IndexAnalysis
from jobeval.reports.blocks import Bullets, Paragraph, TableBlock
from jobeval.reports.events import name_rate, overall_ratios
from jobeval.reports.sentences import digits_of, tell_difference, verdict
from jobeval.reports.story import Blocks, Story
from jobeval.tables import tabulate_detectable, tabulate_effects

Rows = list[tuple[str, ReleasedEstimate]]


def indices(story: Story) -> Blocks:
    """Each index in a sentence, in standard deviations of the control arm, and a table."""
    asked = [a for a in story.analyses if isinstance(a, IndexAnalysis)]
    found = [(a, effect) for a in asked for effect in story.effects_of(a.name)]
    if not found:
        return []
    rows: Rows = [(story.say_label(analysis.label), effect) for analysis, effect in found]
    table = tabulate_effects(
        rows, story.words, caption=story.say("index.title"),
        adjusted=any(effect.p_value_adjusted >= 0 for _, effect in found),
    )  # fmt: skip
    return [
        story.heading("index.title", 2),
        story.paragraph("index.text"),
        *(Paragraph(text=_tell_index(analysis, effect, story)) for analysis, effect in found),
        TableBlock(table=table),
    ]


def detectable(story: Story) -> Blocks:
    """The smallest effects that could be found, and what the uncertain ones rule out."""
    rows = _planned(story)
    if not rows:
        return []
    return [
        story.heading("sizes.title", 2),
        story.paragraph("sizes.text"),
        *_ruled_out([row for row in rows if row[1].estimable and not row[1].certain], story),
        TableBlock(table=tabulate_detectable(rows, story.words)),
    ]


def _ruled_out(uncertain: Rows, story: Story) -> Blocks:
    if not uncertain:
        return []
    told = tuple(_tell_ruled_out(label, effect, story) for label, effect in uncertain)
    return [story.paragraph("sizes.uncertain"), Bullets(items=told)]


def _planned(story: Story) -> Rows:
    """Primary and secondary effects on everyone, then hazard ratios."""
    mains = [(a, story.main_effect(a)) for a in story.main_analyses()]
    rows: Rows = [
        (story.endpoint(a.endpoint), effect)
        for a, effect in mains
        if effect is not None and not story.is_exploratory(a)
    ]
    ratios = [
        (story.say("sizes.ratio", event=name_rate(a, story)), effect)
        for a, effect in overall_ratios(story)
        if not a.exploratory and story.priorities.get(a.endpoint) != "exploratory"
    ]
    return rows + ratios


def _tell_index(analysis: IndexAnalysis, effect: ReleasedEstimate, story: Story) -> str:
    label = story.say_label(analysis.label)
    if not effect.estimable:
        key = "effect.hidden" if effect.suppressed else "effect.not_estimable"
        return story.say(key, label=label)
    names = [story.say("index.item", label=story.endpoint(n)) for n in analysis.endpoints]
    opening = story.say("index.opening", label=label, endpoints=story.words.join(names))
    return story.say(f"index.{verdict(effect)}", opening=opening, **tell_difference(effect, story))


def _tell_ruled_out(label: str, effect: ReleasedEstimate, story: Story) -> str:
    numbers = (effect.conf_low, effect.conf_high, effect.detectable)
    low, high, size = (_size(number, effect, story) for number in numbers)
    key = "sizes.sentence_ratio" if effect.scale == "ratio" else "sizes.sentence"
    return story.say(key, label=label, low=low, high=high, detectable=size)


def _size(value: float, effect: ReleasedEstimate, story: Story) -> str:
    return story.words.difference(value, effect.unit, digits_of(effect))
