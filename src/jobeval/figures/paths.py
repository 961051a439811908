"""Week by week since the lottery: the arms, and the difference between them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobeval.disclosure.released import ReleasedCurve, require_all_released, require_released
from jobeval.figures.bands import draw_band, name_bands
from jobeval.figures.style import (
    BAND,
    COLOURS,
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
from jobeval.text.numbers import digits_for


def plot_path(curves: Sequence[ReleasedCurve], labels: Mapping[str, str], words: Words) -> Figure:
    """Share or mean of each arm by week since the lottery, with interval.

    Parameters
    ----------
    curves
        Released curves of (control, treatment), in this order.
    labels
        What to call each arm.
    """
    pair = require_all_released(curves, ReleasedCurve)
    unit = pair[0].unit
    with figure_style():
        figure, axes = new_figure(2.45)
        ends = [
            draw_line(axes, curve, role, labels[curve.arm])
            for curve, role in zip(pair, ROLES, strict=True)
        ]
        axes.set_ylim(bottom=0, top=axes.get_ylim()[1])
        _finish(axes, pair[0], unit, words)
        title_y(axes, words.say(f"effects.y_{unit}") if words.has(f"effects.y_{unit}") else unit)
        label_ends(axes, [end for end in ends if end])
    return figure


def plot_difference(curve: ReleasedCurve, words: Words) -> Figure:
    """The difference between the arms by week since the lottery.

    The band over all weeks together lies light behind the intervals of single weeks, and
    both are named.
    """
    return _plot_effect(curve, f"effects.y_difference_{curve.unit}", "", words)


def plot_accumulated(curve: ReleasedCurve, words: Words) -> Figure:
    """The difference added up since the lottery, with its value at the end."""
    require_released(curve, ReleasedCurve)
    known = [value for value in curve.values if math.isfinite(value)]
    digits = digits_for(curve.unit, *known[-1:])
    end = words.difference(known[-1], curve.unit, digits) if known else ""
    return _plot_effect(curve, f"effects.y_accumulated_{curve.unit}", end, words)


def _plot_effect(curve: ReleasedCurve, key: str, end: str, words: Words) -> Figure:
    require_released(curve, ReleasedCurve)
    with figure_style():
        figure, axes = new_figure(1.95)
        banded = draw_band(axes, curve)
        line = draw_line(axes, curve, "difference", end)
        axes.axhline(0, color=COLOURS["control"], linewidth=1.0, zorder=1)
        _finish(axes, curve, curve.unit, words, signed=True)
        title_y(axes, words.say(key) if words.has(key) else words.unit(curve.unit))
        if line and end:
            label_ends(axes, [line])
        if banded:
            name_bands(figure, words)
    return figure


def plot_path_groups(
    groups: Mapping[str, Sequence[ReleasedCurve]], labels: Mapping[str, str], words: Words
) -> Figure:
    """The arms by week within each group: a panel a group, the same axes for all.

    ``groups`` maps the name of a group to its released curves of (control, treatment).
    """
    panels = {name: require_all_released(pair, ReleasedCurve) for name, pair in groups.items()}
    columns = min(3, len(panels)) if len(panels) != 4 else 2
    rows = -(-len(panels) // columns)
    unit = next(iter(panels.values()))[0].unit
    with figure_style():
        figure, grid = new_figure(
            0.55 + 1.6 * rows, rows=rows, columns=columns, sharex=True, sharey=True, squeeze=False
        )
        for axes, (name, pair) in zip(grid.flat, panels.items(), strict=False):
            for curve, role in zip(pair, ROLES, strict=True):
                draw_line(axes, curve, role, "")
            _finish(axes, pair[0], unit, words)
            axes.set_xlabel("")
            axes.set_title(name, loc="left", color=INK, fontweight="bold")
            axes.tick_params(labelbottom=True)
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        grid.flat[0].set_ylim(bottom=0)
        name_lines(figure, labels)
        level = words.say(f"effects.y_{unit}") if words.has(f"effects.y_{unit}") else unit
        title_x(figure, f"{words.say('effects.x_week')} · {level[:1].lower()}{level[1:]}")
    return figure


def draw_line(
    axes: Axes, curve: ReleasedCurve, role: str, label: str
) -> tuple[float, float, str, str] | None:
    """Draw one line with its band; return where its label goes."""
    weeks, values = np.array(curve.times), np.array(curve.values)
    colour = COLOURS[role]
    axes.fill_between(
        weeks, np.array(curve.conf_low), np.array(curve.conf_high),
        color=colour, alpha=BAND, linewidth=0,
    )  # fmt: skip
    marker = "o" if len(weeks) > 1 and weeks[1] - weeks[0] > 1 else ""
    axes.plot(weeks, values, color=colour, linestyle=LINE_STYLES[role], marker=marker, markersize=3)
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return None
    last = known[-1]
    return float(weeks[last]), float(values[last]), label, colour


def _finish(
    axes: Axes, curve: ReleasedCurve, unit: str, words: Words, *, signed: bool = False
) -> None:
    week_axis(axes, curve.times[-1] if curve.times else 1, words.say("effects.x_week"))
    scale = 100.0 if unit == "share" else 1.0
    number_axis(axes.yaxis, words.numbers, scale=scale, signed=signed)
