"""The share that has left: curves, differences after some weeks, and tests between curves."""

from __future__ import annotations

import math
from collections.abc import Mapping

from jobeval.disclosure.released import ReleasedEstimate, ReleasedTest
from jobeval.figures import plot_exit_groups, plot_exits
from jobeval.figures.alt_texts import describe_exits, describe_groups
from jobeval.plan.exit_analyses import CurveAnalysis, LogRankAnalysis
from jobeval.reports.blocks import FigureBlock, Paragraph, TableBlock
from jobeval.reports.events import (
    AT_WEEK,
    exit_analyses,
    is_due_later,
    name_event,
    tell_by_event,
)
from jobeval.reports.sentences import lower_first, tell_p
from jobeval.reports.story import Blocks, Pair, Story, is_shown
from jobeval.reports.weekly import ALPHA, in_panels
from jobeval.tables import group_rows, tabulate_effects


def exit_curves(story: Story) -> Blocks:
    """Each event's curves, and how the arms differ after some weeks and over all of them."""
    blocks: Blocks = []
    for analysis in exit_analyses(story, CurveAnalysis):
        blocks += [*_figures(analysis, story), *_differences(analysis, story)]
    if any(isinstance(block, FigureBlock) for block in blocks):
        least = story.results.policy.min_count
        blocks.insert(0, story.paragraph("exits.curve_text", least=least))
    return [story.heading("exits.curves", 2), *blocks, *_tests(story)]


def exit_figures(story: Story) -> list[FigureBlock]:
    """One exit curve an endpoint for everyone, and one figure for the groups of a column."""
    return [f for a in exit_analyses(story, CurveAnalysis) for f in _figures(a, story)]


def _figures(analysis: CurveAnalysis, story: Story) -> list[FigureBlock]:
    blocks: list[FigureBlock] = []
    values = {"endpoint": analysis.endpoint, "measure": "survival"}
    event, pair = name_event(analysis, story), story.pair(**values)
    if pair and is_shown(pair):
        blocks.append(_curve_figure(pair, event, story))
    for column in analysis.subgroups:
        groups = story.groups(column, **values)
        shown = {name: pair for name, pair in groups.items() if is_shown(pair)}
        blocks += [_group_figure(part, event, column, story) for part in in_panels(shown)]
    return blocks


def has_band(pair: Pair) -> bool:
    """Whether the curves have a band for all weeks at once."""
    return any(math.isfinite(low) for curve in pair for low in curve.band_low[1:])


def _curve_figure(pair: Pair, event: str, story: Story) -> FigureBlock:
    return story.figure(
        plot_exits(pair, story.labels, story.words),
        describe_exits(pair, story.labels, event, story.words),
        story.say("exits.curve_figure", event=event),
        story.say("exits.band_note") if has_band(pair) else "",
    )


def _group_figure(groups: Mapping[str, Pair], event: str, column: str, story: Story) -> FigureBlock:
    return story.figure(
        plot_exit_groups(groups, story.labels, story.words),
        describe_groups(groups, story.labels, event, story.words),
        story.say(
            "exits.curve_figure_group", event=event,
            group=lower_first(story.words.label("covariate", column)),
        ),
    )  # fmt: skip


def _differences(analysis: CurveAnalysis, story: Story) -> Blocks:
    """The share that has left after some weeks, for everyone and in groups."""
    found = [
        effect
        for effect in story.effects_of(analysis.name)
        if effect.part.startswith(AT_WEEK) and not is_due_later(effect, story)
    ]
    if not found:
        return []
    event = name_event(analysis, story)
    names = [_name_group(effect, story) for effect in found]
    table = tabulate_effects(
        [(_weeks(effect, story), effect.of_the_others()) for effect in found],
        story.words,
        caption=story.say("exits.weeks_after_table", event=event),
        first_column="exits.column_weeks",
        groups=group_rows(names) if len(set(names)) > 1 else (),
        notes=["exits.weeks_after_adjusted"] if analysis.covariates else [],
    )
    return [TableBlock(table=table)]


def _weeks(effect: ReleasedEstimate, story: Story) -> str:
    return story.say("exits.after_weeks", week=effect.part.removeprefix(AT_WEEK))


def _name_group(effect: ReleasedEstimate, story: Story) -> str:
    if not effect.subgroup:
        return story.say("effects.forest_all")
    return story.words.subgroup(effect.subgroup)


def _tests(story: Story) -> Blocks:
    """Tests between the curves of everyone, those of one event in one paragraph."""
    told: dict[str, list[str]] = {}
    for analysis in exit_analyses(story, LogRankAnalysis):
        for test in story.results.tests:
            if test.analysis == analysis.name and not test.subgroup and test.p_value >= 0:
                sentences = told.setdefault(name_event(analysis, story), [])
                sentences.append(_tell_test(analysis, test, story))
    return [Paragraph(text=text) for text in tell_by_event(told)]


def _tell_test(analysis: LogRankAnalysis, test: ReleasedTest, story: Story) -> str:
    return story.say(
        f"exits.logrank_{'certain' if test.p_value < ALPHA else 'uncertain'}",
        test=story.words.test(test.name),
        statistic=story.words.numbers.decimal_number(test.statistic, 2),
        p=tell_p(test, analysis.inference, story),
    )  # fmt: skip
