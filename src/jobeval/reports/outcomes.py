"""Effects: primary paths, the table of effects, subgroups, job centres, sensitivity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.figures import (
    ForestRow,
    plot_difference,
    plot_forest,
    plot_path,
    plot_path_groups,
)
from jobeval.figures.alt_texts import (
    describe_difference,
    describe_forest,
    describe_groups,
    describe_path,
)
from jobeval.plan.analyses import EffectAnalysis, PathAnalysis
from jobeval.reports.blocks import Paragraph, TableBlock
from jobeval.reports.sentences import lower_first, tell_effect
from jobeval.reports.story import Blocks, Story
from jobeval.tables import group_rows, tabulate_effects

PATH_MEASURES = ("share", "mean")
ALPHA = 0.05
MOST_PATH_PANELS = 6
P = TypeVar("P")


def effects(story: Story) -> Blocks:
    """The primary effects, week by week and in the window, and the table of all."""
    blocks: Blocks = [story.heading("effects.title"), story.heading("effects.primary", 2)]
    blocks += [Paragraph(text=tell_effect(effect, story)) for effect in story.primary_effects()]
    paths = [a.endpoint for a in story.analyses if isinstance(a, PathAnalysis)]
    figures = [block for name in dict.fromkeys(paths) for block in _path(name, story)]
    if figures:
        blocks += [story.paragraph("effects.path_text"), *figures]
    return [*blocks, *_effect_table(story)]


def subgroups(story: Story) -> Blocks:
    """Effects in the groups that the plan names: a forest and a table a column."""
    columns = dict.fromkeys(c for a in story.main_analyses() for c in a.subgroups)
    parts = [block for column in columns for block in _subgroup_column(column, story)]
    if not parts:
        return []
    intro = [story.heading("effects.subgroups", 2), story.paragraph("effects.subgroups_text")]
    return [*intro, *parts]


def sites(story: Story) -> Blocks:
    """Effects by job centre: unranked, raw light and shrunken strong."""
    parts: Blocks = []
    for analysis in story.main_analyses():
        if analysis.by_site:
            parts += _site_forest(analysis, story)
    if not parts:
        return []
    return [story.heading("effects.sites", 2), story.paragraph("effects.sites_text"), *parts]


def sensitivity(story: Story) -> Blocks:
    """The same endpoints by other estimators."""
    rows: list[tuple[str, ReleasedEstimate]] = []
    names: list[str] = []
    for main in story.main_analyses():
        others = [
            a for a in story.analyses
            if isinstance(a, EffectAnalysis) and a.endpoint == main.endpoint and a.name != main.name
        ]  # fmt: skip
        found = [e for a in (main, *others) if (e := story.main_effect(a)) is not None]
        if len(found) > 1:
            rows += [(story.words.label("estimator", e.estimator), e) for e in found]
            names += [story.endpoint(main.endpoint)] * len(found)
    if not rows:
        return []
    table = tabulate_effects(
        rows, story.words, caption=story.say("effects.sensitivity_table"),
        first_column="effects.column_estimator", groups=group_rows(names), errors=True,
    )  # fmt: skip
    return [
        story.heading("effects.sensitivity", 2),
        story.paragraph("effects.sensitivity_text"),
        TableBlock(table=table),
    ]


def _path(name: str, story: Story) -> Blocks:
    found = next((p for m in PATH_MEASURES if (p := story.pair(endpoint=name, measure=m))), None)
    if found is None:
        return []
    pair = story.in_common(found)
    label = story.endpoint(name)
    blocks: Blocks = [
        story.figure(
            plot_path(pair, story.labels, story.words),
            describe_path(pair, story.labels, label, story.words),
            story.say("effects.path_figure", label=label),
        )
    ]
    contrast = story.contrast(name, PATH_MEASURES)
    if contrast is not None:
        [contrast] = story.in_common([contrast])
        blocks.append(
            story.figure(
                plot_difference(contrast, story.words),
                describe_difference(contrast, label, story.words),
                story.say("effects.difference_figure", label=lower_first(label)),
            )
        )
    return blocks


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
    notes += ["effects.note_adjusted"] if adjusted else []
    notes += ["effects.note_exploratory"] if any(label.endswith("*") for label, _ in rows) else []
    primary = {effect.endpoint for effect in story.primary_effects()}
    table = tabulate_effects(
        rows, story.words, caption=story.say("effects.table"), adjusted=adjusted, notes=notes,
        strong=[i for i, (_, effect) in enumerate(rows) if effect.endpoint in primary],
    )  # fmt: skip
    return [
        story.heading("effects.table", 2),
        story.paragraph("effects.table_text"),
        TableBlock(table=table),
    ]


def _subgroup_column(column: str, story: Story) -> Blocks:
    forests: Blocks = []
    rows: list[tuple[str, ReleasedEstimate]] = []
    names: list[str] = []
    for analysis in story.main_analyses():
        found = story.subgroup_effects(analysis, column)
        label = story.endpoint(analysis.endpoint)
        rows += [(story.words.subgroup(effect.subgroup), effect) for effect in found]
        names += [label] * len(found)
        if found and story.priorities[analysis.endpoint] == "primary":
            forests += subgroup_forest(analysis, found, label, story)
    if not rows:
        return []
    table = tabulate_effects(
        rows, story.words, groups=group_rows(names), first_column="effects.column_group",
        caption=story.say("effects.subgroups_table", column=_in_text(column, story)),
    )  # fmt: skip
    return [*forests, *_group_paths(column, story), TableBlock(table=table)]


def _in_text(column: str, story: Story) -> str:
    return lower_first(story.words.label("covariate", column))


def _group_paths(column: str, story: Story) -> Blocks:
    """Weekly paths in the levels of a column, side by side, where the plan asks for them."""
    blocks: Blocks = []
    for analysis in story.analyses:
        if not isinstance(analysis, PathAnalysis) or column not in analysis.subgroups:
            continue
        label = story.endpoint(analysis.endpoint)
        for measure in PATH_MEASURES:
            found = story.groups(column, endpoint=analysis.endpoint, measure=measure)
            pairs = {name: story.in_common(pair) for name, pair in found.items()}
            for part in in_panels(pairs, MOST_PATH_PANELS):
                figure = plot_path_groups(part, story.labels, story.words)
                alt = describe_groups(part, story.labels, label, story.words)
                caption = story.say(
                    "effects.path_groups_figure", label=label, column=_in_text(column, story)
                )
                blocks.append(story.figure(figure, alt, caption))
    return blocks


def in_panels(groups: Mapping[str, P], most: int = 3) -> list[dict[str, P]]:
    """The groups in parts that fit one figure.

    >>> in_panels({"a": 1, "b": 2, "c": 3, "d": 4})
    [{'a': 1, 'b': 2, 'c': 3}, {'d': 4}]
    """
    items = list(groups.items())
    return [dict(items[i : i + most]) for i in range(0, len(items), most)]


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


def _site_forest(analysis: EffectAnalysis, story: Story) -> Blocks:
    plan = story.results.plan
    if plan.sites is None:
        return []
    found = [
        e for e in story.effects_of(analysis.name) if e.subgroup.startswith(f"{plan.sites.column}=")
    ]
    shrunken = {e.subgroup: e for e in found if e.estimator == "empirical Bayes"}
    own = sorted((e for e in found if e.estimator != "empirical Bayes"), key=lambda e: e.subgroup)
    rows = [ForestRow(story.words.subgroup(e.subgroup), e, shrunken.get(e.subgroup)) for e in own]
    if not any(row.own.estimable for row in rows):
        return []
    figure = story.figure(
        plot_forest(rows, story.main_effect(analysis), story.words),
        describe_forest(rows, story.words),
        story.say("effects.sites_figure", label=story.endpoint(analysis.endpoint)),
        story.say("effects.sites_note"),
    )
    return [figure, *_site_test(analysis, story)]


def _site_test(analysis: EffectAnalysis, story: Story) -> Blocks:
    test = next(
        (t for t in story.results.tests if t.analysis == analysis.name and t.name == "Cochran's Q"),
        None,
    )
    if test is None or not test.p_value >= 0:
        return []
    verdict = "certain" if test.p_value < ALPHA else "uncertain"
    p = story.words.numbers.p_equation(test.p_value)
    label = story.endpoint(analysis.endpoint)
    return [story.paragraph(f"effects.sites_test_{verdict}", label=label, p=p)]
