"""Hours week by week since the first paid hour, with the persons behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobeval.disclosure.released import Cell, ReleasedTable, require_released
from jobeval.figures.style import (
    BAND,
    BLUE,
    GREY,
    LINE_STYLES,
    figure_style,
    label_ends,
    new_figure,
    number_axis,
    title_y,
    week_axis,
)
from jobeval.figures.values import number
from jobeval.text import Words

Row = Mapping[str, Cell]
LOOKS = {
    "participants": (BLUE, "treatment"),
    "treatment": (BLUE, "treatment"),
    "control": (GREY, "control"),
}
"""Population → its colour, and whose line it is drawn with."""


def plot_ramp(table: ReleasedTable, labels: Mapping[str, str], words: Words) -> Figure:
    """Mean hours by week since the first paid hour, and how many are followed so far.

    ``labels`` maps each population to show to its name, the control group first.
    """
    require_released(table, ReleasedTable)
    rows = {name: [r for r in table.records() if r["population"] == name] for name in labels}
    last = max((number(r["week"]) for own in rows.values() for r in own), default=1)
    with figure_style():
        figure, (axes, below) = new_figure(
            2.6 + 0.2 * len(rows), rows=2, sharex=True,
            gridspec_kw={"height_ratios": [4.4, 0.5 * len(rows)]},
        )  # fmt: skip
        ends = [_draw(axes, name, own, labels[name]) for name, own in rows.items() if own]
        axes.set_ylim(bottom=0)
        week_axis(axes, int(last), "")
        number_axis(axes.yaxis, words.numbers)
        title_y(axes, words.say("programme.ramp_y"))
        label_ends(axes, ends)
        axes.tick_params(labelbottom=True)
        axes.set_xlabel(words.say("programme.ramp_x"), loc="left")
        _draw_persons(below, rows, labels, words)
    return figure


def _draw(axes: Axes, name: str, rows: Sequence[Row], label: str) -> tuple[float, float, str, str]:
    colour, role = LOOKS[name]
    weeks, means, low, high = (
        [number(row[column]) for row in rows]
        for column in ("week", "mean_hours", "conf_low", "conf_high")
    )
    axes.fill_between(weeks, low, high, color=colour, alpha=BAND, linewidth=0)
    axes.plot(weeks, means, color=colour, linestyle=LINE_STYLES[role])
    return weeks[-1], means[-1], label, colour


def _draw_persons(
    axes: Axes, rows: Mapping[str, Sequence[Row]], labels: Mapping[str, str], words: Words
) -> None:
    """Persons followed under the weeks of the figure, one line a population."""
    places = {name: place for place, name in enumerate(rows)}
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.set_yticks(list(places.values()), labels=[labels[name] for name in places])
    for name in ("bottom", "left"):
        axes.spines[name].set_visible(False)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.tick_params(axis="y", pad=16)
    axes.grid(visible=False)
    axes.set_title(words.say("exits.at_risk"), loc="left", color=GREY, pad=2)
    for text, name in zip(axes.get_yticklabels(), places, strict=True):
        text.set_color(LOOKS[name][0])
    ticks = {int(tick) for tick in axes.get_xticks()}
    for name, own in rows.items():
        for row in own:
            week, persons = row["week"], row["persons"]
            if week in ticks and isinstance(persons, int):
                axes.text(number(week), places[name], words.numbers.integer(persons),
                          ha="center", va="center", fontsize=9)  # fmt: skip
