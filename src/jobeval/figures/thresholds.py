"""How many reach a level: the shares of both arms, and the effect, by level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobeval.disclosure.released import ReleasedEstimate, require_all_released
from jobeval.figures.style import (
    BLUE,
    COLOURS,
    GREY,
    GRID,
    INK,
    ROLES,
    figure_style,
    new_figure,
    number_axis,
)
from jobeval.text import Words

MARKERS = {"control": "D", "treatment": "o"}
Row = tuple[str, ReleasedEstimate]


def plot_thresholds(rows: Sequence[Row], labels: Mapping[str, str], words: Words) -> Figure:
    """Left the share of each arm at or above each level, right the effect with its interval.

    Parameters
    ----------
    rows
        Label and released effect on a share, from the lowest level up; those that are hidden
        are left out.
    labels
        What to call (control, treatment), in this order.
    """
    require_all_released([effect for _, effect in rows], ReleasedEstimate)
    shown = [row for row in rows if row[1].estimable][::-1]
    with figure_style():
        figure, (left, right) = new_figure(
            0.95 + 0.27 * len(shown), columns=2, sharey=True, width_ratios=(1.25, 1)
        )
        for place, (_, effect) in enumerate(shown):
            _draw_shares(left, effect, place)
            _draw_effect(right, effect, place)
        left.set_yticks(range(len(shown)), labels=[label for label, _ in shown])
        left.set_ylim(-0.5, len(shown) - 0.1)
        left.set_xlim(left=0)
        right.axvline(0, color=INK, linewidth=0.9)
        titles = (words.say("hours.figure_shares"), words.say("hours.figure_effects"))
        for axes, title, signed in zip((left, right), titles, (False, True), strict=True):
            axes.set_xlabel(title, loc="left")
            axes.grid(visible=False)
            axes.grid(visible=True, axis="x")
            number_axis(axes.xaxis, words.numbers, ticks=5, signed=signed)
        if shown:
            _name_arms(left, shown[-1][1], len(shown) - 1, labels)
    return figure


def _shares(effect: ReleasedEstimate) -> dict[str, float]:
    means = (effect.mean_control, effect.mean_treatment)
    return {role: 100 * mean for role, mean in zip(ROLES, means, strict=True)}


def _draw_shares(axes: Axes, effect: ReleasedEstimate, place: int) -> None:
    shares = _shares(effect)
    axes.plot(list(shares.values()), [place, place], color=GRID, linewidth=4, zorder=1)
    for role, share in shares.items():
        axes.plot([share], [place], color=COLOURS[role], marker=MARKERS[role], markersize=7)


def _draw_effect(axes: Axes, effect: ReleasedEstimate, place: int) -> None:
    colour = BLUE if effect.certain else GREY
    bounds = [100 * effect.conf_low, 100 * effect.conf_high]
    axes.plot(bounds, [place, place], color=colour, linewidth=2.2)
    axes.plot([100 * effect.estimate], [place], color=colour, marker="o", markersize=6)


def _name_arms(axes: Axes, effect: ReleasedEstimate, place: int, labels: Mapping[str, str]) -> None:
    """The arms' names above the uppermost pair, turned away from each other."""
    shares = _shares(effect)
    lower = min(shares, key=lambda role: shares[role])
    for role, label in zip(ROLES, labels.values(), strict=True):
        side = "right" if role == lower else "left"
        axes.annotate(
            label, (shares[role], place), xytext=(4 if side == "right" else -4, 8),
            textcoords="offset points", ha=side, va="bottom", color=COLOURS[role],
            fontweight="bold", annotation_clip=False,
        )  # fmt: skip
