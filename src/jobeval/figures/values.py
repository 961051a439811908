"""Released cells as numbers to draw."""

import math

from jobeval.disclosure.released import Cell


def number(cell: Cell) -> float:
    """The number of a cell; ``nan``, which is not drawn, where it is hidden or missing.

    >>> number(3), number(None)
    (3.0, nan)
    """
    return float(cell) if isinstance(cell, int | float) else math.nan
