"""One look for all figures: fonts, colours, axes. Nothing global is changed."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import font_source_sans_pro
import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from jobeval.text import NumberFormat

BLUE = "#0B5A8A"
ORANGE = "#C8500A"
GREY = "#6B7280"
INK = "#1F2937"
GRID = "#E5E7EB"
WIDTH_INCHES = 6.3
BAND = 0.16
"""Opacity of an interval's band."""
LINE_STYLES: dict[str, Any] = {"treatment": "-", "control": (0, (4, 1.6)), "difference": "-"}
COLOURS = {"treatment": BLUE, "control": GREY, "difference": BLUE}
ROLES = ("control", "treatment")
FONT_FILES = ("SourceSansPro-Regular.ttf", "SourceSansPro-Bold.ttf")
FAMILIES = ("Source Sans Pro", "DejaVu Sans")
RC: dict[str, Any] = {
    "font.family": list(FAMILIES),
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.titlesize": 9.5,
    "axes.titlecolor": GREY,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 3,
    "xtick.major.width": 0.7,
    "ytick.major.size": 0,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",
    "svg.hashsalt": "jobeval",
    "path.simplify": False,
    "text.parse_math": False,
}


@cache
def _register_fonts() -> None:
    folder = font_source_sans_pro.font_directory
    for name in FONT_FILES:
        font_manager.fontManager.addfont(f"{folder}/{name}")


def symbol_font_folder() -> Path:
    """The folder of DejaVu, which has the signs that the report's font lacks."""
    return Path(mpl.get_data_path()) / "fonts" / "ttf"


@contextmanager
def figure_style() -> Generator[None]:
    """The style, for as long as a figure is drawn or saved."""
    _register_fonts()
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(cast(Any, RC))
        yield


def new_figure(
    height: float, *, columns: int = 1, rows: int = 1, **options: Any
) -> tuple[Figure, Any]:
    """A figure of the report's width, and its axes (an array when there are several)."""
    figure = Figure(figsize=(WIDTH_INCHES, height))
    figure.set_layout_engine("constrained", w_pad=0.09, h_pad=0.05)
    axes = figure.subplots(rows, columns, **options)
    return figure, axes


def title_y(axes: Axes, text: str) -> None:
    """The title of the y axis: horizontal, at the top left."""
    axes.set_title(text, loc="left", color=GREY)


def title_x(figure: Figure, text: str) -> None:
    """One title of the x axis for all panels, at the bottom left."""
    figure.supxlabel(text, x=0.015, ha="left", fontsize=9.5)


def name_lines(figure: Figure, labels: Mapping[str, str]) -> None:
    """The names of (control, treatment) in a line of their own, once for all panels."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=COLOURS[r], linestyle=LINE_STYLES[r]) for r in ROLES]
    figure.legend(
        handles, list(labels.values()), loc="outside upper left", ncols=2, frameon=False,
        handlelength=2.4, labelcolor=[COLOURS[role] for role in ROLES],
    )  # fmt: skip


def number_axis(
    axis: Any, numbers: NumberFormat, *, scale: float = 1.0, ticks: int = 5, signed: bool = False
) -> None:
    """Ticks as the language writes numbers, with as few decimals as they need."""
    axis.set_major_locator(MaxNLocator(nbins=ticks, steps=[1, 2, 2.5, 5, 10]))

    def label(value: float, _: object) -> str:
        places = [float(tick) * scale for tick in axis.get_majorticklocs()]
        digits = next((d for d in range(3) if all(abs(p - round(p, d)) < 1e-9 for p in places)), 2)
        shown = numbers.signed if signed else numbers.decimal_number
        return shown(value * scale, digits)

    axis.set_major_formatter(FuncFormatter(label))


def week_axis(axes: Axes, last: int, title: str) -> None:
    """Weeks since the lottery, with ticks at quarters or half-years."""
    step = 13 if last <= 65 else 26
    ticks = list(range(0, last + 2, step))
    axes.set_xticks(ticks)
    axes.set_xlim(0, max(last, ticks[-1] if ticks[-1] - last <= 1 else last))
    axes.set_xlabel(title, loc="left")


def height_points(axes: Axes) -> float:
    """About how high the axes will be, in points."""
    figure = cast(Figure, axes.figure)
    return float(axes.get_position().height * figure.get_size_inches()[1] * 72)


def label_ends(
    axes: Axes, ends: Sequence[tuple[float, float, str, str]], *, gap_points: float = 12.0
) -> None:
    """Direct labels (x, y, text, colour) at the ends of lines, moved apart where they meet."""
    low, high = axes.get_ylim()
    points_per_unit = height_points(axes) / (high - low)
    shifts = spread_apart([y * points_per_unit for _, y, _, _ in ends], gap_points)
    for (x, y, text, colour), shift in zip(ends, shifts, strict=True):
        axes.annotate(
            text, (x, y), xytext=(6, shift), textcoords="offset points", color=colour,
            va="center", ha="left", fontweight="bold", annotation_clip=False,
        )  # fmt: skip


def spread_apart(positions: Sequence[float], gap: float) -> list[float]:
    """How far each position must move so that all are at least ``gap`` apart."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    placed = list(positions)
    for _ in range(50):
        for lower, upper in pairwise(order):
            lack = gap - (placed[upper] - placed[lower])
            if lack > 1e-9:
                placed[lower] -= lack / 2
                placed[upper] += lack / 2
    return [new - old for new, old in zip(placed, positions, strict=True)]
