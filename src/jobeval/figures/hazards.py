"""The ratio of the arms' rates over the weeks."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from jobeval.disclosure.released import ReleasedCurve, require_released
from jobeval.figures.bands import draw_band, name_bands
from jobeval.figures.paths import draw_line
from jobeval.figures.style import COLOURS, figure_style, new_figure, title_y, week_axis
from jobeval.text import Words

RATIO_TICKS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def plot_rate_ratio(curve: ReleasedCurve, words: Words) -> Figure:
    """A released curve of log hazard ratios, with ratios on its axis and a line where they are 1.

    The band over all weeks together lies light behind the intervals of single weeks.
    """
    require_released(curve, ReleasedCurve)
    with figure_style():
        figure, axes = new_figure(2.5)
        banded = draw_band(axes, curve)
        draw_line(axes, curve, "difference", "")
        axes.axhline(0, color=COLOURS["control"], linewidth=1.0, zorder=1)
        low, high = axes.get_ylim()
        shown = [tick for tick in RATIO_TICKS if low <= math.log(tick) <= high]
        labels = [words.numbers.decimal_number(t, 0 if t >= 1 else 1) for t in shown]
        axes.set_yticks([math.log(tick) for tick in shown], labels=labels)
        week_axis(axes, curve.times[-1], words.say("effects.x_week"))
        title_y(axes, words.say("exits.ratio_y"))
        if banded:
            name_bands(figure, words)
    return figure
