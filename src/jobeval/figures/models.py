"""The curves that models imply, over the observed ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jobeval.disclosure.released import ReleasedCurve, require_all_released
from jobeval.figures.exits import draw_steps
from jobeval.figures.style import (
    GREY,
    INK,
    ORANGE,
    ROLES,
    figure_style,
    new_figure,
    number_axis,
    title_x,
    week_axis,
)
from jobeval.text import Words

STYLES: Sequence[tuple[str, Any]] = (
    (ORANGE, "-"),
    ("#2F7F79", (0, (5, 1.5))),
    ("#7A4E9E", (0, (1.2, 1.2))),
    ("#8A6D1B", (0, (6, 1.5, 1.2, 1.5))),
    (INK, (0, (3, 3))),
    (GREY, "-"),
    ("#B0307A", (0, (8, 2))),
)
"""Colour and line of each model, apart in both."""


def plot_models(
    observed: Sequence[ReleasedCurve],
    implied: Mapping[str, Sequence[ReleasedCurve]],
    labels: Mapping[str, str],
    words: Words,
) -> Figure:
    """The share that has left: steps as observed, lines as models have it; a panel an arm.

    Parameters
    ----------
    observed
        Released Kaplan–Meier curves of (control, treatment).
    implied
        For each distribution, released curves of the same arms.
    """
    pair = require_all_released(observed, ReleasedCurve)
    models = {name: require_all_released(c, ReleasedCurve) for name, c in implied.items()}
    with figure_style():
        figure, grid = new_figure(3.0, columns=2, sharex=True, sharey=True)
        for axes, curve, role in zip(grid, pair, ROLES, strict=True):
            draw_steps(axes, curve, role, "", interval=False)
            axes.set_title(labels[curve.arm], loc="left", color=INK, fontweight="bold")
            week_axis(axes, curve.times[-1], "")
        for curves, (colour, line) in zip(models.values(), STYLES, strict=False):
            for axes, curve in zip(grid, curves, strict=True):
                _draw_implied(axes, curve, colour, line)
        grid[0].set_ylim(bottom=0)
        number_axis(grid[0].yaxis, words.numbers, scale=100)
        _name_models(figure, list(models), words)
        title_x(figure, f"{words.say('effects.x_week')} · {words.say('exits.y').lower()}")
    return figure


def _draw_implied(axes: Axes, curve: ReleasedCurve, colour: str, line: Any) -> None:
    left = 1 - np.array(curve.values)
    axes.plot(np.array(curve.times), left, color=colour, linestyle=line, linewidth=1.4)


def _name_models(figure: Figure, names: Sequence[str], words: Words) -> None:
    handles = [
        Line2D([], [], color=colour, linestyle=line, linewidth=1.4)
        for colour, line in STYLES[: len(names)]
    ]
    figure.legend(
        handles, [words.label("distribution", name) for name in names],
        loc="outside upper left", ncols=min(4, len(names)), frameon=False, handlelength=2.4,
    )  # fmt: skip
