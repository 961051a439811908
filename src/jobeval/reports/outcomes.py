"""Effects on everyone: the primary ones, how they unfold, and the table of all."""

from __future__ import annotations

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.plan.analyses import StateAnalysis
from jobeval.plan.exit_analyses import ExitAnalysis
from jobeval.reports.blocks import Paragraph, TableBlock
from jobeval.reports.families import tell_families
from jobeval.reports.sentences import tell_effect
from jobeval.reports.story import Blocks, Story
from jobeval.reports.weekly import paths
from jobeval.tables import tabulate_effects

ELSEWHERE = (ExitAnalysis, StateAnalysis)
"""Analyses of another chapter."""


def effects(story: Story) -> Blocks:
    """The primary effects, week by week and in the window, and the table of all."""
    title = story.heading("effects.title")
    primary = [Paragraph(text=tell_effect(effect, story)) for effect in story.primary_effects()]
    told = [*primary, *paths(story), *_effect_table(story)]
    if told:
        return [title, story.heading("effects.primary", 2), *told]
    if all(isinstance(analysis, ELSEWHERE) for analysis in story.analyses):
        return []
    return [title, story.paragraph("effects.below")]


def _effect_table(story: Story) -> Blocks:
    rows: list[tuple[str, ReleasedEstimate]] = []
    for analysis in story.main_analyses():
        effect = story.main_effect(analysis)
        if effect is not None:
            star = " *" if story.is_exploratory(analysis) else ""
            rows.append((f"{story.endpoint(analysis.endpoint)}{star}", effect))
    if not rows:
        return []
    adjusted = any(effect.p_value_adjusted >= 0 for _, effect in rows)
    notes = ["effects.note_levels"]
    notes += ["effects.note_exploratory"] if any(label.endswith("*") for label, _ in rows) else []
    primary = {effect.endpoint for effect in story.primary_effects()}
    table = tabulate_effects(
        rows, story.words, caption=story.say("effects.table"), adjusted=adjusted, notes=notes,
        said=tell_families([effect for _, effect in rows], story),
        strong=[i for i, (_, effect) in enumerate(rows) if effect.endpoint in primary],
    )  # fmt: skip
    return [
        story.heading("effects.table", 2),
        story.paragraph("effects.table_text"),
        TableBlock(table=table),
    ]
