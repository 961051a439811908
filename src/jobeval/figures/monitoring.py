"""Figures of monitoring: counts and shares of suppliers. They read released numbers only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobeval.disclosure.released import Cell, ReleasedTable, require_released
from jobeval.figures.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    figure_style,
    label_ends,
    new_figure,
    number_axis,
    title_y,
)
from jobeval.text import Words

LIGHT = "#9CC3DD"
LINE_COLOURS = (BLUE, ORANGE, GREY, INK)
"""Suppliers in the order of the plan; more than these share colours and differ in dashes."""
DASHES = ("-", (0, (4, 1.6)), (0, (1, 1.2)))


class ShareRow(NamedTuple):
    """A share or a difference with its interval, and what it is of."""

    label: str
    value: float
    low: float
    high: float


def plot_intervals(rows: Sequence[ShareRow], title: str, words: Words, *, zero: bool) -> Figure:
    """Points with intervals in percent, one row each, in the order given.

    ``zero`` draws a line at 0: the values are differences.
    """
    shown = rows[::-1]
    with figure_style():
        figure, axes = new_figure(0.55 + 0.27 * len(shown))
        for place, row in enumerate(shown):
            axes.plot([row.low, row.high], [place, place], color=BLUE, linewidth=2.2)
            axes.plot([row.value], [place], marker="o", color=BLUE, markersize=6.5)
        axes.set_yticks(range(len(shown)), labels=[row.label for row in shown])
        axes.set_ylim(-0.6, len(shown) - 0.4)
        axes.grid(visible=False)
        axes.grid(visible=True, axis="x")
        if zero:
            axes.axvline(0, color=INK, linewidth=0.9)
        else:
            axes.set_xlim(left=0)
        number_axis(axes.xaxis, words.numbers, scale=100, signed=zero)
        axes.set_xlabel(title, loc="left")
    return figure


def plot_counts(panels: Mapping[str, Mapping[str, Cell]], words: Words) -> Figure:
    """Panels side by side, a bar a row with its count; a hidden one says so.

    ``panels`` maps the title of each panel to its counts by row; a row that a panel lacks is 0.
    """
    rows = list(dict.fromkeys(row for counts in panels.values() for row in counts))[::-1]
    with figure_style():
        figure, grid = new_figure(
            0.45 + 0.22 * len(rows), columns=len(panels), sharey=True, squeeze=False
        )
        for axes, (title, counts) in zip(grid.flat, panels.items(), strict=True):
            for place, row in enumerate(rows):
                _draw_bar(axes, place, counts.get(row, 0), 0.68, BLUE, words)
            axes.set_title(title, loc="left", color=INK, fontweight="bold")
            _name_rows(axes, rows)
    return figure


def plot_monthly_counts(
    table: ReleasedTable, supplier: str, labels: Mapping[str, str], words: Words
) -> Figure:
    """Two bars a month; ``labels`` maps two columns of counts to their names.

    A hidden month has no bar.
    """
    rows = [row for row in require_released(table, ReleasedTable).records()
            if row["supplier"] == supplier]  # fmt: skip
    months = [str(row["month"]) for row in rows]
    with figure_style():
        figure, axes = new_figure(2.1)
        for column, shift, colour in zip(labels, (-0.2, 0.2), (LIGHT, BLUE), strict=True):
            heights = [_height(row[column]) for row in rows]
            places = [place + shift for place in range(len(rows))]
            axes.bar(places, heights, width=0.38, color=colour, label=labels[column])
        _month_axis(axes, months, words)
        number_axis(axes.yaxis, words.numbers, ticks=4)
        title_y(axes, words.say("monitor.months_y"))
        figure.legend(loc="outside upper left", ncols=2, frameon=False, handlelength=1)
    return figure


def plot_monthly_share(table: ReleasedTable, suppliers: Mapping[str, str], words: Words) -> Figure:
    """The share with ordinary hours by month, a line a supplier; hidden months are left out."""
    rows = list(require_released(table, ReleasedTable).records())
    months = sorted({str(row["month"]) for row in rows})
    ends: list[tuple[float, float, str, str]] = []
    with figure_style():
        figure, axes = new_figure(2.1)
        for number, (name, label) in enumerate(suppliers.items()):
            known = [
                (months.index(str(row["month"])), share) for row in rows
                if row["supplier"] == name and isinstance(share := row["share"], float)
            ]  # fmt: skip
            if not known:
                continue
            colour = LINE_COLOURS[number % len(LINE_COLOURS)]
            dash = DASHES[number % len(DASHES)]
            places, shares = zip(*known, strict=True)
            axes.plot(places, shares, color=colour, linestyle=dash, marker="o", markersize=5)
            ends.append((places[-1], shares[-1], label, colour))
        axes.set_ylim(bottom=0)
        axes.margins(x=0.03)
        _month_axis(axes, months, words)
        number_axis(axes.yaxis, words.numbers, scale=100, ticks=4)
        title_y(axes, words.say("monitor.share_months_y"))
        if len(suppliers) > 1:
            label_ends(axes, ends)
    return figure


def plot_milestones(
    rows: Sequence[tuple[str, Cell, Cell]], names: tuple[str, str], words: Words
) -> Figure:
    """Two bars a milestone: reached, and of these invoiced."""
    shown = rows[::-1]
    with figure_style():
        figure, axes = new_figure(0.45 + 0.4 * len(shown))
        for place, (_, reached, invoiced) in enumerate(shown):
            _draw_bar(axes, place + 0.19, reached, 0.34, LIGHT, words)
            _draw_bar(axes, place - 0.19, invoiced, 0.34, BLUE, words)
        _name_rows(axes, [label for label, *_ in shown])
        for name, colour in zip(names, (LIGHT, BLUE), strict=True):
            axes.bar([0], [0], color=colour, label=name)
        figure.legend(loc="outside upper left", ncols=2, frameon=False, handlelength=1)
    return figure


def plot_forecast(rows: Sequence[Mapping[str, Cell]], title: str, words: Words) -> Figure:
    """Expected payments by month with the band of their interval, in thousands."""
    months = [str(row["month"]) for row in rows]
    expected, low, high = (
        [_height(row[name]) / 1000 for row in rows]
        for name in ("expected_dkk", "conf_low", "conf_high")
    )
    places = range(len(rows))
    with figure_style():
        figure, axes = new_figure(2.1)
        axes.fill_between(places, low, high, color=BLUE, alpha=0.16, linewidth=0)
        axes.plot(places, expected, color=BLUE, marker="o", markersize=5)
        axes.set_ylim(bottom=0)
        _month_axis(axes, months, words)
        number_axis(axes.yaxis, words.numbers, ticks=4)
        title_y(axes, title)
    return figure


def _draw_bar(
    axes: Axes, place: float, cell: Cell, height: float, colour: str, words: Words
) -> None:
    """A bar with its count at its end; the mark of a hidden cell stands at the axis."""
    count = _height(cell)
    known = isinstance(cell, int | float)
    axes.barh([place], [count if known else 0], height=height, color=colour)
    text = words.numbers.integer(count) if known else words.say("table.hidden")
    axes.annotate(
        text, (count if known else 0, place), xytext=(4, 0), textcoords="offset points",
        va="center", color=INK if known else GREY, annotation_clip=False,
    )  # fmt: skip


def _name_rows(axes: Axes, labels: Sequence[str]) -> None:
    """Names of the bars; the counts stand at their ends, so that no axis is needed."""
    axes.set_yticks(range(len(labels)), labels=list(labels))
    axes.set_ylim(-0.6, len(labels) - 0.4)
    axes.set_xlim(0, max(1.0, axes.get_xlim()[1] * 1.06))
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.axvline(0, color=GREY, linewidth=0.7)


def _month_axis(axes: Axes, months: Sequence[str], words: Words) -> None:
    step = max(1, -(-len(months) // 6))
    labels = [words.numbers.month(month) for month in months[::step]]
    axes.set_xticks(range(0, len(months), step), labels=labels)


def _height(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) and math.isfinite(cell) else 0.0
