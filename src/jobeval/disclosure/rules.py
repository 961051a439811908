"""The rules of disclosure control on plain numbers and arrays: no plans, no results."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def is_small(count: float, least: int) -> bool:
    """Whether a count of persons is 1 to ``least - 1``; a true zero is not small.

    >>> [is_small(n, 5) for n in (0, 1, 4, 5)]
    [False, True, True, False]
    """
    return 0 < count < least


def round_count(count: float, base: int) -> int:
    """The nearest multiple of ``base``, halves upward.

    >>> [round_count(n, 5) for n in (0, 2, 3, 1204)]
    [0, 0, 5, 1205]
    """
    return math.floor(count / base + 0.5) * base


def round_significant(value: float, digits: int) -> float:
    """``value`` with so many significant digits.

    >>> round_significant(12.34567, 4), round_significant(0.00123456, 3)
    (12.35, 0.00123)
    """
    if not math.isfinite(value) or value == 0:
        return value
    return float(f"{value:.{digits - 1}e}")


def mean_decimals(n: float, least: int) -> int:
    """The most decimals ``d`` for which ``n × 10^−d`` is at least ``least`` persons.

    >>> [mean_decimals(n, 5) for n in (4, 49, 50, 500, 4999)]
    [0, 0, 1, 2, 2]
    """
    return 0 if n < least else math.floor(math.log10(n / least) + 1e-9)


def round_share(share: float, n: float, least: int) -> float:
    """A share of ``n`` persons on a grid of ``least`` persons, at most three decimals.

    The published share therefore gives back a count only to the nearest ``least``.

    >>> round_share(242 / 1204, 1204, 5), round_share(243 / 1204, 1204, 5)
    (0.199, 0.203)
    """
    return min(1.0, round_per_person(share, n, least))


def round_per_person(value: float, n: float, least: int) -> float:
    """Events a person, which may pass 1, on the grid of shares.

    >>> round_per_person(1212 / 1204, 1204, 5)
    1.005
    """
    if not (math.isfinite(value) and n > 0):
        return math.nan
    return round(round_count(value * n, least) / n, 3)


def is_disclosive_share(share: float, n: float, least: int) -> bool:
    """Whether fewer than ``least`` persons have the outcome, or fewer lack it.

    Everyone and no one are disclosive too.

    >>> [is_disclosive_share(s, 100, 5) for s in (0.0, 0.04, 0.05, 0.95, 0.96, 1.0)]
    [True, True, False, False, True, True]
    """
    count = round(share * n, 6)
    return not least <= count <= n - least


def block_ends(events: Ints, at_risk: Ints, least: int, min_at_risk: int) -> Ints:
    """Positions at which a curve may step: each holds ``least`` new events or more.

    The curve ends before fewer than ``min_at_risk`` persons are at risk, and does not step
    before so many have entered.

    >>> block_ends(np.array([3, 2, 1, 6, 1]), np.array([50, 47, 45, 44, 9]), 5, 10)
    array([1, 3])
    >>> block_ends(np.array([0, 6, 0, 2]), np.array([0, 8, 20, 20]), 5, 10)
    array([2])
    """
    ends: list[int] = []
    held, begun = 0, False
    for position, (count, risk) in enumerate(zip(events, at_risk, strict=True)):
        if begun and risk < min_at_risk:
            break
        begun = risk >= min_at_risk
        held += int(count)
        if begun and held >= least:
            ends.append(position)
            held = 0
    return np.array(ends, dtype=np.int64)


def merge_small_steps(counts: list[int], least: int) -> tuple[list[int], int]:
    """Replace a count by an earlier one when they differ by 1 to ``least - 1`` persons.

    Returns the counts and how many were replaced.

    >>> merge_small_steps([100, 97, 80, 79], 5)
    ([100, 100, 80, 80], 2)
    """
    merged: list[int] = []
    replaced = 0
    for position, count in enumerate(counts):
        near = next(
            (i for i in range(position) if is_small(abs(counts[i] - count), least)), position
        )
        merged.append(merged[near] if near < position else count)
        replaced += near < position
    return merged, replaced
