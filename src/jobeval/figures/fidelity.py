"""Whether the method was followed: by element, by job centre, and by cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from jobeval.disclosure.released import Cell, ReleasedTable, require_released
from jobeval.figures.occupancy import wrap
from jobeval.figures.style import (
    COLOURS,
    GRID,
    INK,
    LINE_STYLES,
    figure_style,
    new_figure,
    number_axis,
    title_x,
)
from jobeval.figures.values import number
from jobeval.text import Words

Row = Mapping[str, Cell]
ROLES = {"control": "control", "participants": "treatment", "treatment": "treatment"}
"""Population → in whose colour it is drawn."""
MARKERS = {"control": "D", "participants": "o", "treatment": "o"}
SHADES = LinearSegmentedColormap.from_list("shades", ["#F6F8FB", "#A9CBE1", "#629BC0"])
"""From light to dark, so that the order stays in grey; the darkest still bears dark text."""
SCORE = ""
"""The element of the trend that is the score of all."""


def plot_adherence(
    table: ReleasedTable, elements: Mapping[str, str], labels: Mapping[str, str], words: Words
) -> Figure:
    """Each element's share of participants and of the control group, beside its threshold.

    ``elements`` and ``labels`` map elements, and populations (the control group first), to
    their names.
    """
    require_released(table, ReleasedTable)
    rows = {(str(r["population"]), str(r["element"])): r for r in table.records() if not r["site"]}
    with figure_style():
        figure, axes = new_figure(0.9 + 0.3 * len(elements))
        for place, element in enumerate(reversed(list(elements))):
            for population in labels:
                _draw_share(axes, rows.get((population, element), {}), place, population)
            _draw_threshold(axes, rows.get((list(labels)[-1], element), {}), place)
        names = [wrap(label, 38) for label in elements.values()]
        axes.set_yticks(range(len(elements)), labels=names[::-1])
        axes.set_ylim(-0.6, len(elements) - 0.4)
        axes.set_xlim(0, 1.01)
        axes.grid(visible=False)
        axes.grid(visible=True, axis="x")
        number_axis(axes.xaxis, words.numbers, scale=100)
        axes.set_xlabel(words.say("core.x_share"), loc="left")
        _name_marks(figure, labels, words)
    return figure


def _draw_share(axes: Axes, row: Row, place: int, population: str) -> None:
    share = row.get("share")
    if not isinstance(share, float):
        return
    colour, shift = COLOURS[ROLES[population]], -0.12 if population == "control" else 0.12
    bounds = [number(row["conf_low"]), number(row["conf_high"])]
    axes.plot(bounds, [place + shift] * 2, color=colour, linewidth=2.2)
    axes.plot([share], [place + shift], color=colour, marker=MARKERS[population], markersize=6)


def _draw_threshold(axes: Axes, row: Row, place: int) -> None:
    threshold = row.get("threshold")
    if isinstance(threshold, float):
        axes.plot([threshold] * 2, [place - 0.36, place + 0.36], color=INK, linewidth=1.6,
                  solid_capstyle="butt")  # fmt: skip


def _name_marks(figure: Figure, labels: Mapping[str, str], words: Words) -> None:
    names = {name: COLOURS[ROLES[name]] for name in labels}
    handles = [
        Line2D([], [], color=colour, marker=MARKERS[name], markersize=6, linewidth=2.2)
        for name, colour in names.items()
    ]
    handles.append(Line2D([], [], color=INK, marker="|", markersize=11, markeredgewidth=1.6,
                          linestyle=""))  # fmt: skip
    figure.legend(
        handles, [*labels.values(), words.say("core.threshold")], loc="outside upper left",
        ncols=3, frameon=False, labelcolor=[*names.values(), INK],
    )  # fmt: skip


def plot_matrix(
    table: ReleasedTable, scores: ReleasedTable | None, elements: Mapping[str, str], words: Words,
    *, population: str,
) -> Figure:  # fmt: skip
    """Job centre × element: the share of participants who got it, in percent.

    Darker is more. A triangle marks a share that is certainly below its threshold, a hidden
    share is a dash in an empty cell. The last column is the score of all elements.
    """
    require_released(table, ReleasedTable)
    own = [r for r in table.records() if r["population"] == population and r["site"]]
    rows = {(str(r["site"]), str(r["element"])): r for r in own}
    sites = list(dict.fromkeys(str(r["site"]) for r in own))
    totals = _scores(scores, population)
    with figure_style():
        figure, axes = new_figure(1.75 + 0.235 * len(sites))
        for y, site in enumerate(sites):
            for x, element in enumerate(elements):
                row = rows.get((site, element), {})
                _draw_cell(axes, x, y, row.get("share"), words, below=row.get("verdict") == "below")
            if totals:
                _draw_cell(axes, len(elements) + 0.25, y, totals.get(site), words, bold=True)
        _name_cells(axes, sites, list(elements.values()), words.say("core.score") * bool(totals))
        _name_triangle(figure, words)
    return figure


def _scores(table: ReleasedTable | None, population: str) -> dict[str, Cell]:
    if table is None:
        return {}
    own = (r for r in table.records() if r["population"] == population)
    return {str(row["site"]): row["score"] for row in own if row["site"]}


def _draw_cell(
    axes: Axes, x: float, y: float, share: Cell, words: Words, *, below: bool = False,
    bold: bool = False,
) -> None:  # fmt: skip
    known = share if isinstance(share, float) else None
    face = "white" if known is None else SHADES(known)
    axes.add_patch(Rectangle((x, y), 1, 1, facecolor=face, edgecolor="white" if known is not None
                             else GRID, linewidth=1.2))  # fmt: skip
    text = "–" if known is None else words.numbers.decimal_number(100 * known, 0)
    axes.text(x + (0.42 if below else 0.5), y + 0.52, text, ha="center", va="center", fontsize=8.5,
              color=INK, fontweight="bold" if bold else "normal")  # fmt: skip
    if below:
        axes.plot([x + 0.8], [y + 0.5], marker="v", color=INK,
                  markersize=4.5)  # fmt: skip


def _name_cells(axes: Axes, sites: Sequence[str], elements: Sequence[str], score: str) -> None:
    """Job centres to the left, elements slanted above, nothing else around."""
    places = [i + 0.5 for i in range(len(elements))] + [len(elements) + 0.75] * bool(score)
    names = [wrap(name, 24) for name in (*elements, *([score] if score else []))]
    axes.set_xlim(0, len(elements) + (1.25 if score else 0))
    axes.set_ylim(len(sites), 0)
    axes.set_yticks([i + 0.5 for i in range(len(sites))], labels=sites, fontsize=8.5)
    axes.xaxis.tick_top()
    axes.set_xticks(places, labels=names, rotation=50, ha="left", rotation_mode="anchor",
                    fontsize=8.5)  # fmt: skip
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _name_triangle(figure: Figure, words: Words) -> None:
    handle = Line2D([], [], color=INK, marker="v", markersize=5, linestyle="")
    figure.legend([handle], [words.say("core.certainly_below")], loc="outside lower left",
                  frameon=False, handletextpad=0.1)  # fmt: skip


def plot_trend(
    table: ReleasedTable, elements: Mapping[str, str], labels: Mapping[str, str], words: Words
) -> Figure:
    """The share of each cohort that got each element, and their score: a panel each."""
    require_released(table, ReleasedTable)
    cohorts = sorted({str(row["cohort"]) for row in table.records()})
    names = {SCORE: words.say("core.score_all"), **elements}
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    with figure_style():
        figure, grid = new_figure(
            0.6 + 1.2 * rows, rows=rows, columns=columns, sharex=True, sharey=True, squeeze=False
        )
        for axes, (element, label) in zip(grid.flat, names.items(), strict=False):
            for population in labels:
                _draw_trend(axes, table, element, population, cohorts)
            axes.set_title(wrap(label, 22), loc="left", color=INK, fontsize=8.5,
                           fontweight="bold" if element == SCORE else "normal")  # fmt: skip
            axes.set_xticks([0, len(cohorts) - 1], labels=[
                words.period(cohorts[0]), words.period(cohorts[-1])], fontsize=8)  # fmt: skip
            axes.tick_params(labelbottom=True)
        for axes in grid.flat[len(names) :]:
            axes.set_visible(False)
        grid.flat[0].set_ylim(0, 1)
        number_axis(grid.flat[0].yaxis, words.numbers, scale=100, ticks=4)
        title_x(figure, words.say("core.trend_x"))
        _name_lines(figure, labels)
    return figure


def _draw_trend(
    axes: Axes, table: ReleasedTable, element: str, population: str, cohorts: Sequence[str]
) -> None:
    role = ROLES[population]
    shares = {
        str(row["cohort"]): row["share"]
        for row in table.records()
        if row["element"] == element and row["population"] == population
    }
    known = [(i, s) for i, c in enumerate(cohorts) if isinstance(s := shares.get(c), float)]
    if known:
        axes.plot(*zip(*known, strict=True), color=COLOURS[role], linestyle=LINE_STYLES[role],
                  marker=MARKERS[population], markersize=4, clip_on=False)  # fmt: skip


def _name_lines(figure: Figure, labels: Mapping[str, str]) -> None:
    looks = {name: ROLES[name] for name in labels}
    handles = [
        Line2D([], [], color=COLOURS[role], linestyle=LINE_STYLES[role], marker=MARKERS[name],
               markersize=4)
        for name, role in looks.items()
    ]  # fmt: skip
    figure.legend(handles, list(labels.values()), loc="outside upper left", ncols=2, frameon=False,
                  labelcolor=[COLOURS[role] for role in looks.values()])  # fmt: skip
