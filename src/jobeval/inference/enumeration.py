"""Every lottery that was possible, where they are few enough to be counted out."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.redraw import Urn, stream_key, write_arms

Tile = Callable[[int, NDArray[Any]], None]


@dataclass(frozen=True, slots=True, eq=False)
class Lotteries:
    """A numbered set of lotteries: drawn at random, or all.

    ``tile(start, out)`` writes lotteries ``start``, ``start + 1``, … as arms of the units into
    ``out``, shape ``(B, u)``; ``total`` is how many there are.
    """

    tile: Tile
    total: int
    exact: bool


def choose_lotteries(urn: Urn, draws: int, seed: int) -> Lotteries:
    """All possible lotteries where they number at most ``draws``, else ``draws`` of them."""
    if draws < 1:
        raise ValueError(f"draws must be at least 1, not {draws}")
    if count_lotteries(urn) <= draws:
        return enumerate_lotteries(urn)
    key = stream_key(np.random.SeedSequence(seed))
    return Lotteries(lambda start, out: write_arms(urn, key, start, out), draws, exact=False)


def count_lotteries(urn: Urn) -> float:
    """How many lotteries of two arms were possible: ``Π C(nₛ, n₁ₛ)``.

    Infinite for independent draws with known probabilities: these are not equally likely, so
    counting them out gives no p-value.
    """
    if urn.probability is not None:
        return math.inf
    return math.prod(math.comb(int(sum(row)), int(row[1])) for row in urn.counts)


def enumerate_lotteries(urn: Urn) -> Lotteries:
    """Every possible lottery of two arms once, over strata, pairs and clusters.

    Examples
    --------
    >>> from jobeval.inference.redraw import fill_arms_urn
    >>> pairs = np.array([0, 0, 1, 1])
    >>> urn = fill_arms_urn(np.array([0, 1, 0, 1]), pairs, None, n_arms=2)
    >>> drawn = np.empty((4, 4), dtype=int)
    >>> enumerate_lotteries(urn).tile(0, drawn)
    >>> drawn.tolist()
    [[1, 0, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1], [0, 1, 0, 1]]
    """
    choices = [_choices(int(row.sum()), int(row[1])) for row in urn.counts]
    total = math.prod(len(choice) for choice in choices)

    def tile(start: int, out: NDArray[Any]) -> None:
        number = (start + np.arange(len(out))) % total
        for s, choice in enumerate(choices):
            number, digit = np.divmod(number, len(choice))
            out[:, urn.starts[s] : urn.starts[s + 1]] = choice[digit]

    return Lotteries(tile, total, exact=True)


def _choices(size: int, count: int) -> NDArray[np.int8]:
    """All ways to mark ``count`` of ``size``, shape ``(C(size, count), size)``."""
    marked = np.array(list(combinations(range(size), count)), dtype=np.int64)
    rows = np.zeros((len(marked), size), dtype=np.int8)
    np.put_along_axis(rows, marked, 1, axis=1)
    return rows
