"""Where the exits went: competing destinations, and the weeks before and after the exit."""

from __future__ import annotations

from collections.abc import Sequence

from jobeval.disclosure.released import ReleasedEstimate, ReleasedTest
from jobeval.figures import plot_destinations, plot_stacked_destinations
from jobeval.figures.alt_texts import describe_destinations
from jobeval.figures.alt_ways import describe_stacked_destinations
from jobeval.plan.endpoints import ExitEndpoint
from jobeval.plan.exit_analyses import (
    AdjustedAnalysis,
    CoxAnalysis,
    ExitAnalysis,
    FineGrayAnalysis,
    GrayAnalysis,
    IncidenceAnalysis,
    StateWeeksAnalysis,
    horizon_at,
)
from jobeval.reports.blocks import Paragraph, TableBlock
from jobeval.reports.events import AT_WEEK, exit_analyses, is_due_later
from jobeval.reports.sentences import (
    lower_first,
    tell_incidence,
    tell_level,
    tell_p,
    tell_verdict,
)
from jobeval.reports.state_weeks import StateWeeks, tell_state_weeks
from jobeval.reports.story import Blocks, Pair, Story, is_shown
from jobeval.reports.weekly import ALPHA
from jobeval.tables import (
    Table,
    group_rows,
    tabulate_destinations,
    tabulate_incidence,
    tabulate_ratios,
)

REMAINING = "remaining"
"""The part of expected weeks before any exit."""
Rows = list[tuple[str, ReleasedEstimate]]


def destinations(story: Story) -> Blocks:
    """Shares at each destination, what sets rates apart from shares, and weeks."""
    level = 1 + story.has_exits
    shares = [
        block
        for analysis in exit_analyses(story, IncidenceAnalysis)
        for block in _incidence(analysis, story)
    ]
    ratios = _ratios(story, level + 1)
    weeks = [
        block
        for analysis in exit_analyses(story, StateWeeksAnalysis)
        for block in _weeks(analysis, story, level + 1)
    ]
    opening = [story.paragraph("exits.destinations_text")] if shares else []
    return [story.heading("exits.destinations", level), *opening, *shares, *ratios, *weeks]


def tell_first_destination(analysis: IncidenceAnalysis, story: Story) -> str:
    """The shares at the first destination: after the last of the plan's weeks, or in the end."""
    pairs = _pairs(analysis, story)[:1]
    if not pairs or not is_shown(pairs[0]):
        return ""
    destination = lower_first(story.words.state(pairs[0][0].cause))
    found = _differences(analysis, [pairs[0][0].cause], story)
    known = [(week, rows[0][1]) for week, rows in found.items() if rows[0][1].estimable]
    if not known:
        return tell_incidence(pairs[0], destination, story)
    week, effect = max(known, key=lambda told: told[0])
    opening = story.say(
        "destinations.sentence", week=week, destination=destination,
        treatment=tell_level(effect.mean_treatment, effect, story),
        control=tell_level(effect.mean_control, effect, story),
    )  # fmt: skip
    return opening + tell_verdict(effect, story)


def _incidence(analysis: IncidenceAnalysis, story: Story) -> Blocks:
    pairs = _pairs(analysis, story)
    if not pairs:
        return []
    table = TableBlock(table=_table(analysis, pairs, story))
    return [*_figures(pairs, story), table]


def _figures(pairs: Sequence[Pair], story: Story) -> Blocks:
    """The stack, and the destinations one by one; nothing where all of them are hidden."""
    if all(any(curve.suppressed) for pair in pairs for curve in pair):
        return []
    arms = {arm: [pair[i] for pair in pairs] for i, arm in enumerate(story.labels)}
    return [
        story.paragraph("destinations.stacked_text", least=story.results.policy.min_count),
        story.figure(
            plot_stacked_destinations(arms, story.labels, story.words),
            describe_stacked_destinations(arms, story.labels, story.words),
            story.say("destinations.stacked_figure"),
        ),
        story.figure(
            plot_destinations(pairs, story.labels, story.words),
            describe_destinations(pairs, story.labels, story.words),
            story.say("exits.destinations_figure"),
        ),
    ]


def _pairs(analysis: IncidenceAnalysis, story: Story) -> list[Pair]:
    endpoint = story.results.plan.endpoints[analysis.endpoint]
    causes = endpoint.destinations if isinstance(endpoint, ExitEndpoint) else ()
    pairs = (
        story.pair(endpoint=analysis.endpoint, measure="cumulative_incidence", cause=cause)
        for cause in causes
    )
    return [pair for pair in pairs if pair is not None]


