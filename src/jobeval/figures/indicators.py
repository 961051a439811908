"""What was done in each job centre: bars with intervals beside the average of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobeval.disclosure.released import Cell, ReleasedTable, require_released
from jobeval.figures.forest import LIGHT
from jobeval.figures.occupancy import wrap
from jobeval.figures.style import BLUE, GREY, INK, figure_style, new_figure, number_axis
from jobeval.figures.values import number
from jobeval.text import Words

Row = Mapping[str, Cell]
INTERVAL = ("conf_low", "conf_high")
TITLE_LETTERS = 24


def plot_indicators(
    table: ReleasedTable, names: Mapping[str, str], words: Words, *, population: str
) -> Figure:
    """A panel an indicator, a bar a site; the dashed line is the share of everyone.

    Parameters
    ----------
    table
        The released indicators. Sites stand in its order; a hidden share has no bar.
    names
        Indicator → its label, a panel each.
    population
        Whose shares are shown.
    """
    require_released(table, ReleasedTable)
    own = [row for row in table.records() if row["population"] == population]
    sites = list(dict.fromkeys(str(r["level"]) for r in own if r["group"] == "site"))
    with figure_style():
        figure, grid = new_figure(
            0.95 + 0.19 * len(sites), columns=len(names), sharey=True, squeeze=False
        )
        for axes, (name, label) in zip(grid.flat, names.items(), strict=True):
            rows = [row for row in own if row["indicator"] == name]
            _draw_average(axes, rows, label, words)
            _draw_sites(axes, rows, sites, words)
            number_axis(axes.xaxis, words.numbers, scale=100, ticks=3)
        first = grid.flat[0]
        first.set_yticks(range(len(sites)), labels=sites[::-1], fontsize=8.5)
        first.set_ylim(-0.6, len(sites) - 0.4)
        first.set_xlabel(words.say("programme.x_share"), loc="left")
    return figure


def _draw_average(axes: Axes, rows: Sequence[Row], label: str, words: Words) -> None:
    """The share of everyone: a dashed line, named under the panel's title."""
    share = next((row["share"] for row in rows if row["group"] == "all"), None)
    shown = words.say("alt.hidden")
    if isinstance(share, float):
        axes.axvline(share, color=INK, linewidth=1, linestyle=(0, (3, 2)), zorder=3)
        shown = words.numbers.percent(share, 0)
    axes.set_title(wrap(label, TITLE_LETTERS), loc="left", color=INK, fontweight="bold", pad=20)
    axes.text(0, 1.02, words.say("programme.average", share=shown), transform=axes.transAxes,
              color=GREY, va="bottom", fontsize=8.5)  # fmt: skip
    axes.grid(visible=False)
    axes.grid(visible=True, axis="x")


def _draw_sites(axes: Axes, rows: Sequence[Row], sites: Sequence[str], words: Words) -> None:
    """Light bars with the share in them, and dark intervals."""
    found = {str(row["level"]): row for row in rows if row["group"] == "site"}
    for place, site in enumerate(reversed(sites)):
        row = found.get(site, {})
        share, bounds = row.get("share"), [number(row.get(name)) for name in INTERVAL]
        if not isinstance(share, float):
            hidden = words.say("table.none" if share is None else "alt.hidden")
            axes.text(0.01, place, hidden, va="center", color=GREY, fontsize=8)
            continue
        axes.barh(place, share, height=0.7, color=LIGHT, zorder=1)
        axes.plot(bounds, [place, place], color=BLUE, linewidth=1.4, zorder=2)
        axes.text(0.01, place, words.numbers.decimal_number(100 * share, 0), va="center",
                  color=INK, fontsize=8, zorder=4)  # fmt: skip
    axes.set_xlim(left=0)
