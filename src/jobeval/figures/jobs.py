"""Jobs that last, and jobs that are started again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobeval.disclosure.released import ReleasedCurve, require_all_released
from jobeval.figures.exits import draw_risk_table
from jobeval.figures.style import (
    BAND,
    COLOURS,
    LINE_STYLES,
    ROLES,
    figure_style,
    label_ends,
    name_lines,
    new_figure,
    number_axis,
    title_y,
    week_axis,
)
from jobeval.text import Words


class _Titles(NamedTuple):
    """Keys of the titles of the axes and of the numbers below."""

    x: str
    y: str
    below: str


def plot_kept_jobs(
    curves: Sequence[ReleasedCurve], labels: Mapping[str, str], words: Words
) -> Figure:
    """The share of those who started a job who still have it, by week since the job's start.

    ``curves`` are the released curves of (control, treatment); numbers at risk stand below.
    """
    return _plot_pair(curves, labels, words, _Titles("jobs.x_start", "jobs.y", "jobs.at_risk"))


def plot_job_starts(
    curves: Sequence[ReleasedCurve], labels: Mapping[str, str], words: Words
) -> Figure:
    """The mean number of job starts since the lottery, of 100 persons in each arm.

    ``curves`` are the released mean cumulative numbers of (control, treatment).
    """
    titles = _Titles("effects.x_week", "jobs.y_starts", "exits.at_risk")
    return _plot_pair(curves, labels, words, titles)


def _plot_pair(
    curves: Sequence[ReleasedCurve], labels: Mapping[str, str], words: Words, titles: _Titles
) -> Figure:
    pair = require_all_released(curves, ReleasedCurve)
    together = len({curve.times[-1] for curve in pair}) == 1
    with figure_style():
        figure, (axes, below) = new_figure(
            3.0, rows=2, sharex=True, gridspec_kw={"height_ratios": [4.4, 1]}
        )
        ends = [_draw(axes, c, role, labels) for c, role in zip(pair, ROLES, strict=True)]
        axes.set_ylim(bottom=0)
        week_axis(axes, max(curve.times[-1] for curve in pair), "")
        number_axis(axes.yaxis, words.numbers, scale=100)
        title_y(axes, words.say(titles.y))
        if together:
            label_ends(axes, ends)
        else:
            name_lines(figure, labels)
        axes.tick_params(labelbottom=True)
        axes.set_xlabel(words.say(titles.x), loc="left")
        draw_risk_table(below, pair, labels, words, title=titles.below)
    return figure


def _draw(
    axes: Axes, curve: ReleasedCurve, role: str, labels: Mapping[str, str]
) -> tuple[float, float, str, str]:
    weeks, colour = np.array(curve.times), COLOURS[role]
    low, high = np.array(curve.conf_low), np.array(curve.conf_high)
    axes.fill_between(weeks, low, high, step="post", color=colour, alpha=BAND, linewidth=0)
    axes.step(weeks, curve.values, where="post", color=colour, linestyle=LINE_STYLES[role])
    return float(weeks[-1]), float(curve.values[-1]), labels[curve.arm], colour
