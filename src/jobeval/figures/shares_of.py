"""What persons are split into: industries as bars, states as one stacked bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jobeval.disclosure.released import Cell, ReleasedTable, require_released
from jobeval.figures.forest import LIGHT
from jobeval.figures.occupancy import wrap
from jobeval.figures.states import STACK
from jobeval.figures.style import GREY, INK, figure_style, new_figure, number_axis
from jobeval.text import Words

LEAST_WRITTEN = 0.045
"""The smallest share that has room for its number."""
DARK = ("employment", "benefit_with_hours", "flexjob", "disability_pension", "out_of_population")
"""States whose colour asks for white text."""


def plot_industries(
    panels: Mapping[str, Mapping[str, Cell]], names: Mapping[str, str], words: Words
) -> Figure:
    """The share of persons in each industry, a panel a kind of job or placement.

    Parameters
    ----------
    panels
        The title of each panel, and its released shares by industry; a hidden one has no bar.
    names
        What to call each industry, in the order from the top down.
    """
    order = list(names)
    with figure_style():
        figure, grid = new_figure(
            0.75 + 0.24 * len(order), columns=len(panels), sharey=True, squeeze=False
        )
        for axes, (title, shares) in zip(grid.flat, panels.items(), strict=True):
            _draw_bars(axes, shares, order, words)
            axes.set_title(title, loc="left", color=INK, fontweight="bold")
        first = grid.flat[0]
        labels = [wrap(name, 28) for name in names.values()]
        first.set_yticks(range(len(order)), labels=labels[::-1], fontsize=8.5)
        first.set_ylim(-0.6, len(order) - 0.4)
        first.set_xlabel(words.say("programme.industries_x"), loc="left")
    return figure


def _size(cell: Cell) -> float:
    return cell if isinstance(cell, float) else 0.0


def _draw_bars(axes: Axes, shares: Mapping[str, Cell], order: Sequence[str], words: Words) -> None:
    for place, name in enumerate(reversed(order)):
        share = shares.get(name)
        text = words.say("alt.hidden" if name in shares else "table.none")
        if isinstance(share, float):
            axes.barh(place, share, height=0.7, color=LIGHT)
            text = words.numbers.decimal_number(100 * share, 0)
        axes.annotate(text, (_size(share), place), xytext=(3, 0), textcoords="offset points",
                      va="center", fontsize=8.5, color=INK if isinstance(share, float) else GREY,
                      annotation_clip=False)  # fmt: skip
    axes.grid(visible=False)
    axes.grid(visible=True, axis="x")
    number_axis(axes.xaxis, words.numbers, scale=100, ticks=4)


def plot_status(table: ReleasedTable, labels: Mapping[str, str], words: Words) -> Figure:
    """The states of each population as one stacked bar of everyone in it.

    ``labels`` maps each population to show to its name.
    """
    require_released(table, ReleasedTable)
    rows = {name: _states(table, name) for name in labels}
    shown = [state for state in STACK if any(state in own for own in rows.values())]
    with figure_style():
        figure, axes = new_figure(0.75 + 0.2 * -(-len(shown) // 3) + 0.36 * len(rows))
        for place, own in enumerate(reversed(list(rows.values()))):
            _draw_stack(axes, place, own, shown, words)
        axes.set_yticks(range(len(rows)), labels=list(labels.values())[::-1])
        axes.set_ylim(-0.5, len(rows) - 0.5)
        axes.set_xlim(0, 1)
        axes.grid(visible=False)
        number_axis(axes.xaxis, words.numbers, scale=100)
        axes.set_xlabel(words.say("programme.status_x"), loc="left")
        figure.legend(
            [Patch(facecolor=STACK[s], edgecolor=GREY, linewidth=0.4) for s in shown],
            [words.state(state) for state in shown],
            loc="outside upper left", ncols=3, frameon=False, handlelength=1.2, fontsize=8.5,
        )  # fmt: skip
    return figure


def _states(table: ReleasedTable, population: str) -> dict[str, float]:
    return {
        str(row["status"]): row["share"]
        for row in table.records()
        if row["population"] == population and isinstance(row["share"], float)
    }


def _draw_stack(
    axes: Axes, place: int, shares: Mapping[str, float], order: Sequence[str], words: Words
) -> None:
    left = 0.0
    for state in order:
        share = shares.get(state, 0.0)
        axes.barh(place, share, left=left, height=0.66, color=STACK[state], edgecolor="white",
                  linewidth=0.8)  # fmt: skip
        if share >= LEAST_WRITTEN:
            axes.text(left + share / 2, place, words.numbers.decimal_number(100 * share, 0),
                      ha="center", va="center", fontsize=8.5,
                      color="white" if state in DARK else INK)  # fmt: skip
        left += share
