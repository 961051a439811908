"""The lottery drawn again over cells: persons whom nothing tells apart but their arm.

How many of a cell are drawn to treatment is multivariate hypergeometric within a stratum, so a
draw costs as much as there are cells, whatever the number of persons.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import require_one_of
from jobeval.exits.drawn.drawn_stratum import BinomialTables, draw_stratum, tabulate_binomials
from jobeval.inference.blocks import run_blocks
from jobeval.inference.enumeration import Lotteries, choose_lotteries
from jobeval.inference.redraw import Urn, fill_arms_urn, require_seed

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

Inference = Literal["model", "lottery"]
DRAWS = 10_000
LANES = 16_384
"""Draws that are made together from cells, unless cells are many."""
ENTRIES = 2**25
"""Counts that are held at once, of four bytes each."""
ROWS = 64
"""Draws that are handed out together, unless told."""


class Cells(NamedTuple):
    """Cells of persons, stratum by stratum.

    Attributes
    ----------
    persons, treated
        Shape ``(C,)``: persons of the cell, at least 1, and those of them drawn to treatment.
    stratum
        Shape ``(C,)``, ascending codes ``0 … S−1``.
    """

    persons: Counts
    treated: Counts
    stratum: Counts

    @property
    def starts(self) -> Counts:
        """The first cell of each stratum, shape ``(S,)``."""
        return np.flatnonzero(np.diff(self.stratum, prepend=-1))

    @property
    def sizes(self) -> tuple[Counts, Counts]:
        """Persons, and treated, of each stratum: shapes ``(S,)``."""
        starts = self.starts
        return np.add.reduceat(self.persons, starts), np.add.reduceat(self.treated, starts)


@dataclass(frozen=True, slots=True, eq=False)
class DrawnUnits:
    """All lotteries where they are few, else draws of persons one by one."""

    urn: Urn
    lotteries: Lotteries
    unit_cell: Counts
    starts: Counts

    @property
    def total(self) -> int:
        return self.lotteries.total

    @property
    def exact(self) -> bool:
        return self.lotteries.exact

    def counts(self, rows: int = ROWS) -> Iterator[Counts]:
        """Treated persons of each cell, in blocks of shape ``(≤ rows, C)``."""
        rows = min(rows, self._most)
        for start in range(0, self.total, rows):
            drawn = self._tile(start, min(start + rows, self.total), np.int64)
            yield np.add.reduceat(drawn, self.starts, axis=1)

    def sums(self, scores: Floats) -> Floats:
        """``Σ scores`` over the treated of each draw, shape ``(R, m)``; scores ``(C, m)``."""
        each, rows = scores[self.unit_cell], min(ROWS, self._most)

        def task(start: int, stop: int) -> Floats:
            edges = [(at, min(at + rows, stop)) for at in range(start, stop, rows)]
            return np.concatenate([self._tile(*edge, np.float64) @ each for edge in edges])

        return run_blocks(task, self.total, block=16 * rows)

    @property
    def _most(self) -> int:
        return max(1, ENTRIES // (4 * self.urn.size))

    def _tile(self, start: int, stop: int, dtype: type) -> NDArray[Any]:
        drawn = np.empty((stop - start, self.urn.size), dtype=dtype)
        self.lotteries.tile(start, drawn)
        return drawn


@dataclass(frozen=True, slots=True, eq=False)
class DrawnCells:
    """Draws of how many of each cell are treated; ``lanes`` of them share one random stream."""

    cells: Cells
    total: int
    seed: int
    lanes: int
    exact: bool = False

    def counts(self, rows: int = ROWS) -> Iterator[Counts]:
        """Treated persons of each cell, in blocks of shape ``(≤ rows, C)``, draws side by side."""
        tables = self._tables()
        for start in range(0, self.total, self.lanes):
            drawn = [part.astype(np.int32) for part in self._tile(start, tables, None)]
            for row in range(0, drawn[0].shape[1], rows):
                block = np.concatenate([part[:, row : row + rows] for part in drawn])
                yield block.T.astype(np.int64)

    def sums(self, scores: Floats) -> Floats:
        """``Σ scores`` over the treated of each draw, shape ``(R, m)``; scores ``(C, m)``."""
        tables = self._tables()

        def task(start: int, stop: int) -> Floats:
            sums = np.zeros((scores.shape[1], stop - start))
            return sum(self._tile(start, tables, scores), start=sums).T

        return run_blocks(task, self.total, block=self.lanes)

    def _tables(self) -> list[BinomialTables]:
        sizes, treated = self.cells.sizes
        parts = np.split(self.cells.persons, self.cells.starts[1:])
        return [tabulate_binomials(*one) for one in zip(parts, treated / sizes, strict=True)]

    def _tile(
        self, start: int, tables: list[BinomialTables], scores: Floats | None
    ) -> Iterator[NDArray[Any]]:
        """The treated of each stratum in these draws, shape ``(C_s, B)``, or their scores."""
        edges = [*self.cells.starts, len(self.cells.persons)]
        treated = self.cells.sizes[1].tolist()
        for s, table in enumerate(tables):
            stream = np.random.SeedSequence(self.seed, spawn_key=(start // self.lanes, s))
            rng = np.random.Generator(np.random.SFC64(stream))
            where = slice(edges[s], edges[s + 1])
            yield draw_stratum(
                self.cells.persons[where],
                treated[s],
                min(self.lanes, self.total - start),
                rng,
                tables=table,
                scores=None if scores is None else scores[where],
            )


def validate_inference(inference: Inference, draws: int, seed: int) -> None:
    """Raise ``ValueError`` for options that say nothing about how the lottery is drawn again."""
    require_one_of("inference", inference, get_args(Inference))
    require_seed(seed)
    if draws < 1:
        raise ValueError(f"draws must be at least 1, not {draws}")


def redraw_cells(cells: Cells, draws: int, seed: int) -> DrawnUnits | DrawnCells:
    """The lottery of the cells drawn again, with as many treated in each stratum.

    All lotteries, each once, where they number at most ``draws``. Draws depend on the cells,
    ``draws`` and ``seed``, and on no number of threads.

    Examples
    --------
    >>> cells = Cells(np.array([1, 2, 1]), np.array([1, 0, 1]), np.array([0, 0, 0]))
    >>> drawn = redraw_cells(cells, 100, seed=1)
    >>> drawn.exact, next(drawn.counts()).tolist()
    (True, [[1, 1, 0], [1, 1, 0], [1, 0, 1], [0, 2, 0], [0, 1, 1], [0, 1, 1]])
    """
    validate_inference("lottery", draws, seed)
    units, n_cells = int(cells.persons.sum()), len(cells.persons)
    if units <= 2 * n_cells or log_lotteries(cells) < math.log(draws) + 1:
        return _draw_units(cells, draws, seed)
    return DrawnCells(cells, draws, seed, lanes=max(ROWS, min(LANES, ENTRIES // n_cells)))


def _draw_units(cells: Cells, draws: int, seed: int) -> DrawnUnits:
    unit_cell = np.repeat(np.arange(len(cells.persons)), cells.persons)
    starts = np.cumsum(cells.persons) - cells.persons
    arm = (np.arange(len(unit_cell)) - starts[unit_cell] < cells.treated[unit_cell]).astype(
        np.int64
    )
    urn = fill_arms_urn(arm, cells.stratum[unit_cell], None, n_arms=2)
    return DrawnUnits(urn, choose_lotteries(urn, draws, seed), unit_cell, starts)


def log_lotteries(cells: Cells) -> float:
    """The logarithm of the number of lotteries that were possible."""
    from scipy.special import gammaln

    sizes, treated = cells.sizes
    ways = gammaln(sizes + 1) - gammaln(treated + 1) - gammaln(sizes - treated + 1)
    return float(ways.sum())
