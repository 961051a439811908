"""Counts by arm under the lottery drawn again, if it changes nothing but who is in which arm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError
from jobeval.exits.drawn.drawn_cells import ROWS, Cells, DrawnCells, DrawnUnits, redraw_cells
from jobeval.exits.grid.grid import ExitGrid

Counts = NDArray[np.int64]

MOST_ROWS, HELD = 512, 2**19
"""Draws that are handed out together at most, and counts in them while draws are more than 64."""


@dataclass(frozen=True, slots=True, eq=False)
class DrawnCounts:
    """Counts of both arms, draw after draw.

    Attributes
    ----------
    drawn
        The cells, or clusters, drawn again: ``drawn.total`` times, or in all ways.
    both
        Shape ``(S, …)``: the counts of both arms.
    places
        Shape ``(C,)``: where the cells are in ``both``, or the strata of the clusters.
    clusters
        Shape ``(C, …)``: the counts of each cluster, when these were drawn.
    """

    drawn: DrawnUnits | DrawnCells
    both: Counts
    places: NDArray[np.intp]
    clusters: Counts | None = None

    def __iter__(self) -> Iterator[Counts]:
        """Blocks of shape ``(B, 2, S, …)``: control, treatment; side by side in memory."""
        rows = max(ROWS, min(MOST_ROWS, HELD // self.both.size))
        for block in self.drawn.counts(rows):
            counts = np.zeros((2, *self.both.shape, len(block)), dtype=np.int64)
            if self.clusters is None:
                counts[1].reshape(-1, len(block))[self.places] = block.T
            else:
                treated = _sum_clusters(block, self.clusters, self.places, len(self.both))
                counts[1] = np.moveaxis(treated, 0, -1)
            np.subtract(self.both[..., None], counts[1], out=counts[0])
            yield np.moveaxis(counts, -1, 0)


def _sum_clusters(block: Counts, own: Counts, stratum: Counts, n_strata: int) -> Counts:
    """Counts of the clusters drawn to treatment, shape ``(B, S, …)``."""
    flat = own.reshape(len(own), -1).astype(np.float64)
    sums = np.zeros((len(block), n_strata, flat.shape[1]))
    for s in range(n_strata):
        sums[:, s] = block[:, stratum == s] @ flat[stratum == s]
    return np.rint(sums).astype(np.int64).reshape(len(block), n_strata, *own.shape[1:])


def table_cells(table: Counts) -> tuple[Cells, NDArray[np.intp]]:
    """The cells that hold persons, and their places in ``table[0].ravel()``.

    ``table`` has shape ``(2, S, …)``: control and treatment, strata, what tells persons apart.
    """
    both = table.sum(axis=0).ravel()
    places = np.flatnonzero(both)
    stratum = np.unique(places // (both.size // table.shape[1]), return_inverse=True)[1]
    return Cells(both[places], table[1].ravel()[places], stratum), places


def grid_table(grid: ExitGrid) -> Counts:
    """Persons by arm × stratum × week × cause, the censored first: shape ``(2, S, T, K + 1)``.

    Raises ``DesignError`` when somebody entered late: the grid does not tell who.
    """
    if grid.entries.any():
        raise DesignError(
            "Counts do not tell who entered late, so the lottery cannot be drawn again from "
            'them. Mend: use inference="model".'
        )
    return np.concatenate([grid.censored[..., None], grid.events], axis=-1)


def draw_counts(table: Counts, draws: int, seed: int) -> DrawnCounts:
    """Draw the lottery behind a table again, person by person within strata.

    Parameters
    ----------
    table
        Shape ``(2, S, …)``: control and treatment, strata, and whatever tells persons apart.
    draws, seed
        As ``redraw_cells`` takes them: all lotteries where they number at most ``draws``.

    Examples
    --------
    >>> drawn = draw_counts(np.array([[[2, 0]], [[0, 1]]]), 100, seed=1)
    >>> drawn.drawn.exact, next(iter(drawn))[:, 1].tolist()  # three lotteries
    (True, [[[1, 0]], [[1, 0]], [[0, 1]]])
    """
    cells, places = table_cells(table)
    return DrawnCounts(redraw_cells(cells, draws, seed), table.sum(axis=0), places)


def draw_cluster_counts(
    own: Counts, assigned: Counts, stratum: Counts, draws: int, seed: int
) -> DrawnCounts:
    """The same for ``G`` clusters that were drawn as a whole.

    Parameters
    ----------
    own
        Shape ``(G, …)``: the counts of each cluster.
    assigned, stratum
        Shape ``(G,)``: 1 for treatment, and codes ``0 … S−1``.

    Examples
    --------
    >>> own, zero = np.array([[2, 1], [0, 3]]), np.array([0, 0])
    >>> drawn = draw_cluster_counts(own, np.array([0, 1]), zero, 100, seed=1)
    >>> next(iter(drawn))[:, 1].tolist()
    [[[2, 1]], [[0, 3]]]
    """
    order = np.argsort(stratum, kind="stable")
    own, assigned, stratum = own[order], assigned[order], stratum[order]
    drawn = redraw_cells(Cells(np.ones_like(stratum), assigned, stratum), draws, seed)
    both = np.add.reduceat(own, np.flatnonzero(np.diff(stratum, prepend=-1)), axis=0)
    return DrawnCounts(drawn, both, stratum, own)
