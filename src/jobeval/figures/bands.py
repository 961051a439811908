"""The band of a difference over all weeks together, light behind those of single weeks."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jobeval.disclosure.released import ReleasedCurve
from jobeval.figures.style import BAND, COLOURS
from jobeval.text import Words


def draw_band(axes: Axes, curve: ReleasedCurve) -> bool:
    """Draw the band over all weeks together; whether there is one."""
    low, high = np.array(curve.band_low), np.array(curve.band_high)
    weeks = np.array(curve.times)
    axes.fill_between(weeks, low, high, color=COLOURS["difference"], alpha=BAND / 2, linewidth=0)
    for bound in (low, high):
        axes.plot(weeks, bound, color=COLOURS["difference"], alpha=2 * BAND, linewidth=0.7)
    return bool(np.isfinite(low).any())


def name_bands(figure: Figure, words: Words) -> None:
    """Name both areas. The darker one lies over the band: its patch is drawn as it is seen."""
    blue = COLOURS["difference"]
    seen = 1 - (1 - BAND) * (1 - BAND / 2)
    handles = [
        Patch(facecolor=to_rgba(blue, seen), linewidth=0),
        Patch(facecolor=to_rgba(blue, BAND / 2), edgecolor=to_rgba(blue, 2 * BAND), linewidth=0.7),
    ]
    names = [words.say("effects.band_each"), words.say("effects.band_all")]
    figure.legend(handles, names, loc="outside upper right", ncols=2, frameon=False)
