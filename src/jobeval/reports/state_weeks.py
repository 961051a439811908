"""Weeks won in some states and lost in others, within a horizon."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.figures import plot_weeks
from jobeval.figures.alt_ways import describe_weeks
from jobeval.reports.blocks import Heading, Paragraph, TableBlock
from jobeval.reports.sentences import tell_difference, verdict
from jobeval.reports.story import Blocks, Story
from jobeval.tables import tabulate_effects
from jobeval.text.numbers import DIGITS


class StateWeeks(NamedTuple):
    """The weeks in one state: its name in a table, as it stands in a sentence, the effect."""

    name: str
    where: str
    effect: ReleasedEstimate


def tell_state_weeks(
    states: Sequence[StateWeeks], horizon: int, title: str, level: int, story: Story
) -> Blocks:
    """Heading, what is certain in one sentence, figure and table; nothing without states."""
    if not states:
        return []
    what, rows = story.say(title), [(state.name, state.effect) for state in states]
    blocks: Blocks = [
        Heading(text=what, level=level),
        story.paragraph("state_weeks.text", horizon=horizon),
        Paragraph(text=weeks_sentence(states, horizon, story)),
    ]
    if any(effect.estimable for _, effect in rows):
        blocks.append(
            story.figure(
                plot_weeks(rows, story.words),
                describe_weeks(rows, story.words),
                story.say("state_weeks.figure", what=what, horizon=horizon),
                story.say("state_weeks.figure_note"),
            )
        )
    table = tabulate_effects(
        rows, story.words, first_column="state_weeks.column",
        caption=story.say("state_weeks.table", what=what, horizon=horizon),
        said=[story.say("state_weeks.note", horizon=horizon)],
    )  # fmt: skip
    return [*blocks, TableBlock(table=table)]


def weeks_sentence(states: Sequence[StateWeeks], horizon: int, story: Story) -> str:
    """The differences that are certain, largest first."""
    certain = [state for state in states if state.effect.certain]
    if not certain:
        return story.say("state_weeks.none")
    certain.sort(key=lambda state: -abs(state.effect.estimate))
    parts = story.words.join([_part(state, story) for state in certain])
    told = story.say("state_weeks.sentence", horizon=horizon, parts=parts)
    others = story.say("state_weeks.others") if len(certain) < len(states) else ""
    return f"{told} {others}".strip()


def _part(state: StateWeeks, story: Story) -> str:
    size = story.words.numbers.decimal_number(abs(state.effect.estimate), DIGITS["weeks"])
    return story.say(
        f"state_weeks.{verdict(state.effect)}", size=size, where=state.where,
        interval=tell_difference(state.effect, story)["interval"],
    )  # fmt: skip
