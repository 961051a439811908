"""The lottery drawn again person by person, for what counts do not tell."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.assignment import Assignment
from jobeval.inference.enumeration import choose_lotteries
from jobeval.inference.redraw import TILE, fill_urn

Counts = NDArray[np.int64]
T = TypeVar("T")


def redraw_arms(
    statistic: Callable[[Counts], T], assignment: Assignment, draws: int, seed: int
) -> tuple[list[T], bool]:
    """A statistic of the persons' arms, shape ``(n,)``, in lotteries drawn again.

    All lotteries of persons or clusters where they number at most ``draws``, each once, and
    whether it was so.
    """
    urn = fill_urn(assignment)
    lotteries = choose_lotteries(urn, draws, seed)
    values: list[T] = []
    for start in range(0, lotteries.total, TILE):
        arms = np.empty((min(TILE, lotteries.total - start), urn.size), dtype=np.int64)
        lotteries.tile(start, arms)
        values += [statistic(row) for row in arms[:, urn.unit]]
    return values, lotteries.exact
