"""The one way in which a figure becomes a file: the same bytes every time."""

from __future__ import annotations

import io

from matplotlib.figure import Figure

from jobeval.figures.style import FAMILIES, figure_style
from jobeval.figures.svg import shorten_svg

NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def save_figure(figure: Figure) -> bytes:
    """The figure as a short SVG, without a date or the name of a program.

    The layout is frozen first: laying out is not idempotent, and a second save would move
    everything by a hair.
    """
    with figure_style():
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata=NO_METADATA, facecolor="none")
    family = ", ".join(f"'{name}'" for name in FAMILIES)
    return shorten_svg(out.getvalue().decode("utf-8"), family).encode("utf-8")
