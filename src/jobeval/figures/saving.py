"""The one way in which a figure becomes a file: the same bytes every time."""

from __future__ import annotations

import io
import re

from matplotlib.figure import Figure

from jobeval.figures.style import figure_style

NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def save_figure(figure: Figure) -> bytes:
    """The figure as SVG, without a date or the name of a program.

    The layout is frozen first: laying out is not idempotent, and a second save would move
    everything by a hair.
    """
    with figure_style():
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata=NO_METADATA, facecolor="none")
    return _bare(out.getvalue().decode("utf-8")).encode("utf-8")


def _bare(svg: str) -> str:
    """From the root element on, with coordinates at one decimal; texts stay as they are."""
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.S)
    svg = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d+\.\d)\d+", r"\1", tag[0]), svg)
    return re.sub(r"\s*\n\s*", "\n", svg)
