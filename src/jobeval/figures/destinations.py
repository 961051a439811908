"""What has become of everyone: the shares that have left to each destination, stacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from jobeval.disclosure.released import ReleasedCurve, require_all_released
from jobeval.figures.states import STACK, Layer, draw_stack, label_stack
from jobeval.figures.style import (
    GREY,
    INK,
    figure_style,
    new_figure,
    number_axis,
    title_x,
    week_axis,
)
from jobeval.text import Words

ROOM_ABOVE = 1.3
"""Height of the axes, as many times that of the highest stack, for what stands above it."""


def plot_stacked_destinations(
    arms: Mapping[str, Sequence[ReleasedCurve]], labels: Mapping[str, str], words: Words
) -> Figure:
    """Stacked cumulative incidences, one panel an arm; what is above them has not left.

    Below each panel stand the numbers at risk. A destination that is hidden in every arm is
    left out.

    Parameters
    ----------
    arms
        Each arm's released cumulative incidences, one a destination, in the same order.
    labels
        What to call each arm.
    """
    for curves in arms.values():
        require_all_released(curves, ReleasedCurve)
    seen = {c.cause for curves in arms.values() for c in curves if not any(c.suppressed)}
    stacks = {
        arm: _layers([curve for curve in curves if curve.cause in seen], words)
        for arm, curves in arms.items()
    }
    highest = max(sum(layer.shares[-1] for layer in layers) for layers in stacks.values())
    with figure_style():
        figure, grid = new_figure(2.9, columns=len(stacks), sharey=True, squeeze=False)
        for axes, (arm, layers) in zip(grid.flat, stacks.items(), strict=True):
            weeks = np.arange(len(layers[0].shares), dtype=float)
            draw_stack(axes, weeks, layers, step="post")
            axes.set_ylim(0, min(1.0, ROOM_ABOVE * highest))
            axes.set_title(labels[arm], loc="left", color=INK, fontweight="bold")
            week_axis(axes, len(weeks) - 1, "")
            axes.text(
                0.03, 0.97, tell_remaining(arms[arm], 0, words), transform=axes.transAxes,
                ha="left", va="top", color=GREY, fontsize=8.5,
            )  # fmt: skip
            _tell_at_risk(axes, arms[arm][0], words)
        number_axis(grid.flat[0].yaxis, words.numbers, scale=100)
        title_x(figure, f"{words.say('effects.x_week')} · {words.say('exits.y').lower()}")
        last = list(stacks.values())[-1]
        label_stack(grid.flat[-1], len(last[0].shares) - 1, last)
    return figure


def tell_remaining(curves: Sequence[ReleasedCurve], digits: int, words: Words) -> str:
    """What the destinations of an arm leave of 1 in the end: who has not left, and the hidden."""
    hides = any(any(curve.suppressed) for curve in curves)
    key = "destinations.remaining_or_hidden" if hides else "destinations.remaining_share"
    share = float(1 - np.nansum([curve.values[-1] for curve in curves]))
    return words.say(key, share=words.numbers.percent(share, digits))


def _layers(curves: Sequence[ReleasedCurve], words: Words) -> list[Layer]:
    last = max(curve.times[-1] for curve in curves)
    return [
        Layer(words.state(curve.cause), STACK[curve.cause], _weekly(curve, last))
        for curve in curves
    ]


def _weekly(curve: ReleasedCurve, last: int) -> NDArray[np.float64]:
    """The steps of a curve at every week; hidden ones are left out of the stack."""
    weeks = np.arange(last + 1)
    at = np.searchsorted(curve.times, weeks, side="right") - 1
    return np.nan_to_num(np.array(curve.values))[at]


def _tell_at_risk(axes: Axes, curve: ReleasedCurve, words: Words) -> None:
    """The numbers at risk under the ticks; they are the same for every destination."""
    below: dict[str, Any] = {"textcoords": "offset points", "va": "top", "annotation_clip": False}
    axes.annotate(
        words.say("exits.at_risk"), (0, 0), xytext=(-6, -17), ha="left", color=GREY, **below
    )
    ticks = {int(tick) for tick in axes.get_xticks()}
    for week, count in zip(curve.risk_times, curve.risk_counts, strict=True):
        if week in ticks:
            axes.annotate(words.numbers.integer(count), (week, 0), xytext=(0, -28), ha="center",
                          fontsize=9, **below)  # fmt: skip
