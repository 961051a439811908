"""Effects side by side: sites, subgroups, endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jobeval.disclosure.released import ReleasedEstimate, require_released
from jobeval.figures.style import BLUE, GREY, INK, figure_style, new_figure, number_axis
from jobeval.text import Words

LIGHT = "#9CC3DD"


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One row: its own estimate, and the shrunken one where there is one."""

    label: str
    own: ReleasedEstimate
    shrunken: ReleasedEstimate | None = None
    strong: bool = False
    """The row for everyone."""


class Mark(NamedTuple):
    """How an interval is drawn."""

    colour: str
    width: float
    marker: str


def plot_forest(
    rows: Sequence[ForestRow], overall: ReleasedEstimate | None, words: Words
) -> Figure:
    """Estimates with intervals in the order given; the vertical line is ``overall``.

    With shrunken estimates the own interval is light and the shrunken one strong.
    """
    for row in rows:
        require_released(row.own, ReleasedEstimate)
    shown = [row for row in rows if row.own.estimable][::-1]
    unit = shown[0].own.unit if shown else "other"
    scale = 100.0 if unit == "share" else 1.0
    shrinks = any(row.shrunken is not None for row in shown)
    with figure_style():
        figure, axes = new_figure(
            0.7 + (0.25 if shrinks else 0) + (0.2 if len(shown) > 6 else 0.26) * len(shown)
        )
        axes.axvline(0, color=INK, linewidth=0.9)
        if overall is not None and require_released(overall, ReleasedEstimate).estimable:
            axes.axvline(scale * overall.estimate, color=BLUE, linewidth=1, linestyle=(0, (2, 2)))
        for place, row in enumerate(shown):
            _draw_row(axes, row, place, scale)
        axes.set_yticks(range(len(shown)), labels=[row.label for row in shown])
        for tick, row in zip(axes.get_yticklabels(), shown, strict=True):
            tick.set_fontweight("bold" if row.strong else "normal")
        axes.set_ylim(-0.6, len(shown) - 0.4)
        axes.grid(visible=False)
        axes.grid(visible=True, axis="x")
        number_axis(axes.xaxis, words.numbers, signed=True)
        key = f"effects.effect_x_{unit}"
        axes.set_xlabel(words.say(key if words.has(key) else "effects.effect_x_other"), loc="left")
        if shrinks:
            _name_marks(figure, words)
    return figure


def _draw_row(axes: Axes, row: ForestRow, place: int, scale: float) -> None:
    if row.shrunken is None:
        draw_interval(axes, row.own, place, scale, Mark(BLUE, 2.2, "D" if row.strong else "o"))
        return
    draw_interval(axes, row.own, place - 0.13, scale, Mark(LIGHT, 1.6, "o"))
    if row.shrunken.estimable:
        draw_interval(axes, row.shrunken, place + 0.13, scale, Mark(BLUE, 2.6, "o"))


def draw_interval(axes: Axes, effect: ReleasedEstimate, y: float, scale: float, mark: Mark) -> None:
    """Draw one estimate with its interval at height ``y``; shares are scaled to percent."""
    bounds = [scale * effect.conf_low, scale * effect.conf_high]
    axes.plot(bounds, [y, y], color=mark.colour, linewidth=mark.width)
    axes.plot(
        [scale * effect.estimate], [y], marker=mark.marker, color=mark.colour,
        markersize=3 + 1.4 * mark.width,
    )  # fmt: skip


def _name_marks(figure: Figure, words: Words) -> None:
    handles = [
        Line2D([], [], color=LIGHT, marker="o", linewidth=1.6, markersize=5),
        Line2D([], [], color=BLUE, marker="o", linewidth=2.6, markersize=6.5),
    ]
    names = [words.say("effects.forest_raw"), words.say("effects.forest_shrunken")]
    figure.legend(
        handles, names, loc="outside upper left", ncols=2, frameon=False, labelcolor=[GREY, BLUE]
    )
