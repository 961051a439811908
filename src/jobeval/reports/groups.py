"""For whom: effects in the groups that the plan names, and in groups found in the data."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.figures import ForestRow, plot_forest
from jobeval.figures.alt_texts import describe_forest
from jobeval.plan.analyses import EffectAnalysis, SortedGroupsAnalysis
from jobeval.reports.blocks import TableBlock
from jobeval.reports.families import tell_group_adjustment
from jobeval.reports.sentences import lower_first, tell_numbers
from jobeval.reports.story import Blocks, Story
from jobeval.reports.weekly import ALPHA, group_paths
from jobeval.tables import group_rows, tabulate_effects


def subgroups(story: Story) -> Blocks:
    """Effects in the groups that the plan names: a forest and a table a column."""
    columns = dict.fromkeys(c for a in story.main_analyses() for c in a.subgroups)
    parts = [block for column in columns for block in _subgroup_column(column, story)]
    if not parts:
        return []
    intro = [story.heading("effects.subgroups", 2), story.paragraph("effects.subgroups_text")]
    return [*intro, *parts]


def sorted_groups(story: Story) -> Blocks:
    """Effects in groups sorted by their predicted effect; exploratory."""
    asked = [a for a in story.analyses if isinstance(a, SortedGroupsAnalysis)]
    parts = [block for analysis in asked for block in _sorted(analysis, story)]
    if not parts:
        return []
    intro = [story.heading("sorted.title", 2), story.paragraph("sorted.text")]
    return [*intro, *parts]


def subgroup_forest(
    analysis: EffectAnalysis, found: Sequence[ReleasedEstimate], label: str, story: Story
) -> Blocks:
    """The effect on everyone and in each group, as a figure; nothing when none can be shown."""
    main = story.main_effect(analysis)
    rows = [ForestRow(story.words.subgroup(effect.subgroup), effect) for effect in found]
    if main is not None:
        rows.insert(0, ForestRow(story.say("effects.forest_all"), main, strong=True))
    if not any(row.own.estimable for row in rows):
        return []
    return [
        story.figure(
            plot_forest(rows, None, story.words),
            describe_forest(rows, story.words),
            story.say("effects.subgroups_figure", label=label),
        )
    ]


def _subgroup_column(column: str, story: Story) -> Blocks:
    forests: Blocks = []
    rows: list[tuple[str, ReleasedEstimate]] = []
    names: list[str] = []
    primary = {effect.endpoint for effect in story.primary_effects()}
    for analysis in story.main_analyses():
        found = story.subgroup_effects(analysis, column)
        label = story.endpoint(analysis.endpoint)
        rows += [(story.words.subgroup(effect.subgroup), effect) for effect in found]
        names += [label] * len(found)
        if found and analysis.endpoint in primary:
            forests += subgroup_forest(analysis, found, label, story)
            forests += _interaction(analysis, column, label, story)
    if not rows:
        return []
    in_text = lower_first(story.words.label("covariate", column))
    adjusted = any(effect.p_value_adjusted >= 0 for _, effect in rows)
    table = tabulate_effects(
        rows, story.words, groups=group_rows(names), first_column="effects.column_group",
        caption=story.say("effects.subgroups_table", column=in_text), adjusted=adjusted,
        said=tell_group_adjustment(column, story) if adjusted else (),
    )  # fmt: skip
    return [*forests, *group_paths(column, story), TableBlock(table=table)]


def _interaction(analysis: EffectAnalysis, column: str, label: str, story: Story) -> Blocks:
    """Whether the effect differs between the groups, by one test over all of them."""
    test = next(
        (t for t in story.results.tests
         if t.analysis == analysis.name and t.name == f"interaction with {column}"),
        None,
    )  # fmt: skip
    if test is None or not math.isfinite(test.p_value):
        return []
    verdict = "certain" if test.p_value < ALPHA else "uncertain"
    p = story.words.numbers.p_equation(test.p_value)
    return [story.paragraph(f"effects.interaction_{verdict}", label=label, p=p)]


def _sorted(analysis: SortedGroupsAnalysis, story: Story) -> Blocks:
    found = story.effects_of(analysis.name)
    rows = [
        ForestRow(_sorted_label(e.part, analysis.groups, story), e, strong=" - " in e.part)
        for e in found
        if e.part
    ]
    if not any(row.own.estimable for row in rows):
        return []
    label = story.endpoint(analysis.endpoint)
    figure = story.figure(
        plot_forest(rows, None, story.words),
        describe_forest(rows, story.words),
        story.say("sorted.figure", label=label),
        story.say("sorted.note", splits=analysis.splits),
    )
    return [*_tell_sorted(found, label, story), figure]


def _sorted_label(part: str, groups: int, story: Story) -> str:
    if " - " in part:
        return story.say("sorted.difference")
    number = int(part.split()[1])
    key = {1: "sorted.lowest", groups: "sorted.highest"}.get(number, "sorted.group")
    return story.say(key, number=number)


def _tell_sorted(found: Sequence[ReleasedEstimate], label: str, story: Story) -> Blocks:
    gap = next((effect for effect in found if " - " in effect.part), None)
    if gap is None or not gap.estimable:
        return []
    key = "sorted.certain" if gap.certain else "sorted.uncertain"
    return [story.paragraph(key, label=label, **tell_numbers(gap, story))]
