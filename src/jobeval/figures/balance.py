"""Differences between the arms before the lottery."""

from __future__ import annotations

from matplotlib.figure import Figure

from jobeval.disclosure.released import ReleasedTable, require_released
from jobeval.figures.style import BLUE, GREY, figure_style, new_figure, number_axis
from jobeval.text import Words

SMALL = 0.1
"""Standardised differences within this usually count as small."""


def plot_balance(table: ReleasedTable, words: Words) -> Figure:
    """Standardised differences, one row a covariate; the band is what counts as small."""
    require_released(table, ReleasedTable)
    rows = [
        (str(row["covariate"]), float(row["standardised_difference"]))
        for row in table.records()
        if isinstance(row["standardised_difference"], float)
    ][::-1]
    with figure_style():
        figure, axes = new_figure(0.7 + 0.185 * len(rows))
        axes.axvspan(-SMALL, SMALL, color=GREY, alpha=0.10, linewidth=0)
        axes.axvline(0, color=GREY, linewidth=1)
        for place, (_, value) in enumerate(rows):
            axes.plot([0, value], [place, place], color=BLUE, linewidth=1.2, alpha=0.6)
            axes.plot([value], [place], marker="o", markersize=6, color=BLUE)
        widest = max([SMALL * 2.2, *(abs(value) * 1.25 for _, value in rows)])
        axes.set_xlim(-widest, widest)
        axes.set_yticks(range(len(rows)), labels=[words.covariate(name) for name, _ in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.grid(visible=False)
        number_axis(axes.xaxis, words.numbers, signed=True)
        axes.set_xlabel(words.say("delivery.balance_x"), loc="left")
    return figure
