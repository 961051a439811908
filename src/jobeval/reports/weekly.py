"""Effects as they unfold: paths by week or month, what they add up to, and whether they fade."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeVar

from jobeval.disclosure.released import ReleasedCurve, ReleasedTest
from jobeval.figures import plot_accumulated, plot_difference, plot_path, plot_path_groups
from jobeval.figures.alt_texts import (
    describe_accumulated,
    describe_difference,
    describe_groups,
    describe_path,
)
from jobeval.plan.analyses import PathAnalysis
from jobeval.reports.blocks import Paragraph
from jobeval.reports.sentences import lower_first
from jobeval.reports.story import Blocks, Pair, Story
from jobeval.text.numbers import digits_for

PATH_MEASURES = ("share", "mean")
ALPHA = 0.05
MOST_PATH_PANELS = 6
P = TypeVar("P")


def paths(story: Story) -> Blocks:
    """Each endpoint's path: the arms, their difference, and what it adds up to."""
    found = {a.endpoint: a for a in story.analyses if isinstance(a, PathAnalysis)}
    blocks = [block for analysis in found.values() for block in _path(analysis, story)]
    if not blocks:
        return []
    period = next(iter(found.values())).period
    return [story.paragraph(f"effects.path_text_{period}"), *blocks]


def group_paths(column: str, story: Story) -> Blocks:
    """Paths in the levels of a column, side by side, where the plan asks for them."""
    blocks: Blocks = []
    for analysis in story.analyses:
        if not isinstance(analysis, PathAnalysis) or column not in analysis.subgroups:
            continue
        label = story.endpoint(analysis.endpoint)
        for measure in PATH_MEASURES:
            found = story.groups(column, endpoint=analysis.endpoint, measure=measure)
            pairs = {name: _both_in_common(pair, analysis, story) for name, pair in found.items()}
            for part in in_panels(pairs, MOST_PATH_PANELS):
                figure = plot_path_groups(part, story.labels, story.words)
                alt = describe_groups(part, story.labels, label, story.words)
                caption = story.say(
                    f"effects.path_groups_figure_{analysis.period}", label=label,
                    column=lower_first(story.words.label("covariate", column)),
                )  # fmt: skip
                blocks.append(story.figure(figure, alt, caption))
    return blocks


def in_panels(groups: Mapping[str, P], most: int = 3) -> list[dict[str, P]]:
    """The groups in parts that fit one figure.

    >>> in_panels({"a": 1, "b": 2, "c": 3, "d": 4})
    [{'a': 1, 'b': 2, 'c': 3}, {'d': 4}]
    """
    items = list(groups.items())
    return [dict(items[i : i + most]) for i in range(0, len(items), most)]


def last_week(week: int, period: str) -> int:
    """The last week of a path's point that begins at ``week``; months as ``read_periods``.

    >>> last_week(5, "week"), last_week(0, "month"), last_week(5, "month")
    (5, 4, 8)
    """
    return week if period == "week" else -(-52 * (week * 12 // 52 + 1) // 12) - 1


def _in_common(curve: ReleasedCurve, analysis: PathAnalysis, story: Story) -> ReleasedCurve:
    """The path, at the midterm only as far as everyone is followed."""
    weeks = story.common_weeks if story.midterm else 0
    if not weeks:
        return curve
    inside = [week for week in curve.times if last_week(week, analysis.period) < weeks]
    return curve.until(max(inside, default=-1))


def _both_in_common(pair: Pair, analysis: PathAnalysis, story: Story) -> Pair:
    control, treatment = (_in_common(curve, analysis, story) for curve in pair)
    return control, treatment


def _path(analysis: PathAnalysis, story: Story) -> Blocks:
    name, label = analysis.endpoint, story.endpoint(analysis.endpoint)
    found = next((p for m in PATH_MEASURES if (p := story.pair(endpoint=name, measure=m))), None)
    if found is None:
        return []
    pair = _both_in_common(found, analysis, story)
    path = story.figure(
        plot_path(pair, story.labels, story.words),
        describe_path(pair, story.labels, label, story.words),
        story.say(f"effects.path_figure_{analysis.period}", label=label),
    )
    blocks: Blocks = [path]
    contrast = story.contrast(name, PATH_MEASURES)
    if contrast is not None:
        contrast = _in_common(contrast, analysis, story)
        figure = story.figure(
            plot_difference(contrast, story.words),
            describe_difference(contrast, label, story.words),
            story.say("effects.difference_figure", label=lower_first(label)),
        )
        blocks += [figure, *_tests(analysis, contrast, story)]
    return [*blocks, *_accumulated(analysis, story)]


def _accumulated(analysis: PathAnalysis, story: Story) -> Blocks:
    total = story.contrast(analysis.endpoint, ("accumulated",))
    if total is None:
        return []
    total, label = _in_common(total, analysis, story), story.endpoint(analysis.endpoint)
    figure = story.figure(
        plot_accumulated(total, story.words),
        describe_accumulated(total, label, story.words),
        story.say("effects.accumulated_figure", label=lower_first(label)),
    )
    return [*_tell_total(total, label, story), figure]


def _tell_total(total: ReleasedCurve, label: str, story: Story) -> Blocks:
    known = [i for i, value in enumerate(total.values) if math.isfinite(value)]
    if not known:
        return []
    last, numbers = known[-1], story.words.numbers
    low, high = total.conf_low[last], total.conf_high[last]
    digits = digits_for(total.unit, total.values[last])
    key = "certain" if low > 0 or high < 0 else "uncertain"
    interval = story.say(
        "effect.interval", level=numbers.percent(total.conf_level, 0),
        interval=numbers.interval(low, high, digits),
    )  # fmt: skip
    difference = story.words.difference(total.values[last], total.unit, digits)
    return [
        story.paragraph(
            f"effects.accumulated_{key}", label=label, week=total.times[last],
            difference=difference, interval=interval,
        )
    ]  # fmt: skip


def _tests(analysis: PathAnalysis, contrast: ReleasedCurve, story: Story) -> Blocks:
    """Whether there is a difference at all, and whether it has faded in the end."""
    found = {t.name: t for t in story.results.tests if t.analysis == analysis.name}
    told = [
        story.say(key, label=story.endpoint(analysis.endpoint), p=p)
        for name, key in (
            ("any effect (sup-t)", _any_effect_key(found)),
            ("fading", _fading_key(found, contrast)),
        )
        if (p := _p_of(found.get(name), story))
    ]
    return [Paragraph(text=" ".join(told))] if told else []


def _p_of(test: ReleasedTest | None, story: Story) -> str:
    known = test is not None and math.isfinite(test.p_value)
    return story.words.numbers.p_equation(test.p_value) if test is not None and known else ""


def _any_effect_key(found: Mapping[str, ReleasedTest]) -> str:
    test = found.get("any effect (sup-t)")
    certain = test is not None and test.p_value < ALPHA
    return "effects.any_week_certain" if certain else "effects.any_week_uncertain"


def _fading_key(found: Mapping[str, ReleasedTest], contrast: ReleasedCurve) -> str:
    """Towards no difference is fading, away from it growing; its sign is that of the path."""
    test = found.get("fading")
    if test is None or not test.p_value < ALPHA:
        return "effects.fading_uncertain"
    side = sum(value for value in contrast.values if math.isfinite(value))
    return "effects.fading_certain" if test.statistic * side < 0 else "effects.growing_certain"
