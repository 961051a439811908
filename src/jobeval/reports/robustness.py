"""How much rests on how it is computed, and on those whose outcome is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.figures import SpecificationRow, plot_specifications
from jobeval.figures.alt_texts import describe_specifications
from jobeval.plan.analyses import (
    BoundsAnalysis,
    EffectAnalysis,
    SensitivityAnalysis,
    Variant,
)
from jobeval.reports.blocks import Paragraph, TableBlock
from jobeval.reports.sentences import digits_of, tell_numbers
from jobeval.reports.story import Blocks, Story
from jobeval.tables import group_rows, tabulate_differences, tabulate_effects

CHOICES = ("adjusted", "lottery", "winsorised", "endpoint", "weighted", "unstratified")


def sensitivity(story: Story) -> Blocks:
    """The same endpoints by other estimators, and the variants that the plan declares."""
    varied = [a for a in story.analyses if isinstance(a, SensitivityAnalysis)]
    others = _other_estimators([a.endpoint for a in varied], story)
    parts = [*(block for a in varied for block in _variants(a, story)), *others]
    if not parts:
        return []
    return [
        story.heading("effects.sensitivity", 2),
        story.paragraph("effects.sensitivity_text"),
        *parts,
    ]


def missing_outcomes(story: Story) -> Blocks:
    """The range of the effect that missing outcomes leave."""
    asked = [a for a in story.analyses if isinstance(a, BoundsAnalysis)]
    if not asked:
        return []
    parts = [block for analysis in asked for block in _bounds(analysis, story)]
    return [story.heading("missing.title", 2), *_grade(story), *parts]


def _other_estimators(varied: Sequence[str], story: Story) -> Blocks:
    """The table of endpoints without declared variants that have several estimators."""
    rows: list[tuple[str, ReleasedEstimate]] = []
    names: list[str] = []
    for main in story.main_analyses():
        found = [e for a in (main, *_others(main.endpoint, story)) if (e := story.main_effect(a))]
        if len(found) > 1 and main.endpoint not in varied:
            rows += [(story.words.label("estimator", e.estimator), e) for e in found]
            names += [story.endpoint(main.endpoint)] * len(found)
    if not rows:
        return []
    table = tabulate_effects(
        rows, story.words, caption=story.say("effects.sensitivity_table"),
        first_column="effects.column_estimator", groups=group_rows(names), errors=True,
    )  # fmt: skip
    return [TableBlock(table=table)]


def _others(endpoint: str, story: Story) -> list[EffectAnalysis]:
    """The analyses of an endpoint beside its main one."""
    main = {analysis.name for analysis in story.main_analyses()}
    return [
        a for a in story.analyses
        if isinstance(a, EffectAnalysis) and a.endpoint == endpoint and a.name not in main
    ]  # fmt: skip


def _variants(analysis: SensitivityAnalysis, story: Story) -> Blocks:
    rows = [*_variant_rows(analysis, story), *_estimator_rows(analysis, story)]
    blocks: Blocks = []
    for unit in dict.fromkeys(row.effect.unit for row in rows):
        blocks += _in_one_unit([r for r in rows if r.effect.unit == unit], analysis, story)
    return blocks


def _variant_rows(analysis: SensitivityAnalysis, story: Story) -> list[SpecificationRow]:
    found = {effect.part: effect for effect in story.effects_of(analysis.name)}
    return [
        SpecificationRow(
            story.say_label(variant.label),
            found[variant.name],
            frozenset(story.say(f"sensitivity.{name}") for name in _choices(variant, analysis)),
            apart=variant.analysis_set == "per_protocol",
        )
        for variant in analysis.variants
        if variant.name in found
    ]


def _choices(variant: Variant, analysis: SensitivityAnalysis) -> list[str]:
    made = {
        "adjusted": bool(variant.covariates),
        "lottery": variant.inference == "lottery",
        "winsorised": variant.winsorise is not None,
        "endpoint": variant.endpoint not in {None, analysis.endpoint},
        "weighted": variant.weights is not None,
        "unstratified": variant.estimator == "difference",
    }
    return [name for name in CHOICES if made[name]]


def _estimator_rows(analysis: SensitivityAnalysis, story: Story) -> list[SpecificationRow]:
    """The endpoint's other estimators, which stand beside the variants."""
    rows: list[SpecificationRow] = []
    for other in _others(analysis.endpoint, story):
        effect = story.main_effect(other)
        if effect is not None:
            choices = [story.say("sensitivity.adjusted")] if other.covariates else []
            label = story.words.label("estimator", effect.estimator)
            rows.append(SpecificationRow(label, effect, frozenset(choices)))
    return rows


def _in_one_unit(
    rows: Sequence[SpecificationRow], analysis: SensitivityAnalysis, story: Story
) -> Blocks:
    label = story.endpoint(analysis.endpoint)
    main = next((a for a in story.main_analyses() if a.endpoint == analysis.endpoint), None)
    effect = story.main_effect(main) if main is not None else None
    same = effect if effect is not None and effect.unit == rows[0].effect.unit else None
    blocks = _tell_variants(rows, label, story)
    if any(row.effect.estimable for row in rows):
        choices = [story.say(f"sensitivity.{name}") for name in CHOICES]
        figure = story.figure(
            plot_specifications(rows, same, choices, story.words),
            describe_specifications(rows, story.words),
            story.say("sensitivity.figure", label=label),
            story.say("sensitivity.note"),
        )
        blocks.append(figure)
    return [*blocks, TableBlock(table=_variant_table(rows, label, story))]


