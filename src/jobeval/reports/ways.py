"""The ways between states: who is where week by week, how they move, and their histories."""

from __future__ import annotations

from jobeval.disclosure.released import SUPPRESSED, ReleasedCurve, ReleasedEstimate
from jobeval.figures import (
    Way,
    plot_occupancy,
    plot_occupancy_by_state,
    plot_sequences,
    plot_states,
)
from jobeval.figures.alt_texts import describe_states
from jobeval.figures.alt_ways import (
    describe_occupancy,
    describe_occupancy_by_state,
    describe_sequences,
)
from jobeval.figures.states import STACK
from jobeval.plan.exit_analyses import IncidenceAnalysis, OccupancyAnalysis, horizon_at
from jobeval.reports.blocks import FigureBlock, Paragraph, TableBlock
from jobeval.reports.events import exit_analyses
from jobeval.reports.state_weeks import StateWeeks, tell_state_weeks, weeks_sentence
from jobeval.reports.story import Blocks, Pair, Story
from jobeval.tables import tabulate_moves

RELAPSE_COLOUR = "#9B4F96"
MOVE = " -> "
"""Between the two states of a rate of moving."""
OTHER = "other_states"
"""Hidden shares and rounding."""


def states(story: Story) -> Blocks:
    """The status distribution week by week."""
    if not story.has_states():
        return []
    curves = [c for c in story.results.curves if c.measure == "state_share"]
    arms = {arm: story.in_common(c for c in curves if c.arm == arm) for arm in story.labels}
    if not all(arms.values()):
        return []
    below = story.has_exits or bool(exit_analyses(story, IncidenceAnalysis))
    return [
        story.heading("exits.states", 1 + below),
        story.paragraph("exits.states_text"),
        story.figure(
            plot_states(arms, story.labels, story.words),
            describe_states(arms, story.labels, story.words),
            story.say("exits.states_figure"),
        ),
    ]


def ways(story: Story) -> Blocks:
    """Occupancy, expected weeks, rates of moving and histories, as the plan asks."""
    told = [block for analysis in _asked(story) for block in _ways(analysis, story)]
    return [story.heading("ways.title"), *told] if told else []


def ways_sentences(story: Story) -> list[str]:
    """The weeks that are certainly won and lost, for the summary."""
    found = [(a, _state_weeks(a, look_of_states(a, story), story)) for a in _asked(story)]
    return [
        weeks_sentence(states, _horizon(analysis, story), story)
        for analysis, states in found
        if any(state.effect.certain for state in states)
    ]


def name_state(name: str, story: Story) -> str:
    """A state of histories, or a status or destination, in words."""
    named = {k: way.label for a in _asked(story) for k, way in look_of_states(a, story).items()}
    return named.get(name) or story.words.state(name)


def _asked(story: Story) -> list[OccupancyAnalysis]:
    return [a for a in story.analyses if isinstance(a, OccupancyAnalysis)]


def _ways(analysis: OccupancyAnalysis, story: Story) -> Blocks:
    looks = look_of_states(analysis, story)
    shares = _occupancy(analysis, looks, story)
    rest = [
        *_weeks(analysis, looks, story),
        *_moves(analysis, looks, story),
        *_sequences(analysis, looks, story),
    ]
    return [_opening(analysis, looks, story), *shares, *rest] if shares or rest else []


def look_of_states(analysis: OccupancyAnalysis, story: Story) -> dict[str, Way]:
    """Each state's name and the colour of the first status in it, in the order of the plan."""
    found = {
        group.name: Way(story.say_label(group.label), STACK[group.states[0]])
        for group in analysis.groups
    }
    relapse = analysis.relapse
    if relapse is not None:
        found[relapse.name] = Way(story.say_label(relapse.label), RELAPSE_COLOUR)
    return found


def _opening(analysis: OccupancyAnalysis, looks: dict[str, Way], story: Story) -> Paragraph:
    text, relapse = story.say("ways.text"), analysis.relapse
    if relapse is None:
        return Paragraph(text=text)
    into = [story.say("ways.quoted", state=looks[name].label) for name in relapse.into]
    returned = story.say(
        "ways.text_relapse", relapse=looks[relapse.name].label, after=looks[relapse.after].label,
        into=story.words.join(into),
    )  # fmt: skip
    return Paragraph(text=f"{text} {returned}")


