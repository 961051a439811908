"""One question answered in several ways: an effect a row, and what each way does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobeval.disclosure.released import ReleasedEstimate, require_released
from jobeval.figures.forest import Mark, draw_interval
from jobeval.figures.style import (
    BLUE,
    GREY,
    GRID,
    INK,
    ORANGE,
    figure_style,
    new_figure,
    number_axis,
)
from jobeval.text import Words

LABEL_LETTERS = 36
HEAD_INCHES = 0.75
ROW_INCHES = 0.27
LINE_INCHES = 0.14
MARK_INCHES = 0.3


@dataclass(frozen=True, slots=True)
class SpecificationRow:
    """One way to answer: its effect, and the choices in which it differs from the main one."""

    label: str
    effect: ReleasedEstimate
    choices: frozenset[str] = frozenset()
    apart: bool = False
    """Whether the lottery does not protect the comparison."""

    @property
    def text(self) -> str:
        """The label in lines that fit beside the figure."""
        return fill(self.label, LABEL_LETTERS)


def plot_specifications(
    rows: Sequence[SpecificationRow],
    main: ReleasedEstimate | None,
    choices: Sequence[str],
    words: Words,
) -> Figure:
    """Effects with intervals in the order given, and beside them a mark for each choice.

    The vertical lines are no effect and ``main``. What the lottery does not protect stands
    below the rest, under a heading of its own.

    Parameters
    ----------
    rows
        All in one unit; those without a number are left out.
    choices
        Names of the columns of marks, in order; those that no row makes are left out.
    """
    for row in rows:
        require_released(row.effect, ReleasedEstimate)
    shown = [row for row in rows if row.effect.estimable]
    ordered = [row for row in shown if not row.apart] + [row for row in shown if row.apart]
    used = [name for name in choices if any(name in row.choices for row in ordered)]
    places = _places(ordered)
    with figure_style():
        figure, (axes, marks) = _new_axes(ordered, places, len(used))
        _draw_effects(axes, ordered, places, main, words)
        _draw_marks(marks, ordered, places, used)
        _name_rows(axes, ordered, places, words)
    return figure


def _places(rows: Sequence[SpecificationRow]) -> list[float]:
    """Heights of the rows from the top down; one is left free for the heading of those apart."""
    return [-float(i + row.apart) for i, row in enumerate(rows)]


def _new_axes(
    rows: Sequence[SpecificationRow], places: Sequence[float], columns: int
) -> tuple[Figure, tuple[Axes, Axes]]:
    lines = sum(row.text.count("\n") for row in rows)
    height = HEAD_INCHES + ROW_INCHES * (1 - min(places, default=0)) + LINE_INCHES * lines
    ratios = [2.6, max(MARK_INCHES * columns, 0.05)]
    figure, axes = new_figure(height, columns=2, sharey=True, width_ratios=ratios)
    return figure, tuple(axes)


def _draw_effects(
    axes: Axes,
    rows: Sequence[SpecificationRow],
    places: Sequence[float],
    main: ReleasedEstimate | None,
    words: Words,
) -> None:
    unit = rows[0].effect.unit if rows else "other"
    scale = 100.0 if unit == "share" else 1.0
    axes.axvline(0, color=INK, linewidth=0.9)
    if main is not None and require_released(main, ReleasedEstimate).estimable:
        axes.axvline(scale * main.estimate, color=BLUE, linewidth=1, linestyle=(0, (2, 2)))
        axes.annotate(
            words.say("sensitivity.main"), (scale * main.estimate, 1.0), xytext=(0, 3),
            xycoords=("data", "axes fraction"), textcoords="offset points",
            color=BLUE, ha="center", va="bottom",
        )  # fmt: skip
    for row, place in zip(rows, places, strict=True):
        mark = Mark(ORANGE, 1.6, "s") if row.apart else Mark(BLUE, 2.2, "o")
        draw_interval(axes, row.effect, place, scale, mark)
    axes.grid(visible=False)
    axes.grid(visible=True, axis="x")
    number_axis(axes.xaxis, words.numbers, signed=True)
    key = f"effects.effect_x_{unit}"
    axes.set_xlabel(words.say(key if words.has(key) else "effects.effect_x_other"), loc="left")


def _draw_marks(
    axes: Axes, rows: Sequence[SpecificationRow], places: Sequence[float], choices: Sequence[str]
) -> None:
    for column, name in enumerate(choices):
        for row, place in zip(rows, places, strict=True):
            made = name in row.choices
            colour = (ORANGE if row.apart else INK) if made else GRID
            axes.plot([column], [place], "o", color=colour, markersize=6 if made else 4)
    axes.set_xlim(-0.5, max(len(choices), 1) - 0.5)
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(choices)), labels=choices, rotation=45, ha="left", va="bottom")
    axes.tick_params(axis="x", length=0, pad=1)
    axes.tick_params(axis="y", labelleft=False)
    axes.spines["bottom"].set_visible(False)
    axes.grid(visible=False)


def _name_rows(
    axes: Axes, rows: Sequence[SpecificationRow], places: Sequence[float], words: Words
) -> None:
    ticks, labels = list(places), [row.text for row in rows]
    apart = [place for row, place in zip(rows, places, strict=True) if row.apart]
    if apart:
        ticks.append(apart[0] + 1)
        labels.append(words.say("sensitivity.apart"))
        axes.axhline(apart[0] + 1.5, color=GREY, linewidth=0.7)
    axes.set_yticks(ticks, labels=labels)
    for tick in axes.get_yticklabels()[len(rows) :]:
        tick.set_color(ORANGE)
        tick.set_fontweight("bold")
    axes.set_ylim(min(places, default=0) - 0.6, 0.6)
