"""Money: item by item, month by month, under several futures, and where it breaks even."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobeval.disclosure.released import Cell, ReleasedTable, require_released
from jobeval.figures.style import (
    BAND,
    BLUE,
    GREY,
    INK,
    ORANGE,
    figure_style,
    new_figure,
    number_axis,
    title_x,
    title_y,
)
from jobeval.text import Words

LINES: dict[str, tuple[str, Any, str]] = {
    "ends": (GREY, (0, (1, 1.6)), "s"),
    "fades": (ORANGE, (0, (4, 1.6)), "D"),
    "lasts": (BLUE, "-", "o"),
}
"""Scenario → colour, line and marker."""
Row = Mapping[str, Cell]


def plot_waterfall(
    rows: Sequence[tuple[str, float]], net: tuple[str, float], words: Words
) -> Figure:
    """How items add up to the net: a bar each, beginning where the one above ends.

    Parameters
    ----------
    rows
        Label and released amount of each item, from the top down.
    net
        Label and released amount of all together; its bar begins at 0.
    """
    labels = [*(label for label, _ in rows), net[0]]
    with figure_style():
        figure, axes = new_figure(0.7 + 0.29 * len(labels))
        start = 0.0
        ends: list[tuple[float, float]] = []
        for place, (_, amount) in enumerate(rows):
            colour = BLUE if amount >= 0 else ORANGE
            axes.barh(-place, amount, left=start, height=0.62, color=colour)
            axes.plot(
                [start + amount] * 2, [-place - 1.31, -place + 0.31], color=GREY, linewidth=0.7
            )
            ends.append((max(start, start + amount), amount))
            start += amount
        axes.barh(-len(rows), net[1], height=0.62, color=INK)
        ends.append((max(0.0, net[1]), net[1]))
        axes.axvline(0, color=INK, linewidth=0.9)
        for place, (x, amount) in enumerate(ends):
            axes.annotate(
                words.numbers.signed(amount, 0), (x, -place), xytext=(4, 0),
                textcoords="offset points", va="center", ha="left",
                fontweight="bold" if place == len(rows) else "normal", annotation_clip=False,
            )  # fmt: skip
        axes.set_yticks([-i for i in range(len(labels))], labels=labels)
        axes.get_yticklabels()[-1].set_fontweight("bold")
        _finish_bars(axes, words, "economics.x_per_person")
    return figure


def plot_scenarios(table: ReleasedTable, perspectives: Sequence[str], words: Words) -> Figure:
    """Net present value with interval, by perspective and by what follows the data."""
    require_released(table, ReleasedTable)
    rows = {(r["scenario"], r["perspective"]): r for r in table.records()}
    scenarios = [name for name in LINES if any(key[0] == name for key in rows)]
    with figure_style():
        figure, axes = new_figure(1.0 + 0.2 * len(scenarios) * len(perspectives))
        axes.axvline(0, color=INK, linewidth=0.9)
        for place, perspective in enumerate(perspectives):
            for step, scenario in enumerate(scenarios):
                row = rows.get((scenario, perspective))
                if row is not None:
                    _draw_interval(
                        axes, row, -place - 0.24 * (step - (len(scenarios) - 1) / 2), scenario
                    )
        axes.set_yticks(
            [-i for i in range(len(perspectives))],
            labels=[words.label("side", name) for name in perspectives],
        )
        _finish_bars(axes, words, "economics.x_npv")
        _name_scenarios(figure, scenarios, words, marked=True)
    return figure


def plot_value_path(
    table: ReleasedTable, perspectives: Sequence[str], pay_back: Mapping[str, float], words: Words
) -> Figure:
    """The value added up month by month, a panel a perspective.

    The band is the interval of what is observed; what follows the data is drawn by scenario.

    Parameters
    ----------
    table
        The released path.
    perspectives
        At least one.
    pay_back
        Perspective → month in which the value turns under the most lasting scenario; marked
        where it lies within the figure.
    """
    require_released(table, ReleasedTable)
    with figure_style():
        figure, panels = new_figure(2.75, columns=len(perspectives), sharey=True, squeeze=False)
        used: list[str] = []
        for axes, perspective in zip(panels[0], perspectives, strict=True):
            paths = _paths(table, perspective)
            last = max(_number(row["month"]) for row in paths["observed"])
            axes.axhline(0, color=INK, linewidth=0.9)
            axes.axvline(last, color=GREY, linewidth=0.7, linestyle=(0, (2, 2)))
            _draw_path(axes, paths["observed"], INK, "-", banded=True)
            for scenario, (colour, line, _) in LINES.items():
                if scenario in paths:
                    _draw_path(axes, paths[scenario], colour, line)
                    used += [scenario] if scenario not in used else []
            month = pay_back.get(perspective, math.inf)
            if math.isfinite(month):
                axes.plot([month], [0], marker="v", color=INK, markersize=8, zorder=4)
            axes.set_xticks(range(0, _last_month(paths) + 1, 12))
            axes.set_xlim(0, _last_month(paths))
            title_y(axes, words.label("side", perspective))
            number_axis(axes.yaxis, words.numbers, signed=True)
        title_x(figure, words.say("economics.x_month"))
        _name_scenarios(figure, used, words)
    return figure


def plot_break_even(
    table: ReleasedTable,
    perspectives: Sequence[str],
    interval: tuple[float, float],
    words: Words,
) -> Figure:
    """Net present value as it would be with another effect on hours, a panel a perspective.

    The band is the interval of the effect that was found; dots stand at the effect found, and
    crosses where the value is 0.
    """
    require_released(table, ReleasedTable)
    hours = [row for row in table.records() if row["quantity"] == "hours"]
    used = [name for name in LINES if any(row["scenario"] == name for row in hours)]
    with figure_style():
        figure, panels = new_figure(2.75, columns=len(perspectives), squeeze=False)
        for axes, perspective in zip(panels[0], perspectives, strict=True):
            own = [row for row in hours if row["perspective"] == perspective]
            axes.axhline(0, color=INK, linewidth=0.9)
            axes.axvspan(*interval, color=GREY, alpha=BAND, linewidth=0)
            ends = _span([*interval, *(_number(row["estimate"]) for row in own)])
            for row in own:
                _draw_line(axes, row, ends)
            axes.set_xlim(*ends)
            title_y(axes, words.label("side", perspective))
            number_axis(axes.xaxis, words.numbers)
            number_axis(axes.yaxis, words.numbers, signed=True)
        title_x(figure, words.say("economics.x_hours"))
        _name_scenarios(figure, used, words)
    return figure


def _span(values: Sequence[float]) -> tuple[float, float]:
    """From 0, or the lowest, to somewhat beyond the highest."""
    known = [value for value in values if math.isfinite(value)]
    return min([0.0, *known]), 1.12 * max([0.0, *known])


def _draw_line(axes: Axes, row: Row, ends: tuple[float, float]) -> None:
    colour, line, _ = LINES[str(row["scenario"])]
    level, net, slope = (_number(row[name]) for name in ("level", "net", "unit_value"))
    axes.plot(ends, [net + slope * (x - level) for x in ends], color=colour, linestyle=line)
    axes.plot([level], [net], marker="o", color=colour, markersize=6)
    axes.plot([_number(row["estimate"])], [0], marker="X", color=colour, markersize=8, zorder=4)


def _draw_interval(axes: Axes, row: Row, place: float, scenario: str) -> None:
    colour, _, marker = LINES[scenario]
    bounds = [_number(row["conf_low"]), _number(row["conf_high"])]
    axes.plot(bounds, [place, place], color=colour, linewidth=2.2)
    axes.plot([_number(row["estimate"])], [place], color=colour, marker=marker, markersize=6)


def _paths(table: ReleasedTable, perspective: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in table.records():
        if row["perspective"] == perspective:
            found.setdefault(str(row["scenario"]), []).append(row)
    return found


def _draw_path(
    axes: Axes, rows: Sequence[Row], colour: str, line: Any, *, banded: bool = False
) -> None:
    months = [_number(row["month"]) for row in rows]
    axes.plot(months, [_number(row["estimate"]) for row in rows], color=colour, linestyle=line)
    if banded:
        low, high = ([_number(row[name]) for row in rows] for name in ("conf_low", "conf_high"))
        axes.fill_between(months, low, high, color=colour, alpha=BAND, linewidth=0)


def _last_month(paths: Mapping[str, Sequence[Row]]) -> int:
    return int(max(_number(rows[-1]["month"]) for rows in paths.values()))


def _finish_bars(axes: Axes, words: Words, title: str) -> None:
    axes.grid(visible=False)
    axes.grid(visible=True, axis="x")
    axes.margins(x=0.12)
    number_axis(axes.xaxis, words.numbers, signed=True)
    axes.set_xlabel(words.say(title), loc="left")


def _name_scenarios(
    figure: Figure, scenarios: Sequence[str], words: Words, *, marked: bool = False
) -> None:
    """The scenarios in a line of their own, once for all panels."""
    from matplotlib.lines import Line2D

    if not scenarios:
        return
    handles = [
        Line2D([], [], color=colour, linestyle="-" if marked else line,
               marker=marker if marked else "", markersize=5)
        for colour, line, marker in (LINES[name] for name in scenarios)
    ]  # fmt: skip
    figure.legend(
        handles, [words.scenario(name) for name in scenarios], frameon=False,
        loc="outside upper left", ncols=len(scenarios), handlelength=2.4,
        labelcolor=[LINES[name][0] for name in scenarios],
    )  # fmt: skip


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else math.nan
