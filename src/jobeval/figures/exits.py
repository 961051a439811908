"""Exits: the share that has left, with the numbers still followed, and where they went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobeval.disclosure.released import ReleasedCurve, require_all_released
from jobeval.figures.style import (
    BAND,
    COLOURS,
    GREY,
    INK,
    LINE_STYLES,
    ROLES,
    figure_style,
    label_ends,
    name_lines,
    new_figure,
    number_axis,
    title_x,
    title_y,
    week_axis,
)
from jobeval.text import Words


def plot_exits(curves: Sequence[ReleasedCurve], labels: Mapping[str, str], words: Words) -> Figure:
    """The share of each arm that has left, by week, with the numbers at risk below.

    A band for all weeks at once lies light behind the intervals of single weeks.

    Parameters
    ----------
    curves
        Released curves of (control, treatment): survival, or cumulative incidence.
    labels
        What to call each arm.
    """
    pair = require_all_released(curves, ReleasedCurve)
    with figure_style():
        figure, (axes, below) = new_figure(
            3.0, rows=2, sharex=True, gridspec_kw={"height_ratios": [4.4, 1]}
        )
        for curve, role in zip(pair, ROLES, strict=True):
            _draw_band(axes, curve, role)
        ends = [
            draw_steps(axes, curve, role, labels[curve.arm])
            for curve, role in zip(pair, ROLES, strict=True)
        ]
        axes.set_ylim(bottom=0)
        week_axis(axes, max(curve.times[-1] for curve in pair), "")
        number_axis(axes.yaxis, words.numbers, scale=100)
        title_y(axes, words.say("exits.y"))
        label_ends(axes, ends)
        axes.tick_params(labelbottom=True)
        axes.set_xlabel(words.say("effects.x_week"), loc="left")
        draw_risk_table(below, pair, labels, words)
    return figure


def plot_exit_groups(
    groups: Mapping[str, Sequence[ReleasedCurve]], labels: Mapping[str, str], words: Words
) -> Figure:
    """The share that has left within each group: a column a group, numbers at risk below.

    ``groups`` maps the name of a group to its released curves of (control, treatment).
    """
    panels = {name: require_all_released(pair, ReleasedCurve) for name, pair in groups.items()}
    with figure_style():
        figure, grid = new_figure(
            2.9, rows=2, columns=len(panels), sharex=True, sharey="row", squeeze=False,
            gridspec_kw={"height_ratios": [3.6, 1]},
        )  # fmt: skip
        for axes, below, (name, pair) in zip(grid[0], grid[1], panels.items(), strict=True):
            for curve, role in zip(pair, ROLES, strict=True):
                draw_steps(axes, curve, role, "")
            week_axis(axes, max(curve.times[-1] for curve in pair), "")
            axes.set_title(name, loc="left", color=INK, fontweight="bold")
            axes.tick_params(labelbottom=True)
            draw_risk_table(below, pair, labels, words)
        grid[0, 0].set_ylim(bottom=0)
        number_axis(grid[0, 0].yaxis, words.numbers, scale=100, ticks=4)
        for below in grid[1, 1:]:
            below.set_title("")
        name_lines(figure, labels)
        title_x(figure, f"{words.say('effects.x_week')} · {words.say('exits.y').lower()}")
    return figure


def plot_destinations(
    pairs: Sequence[Sequence[ReleasedCurve]], labels: Mapping[str, str], words: Words
) -> Figure:
    """Cumulative incidence of each destination: one panel each, the same axes for all.

    ``pairs`` holds the released curves of (control, treatment), a pair a destination.
    """
    panels = [require_all_released(pair, ReleasedCurve) for pair in pairs]
    columns = 2 if len(panels) in {2, 4} else min(3, len(panels))
    rows = -(-len(panels) // columns)
    with figure_style():
        figure, grid = new_figure(
            0.55 + 1.5 * rows, rows=rows, columns=columns, sharex=True, sharey=True, squeeze=False
        )
        for axes, pair in zip(grid.flat, panels, strict=False):
            _draw_panel(axes, pair, words)
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        grid.flat[0].set_ylim(bottom=0)
        for axes in grid[:, 0]:
            number_axis(axes.yaxis, words.numbers, scale=100, ticks=4)
        for axes in grid.flat[: len(panels)]:
            axes.tick_params(labelbottom=True)
        name_lines(figure, labels)
        title_x(figure, f"{words.say('effects.x_week')} · {words.say('exits.y').lower()}")
    return figure


def _draw_panel(axes: Axes, pair: Sequence[ReleasedCurve], words: Words) -> None:
    for curve, role in zip(pair, ROLES, strict=True):
        if any(curve.suppressed):
            continue
        draw_steps(axes, curve, role, "")
    week_axis(axes, max(curve.times[-1] for curve in pair), "")
    axes.set_title(words.state(pair[0].cause), loc="left", color=INK, fontweight="bold")
    if any(any(curve.suppressed) for curve in pair):
        axes.text(0.5, 0.5, words.say("alt.hidden"), transform=axes.transAxes, ha="center",
                  color=GREY)  # fmt: skip


def draw_steps(
    axes: Axes, curve: ReleasedCurve, role: str, label: str, *, interval: bool = True
) -> tuple[float, float, str, str]:
    """The share that has left, and where and how its label belongs."""
    weeks, values, colour = np.array(curve.times), _left(curve, curve.values), COLOURS[role]
    if interval:
        low, high = (_left(curve, bound) for bound in (curve.conf_low, curve.conf_high))
        axes.fill_between(weeks, low, high, step="post", color=colour, alpha=BAND, linewidth=0)
    axes.step(weeks, values, where="post", color=colour, linestyle=LINE_STYLES[role])
    return float(weeks[-1]), float(values[-1]), label, colour


def _draw_band(axes: Axes, curve: ReleasedCurve, role: str) -> None:
    weeks, colour = np.array(curve.times), COLOURS[role]
    low, high = (_left(curve, bound) for bound in (curve.band_low, curve.band_high))
    axes.fill_between(weeks, low, high, step="post", color=colour, alpha=BAND / 2, linewidth=0)
    for bound in (low, high):
        axes.step(weeks, bound, where="post", color=colour, alpha=BAND, linewidth=0.7)


def _left(curve: ReleasedCurve, values: Sequence[float]) -> np.ndarray:
    """The share that has left, whatever the curve counts."""
    return 1 - np.array(values) if curve.measure == "survival" else np.array(values)


def draw_risk_table(
    axes: Axes,
    pair: Sequence[ReleasedCurve],
    labels: Mapping[str, str],
    words: Words,
    *,
    title: str = "exits.at_risk",
) -> None:
    """Numbers at risk under the weeks of the figure, one line an arm; ``title`` is a key."""
    axes.set_ylim(-0.5, 1.5)
    axes.set_yticks([1, 0], labels=[labels[curve.arm] for curve in pair])
    for name in ("bottom", "left"):
        axes.spines[name].set_visible(False)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.tick_params(axis="y", pad=16)
    axes.grid(visible=False)
    axes.set_title(words.say(title), loc="left", color=GREY, pad=2)
    for text, role in zip(axes.get_yticklabels(), ROLES, strict=False):
        text.set_color(COLOURS[role])
    ticks = {int(tick) for tick in axes.get_xticks()}
    for row, curve in zip((1, 0), pair, strict=True):
        for week, count in zip(curve.risk_times, curve.risk_counts, strict=True):
            if week in ticks:
                axes.text(week, row, words.numbers.integer(count), ha="center", va="center",
                          fontsize=9)  # fmt: skip
