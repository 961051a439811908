"""Who came in when, and how much effort each arm received."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jobeval.disclosure.released import Cell, ReleasedTable, require_released
from jobeval.figures.style import (
    COLOURS,
    GRID,
    ROLES,
    figure_style,
    new_figure,
    number_axis,
    title_y,
)
from jobeval.text import Words

DOTS = {"control": "D", "treatment": "o"}
SQUARES = {"control": "s", "treatment": "s"}


def plot_inflow(table: ReleasedTable, labels: Mapping[str, str], words: Words) -> Figure:
    """Persons drawn by month: a bar a month, split by arm; hidden cells have no bar.

    ``labels`` maps (control, treatment), in this order, to their names.
    """
    require_released(table, ReleasedTable)
    months = [str(month) for month in table.column("month")]
    floor = [0.0] * len(months)
    with figure_style():
        figure, axes = new_figure(1.9)
        for arm, role in zip(labels, ROLES, strict=True):
            counts = [_number(cell) for cell in table.column(arm)]
            axes.bar(range(len(months)), counts, bottom=floor, width=0.72, color=COLOURS[role],
                     label=labels[arm])  # fmt: skip
            floor = [low + count for low, count in zip(floor, counts, strict=True)]
        step = max(1, -(-len(months) // 6))
        axes.set_xticks(
            range(0, len(months), step), labels=[words.numbers.month(m) for m in months[::step]]
        )
        number_axis(axes.yaxis, words.numbers, ticks=4)
        title_y(axes, words.say("delivery.inflow_y"))
        _name_roles(figure, labels, SQUARES)
    return figure


def plot_intensity(table: ReleasedTable, labels: Mapping[str, str], words: Words) -> Figure:
    """The share of each arm with at least one activity, one row a kind."""
    require_released(table, ReleasedTable)
    kinds = list(dict.fromkeys(str(kind) for kind in table.column("kind")))[::-1]
    shares = {(str(r["kind"]), str(r["arm"])): r["share"] for r in table.records()}
    with figure_style():
        figure, axes = new_figure(0.85 + 0.26 * len(kinds))
        for place, kind in enumerate(kinds):
            known = [s for arm in labels if isinstance(s := shares.get((kind, arm)), float)]
            if len(known) == len(labels):
                axes.plot(known, [place, place], color=GRID, linewidth=4, zorder=1)
            for arm, role in zip(labels, ROLES, strict=True):
                share = shares.get((kind, arm))
                if isinstance(share, float):
                    axes.plot([share], [place], color=COLOURS[role], zorder=2, markersize=8,
                              marker=DOTS[role])  # fmt: skip
        axes.set_yticks(range(len(kinds)), labels=[words.label("kind", kind) for kind in kinds])
        axes.set_ylim(-0.6, len(kinds) - 0.4)
        axes.set_xlim(0, 1.02)
        axes.grid(visible=False)
        axes.grid(visible=True, axis="x")
        number_axis(axes.xaxis, words.numbers, scale=100)
        axes.set_xlabel(words.say("effects.y_share"), loc="left")
        _name_roles(figure, labels, DOTS)
    return figure


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else 0.0


def _name_roles(figure: Figure, labels: Mapping[str, str], markers: Mapping[str, str]) -> None:
    handles = [
        Line2D([], [], color=COLOURS[role], linestyle="", markersize=8, marker=markers[role])
        for role in ROLES
    ]
    figure.legend(
        handles, list(labels.values()), loc="outside upper left", ncols=2, frameon=False,
        handletextpad=0.1, labelcolor=[COLOURS[role] for role in ROLES],
    )  # fmt: skip
