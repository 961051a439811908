"""Weeks won in some states and lost in others."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from jobeval.disclosure.released import ReleasedEstimate, require_all_released
from jobeval.figures.style import BLUE, INK, figure_style, new_figure, number_axis
from jobeval.text import Words

UNCERTAIN = "#9CC3DD"


def plot_weeks(rows: Sequence[tuple[str, ReleasedEstimate]], words: Words) -> Figure:
    """Bars from zero, to the right for more weeks in the treatment arm, with intervals.

    Differences that are certain are dark. ``rows`` holds the name of each state and its
    difference; those that cannot be shown are left out.
    """
    require_all_released([effect for _, effect in rows], ReleasedEstimate)
    shown = [(name, effect) for name, effect in rows if effect.estimable][::-1]
    with figure_style():
        figure, axes = new_figure(0.6 + 0.3 * len(shown))
        for place, (_, effect) in enumerate(shown):
            colour = BLUE if effect.certain else UNCERTAIN
            axes.barh(place, effect.estimate, height=0.56, color=colour, linewidth=0)
            bounds = [effect.conf_low, effect.conf_high]
            axes.plot(bounds, [place, place], color=INK, linewidth=1.2, marker="|", markersize=5)
        axes.axvline(0, color=INK, linewidth=0.9)
        axes.set_yticks(range(len(shown)), labels=[name for name, _ in shown])
        axes.set_ylim(-0.6, len(shown) - 0.4)
        axes.grid(visible=False)
        axes.grid(visible=True, axis="x")
        number_axis(axes.xaxis, words.numbers, signed=True)
        axes.set_xlabel(words.say("state_weeks.x"), loc="left")
    return figure
