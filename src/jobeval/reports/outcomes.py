"""Effects: primary paths, the table of effects, subgroups, job centres, sensitivity."""

from __future__ import annotations

from collections.abc import Sequence

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.figures import ForestRow, plot_difference, plot_forest, plot_path
from jobeval.figures.alt_texts import describe_difference, describe_forest, describe_path
from jobeval.plan.analyses import EffectAnalysis, PathAnalysis
from jobeval.reports.blocks import Paragraph, TableBlock
from jobeval.reports.sentences import lower_first, tell_effect
from jobeval.reports.story import Blocks, Story
from jobeval.tables import tabulate_effects

PATH_MEASURES = ("share", "mean")
ALPHA = 0.05


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
    strong: list[int] = []
    for main in story.main_analyses():
        others = [
            a for a in story.analyses
            if isinstance(a, EffectAnalysis) and a.endpoint == main.endpoint and a.name != main.name
        ]  # fmt: skip
        found = [e for a in (main, *others) if (e := story.main_effect(a)) is not None]
        if len(found) > 1:
            strong.append(len(rows))
            rows += [(_estimator_label(effect, story), effect) for effect in found]
    if not rows:
        return []
    table = tabulate_effects(
        rows, story.words, caption=story.say("effects.sensitivity_table"),
        first_column="effects.column_estimator", strong=strong, notes=("effects.note_units",),
    )  # fmt: skip
    return [
        story.heading("effects.sensitivity", 2),
        story.paragraph("effects.sensitivity_text"),
        TableBlock(table=table),
    ]


def _path(name: str, story: Story) -> Blocks:
    pair = next((p for m in PATH_MEASURES if (p := story.pair(endpoint=name, measure=m))), None)
    if pair is None:
        return []
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
    notes = ["effects.note_units"]
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
    blocks: Blocks = []
    rows: list[tuple[str, ReleasedEstimate]] = []
    for analysis in story.main_analyses():
        found = story.subgroup_effects(analysis, column)
        if not found:
            continue
        label = story.endpoint(analysis.endpoint)
        rows += [(f"{label}, {lower_first(story.words.subgroup(e.subgroup))}", e) for e in found]
        if story.priorities[analysis.endpoint] == "primary":
            blocks += subgroup_forest(analysis, found, label, story)
    if rows:
        name = lower_first(story.words.label("covariate", column))
        table = tabulate_effects(
            rows, story.words, caption=story.say("effects.subgroups_table", column=name),
            notes=("effects.note_units",),
        )  # fmt: skip
        blocks.append(TableBlock(table=table))
    return blocks


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
    return [figure, *_site_test(analysis.name, story)]


def _site_test(analysis: str, story: Story) -> Blocks:
    test = next(
        (t for t in story.results.tests if t.analysis == analysis and t.name == "Cochran's Q"), None
    )
    if test is None or not test.p_value >= 0:
        return []
    verdict = "certain" if test.p_value < ALPHA else "uncertain"
    p = story.words.numbers.p_value(test.p_value)
    return [story.paragraph(f"effects.sites_test_{verdict}", p=p)]


def _estimator_label(effect: ReleasedEstimate, story: Story) -> str:
    name = story.words.label("estimator", effect.estimator)
    return f"{story.endpoint(effect.endpoint)}: {lower_first(name)}"