def _occupancy(analysis: OccupancyAnalysis, looks: dict[str, Way], story: Story) -> Blocks:
    """The arms in each state; stacked where no other figure shows how all are distributed."""
    pairs = {
        state: _in_common(pair, story)
        for state in [*looks, OTHER]
        if (pair := story.pair(endpoint=analysis.name, measure="occupancy", cause=state))
    }
    if not pairs:
        return []
    if not story.has_states():
        return [_stack(pairs, looks, story)]
    pairs = {state: p for state, p in pairs.items() if state != OTHER and _is_known(p)}
    if not pairs:
        return []
    return [
        story.paragraph("ways.by_state_text", states=story.say("exits.states")),
        story.figure(
            plot_occupancy_by_state(pairs, looks, story.labels, story.words),
            describe_occupancy_by_state(pairs, looks, story.labels, story.words),
            story.say("ways.figure_by_state"),
        ),
    ]


def _is_known(pair: Pair) -> bool:
    """Whether some week of each arm is shown."""
    return all(not all(curve.suppressed) for curve in pair)


def _in_common(pair: Pair, story: Story) -> Pair:
    control, treatment = story.in_common(pair)
    return control, treatment


def _with_rest(looks: dict[str, Way], story: Story) -> dict[str, Way]:
    """The groups, and the states that are in none of them."""
    return {**looks, OTHER: Way(story.words.state(OTHER), STACK[OTHER])}


def _stack(pairs: dict[str, Pair], looks: dict[str, Way], story: Story) -> FigureBlock:
    shown = _with_rest(looks, story)
    arms: dict[str, dict[str, ReleasedCurve]] = {
        arm: {state: pair[i] for state, pair in pairs.items()} for i, arm in enumerate(story.labels)
    }
    return story.figure(
        plot_occupancy(arms, shown, story.labels, story.words),
        describe_occupancy(arms, shown, story.labels, story.words),
        story.say("ways.figure"),
    )


def _weeks(analysis: OccupancyAnalysis, looks: dict[str, Way], story: Story) -> Blocks:
    found = _state_weeks(analysis, looks, story)
    return tell_state_weeks(found, _horizon(analysis, story), "state_weeks.title", 2, story)


def _state_weeks(
    analysis: OccupancyAnalysis, looks: dict[str, Way], story: Story
) -> list[StateWeeks]:
    effects = {e.part: e for e in story.effects_of(analysis.name)}
    return [
        StateWeeks(way.label, story.say("state_weeks.in_state", state=way.label), effects[state])
        for state, way in _with_rest(looks, story).items()
        if state in effects
    ]


def _horizon(analysis: OccupancyAnalysis, story: Story) -> int:
    return horizon_at(analysis.horizon_weeks, story.results.look)


def _moves(analysis: OccupancyAnalysis, looks: dict[str, Way], story: Story) -> Blocks:
    moves: list[tuple[str, str, ReleasedEstimate]] = []
    looks = _with_rest(looks, story)
    for effect in story.effects_of(analysis.name):
        origin, arrow, target = effect.part.partition(MOVE)
        if arrow:
            moves.append((looks[origin].label, looks[target].label, effect))
    if not moves:
        return []
    return [
        story.heading("ways.moves_title", 2),
        story.paragraph("ways.moves_text"),
        TableBlock(table=tabulate_moves(moves, story.labels, story.words)),
    ]


def _sequences(analysis: OccupancyAnalysis, looks: dict[str, Way], story: Story) -> Blocks:
    check = story.check(f"sequences {analysis.name}")
    if check is None or not len(check.table):
        return []
    shown = _with_rest(looks, story) if OTHER in check.table.column("state") else looks
    hides = SUPPRESSED in check.table.column("state")
    return [
        story.heading("ways.sequences_title", 2),
        story.paragraph("ways.sequences_text", last=looks[analysis.groups[-1].name].label),
        story.figure(
            plot_sequences(check.table, shown, story.labels, story.words),
            describe_sequences(check.table, shown, story.labels, story.words),
            story.say("ways.sequences_figure"),
            story.say("ways.sequences_note") if hides else "",
        ),
    ]
