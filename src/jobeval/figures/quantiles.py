"""The effect along the distribution of an outcome."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobeval.disclosure.released import ReleasedEstimate, require_all_released
from jobeval.figures.style import (
    BLUE,
    GREY,
    INK,
    figure_style,
    new_figure,
    number_axis,
    title_y,
)
from jobeval.text import Words

DIGITS = 1
"""Quantiles are released with one decimal."""


def plot_quantiles(rows: Sequence[tuple[str, ReleasedEstimate]], words: Words) -> Figure:
    """The difference between the arms' quantiles by height, with intervals and its size.

    Where both quantiles are one value, a hollow mark and that value stand instead; what is
    hidden is left out.

    Parameters
    ----------
    rows
        The height in words and the released effect, from the lowest up.
    """
    require_all_released([effect for _, effect in rows], ReleasedEstimate)
    shown = [row for row in rows if row[1].estimable]
    unit = shown[0][1].unit if shown else "other"
    with figure_style():
        figure, axes = new_figure(2.3)
        axes.axhline(0, color=INK, linewidth=0.9, zorder=1)
        for place, (_, effect) in enumerate(shown):
            _draw(axes, place, effect, words)
        axes.set_xticks(range(len(shown)), labels=[label for label, _ in shown])
        axes.set_xlim(-0.5, len(shown) - 0.3)
        axes.set_xlabel(words.say("quantiles.x"), loc="left")
        number_axis(axes.yaxis, words.numbers, signed=True)
        key = f"effects.y_difference_{unit}"
        title_y(axes, words.say(key) if words.has(key) else words.unit(unit))
    return figure


def _draw(axes: Axes, place: int, effect: ReleasedEstimate, words: Words) -> None:
    if effect.one_value:
        value = words.numbers.decimal_number(
            effect.mean_control, DIGITS if effect.mean_control else 0
        )
        axes.plot([place], [0], marker="o", color=GREY, markerfacecolor="white", markersize=7)
        _label(axes, place, 0, words.say("quantiles.both", value=value), GREY)
        return
    colour = BLUE if effect.certain else GREY
    bounds = [effect.conf_low, effect.conf_high]
    if all(map(math.isfinite, bounds)):
        axes.plot([place, place], bounds, color=colour, linewidth=2.2)
    axes.plot([place], [effect.estimate], marker="o", color=colour, markersize=7)
    _label(axes, place, effect.estimate, words.numbers.signed(effect.estimate, DIGITS), colour)


def _label(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    axes.annotate(
        text, (x, y), xytext=(8, 0 if y else 9), textcoords="offset points", color=colour,
        va="center", ha="left", fontweight="bold", annotation_clip=False,
    )  # fmt: skip