def _table(analysis: IncidenceAnalysis, pairs: Sequence[Pair], story: Story) -> Table:
    """The differences after the weeks that the plan names, or else the shares in the end."""
    weeks = _differences(analysis, [pair[0].cause for pair in pairs], story)
    if weeks:
        return tabulate_destinations(weeks, story.words)
    return tabulate_incidence(pairs, story.labels, story.words)


def _differences(
    analysis: IncidenceAnalysis, causes: Sequence[str], story: Story
) -> dict[int, Rows]:
    """Week → each destination's name and difference, in the order of the plan."""
    effects = {e.part: e for e in story.effects_of(analysis.name) if not e.subgroup}
    found: dict[int, Rows] = {}
    for week in analysis.at_weeks:
        named = [(cause, effects.get(f"{cause} {AT_WEEK}{week}")) for cause in causes]
        rows = [(story.words.state(c), e) for c, e in named if e and not is_due_later(e, story)]
        if rows:
            found[week] = rows
    return found


def _ratios(story: Story, level: int) -> Blocks:
    """Gray's test, and the ratio of shares beside that of rates."""
    shares = [(a, e) for a in exit_analyses(story, FineGrayAnalysis) if (e := _overall(a, story))]
    tests = {analysis.name: analysis for analysis in exit_analyses(story, GrayAnalysis)}
    told = [
        _tell_gray(tests[test.analysis], test, story)
        for test in story.results.tests
        if test.analysis in tests and not test.subgroup and test.p_value >= 0
    ]
    blocks: Blocks = [Paragraph(text=" ".join(told))] if told else []
    if shares:
        blocks = [story.paragraph("destinations.ratio_text"), *blocks, _ratio_table(shares, story)]
    return [story.heading("destinations.ratio_title", level), *blocks] if blocks else []


def _overall(analysis: ExitAnalysis, story: Story) -> ReleasedEstimate | None:
    """The effect on everyone over all weeks."""
    found = [e for e in story.effects_of(analysis.name) if not e.subgroup]
    return next((e for e in found if e.part in {"", analysis.cause}), None)


def _tell_gray(analysis: GrayAnalysis, test: ReleasedTest, story: Story) -> str:
    return story.say(
        f"destinations.gray_{'certain' if test.p_value < ALPHA else 'uncertain'}",
        destination=lower_first(story.words.state(str(analysis.cause))),
        statistic=story.words.numbers.decimal_number(test.statistic, 2),
        p=tell_p(test, analysis.inference, story),
    )


def _ratio_table(
    shares: Sequence[tuple[FineGrayAnalysis, ReleasedEstimate]], story: Story
) -> TableBlock:
    rows: Rows = []
    names: list[str] = []
    for analysis, share in shares:
        rate = _rate_beside(analysis, story)
        found = [("destinations.row_rate", rate)] if rate else []
        for key, effect in [*found, ("destinations.row_share", share)]:
            rows.append((story.say(key), effect))
            names.append(_name_beside(analysis, story))
    table = tabulate_ratios(
        rows, "destinations.column_ratio", story.words, groups=group_rows(names),
        caption=story.say("destinations.ratio_table"), note="destinations.ratio_note",
    )  # fmt: skip
    return TableBlock(table=table)


def _name_beside(analysis: FineGrayAnalysis, story: Story) -> str:
    name = story.words.state(str(analysis.cause))
    return f"{name}, {story.say('effect.adjusted')}" if analysis.covariates else name


def _rate_beside(analysis: FineGrayAnalysis, story: Story) -> ReleasedEstimate | None:
    """The cause-specific hazard ratio of the same exit, adjusted for the same."""
    alike = [a for a in exit_analyses(story, CoxAnalysis) if _asks_of(a) == _asks_of(analysis)]
    return next((effect for a in alike if (effect := _overall(a, story))), None)


def _asks_of(analysis: AdjustedAnalysis) -> tuple[object, ...]:
    return analysis.endpoint, analysis.cause, analysis.covariates


def _weeks(analysis: StateWeeksAnalysis, story: Story, level: int) -> Blocks:
    endpoint = story.results.plan.endpoints[analysis.endpoint]
    order = (REMAINING, *getattr(endpoint, "destinations", ()))
    effects = {e.part: e for e in story.effects_of(analysis.name) if not e.subgroup}
    states = [_state(part, effects[part], story) for part in order if part in effects]
    horizon = horizon_at(analysis.horizon_weeks, story.results.look)
    return tell_state_weeks(states, horizon, "state_weeks.title_exits", level, story)


def _state(part: str, effect: ReleasedEstimate, story: Story) -> StateWeeks:
    if part == REMAINING:
        return StateWeeks(
            story.say("destinations.remaining"), story.say("state_weeks.before"), effect
        )
    name = story.words.state(part)
    where = story.say("state_weeks.after", destination=lower_first(name))
    return StateWeeks(name, where, effect)
