"""Job centres by size against what chance alone would give."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobeval.disclosure.released import Cell, ReleasedTable, require_released
from jobeval.figures.style import (
    BLUE,
    GREY,
    INK,
    figure_style,
    height_points,
    new_figure,
    number_axis,
    spread_apart,
    title_y,
)
from jobeval.figures.values import number
from jobeval.text import Words

Row = Mapping[str, Cell]
LIMITS = {"95": (0, (4, 1.6)), "998": "-"}
"""Limits that chance keeps within, in percent → how they are drawn."""
SMALLER, LARGER = 0.6, 1.2
"""How far the limits go beyond the smallest and the largest place."""


def plot_funnel(
    places: ReleasedTable, limits: ReleasedTable, average: float, words: Words, *, scale: float
) -> Figure:
    """Each place by its size; those that certainly differ from the others are named.

    Parameters
    ----------
    places, limits
        The released places, and the limits about the average by size.
    average
        Of all places.
    scale
        100 for shares, told in percent, else 1.
    """
    require_released(places, ReleasedTable)
    require_released(limits, ReleasedTable)
    shown = [r for r in places.records() if isinstance(r["n"], int) and _known(r)]
    with figure_style():
        figure, axes = new_figure(3.0)
        _draw_limits(axes, _rows_around(limits, shown))
        axes.axhline(average, color=INK, linewidth=0.9)
        for row in shown:
            _draw_place(axes, row)
        axes.set_ylim(bottom=0)
        _name_limits(axes, _rows_around(limits, shown)[-1:], average, words)
        number_axis(axes.yaxis, words.numbers, scale=scale)
        number_axis(axes.xaxis, words.numbers)
        axes.set_xlabel(words.say("places.funnel_x"), loc="left")
        title_y(axes, words.say("places.funnel_y_share" if scale > 1 else "places.funnel_y"))
    return figure


def _known(row: Row) -> bool:
    return isinstance(row["observed"], float)


def _rows_around(limits: ReleasedTable, shown: Sequence[Row]) -> list[Row]:
    """The limits for places of about the sizes shown."""
    sizes = [number(row["n"]) for row in shown]
    low, high = (SMALLER * min(sizes), LARGER * max(sizes)) if sizes else (0.0, math.inf)
    return [row for row in limits.records() if low <= number(row["n"]) <= high]


def _draw_limits(axes: Axes, rows: Sequence[Row]) -> None:
    sizes = [number(row["n"]) for row in rows]
    for level, style in LIMITS.items():
        for side in ("low", "high"):
            values = [number(row[f"{side}{level}"]) for row in rows]
            axes.plot(sizes, values, color=GREY, linewidth=1, linestyle=style)
    if sizes:
        axes.set_xlim(sizes[0], sizes[-1])


def _name_limits(axes: Axes, last: Sequence[Row], average: float, words: Words) -> None:
    """The names of the lines at their right ends, apart where they meet."""
    for row in last:
        ends = [(number(row[f"high{level}"]), f"places.funnel_{level}", GREY) for level in LIMITS]
        ends.append((average, "places.funnel_average", INK))
        points = height_points(axes) / (axes.get_ylim()[1] - axes.get_ylim()[0])
        shifts = spread_apart([y * points for y, _, _ in ends], 10)
        for (y, key, colour), shift in zip(ends, shifts, strict=True):
            axes.annotate(words.say(key), (number(row["n"]), y), xytext=(5, shift),
                          textcoords="offset points", color=colour, va="center", fontsize=8.5,
                          annotation_clip=False)  # fmt: skip


def _draw_place(axes: Axes, row: Row) -> None:
    x, y = number(row["n"]), number(row["observed"])
    apart = row["verdict"] in {"above", "below"}
    axes.plot([x], [y], marker="D" if apart else "o", color=BLUE if apart else GREY,
              markersize=7 if apart else 5.5, zorder=3)  # fmt: skip
    if apart:
        right = x > sum(axes.get_xlim()) / 2
        axes.annotate(str(row["site"]), (x, y), xytext=(-8 if right else 8, 0),
                      textcoords="offset points", color=BLUE, fontweight="bold", va="center",
                      ha="right" if right else "left", fontsize=8.5)  # fmt: skip
