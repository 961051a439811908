"""Weeks since randomisation put together to months or other periods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.weekly.weekly import Blocks
from jobeval.errors import did_you_mean

Integers = NDArray[np.int64]
Period = Literal["week", "month"] | Mapping[int, int]


class Periods(NamedTuple):
    """Consecutive weeks that belong together.

    ``weeks``: the first week of each period; ``lengths``: how many weeks it has; ``places``: its
    first column among ``columns``; ``columns``: how many of the leading columns are used.
    """

    weeks: Integers
    lengths: Integers
    places: Integers
    columns: int
    notes: tuple[str, ...] = ()


def read_periods(weeks: Sequence[int] | Integers, period: Period) -> Periods:
    """Group ascending weeks.

    Parameters
    ----------
    weeks
        Ascending.
    period
        ``"week"``; ``"month"`` for the month ``⌊12 · week / 52⌋``, of four or five weeks; or
        week → number of its period, in which the numbers do not fall. Months that are not
        wholly there are left out, with a note.

    Examples
    --------
    >>> months = read_periods(np.arange(15), "month")
    >>> months.weeks.tolist(), months.lengths.tolist(), months.notes
    ([0, 5, 9], [5, 4, 4], ('2 weeks make no whole month and are left out',))
    """
    weeks = np.asarray(weeks, dtype=np.int64)
    if (np.diff(weeks) <= 0).any():
        raise ValueError("weeks must ascend")
    if isinstance(period, str):
        if period not in ("week", "month"):
            raise ValueError(f"period {period!r} is unknown; {did_you_mean(period, PERIODS)}")
        numbers = weeks if period == "week" else weeks * 12 // 52
    else:
        absent = [int(week) for week in weeks if int(week) not in period]
        if absent:
            raise ValueError(f"period says nothing of week {absent[0]}")
        numbers = np.array([period[int(week)] for week in weeks], dtype=np.int64)
        if (np.diff(numbers) < 0).any():
            raise ValueError("the numbers of the periods fall as the weeks ascend")
    return _whole(weeks, numbers, monthly=period == "month")


PERIODS = ("week", "month")


def _whole(weeks: Integers, numbers: Integers, monthly: bool) -> Periods:
    _, places, lengths = np.unique(numbers, return_index=True, return_counts=True)
    keep = np.ones(len(places), dtype=bool)
    if monthly:
        months = numbers[places]
        keep = lengths == -(-52 * (months + 1) // 12) - -(-52 * months // 12)
    if not keep.any():
        raise ValueError("the weeks hold no whole month")
    inside = np.flatnonzero(keep)
    first, last = int(inside[0]), int(inside[-1])
    if not keep[first : last + 1].all():
        raise ValueError("weeks are missing between months: name every week, or a mapping")
    start = int(places[first])
    stop = int(places[last] + lengths[last])
    left = len(weeks) - (stop - start)
    return Periods(
        weeks[places[keep]],
        lengths[keep],
        places[keep],
        stop,
        (f"{left} weeks make no whole month and are left out",) if left else (),
    )


@dataclass(frozen=True, slots=True, eq=False)
class PeriodBlocks:
    """The blocks of some rows, averaged over each period.

    A person's period is ``nan`` unless all its weeks are observed.

    >>> blocks = [np.array([[1.0, 3, 5], [0, np.nan, 2]]), np.array([[7.0, 7, 7]])]
    >>> halves = read_periods([0, 1, 2], {0: 0, 1: 0, 2: 1})
    >>> rows = np.array([True, True, False])
    >>> [block.tolist() for block in PeriodBlocks(blocks, halves, rows)]
    [[[2.0, 5.0], [nan, 2.0]], []]
    """

    blocks: Blocks
    periods: Periods
    rows: NDArray[np.bool_]

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        periods, start = self.periods, 0
        single = bool((periods.lengths == 1).all()) and int(periods.places[0]) == 0
        everyone = bool(self.rows.all())
        for block in self.blocks:
            mine = self.rows[start : start + len(block)]
            start += len(block)
            if len(mine) < len(block):
                raise ValueError("the blocks have more rows than the lottery")
            part = block if everyone else block[mine]
            used = part[:, : periods.columns]
            yield used if single else np.add.reduceat(used, periods.places, 1) / periods.lengths
        if start != len(self.rows):
            raise ValueError(f"the blocks have {start} rows, the lottery {len(self.rows)}")
