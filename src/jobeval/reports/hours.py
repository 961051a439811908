"""Shares told in several ways, and what stands behind a mean with many zeros."""

from __future__ import annotations

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.figures import plot_thresholds
from jobeval.figures.alt_texts import describe_thresholds
from jobeval.plan.analyses import MarginsAnalysis, RiskAnalysis
from jobeval.reports.blocks import Heading, Paragraph, TableBlock
from jobeval.reports.sentences import tell_interval, verdict
from jobeval.reports.story import Blocks, Story
from jobeval.tables import Table, group_rows, tabulate_effects
from jobeval.tables.cells import interval_cell
from jobeval.text.numbers import digits_for

Rows = list[tuple[str, ReleasedEstimate]]
PARTS = {
    "group_mean": ("mean", "ratio", "winsorised"),
    "group_parts": ("through starting", "through hours"),
    "group_intensive": ("intensive", "intensive lower", "intensive upper"),
}
UNTESTED = PARTS["group_intensive"]
"""Parts that are no effect, or a bound of one: their p-values answer no question."""


def shares(story: Story) -> Blocks:
    """The same share by difference, standardised, and as a ratio."""
    asked = [a for a in story.analyses if isinstance(a, RiskAnalysis)]
    told = {name: _ways(name, asked, story) for name in dict.fromkeys(a.endpoint for a in asked)}
    rows = [(name, effect) for name, effects in told.items() for effect in effects]
    if not rows:
        return []
    table = tabulate_effects(
        [(_method(effect, story), effect) for _, effect in rows], story.words,
        caption=story.say("shares.table"), first_column="effects.column_estimator",
        groups=group_rows([story.endpoint(name) for name, _ in rows]),
    )  # fmt: skip
    ratios = [effect for _, effect in rows if _is_ratio(effect) and effect.estimable]
    return [
        story.heading("shares.title", 2),
        story.paragraph("shares.text"),
        *(Paragraph(text=tell_relative(effect, story)) for effect in ratios),
        TableBlock(table=table),
    ]


def _ways(endpoint: str, asked: list[RiskAnalysis], story: Story) -> list[ReleasedEstimate]:
    """The main effect on a share, then the others, ratios last; none without others."""
    others = [e for a in asked if a.endpoint == endpoint for e in story.effects_of(a.name)]
    mains = [story.main_effect(a) for a in story.main_analyses() if a.endpoint == endpoint]
    main = [effect for effect in mains if effect is not None]
    return [*main, *sorted(others, key=_is_ratio)] if others else []


def hours(story: Story) -> Blocks:
    """The mean in percent, the shares above thresholds, and the parts of the mean."""
    asked = [a for a in story.analyses if isinstance(a, MarginsAnalysis)]
    return [block for analysis in asked for block in _margins(analysis, story)]


def tell_relative(effect: ReleasedEstimate, story: Story, unit: str = "") -> str:
    """A ratio of means or shares as percent; of means of hours where ``unit`` says so."""
    how = verdict(effect)
    suffix = "_hours" if unit == "hours_per_week" and how != "uncertain" else ""
    numbers = story.words.numbers
    change = effect.estimate - 1
    return story.say(
        f"relative.{how}{suffix}", label=story.endpoint(effect.endpoint),
        percent=numbers.percent(change if how == "uncertain" else abs(change), 0),
        interval=tell_interval(
            interval_cell(effect, story.words) + numbers.percent_sign, effect, story
        ),
    )  # fmt: skip


def _is_ratio(effect: ReleasedEstimate) -> bool:
    return effect.scale == "ratio"


def _method(effect: ReleasedEstimate, story: Story) -> str:
    method = story.words.label("estimator", effect.estimator)
    return story.say("relative.row", method=method) if _is_ratio(effect) else method


def _margins(analysis: MarginsAnalysis, story: Story) -> Blocks:
    parts = {effect.part: effect for effect in story.effects_of(analysis.name)}
    if not parts:
        return []
    label = story.endpoint(analysis.endpoint)
    unit = next((e.unit for p, e in parts.items() if p in {"mean", ""}), "")
    thresholds = _thresholds(parts, unit, story)
    table = _table(analysis, parts, thresholds, unit, story)
    return [
        Heading(text=story.say("hours.title", label=label), level=2),
        story.paragraph("hours.text"),
        *_sentences(parts, unit, story),
        *_figure(label, thresholds, story),
        TableBlock(table=table),
    ]


