"""Exits: curves, destinations, and the status of everyone week by week."""

from __future__ import annotations

from collections.abc import Mapping

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.figures import plot_destinations, plot_exit_groups, plot_exits, plot_states
from jobeval.figures.alt_texts import (
    describe_destinations,
    describe_exits,
    describe_groups,
    describe_states,
)
from jobeval.plan.endpoints import ExitEndpoint
from jobeval.plan.exit_analyses import (
    CoxAnalysis,
    CurveAnalysis,
    IncidenceAnalysis,
    LogRankAnalysis,
)
from jobeval.reports.blocks import FigureBlock, TableBlock
from jobeval.reports.events import exit_analyses, name_event, name_rate
from jobeval.reports.sentences import lower_first
from jobeval.reports.story import Blocks, Pair, Story
from jobeval.reports.weekly import ALPHA, in_panels
from jobeval.tables import tabulate_incidence, tabulate_ratios


def exits(story: Story) -> Blocks:
    """Curves and rates of exit; nothing when the plan asks for none."""
    curves, rates = exit_figures(story), [*_logrank(story), *_ratios(story)]
    intro = story.paragraph("exits.curve_text", least=story.results.policy.min_count)
    return [story.heading("exits.title"), *([intro] if curves else []), *curves, *rates]


def destinations(story: Story) -> Blocks:
    """Where the exits went: competing destinations."""
    blocks: Blocks = []
    for analysis in exit_analyses(story, IncidenceAnalysis):
        pairs = _incidence_pairs(analysis, story)
        if pairs:
            blocks += [
                story.figure(
                    plot_destinations(pairs, story.labels, story.words),
                    describe_destinations(pairs, story.labels, story.words),
                    story.say("exits.destinations_figure"),
                ),
                TableBlock(table=tabulate_incidence(pairs, story.labels, story.words)),
            ]
    if not blocks:
        return []
    intro = [
        story.heading("exits.destinations", 1 + story.has_exits),
        story.paragraph("exits.destinations_text"),
    ]
    return [*intro, *blocks]


def states(story: Story) -> Blocks:
    """The status distribution week by week."""
    if not story.has_states():
        return []
    curves = [c for c in story.results.curves if c.measure == "state_share"]
    arms = {arm: story.in_common(c for c in curves if c.arm == arm) for arm in story.labels}
    if not all(arms.values()):
        return []
    return [
        story.heading("exits.states", 1 + (story.has_exits or _has_incidence(story))),
        story.paragraph("exits.states_text"),
        story.figure(
            plot_states(arms, story.labels, story.words),
            describe_states(arms, story.labels, story.words),
            story.say("exits.states_figure"),
        ),
    ]


def _has_incidence(story: Story) -> bool:
    return bool(exit_analyses(story, IncidenceAnalysis))


def exit_figures(story: Story) -> list[FigureBlock]:
    """One exit curve an endpoint for everyone, and one figure for the groups of a column."""
    blocks: list[FigureBlock] = []
    for analysis in exit_analyses(story, CurveAnalysis):
        values = {"endpoint": analysis.endpoint, "measure": "survival"}
        pair = story.pair(**values)
        if pair and _is_shown(pair):
            blocks.append(_curve_figure(pair, name_event(analysis, story), story))
        for column in analysis.subgroups:
            groups = story.groups(column, **values)
            shown = {name: pair for name, pair in groups.items() if _is_shown(pair)}
            event = name_event(analysis, story)
            blocks += [_group_figure(part, event, column, story) for part in in_panels(shown)]
    return blocks


def _is_shown(pair: Pair) -> bool:
    return not any(any(curve.suppressed) for curve in pair)


def _curve_figure(pair: Pair, event: str, story: Story) -> FigureBlock:
    return story.figure(
        plot_exits(pair, story.labels, story.words),
        describe_exits(pair, story.labels, event, story.words),
        story.say("exits.curve_figure", event=event),
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


def _logrank(story: Story) -> Blocks:
    names = {analysis.name for analysis in exit_analyses(story, LogRankAnalysis)}
    numbers = story.words.numbers
    return [
        story.paragraph(
            f"exits.logrank_{'certain' if test.p_value < ALPHA else 'uncertain'}",
            test=lower_first(story.words.label("test", test.name)),
            statistic=numbers.decimal_number(test.statistic, 2),
            p=numbers.p_equation(test.p_value),
        )
        for test in story.results.tests
        if test.analysis in names and not test.subgroup and test.p_value >= 0
    ]


def _ratios(story: Story) -> Blocks:
    rows: list[tuple[str, ReleasedEstimate]] = []
    for analysis in exit_analyses(story, CoxAnalysis):
        rate = name_rate(analysis, story)
        for effect in story.effects_of(analysis.name):
            name = lower_first(story.words.subgroup(effect.subgroup))
            rows.append((f"{rate}, {name}" if name else rate, effect))
    if not rows:
        return []
    table = tabulate_ratios(rows, "exits.column_event", story.words)
    return [story.paragraph("exits.rate_text"), TableBlock(table=table)]


def _incidence_pairs(analysis: IncidenceAnalysis, story: Story) -> list[Pair]:
    endpoint = story.results.plan.endpoints[analysis.endpoint]
    causes = endpoint.destinations if isinstance(endpoint, ExitEndpoint) else ()
    pairs = (
        story.pair(endpoint=analysis.endpoint, measure="cumulative_incidence", cause=cause)
        for cause in causes
    )
    return [pair for pair in pairs if pair is not None]
