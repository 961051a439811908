"""The same effect on two groups of persons, a panel an outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobeval.disclosure.released import ReleasedEstimate, require_released
from jobeval.figures.forest import ForestRow
from jobeval.figures.style import BLUE, GREY, INK, figure_style, new_figure, number_axis
from jobeval.text import Words

MARGIN = 0.12
"""Of the panel's width, left free on both sides."""


def plot_beside(panels: Mapping[str, Sequence[ForestRow]], words: Words) -> Figure:
    """Effects with intervals under each other, one panel an outcome on a scale of its own.

    An interval without an end runs to the edge of its panel, with an arrow. The strong rows
    are blue, the others grey; rows that cannot be shown are left empty.

    Parameters
    ----------
    panels
        The title of each panel, and its rows; the same labels in each.
    """
    for row in (row for rows in panels.values() for row in rows):
        require_released(row.own, ReleasedEstimate)
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    with figure_style():
        figure, grid = new_figure(
            0.25 + 1.15 * rows, rows=rows, columns=columns, sharey=True, squeeze=False
        )
        for axes, (title, shown) in zip(grid.flat, panels.items(), strict=False):
            _draw_panel(axes, title, shown[::-1], words)
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
    return figure


def _draw_panel(axes: Axes, title: str, rows: Sequence[ForestRow], words: Words) -> None:
    known = [row.own for row in rows if row.own.estimable]
    unit = known[0].unit if known else "other"
    scale = 100.0 if unit == "share" else 1.0
    left, right = _limits(known, scale)
    axes.set_xlim(left, right)
    axes.axvline(0, color=INK, linewidth=0.9)
    for place, row in enumerate(rows):
        if row.own.estimable:
            _draw_effect(axes, row, place, scale)
    axes.set_yticks(range(len(rows)), labels=[row.label for row in rows])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_title(title, loc="left", color=INK, fontweight="bold")
    axes.grid(visible=False)
    axes.grid(visible=True, axis="x")
    number_axis(axes.xaxis, words.numbers, signed=True, ticks=4)
    key = f"effects.effect_x_{unit}"
    axes.set_xlabel(words.say(key if words.has(key) else "effects.effect_x_other"), loc="left")


def _limits(effects: Sequence[ReleasedEstimate], scale: float) -> tuple[float, float]:
    """What holds zero and every finite number, with a margin."""
    numbers = [scale * x for e in effects for x in (e.estimate, e.conf_low, e.conf_high)]
    finite = [0.0, *(x for x in numbers if math.isfinite(x))]
    free = MARGIN * ((max(finite) - min(finite)) or 1.0)
    return min(finite) - free, max(finite) + free


def _draw_effect(axes: Axes, row: ForestRow, place: int, scale: float) -> None:
    edges = axes.get_xlim()
    colour = BLUE if row.strong else GREY
    bounds = [scale * row.own.conf_low, scale * row.own.conf_high]
    if not any(map(math.isnan, bounds)):
        ends = [min(max(bound, edges[0]), edges[1]) for bound in bounds]
        axes.plot(ends, [place, place], color=colour, linewidth=2.2)
        for end, bound, arrow in zip(ends, bounds, ("<", ">"), strict=True):
            if math.isinf(bound):
                axes.plot([end], [place], marker=arrow, color=colour, markersize=6, clip_on=False)
    marker = "o" if row.strong else "D"
    axes.plot([scale * row.own.estimate], [place], marker=marker, color=colour, markersize=6.5)
