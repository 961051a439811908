"""The effect on those who take part because they are drawn, beside that on everyone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jobeval.disclosure.released import ReleasedEstimate, ReleasedTakeUp
from jobeval.figures import ForestRow, plot_beside
from jobeval.figures.alt_texts import describe_beside
from jobeval.plan.analyses import TakeUpAnalysis
from jobeval.reports.blocks import Callout, Paragraph, TableBlock
from jobeval.reports.sentences import tell_level, tell_verdict
from jobeval.reports.story import Blocks, Story
from jobeval.tables import (
    Table,
    group_rows,
    tabulate_effects,
    tabulate_profile,
    tabulate_take_up,
)

ANDERSON_RUBIN = "Anderson-Rubin"


class Taken(NamedTuple):
    """One outcome: the effect on those who take part, and on everyone drawn where told."""

    endpoint: str
    effect: ReleasedEstimate
    everyone: ReleasedEstimate | None


def taking_part(story: Story) -> Blocks:
    """Effects on those who take part, how many and who they are, and what to beware of."""
    taken = _taken(story)
    if not taken:
        return []
    primary = [t for t in taken if story.priorities.get(t.endpoint) == "primary"] or taken[:1]
    return [
        story.heading("taking_part.title", 2),
        story.paragraph("taking_part.text"),
        *(Paragraph(text=_tell(item, story)) for item in primary),
        *tell_cautions([item.effect for item in taken], story),
        *_figure(taken, story),
        TableBlock(table=_effects_table(taken, story)),
        *_take_ups(taken, story),
        *(
            TableBlock(table=tabulate_profile(item.effect, story.words))
            for item in taken
            if item.effect.take_up and item.effect.take_up.profile
        ),
    ]


def _taken(story: Story) -> list[Taken]:
    everyone = {a.endpoint: story.main_effect(a) for a in story.main_analyses()}
    found = [
        Taken(a.endpoint, effect, everyone.get(a.endpoint))
        for a in story.analyses if isinstance(a, TakeUpAnalysis)
        for effect in story.effects_of(a.name)
    ]  # fmt: skip
    order = list(story.priorities)
    return sorted(found, key=lambda item: order.index(item.endpoint))


def _tell(item: Taken, story: Story) -> str:
    effect, label = item.effect, story.endpoint(item.endpoint)
    if effect.suppressed:
        return story.say("effect.hidden", label=label)
    if not effect.estimable:
        return story.say("taking_part.not_estimable", label=label)
    opening = story.say(
        "taking_part.opening", label=label,
        treatment=tell_level(effect.mean_treatment, effect, story),
        control=tell_level(effect.mean_control, effect, story),
    )  # fmt: skip
    return opening + tell_verdict(effect, story)


def tell_cautions(effects: Sequence[ReleasedEstimate], story: Story) -> Blocks:
    """Boxes for a weak first stage, an interval without an end, and their like."""
    notes = dict.fromkeys(note for effect in effects for note in effect.notes)
    texts = [story.say(key) for note in notes if story.words.has(key := f"caution.{note}")]
    if not texts:
        return []
    title = story.say("taking_part.caution")
    return [Callout(tone="warning", title=title, text=" ".join(texts))]


def _rows(item: Taken, story: Story) -> list[ForestRow]:
    takers = ForestRow(story.say("taking_part.row_takers"), item.effect, strong=True)
    if item.everyone is None:
        return [takers]
    return [ForestRow(story.say("taking_part.row_everyone"), item.everyone), takers]


def _figure(taken: Sequence[Taken], story: Story) -> Blocks:
    panels = {
        story.endpoint(item.endpoint): _rows(item, story)
        for item in taken
        if item.effect.estimable and item.everyone is not None
    }
    if not panels:
        return []
    figure, alt = plot_beside(panels, story.words), describe_beside(panels, story.words)
    return [story.figure(figure, alt, story.say("taking_part.figure"))]


def _effects_table(taken: Sequence[Taken], story: Story) -> Table:
    rows = [(item, row) for item in taken for row in _rows(item, story)]
    exact = any(item.effect.inference == ANDERSON_RUBIN for item in taken)
    notes = ["effects.note_levels", "taking_part.note_levels"]
    return tabulate_effects(
        [(row.label, row.own) for _, row in rows], story.words,
        caption=story.say("taking_part.table"), first_column="effects.column_group",
        groups=group_rows([story.endpoint(item.endpoint) for item, _ in rows]),
        notes=notes + (["taking_part.note_anderson_rubin"] if exact else []),
    )  # fmt: skip


def _take_ups(taken: Sequence[Taken], story: Story) -> Blocks:
    """Each take-up once: analyses of the same persons share theirs."""
    distinct: dict[tuple[float, ...], tuple[str, ReleasedTakeUp]] = {}
    for item in taken:
        told = item.effect.take_up
        if told is not None:
            shares = (told.share_treatment, told.share_control, told.f_statistic)
            distinct.setdefault(shares, (story.endpoint(item.endpoint), told))
    if not distinct:
        return []
    return [TableBlock(table=tabulate_take_up(list(distinct.values()), story.words))]
