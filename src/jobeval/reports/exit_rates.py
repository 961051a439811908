"""The ratio of the arms' rates: over all weeks, in periods, and as the weeks go by."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jobeval.disclosure.released import ReleasedEstimate, ReleasedTest
from jobeval.figures import plot_rate_ratio
from jobeval.figures.exit_alt_texts import describe_rate_ratio
from jobeval.plan.exit_analyses import CoxAnalysis
from jobeval.reports.blocks import Paragraph, TableBlock
from jobeval.reports.events import exit_analyses, name_rate, tell_by_event
from jobeval.reports.parts import name_part
from jobeval.reports.sentences import lower_first
from jobeval.reports.story import Blocks, Story
from jobeval.reports.weekly import ALPHA
from jobeval.tables import group_rows, tabulate_ratios

TOLD = {
    "equal hazard ratios in all periods": "periods",
    "proportional hazards (km)": "proportional",
}
"""Tests of whether the ratio is the same, and how the texts on them are called."""


def exit_rates(story: Story) -> Blocks:
    """Hazard ratios for everyone and in groups, and whether they are the same in all weeks."""
    rows: dict[str, ReleasedEstimate] = {}
    for analysis in exit_analyses(story, CoxAnalysis):
        for effect in story.effects_of(analysis.name):
            if not effect.part:
                rows.setdefault(_label(analysis, effect, story), effect)
    if not rows:
        return []
    table = tabulate_ratios(list(rows.items()), "exits.column_event", story.words)
    return [
        story.heading("exits.rates", 2),
        story.paragraph("exits.rate_text"),
        TableBlock(table=table),
        *_over_time(story),
    ]


def _label(analysis: CoxAnalysis, effect: ReleasedEstimate, story: Story) -> str:
    name = lower_first(story.words.subgroup(effect.subgroup))
    rate = name_rate(analysis, story)
    return f"{rate}, {name}" if name else rate


def _over_time(story: Story) -> Blocks:
    """The ratio in periods and over the weeks, with the tests of whether it stays the same."""
    asked = [a for a in exit_analyses(story, CoxAnalysis) if a.periods or a.over_time]
    figures = [block for a in asked if a.over_time for block in _figure(a, story)]
    told = [Paragraph(text=text) for text in tell_by_event(_tests(asked, story))]
    blocks = [*told, *_periods(asked, story), *figures]
    return [story.paragraph("exits.periods_text"), *blocks] if blocks else []


def _periods(asked: Sequence[CoxAnalysis], story: Story) -> Blocks:
    found = [
        (name_rate(a, story), effect)
        for a in asked
        for effect in story.effects_of(a.name)
        if effect.part and not effect.subgroup
    ]
    if not found:
        return []
    events = [event for event, _ in found]
    one = len(set(events)) == 1
    key = "exits.periods_table_one" if one else "exits.periods_table"
    table = tabulate_ratios(
        [(name_part(effect.part, story), effect) for _, effect in found],
        "exits.column_period", story.words,
        caption=story.say(key, event=events[0]), groups=() if one else group_rows(events),
    )  # fmt: skip
    return [TableBlock(table=table)]


def _figure(analysis: CoxAnalysis, story: Story) -> Blocks:
    curve = story.contrast(analysis.endpoint, ("log_hazard_ratio",))
    if curve is None or not any(math.isfinite(value) for value in curve.values):
        return []
    event = name_rate(analysis, story)
    return [
        story.figure(
            plot_rate_ratio(curve, story.words),
            describe_rate_ratio(curve, event, story.words),
            story.say("exits.ratio_figure", event=event),
        )
    ]


def _tests(asked: Sequence[CoxAnalysis], story: Story) -> dict[str, list[str]]:
    """What the tests of everyone say, by event."""
    told: dict[str, list[str]] = {}
    for analysis in asked:
        for test in story.results.tests:
            known = test.name in TOLD and not test.subgroup and math.isfinite(test.p_value)
            if test.analysis == analysis.name and known:
                told.setdefault(name_rate(analysis, story), []).append(_tell_test(test, story))
    return told


def _tell_test(test: ReleasedTest, story: Story) -> str:
    verdict = "certain" if test.p_value < ALPHA else "uncertain"
    p = story.words.numbers.p_equation(test.p_value)
    return story.say(f"exits.{TOLD[test.name]}_{verdict}", p=p)