def _variant_table(rows: Sequence[SpecificationRow], label: str, story: Story):
    ordered = [row for row in rows if not row.apart] + [row for row in rows if row.apart]
    names = [story.say("sensitivity.apart" if r.apart else "sensitivity.drawn") for r in ordered]
    return tabulate_differences(
        [(row.label, row.effect) for row in ordered], story.words,
        caption=story.say("sensitivity.table", label=label), inference=True,
        first_column="effects.column_estimator",
        groups=group_rows(names) if len(set(names)) > 1 else (),
    )  # fmt: skip


def _tell_variants(rows: Sequence[SpecificationRow], label: str, story: Story) -> Blocks:
    """How far the protected variants lie apart, how many are certain, and what is not protected."""
    protected = [row.effect for row in rows if not row.apart and row.effect.estimable]
    told: list[str] = []
    if len(protected) > 1:
        low, high = (f(protected, key=lambda e: e.estimate) for f in (min, max))
        certain = sum(effect.certain for effect in protected)
        key = {len(protected): "all", 0: "none"}.get(certain, "some")
        digits, scale = digits_of(low), 100.0 if low.unit == "share" else 1.0
        told.append(
            story.say(
                f"sensitivity.range_{key}", label=label, n=len(protected), certain=certain,
                low=story.words.numbers.decimal_number(scale * low.estimate, digits),
                high=story.words.difference(high.estimate, high.unit, digits),
            )
        )  # fmt: skip
    if any(row.apart for row in rows):
        told.append(story.say("sensitivity.apart_text"))
    return [Paragraph(text=" ".join(told))] if told else []


def _grade(story: Story) -> Blocks:
    """How much is missing, by the boundaries of the What Works Clearinghouse."""
    check = story.check("attrition")
    grade = check.number("grade") if check is not None else math.nan
    if check is None or not math.isfinite(grade):
        return []
    told = [story.say(f"missing.grade_{int(grade)}")]
    overall, gap = (check.number(f"{name}_attrition") for name in ("overall", "differential"))
    if math.isfinite(overall) and math.isfinite(gap):
        words = story.words
        told.append(
            story.say(
                "missing.rates", overall=words.numbers.percent(overall, 0),
                differential=words.difference(abs(gap), "share", 0),
            )
        )  # fmt: skip
    return [Paragraph(text=" ".join(told))]


def _bounds(analysis: BoundsAnalysis, story: Story) -> Blocks:
    found = {effect.part: effect for effect in story.effects_of(analysis.name)}
    label = story.endpoint(analysis.endpoint)
    order = ("lower", "upper", "interval", "weighted")
    rows = [(story.say(f"missing.{part}"), found[part]) for part in order if part in found]
    if not rows:  # the whole analysis is not estimable
        return [story.paragraph("effect.not_estimable", label=label)]
    table = tabulate_differences(
        rows, story.words, caption=story.say("missing.table", label=label),
        first_column="missing.column_bound", p_values=False, note=story.say("missing.note"),
    )  # fmt: skip
    told = [*_tell_bounds(analysis, found, label, story), *_tell_weighted(analysis, found, story)]
    return [Paragraph(text=" ".join(told)), TableBlock(table=table)]


def _tell_bounds(
    analysis: BoundsAnalysis, found: dict[str, ReleasedEstimate], label: str, story: Story
) -> list[str]:
    lower, upper = found["lower"], found["upper"]
    if not (lower.estimable and upper.estimable):
        hidden = lower.suppressed or upper.suppressed
        return [story.say("effect.hidden" if hidden else "missing.unknown", label=label)]
    digits, scale = digits_of(lower), 100.0 if lower.unit == "share" else 1.0
    numbers = tell_numbers(found["interval"], story)
    sides = (found["interval"].conf_low > 0, found["interval"].conf_high < 0)
    return [
        story.say(
            f"missing.{analysis.method}", label=label, interval=numbers["interval"],
            lower=story.words.numbers.decimal_number(scale * lower.estimate, digits),
            upper=story.words.difference(upper.estimate, upper.unit, digits),
        ),
        story.say("missing.certain" if any(sides) else "missing.uncertain"),
    ]  # fmt: skip


def _tell_weighted(
    analysis: BoundsAnalysis, found: dict[str, ReleasedEstimate], story: Story
) -> list[str]:
    effect = found.get("weighted")
    if effect is None or not effect.estimable:
        return []
    names = [story.words.covariate(term.column) for term in analysis.weighted]
    covariates = story.words.join([name[:1].lower() + name[1:] for name in names])
    return [
        story.say("missing.tell_weighted", covariates=covariates, **tell_numbers(effect, story))
    ]
