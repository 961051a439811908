"""The status of everyone in each arm, week by week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from jobeval.disclosure.released import ReleasedCurve, require_all_released
from jobeval.figures.style import (
    GREY,
    INK,
    figure_style,
    height_points,
    new_figure,
    number_axis,
    spread_apart,
    week_axis,
)
from jobeval.text import Words

STACK: Mapping[str, str] = {
    "employment": "#0B5A8A",
    "benefit_with_hours": "#4C90BD",
    "wage_subsidy": "#9CC3DD",
    "flexjob": "#2F7F79",
    "education": "#86BFAE",
    "placement": "#D8BE6E",
    "self_supporting": "#EBDDB0",
    "benefit": "#DADDE3",
    "sickness_benefit": "#B5BBC6",
    "disability_pension": "#C8500A",
    "out_of_population": "#6B7280",
    "other_states": "#F0F1F4",
}
"""From the bottom up."""
WEEK_STEP = 4
"""Weeks between the points of the areas, counted back from the last."""


class Layer(NamedTuple):
    """One area of a stack: its name, its colour, and its share at each of the weeks."""

    name: str
    colour: str
    shares: NDArray[np.float64]


def plot_states(
    arms: Mapping[str, Sequence[ReleasedCurve]], labels: Mapping[str, str], words: Words
) -> Figure:
    """Stacked shares of every state, one panel an arm.

    ``arms`` maps each arm to its released state shares, ``other_states`` included.
    """
    stacks = {arm: _in_order(require_all_released(c, ReleasedCurve)) for arm, c in arms.items()}
    with figure_style():
        figure, grid = new_figure(3.2, columns=len(stacks), sharey=True, squeeze=False)
        for axes, (arm, curves) in zip(grid.flat, stacks.items(), strict=True):
            draw_stack(axes, _thin(curves[0].times), _layers(curves, words))
            axes.set_title(labels[arm], loc="left", color=INK, fontweight="bold")
            week_axis(axes, curves[0].times[-1], "")
            axes.set_ylim(0, 1)
        number_axis(grid.flat[0].yaxis, words.numbers, scale=100)
        grid.flat[0].set_xlabel(words.say("effects.x_week"), loc="left")
        figure.suptitle(words.say("effects.y_share"), x=0.015, ha="left", fontsize=9.5, color=GREY)
        last = list(stacks.values())[-1]
        label_stack(grid.flat[-1], last[0].times[-1], _layers(last, words))
    return figure


def _in_order(curves: Sequence[ReleasedCurve]) -> list[ReleasedCurve]:
    by_cause = {curve.cause: curve for curve in curves}
    return [by_cause[state] for state in STACK if state in by_cause and _seen(by_cause[state])]


def _seen(curve: ReleasedCurve) -> bool:
    return bool(np.nansum(curve.values) > 0)


def _thin(values: Sequence[float]) -> NDArray[np.float64]:
    return np.array(values, dtype=float)[::-WEEK_STEP][::-1]


def _layers(curves: Sequence[ReleasedCurve], words: Words) -> list[Layer]:
    return [
        Layer(words.state(c.cause), STACK[c.cause], np.nan_to_num(_thin(c.values))) for c in curves
    ]


def draw_stack(
    axes: Axes, weeks: NDArray[np.float64], layers: Sequence[Layer], *, step: str | None = None
) -> None:
    """Stack the areas from the bottom up; ``step`` as of ``fill_between``."""
    options: dict[str, Any] = {} if step is None else {"step": step}
    axes.stackplot(
        weeks, np.array([layer.shares for layer in layers]),
        colors=[layer.colour for layer in layers], edgecolor="white", linewidth=0.5, **options,
    )  # fmt: skip
    axes.grid(visible=False)


def label_stack(axes: Axes, week: float, layers: Sequence[Layer]) -> None:
    """Names of the areas beside the last week, each with a patch of its colour."""
    last = np.array([layer.shares[-1] for layer in layers])
    middle = np.cumsum(last) - last / 2
    points = height_points(axes) / axes.get_ylim()[1]
    shifts = spread_apart([float(m) * points for m in middle], 12.5)
    for layer, y, shift in zip(layers, middle, shifts, strict=True):
        axes.annotate(
            layer.name, (week, float(y)), xytext=(22, shift),
            textcoords="offset points", va="center", ha="left", fontsize=8.5,
            annotation_clip=False,
        )  # fmt: skip
        axes.annotate(
            "", (week, float(y)), xytext=(19, shift), textcoords="offset points",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": layer.colour, "linewidth": 2.2,
                        "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
