"""Exits: curves, destinations, and the status of everyone week by week."""

from __future__ import annotations

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.figures import plot_destinations, plot_exits, plot_states
from jobeval.figures.alt_texts import describe_destinations, describe_exits, describe_states
from jobeval.plan.analyses import ExitAnalysis
from jobeval.plan.endpoints import ExitEndpoint
from jobeval.reports.blocks import FigureBlock, TableBlock
from jobeval.reports.front import destination_of
from jobeval.reports.outcomes import ALPHA
from jobeval.reports.sentences import lower_first
from jobeval.reports.story import Blocks, Pair, Story
from jobeval.tables import tabulate_incidence, tabulate_ratios


def exits(story: Story) -> Blocks:
    """Curves and rates of exit; nothing when the plan asks for none."""
    parts = [*_curves(story), *_logrank(story), *_ratios(story)]
    if not parts:
        return []
    least = story.results.policy.min_count
    return [
        story.heading("exits.title"),
        story.paragraph("exits.curve_text", least=least),
        *parts,
    ]


def destinations(story: Story) -> Blocks:
    """Where the exits went: competing destinations."""
    blocks: Blocks = []
    for analysis in _exit_analyses(story, "aalen_johansen"):
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
    intro = [story.heading("exits.destinations", 2), story.paragraph("exits.destinations_text")]
    return [*intro, *blocks]


def states(story: Story) -> Blocks:
    """The status distribution week by week."""
    if not story.has_states():
        return []
    curves = [c for c in story.results.curves if c.measure == "state_share"]
    arms = {arm: [c for c in curves if c.arm == arm] for arm in story.labels}
    if not all(arms.values()):
        return []
    return [
        story.heading("exits.states", 2),
        story.paragraph("exits.states_text"),
        story.figure(
            plot_states(arms, story.labels, story.words),
            describe_states(arms, story.labels, story.words),
            story.say("exits.states_figure"),
        ),
    ]


def _exit_analyses(story: Story, *estimators: str) -> list[ExitAnalysis]:
    return [a for a in story.analyses if isinstance(a, ExitAnalysis) and a.estimator in estimators]


def _curves(story: Story) -> Blocks:
    """One exit curve an endpoint, for everyone and then for each group."""
    blocks: Blocks = []
    for analysis in _exit_analyses(story, "kaplan_meier"):
        found = [
            c.subgroup for c in story.results.curves
            if c.endpoint == analysis.endpoint and c.measure == "survival"
        ]  # fmt: skip
        for subgroup in dict.fromkeys(found):
            pair = story.pair(endpoint=analysis.endpoint, measure="survival", subgroup=subgroup)
            if pair and not any(any(curve.suppressed) for curve in pair):
                blocks.append(_curve_figure(pair, story))
    return blocks


def _curve_figure(pair: Pair, story: Story) -> FigureBlock:
    first = pair[0]
    label = story.endpoint(first.endpoint)
    key = "exits.curve_figure_group" if first.subgroup else "exits.curve_figure"
    caption = story.say(key, label=label, group=story.words.subgroup(first.subgroup))
    return story.figure(
        plot_exits(pair, story.labels, story.words),
        describe_exits(pair, story.labels, label, story.words),
        caption,
    )


def _logrank(story: Story) -> Blocks:
    names = {analysis.name for analysis in _exit_analyses(story, "logrank")}
    blocks: Blocks = []
    for test in story.results.tests:
        if test.analysis in names and not test.subgroup and test.p_value >= 0:
            verdict = "certain" if test.p_value < ALPHA else "uncertain"
            p = story.words.numbers.p_value(test.p_value)
            blocks.append(story.paragraph(f"exits.logrank_{verdict}", p=p))
    return blocks


def _ratios(story: Story) -> Blocks:
    rows: list[tuple[str, ReleasedEstimate]] = []
    for analysis in _exit_analyses(story, "cox"):
        where = destination_of(analysis, story)
        for effect in story.effects_of(analysis.name):
            name = lower_first(story.words.subgroup(effect.subgroup))
            group = f", {name}" if name else ""
            rows.append((f"{where}{group}", effect))
    return [TableBlock(table=tabulate_ratios(rows, story.words))] if rows else []


def _incidence_pairs(analysis: ExitAnalysis, story: Story) -> list[Pair]:
    endpoint = story.results.plan.endpoints[analysis.endpoint]
    causes = endpoint.destinations if isinstance(endpoint, ExitEndpoint) else ()
    pairs = (
        story.pair(endpoint=analysis.endpoint, measure="cumulative_incidence", cause=cause)
        for cause in causes
    )
    return [pair for pair in pairs if pair is not None]