def _sentences(parts: dict[str, ReleasedEstimate], unit: str, story: Story) -> Blocks:
    blocks: Blocks = []
    ratio = parts.get("ratio")
    if ratio is not None and ratio.estimable:
        blocks.append(Paragraph(text=tell_relative(ratio, story, unit)))
    told = [parts[name] for name in ("mean", *PARTS["group_parts"]) if name in parts]
    if len(told) == 3 and all(effect.estimable for effect in told):
        blocks.append(_tell_parts(told, unit, story))
    return blocks


def _tell_parts(told: list[ReleasedEstimate], unit: str, story: Story) -> Paragraph:
    """The difference in means as the sum of what comes through starting and through hours."""
    total, starting, amount = told
    digits = digits_for(total.unit, *total.sizes)
    numbers = story.words.numbers
    return story.paragraph(
        _key("parts", unit, story),
        total=story.words.difference(total.estimate, total.unit, digits),
        starting=numbers.decimal_number(starting.estimate, digits),
        hours=numbers.decimal_number(amount.estimate, digits),
        who=story.say("hours.more" if starting.estimate >= 0 else "hours.fewer"),
        level=story.say(_key("higher" if amount.estimate >= 0 else "lower", unit, story)),
    )


def _key(name: str, unit: str, story: Story) -> str:
    """The key of a text, that of hours where the outcome is hours and has one."""
    key = f"hours.{name.replace(' ', '_')}"
    own = f"{key}_hours"
    return own if unit == "hours_per_week" and story.words.has(own) else key


def _thresholds(parts: dict[str, ReleasedEstimate], unit: str, story: Story) -> Rows:
    """Shares at or above each threshold, from the lowest up; above 0 stands for "extensive"."""
    found = [(_threshold_of(part), effect) for part, effect in parts.items() if "hours>" in part]
    if not any(level == 0 for level, _ in found) and "extensive" in parts:
        found.append((0.0, parts["extensive"]))
    return [
        (_name_threshold(level, unit, story), effect)
        for level, effect in sorted(found, key=lambda pair: pair[0])
    ]


def _threshold_of(part: str) -> float:
    return float(part.partition(">")[2].lstrip("="))


def _name_threshold(level: float, unit: str, story: Story) -> str:
    if level == 0:
        return story.say(_key("row_extensive", unit, story))
    if level == 1:
        return story.say(_key("row_one_hour", unit, story))
    digits = 0 if level == int(level) else 1
    threshold = story.words.numbers.decimal_number(level, digits)
    return story.say(_key("row_threshold", unit, story), threshold=threshold)


def _figure(label: str, thresholds: Rows, story: Story) -> Blocks:
    if not any(effect.estimable for _, effect in thresholds):
        return []
    return [
        story.figure(
            plot_thresholds(thresholds, story.labels, story.words),
            describe_thresholds(thresholds, story.labels, story.words),
            story.say("hours.figure", label=label),
            story.say("hours.note_window"),
        )
    ]


def _table(
    analysis: MarginsAnalysis,
    parts: dict[str, ReleasedEstimate],
    thresholds: Rows,
    unit: str,
    story: Story,
) -> Table:
    grouped = {
        name: [(story.say(_key(f"row_{part}", unit, story)), parts[part])
               for part in members if part in parts]
        for name, members in PARTS.items()
    }  # fmt: skip
    ordered = {**grouped, "group_thresholds": thresholds}
    order = ("group_mean", "group_parts", "group_thresholds", "group_intensive")
    rows = [(name, row) for name in order for row in ordered[name]]
    return tabulate_effects(
        [row for _, row in rows], story.words,
        caption=story.say("hours.table", label=story.endpoint(analysis.endpoint)),
        groups=group_rows([story.say(f"hours.{name}") for name, _ in rows]),
        notes=["hours.note_window"] if thresholds else [],
        untested=[i for i, (_, (_, effect)) in enumerate(rows) if effect.part in UNTESTED],
    )  # fmt: skip
