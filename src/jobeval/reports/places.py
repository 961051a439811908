"""Effects by place: job centres, how well they followed the method, and who stood beside."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.figures import ForestRow, plot_forest
from jobeval.figures.alt_texts import describe_forest
from jobeval.plan.analyses import EffectAnalysis, FidelityAnalysis, SpilloverAnalysis
from jobeval.plan.fidelity import FIDELITY_INDEX
from jobeval.reports.blocks import Paragraph, TableBlock
from jobeval.reports.sentences import digits_of, tell_numbers
from jobeval.reports.story import Blocks, Story
from jobeval.reports.weekly import ALPHA
from jobeval.tables import group_rows, tabulate_differences

SPILLOVER_PARTS = ("direct", "spillover", "treated vs pure control", "total")


def sites(story: Story) -> Blocks:
    """Effects by job centre: unranked, raw light and shrunken strong."""
    parts: Blocks = []
    for analysis in story.main_analyses():
        if analysis.by_site:
            parts += _site_forest(analysis, story)
    if not parts:
        return []
    return [story.heading("effects.sites", 2), story.paragraph("effects.sites_text"), *parts]


def fidelity_association(story: Story) -> Blocks:
    """How the sites' effects go together with how they followed the method."""
    asked = [a for a in story.analyses if isinstance(a, FidelityAnalysis)]
    slopes = [(a, effect) for a in asked for effect in story.effects_of(a.name)]
    if not slopes:
        return []
    rows = [(story.endpoint(analysis.endpoint), effect) for analysis, effect in slopes]
    table = tabulate_differences(
        rows, story.words, caption=story.say("fidelity.table"),
        first_column="effects.column_outcome", note=story.say("fidelity.note"),
    )  # fmt: skip
    return [
        story.heading("fidelity.title", 2),
        story.paragraph("fidelity.text"),
        *([story.paragraph("fidelity.index")] if any(map(_is_index, asked)) else []),
        *(_tell_slope(story.endpoint(a.endpoint), effect, story) for a, effect in slopes),
        TableBlock(table=table),
    ]


def _is_index(analysis: FidelityAnalysis) -> bool:
    """Whether fidelity is the computed share of core elements, not a delivered number."""
    return analysis.fidelity == FIDELITY_INDEX


def spillover(story: Story) -> Blocks:
    """Direct effect, spillover and total effect of a two-step lottery."""
    asked = [a for a in story.analyses if isinstance(a, SpilloverAnalysis)]
    parts = [block for analysis in asked for block in _spillover(analysis, story)]
    if not parts:
        return []
    return [story.heading("spillover.title", 2), story.paragraph("spillover.text"), *parts]


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
    told = [*_tell_differences(analysis, story), *_tell_pooled(analysis, story)]
    return [figure, *([Paragraph(text=" ".join(told))] if told else [])]


def _tell_differences(analysis: EffectAnalysis, story: Story) -> list[str]:
    """Whether the sites differ more than by chance (Cochran's Q)."""
    test = next(
        (t for t in story.results.tests if t.analysis == analysis.name and t.name == "Cochran's Q"),
        None,
    )
    if test is None or not test.p_value >= 0:
        return []
    verdict = "certain" if test.p_value < ALPHA else "uncertain"
    label, numbers = story.endpoint(analysis.endpoint), story.words.numbers
    q = numbers.decimal_number(test.statistic, 1)
    key = f"effects.sites_test_{verdict}"
    p = numbers.p_equation(test.p_value)
    return [story.say(key, label=label, q=q, df=numbers.integer(test.df), p=p)]


def _tell_pooled(analysis: EffectAnalysis, story: Story) -> list[str]:
    """The mean over sites, how much they vary, and what one more may expect."""
    parts = {e.part: e for e in story.effects_of(analysis.name) if e.part}
    known = [parts.get(name) for name in ("pooled", "tau", "prediction")]
    pooled, tau, prediction = known
    if pooled is None or not pooled.estimable:
        return []
    told = [story.say("effects.sites_pooled", **tell_numbers(pooled, story))]
    if tau is not None and tau.estimable:
        spread = story.words.difference(tau.estimate, tau.unit, digits_of(tau))
        told.append(story.say("effects.sites_tau", tau=spread))
    if prediction is not None and math.isfinite(prediction.conf_low):
        told.append(_tell_prediction(prediction, story))
    return told


def _tell_prediction(effect: ReleasedEstimate, story: Story) -> str:
    digits, scale = digits_of(effect), 100.0 if effect.unit == "share" else 1.0
    numbers = story.words.numbers
    interval = numbers.interval(effect.conf_low, effect.conf_high, digits, scale)
    level = numbers.percent(effect.conf_level, 0)
    return story.say("effects.sites_prediction", interval=interval, level=level)


def _tell_slope(label: str, slope: ReleasedEstimate, story: Story) -> Paragraph:
    if not slope.estimable:
        key = "effect.hidden" if slope.suppressed else "effect.not_estimable"
        return story.paragraph(key, label=label)
    key = "fidelity.certain" if slope.certain else "fidelity.uncertain"
    return story.paragraph(key, label=label, **tell_numbers(slope, story))


def _spillover(analysis: SpilloverAnalysis, story: Story) -> Blocks:
    found = story.effects_of(analysis.name)
    if not found:
        return []
    rows = [(_part_label(effect.part, story), effect) for effect in found]
    names = [_saturation(effect.part, story) for effect in found]
    label = story.endpoint(analysis.endpoint)
    table = tabulate_differences(
        rows, story.words, caption=story.say("spillover.table", label=label),
        first_column="spillover.column_part", note=story.say("spillover.note"),
        groups=group_rows(names) if len(set(names)) > 1 else (),
    )  # fmt: skip
    main = [(name, effect) for name, effect in rows if effect.part in SPILLOVER_PARTS]
    return [*_tell_parts(found, label, story), *_forest_of(main, label, story),
            TableBlock(table=table)]  # fmt: skip


def _forest_of(rows: Sequence[tuple[str, ReleasedEstimate]], label: str, story: Story) -> Blocks:
    forest = [ForestRow(name, effect, strong=effect.part == "total") for name, effect in rows]
    if not any(row.own.estimable for row in forest):
        return []
    figure = story.figure(
        plot_forest(forest, None, story.words),
        describe_forest(forest, story.words),
        story.say("spillover.figure", label=label),
    )
    return [figure]


def _tell_parts(found: Sequence[ReleasedEstimate], label: str, story: Story) -> Blocks:
    told: list[str] = []
    for effect in found:
        if effect.part in SPILLOVER_PARTS and effect.estimable:
            key = f"spillover.tell_{_key(effect.part)}"
            verdict = "" if effect.certain else f" {story.say('spillover.uncertain')}"
            told.append(story.say(key, label=label, **tell_numbers(effect, story)) + verdict)
    return [Paragraph(text=" ".join(told))] if told else []


def _key(part: str) -> str:
    return "treated" if part.startswith("treated") else part.partition(" at ")[0]


def _part_label(part: str, story: Story) -> str:
    return story.say(f"spillover.{_key(part)}")


def _saturation(part: str, story: Story) -> str:
    _, _, share = part.partition(" at ")
    if not share:
        return story.say("spillover.all")
    return story.say("spillover.at", share=story.words.numbers.percent(float(share), 0))
