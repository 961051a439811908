"""The states of histories week by week: the arms side by side, or the arms in every state."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jobeval.disclosure.released import ReleasedCurve, require_all_released
from jobeval.figures.paths import draw_line
from jobeval.figures.states import Layer, draw_stack
from jobeval.figures.style import (
    GREY,
    INK,
    ROLES,
    figure_style,
    name_lines,
    new_figure,
    number_axis,
    title_x,
    week_axis,
)
from jobeval.text import Words


@dataclass(frozen=True, slots=True)
class Way:
    """A state of histories: what to call it and how to colour it."""

    label: str
    colour: str


Ways = Mapping[str, Way]
"""State → how to show it, in the order of the stack from the bottom up."""


def plot_occupancy(
    arms: Mapping[str, Mapping[str, ReleasedCurve]],
    ways: Ways,
    labels: Mapping[str, str],
    words: Words,
) -> Figure:
    """Stacked shares of every state, one panel an arm.

    Parameters
    ----------
    arms
        Each arm's released occupancy curves by state.
    ways
        The states to show.
    labels
        What to call each arm.
    """
    with figure_style():
        figure, grid = new_figure(3.3, columns=len(arms), sharey=True, squeeze=False)
        for axes, (arm, curves) in zip(grid.flat, arms.items(), strict=True):
            require_all_released(list(curves.values()), ReleasedCurve)
            layers = [_layer(curves[state], way) for state, way in ways.items() if state in curves]
            times = next(iter(curves.values())).times
            draw_stack(axes, np.array(times, dtype=float), layers)
            axes.set_title(labels[arm], loc="left", color=INK, fontweight="bold")
            week_axis(axes, times[-1], "")
            axes.set_ylim(0, 1)
        number_axis(grid.flat[0].yaxis, words.numbers, scale=100)
        title_x(figure, f"{words.say('effects.x_week')} · {words.say('effects.y_share').lower()}")
        name_ways(figure, ways)
    return figure


def plot_occupancy_by_state(
    pairs: Mapping[str, Sequence[ReleasedCurve]], ways: Ways, labels: Mapping[str, str],
    words: Words,
) -> Figure:  # fmt: skip
    """The arms week by week within each state: a panel a state, each with a scale of its own.

    ``pairs`` maps each state to its released curves of (control, treatment).
    """
    columns = 2 if len(pairs) in {2, 4} else min(3, len(pairs))
    rows = -(-len(pairs) // columns)
    with figure_style():
        figure, grid = new_figure(
            0.55 + 1.65 * rows, rows=rows, columns=columns, sharex=True, squeeze=False
        )
        for axes, (state, pair) in zip(grid.flat, pairs.items(), strict=False):
            for curve, role in zip(require_all_released(pair, ReleasedCurve), ROLES, strict=True):
                draw_line(axes, curve, role, "")
            week_axis(axes, pair[0].times[-1], "")
            low, high = axes.get_ylim()
            axes.set_ylim(bottom=0 if low < high / 2 else low)
            number_axis(axes.yaxis, words.numbers, scale=100, ticks=4)
            axes.set_title(wrap(ways[state].label, 26), loc="left", color=INK, fontweight="bold")
            axes.tick_params(labelbottom=True)
        for axes in grid.flat[len(pairs) :]:
            axes.set_visible(False)
        name_lines(figure, labels)
        title_x(figure, f"{words.say('effects.x_week')} · {words.say('effects.y_share').lower()}")
    return figure


def name_ways(figure: Figure, ways: Ways) -> None:
    """The names of the states above all panels, each with a patch of its colour."""
    figure.legend(
        [Patch(facecolor=way.colour, edgecolor=GREY, linewidth=0.4) for way in ways.values()],
        [way.label for way in ways.values()],
        loc="outside upper left", ncols=2, frameon=False, handlelength=1.2, fontsize=8.5,
    )  # fmt: skip


def wrap(text: str, width: int) -> str:
    """The text in lines of about so many letters.

    >>> wrap("Flexjob, education or else", 20)
    'Flexjob, education\\nor else'
    """
    return "\n".join(textwrap.wrap(text, width, break_long_words=False))


def _layer(curve: ReleasedCurve, way: Way) -> Layer:
    return Layer(way.label, way.colour, np.nan_to_num(np.array(curve.values)))
