"""Histories side by side: each row a group of persons, each colour a state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobeval.disclosure.released import Cell, ReleasedTable, require_released
from jobeval.figures.occupancy import Ways, name_ways
from jobeval.figures.style import INK, figure_style, new_figure, title_x, week_axis
from jobeval.text import Words

Row = Mapping[int, Cell]
"""Week → the commonest state of the group in it."""
GAP = 0.12
"""Of a row's height, left free below it."""


def plot_sequences(
    table: ReleasedTable, ways: Ways, labels: Mapping[str, str], words: Words
) -> Figure:
    """The commonest state of every group of persons by week, one panel an arm.

    Parameters
    ----------
    table
        Columns ``arm``, ``group`` (from 0), ``week`` and ``state``, as released; a hidden state
        is left white.
    ways
        The states to show.
    labels
        What to call each arm.
    """
    require_released(table, ReleasedTable)
    groups = read_groups(table)
    with figure_style():
        figure, grid = new_figure(3.5, columns=len(labels), squeeze=False)
        for axes, (arm, label) in zip(grid.flat, labels.items(), strict=True):
            rows = groups.get(arm, [])
            _draw_rows(axes, rows, ways)
            axes.set_title(label, loc="left", color=INK, fontweight="bold")
            week_axis(axes, max((week + 1 for row in rows for week in row), default=1), "")
            axes.set_ylim(max(len(rows), 1), 0)
            axes.set_yticks([])
            axes.grid(visible=False)
        title_x(figure, words.say("ways.sequences_x"))
        name_ways(figure, ways)
    return figure


def read_groups(table: ReleasedTable) -> dict[str, list[Row]]:
    """Arm → its groups in order, each with its state by week."""
    found: dict[str, dict[int, dict[int, Cell]]] = {}
    for row in table.records():
        group, week = row["group"], row["week"]
        assert isinstance(group, int) and isinstance(week, int)
        found.setdefault(str(row["arm"]), {}).setdefault(group, {})[week] = row["state"]
    return {arm: [rows[group] for group in sorted(rows)] for arm, rows in found.items()}


def _draw_rows(axes: Axes, rows: list[Row], ways: Ways) -> None:
    """Draw each row's runs of one state as one bar."""
    for place, row in enumerate(rows):
        for state, start, weeks in _runs(row):
            if state in ways:
                axes.broken_barh(
                    [(start, weeks)], (place, 1 - GAP), facecolor=ways[state].colour, linewidth=0
                )


def _runs(row: Row) -> Iterator[tuple[str, int, int]]:
    """Each run of weeks in one state: the state, its first week, and how many weeks."""
    for state, run in groupby(sorted(row), key=lambda week: row[week]):
        weeks = list(run)
        if isinstance(state, str):
            yield state, weeks[0], len(weeks)
