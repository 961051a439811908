"""Who is observed in which week, and what the weeks' values are like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from jobeval.effects.weekly.weekly import Blocks
from jobeval.errors import DataError, Problem
from jobeval.inference.assignment import Assignment

Floats = NDArray[np.float64]
Pattern = tuple[NDArray[np.int64], NDArray[np.bool_] | None]


@dataclass(frozen=True, slots=True, eq=False)
class WeekFacts:
    """What one reading of person × week tells.

    Attributes
    ----------
    n, total
        Shape ``(S, 2, T)``: persons observed and the sum of their values, by stratum and arm.
    positive
        Shape ``(2, T)``: persons whose value is not 0.
    largest
        Shape ``(T,)``: the largest absolute value; ``nan`` where nobody is observed.
    flat
        Shape ``(T,)``: whether everyone observed has the same value.
    observed
        Shape ``(n, ⌈T/8⌉)``: bits, persons × weeks.
    """

    n: Floats
    total: Floats
    positive: NDArray[np.int64]
    largest: Floats
    flat: NDArray[np.bool_]
    observed: NDArray[np.uint8]

    @property
    def weeks(self) -> int:
        return len(self.flat)

    def patterns(self) -> Iterator[Pattern]:
        """Weeks (their columns) with the same persons observed, and these persons.

        ``None`` stands for everyone. Weeks in which nobody is observed are left out.
        """
        groups: dict[bytes, list[int]] = {}
        for week in range(self.weeks):
            groups.setdefault(np.packbits(self._known(week)).tobytes(), []).append(week)
        for weeks in groups.values():
            known = self._known(weeks[0])
            if known.any():
                yield np.array(weeks), None if known.all() else known

    def _known(self, week: int) -> NDArray[np.bool_]:
        return (self.observed[:, week // 8] >> (7 - week % 8) & 1).astype(bool)


class WeeklyMoments(NamedTuple):
    """Control, treatment and effect, shape ``(3, T)``, and the effects' covariance ``(T, T)``.

    ``nan`` is what cannot be estimated.
    """

    values: Floats
    variance: Floats
    df: Floats
    covariance: Floats
    notes: tuple[str, ...] = ()


def read_week_facts(blocks: Blocks, assignment: Assignment, weeks: int) -> WeekFacts:
    """Read all blocks once.

    Raises
    ------
    DataError
        When the rows are not those of the assignment, or a value is infinite.
    """
    strata = assignment.n_strata
    n, total, positive = np.zeros((3, 2 * strata, weeks))
    low, high = np.full(weeks, np.nan), np.full(weeks, np.nan)
    observed: list[NDArray[np.uint8]] = []
    start = 0
    for block in blocks:
        known = ~np.isnan(block)
        indicator = cell_indicator(assignment, start, len(block))
        n += indicator @ known
        total += indicator @ np.where(known, block, 0)
        positive += indicator @ (known & (block != 0))
        low, high = (
            np.fmin(low, block.min(0, initial=np.inf, where=known)),
            np.fmax(high, block.max(0, initial=-np.inf, where=known)),
        )
        observed.append(np.packbits(known, axis=1))
        start += len(block)
    _require_rows(start, assignment, low, high, n)
    somebody = n.sum(axis=0) > 0
    return WeekFacts(
        n=n.reshape(strata, 2, weeks),
        total=total.reshape(strata, 2, weeks),
        positive=positive.reshape(strata, 2, weeks).sum(axis=0).astype(np.int64),
        largest=np.where(somebody, np.maximum(np.abs(low), np.abs(high)), np.nan),
        flat=low == high,
        observed=np.vstack(observed),
    )


def cell_indicator(assignment: Assignment, start: int, rows: int) -> csr_matrix:
    """Which of ``rows`` persons from ``start`` on are in which stratum × arm, ``(2S, rows)``."""
    part = slice(start, start + rows)
    cell = assignment.stratum[part] * 2 + assignment.assigned[part]
    shape = (2 * assignment.n_strata, rows)
    return csr_matrix((np.ones(len(cell)), (cell, np.arange(len(cell)))), shape=shape)


def _require_rows(rows: int, assignment: Assignment, low: Floats, high: Floats, n: Floats) -> None:
    problems: list[Problem] = []
    if rows != len(assignment.assigned):
        rule = f"has {rows} rows for {len(assignment.assigned)} persons of the lottery."
        problems.append(Problem("person × week", rule, "Deliver one row a person."))
    infinite = int((np.isinf(low) | np.isinf(high))[n.sum(axis=0) > 0].sum())
    if infinite:
        problems.append(Problem("person × week", f"is infinite in {infinite} weeks."))
    if problems:
        raise DataError("weekly outcomes", problems)
