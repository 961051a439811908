"""Job episodes in days: when somebody was in work that counts, and what broke it.

The days of one person are cut where a row of a job or a benefit begins or ends; within a piece
nothing changes, so an episode is followed piece by piece. Arrays in, episodes out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]
Flags = NDArray[np.bool_]
OUT, PAUSED, ALONG, AT_WORK = range(4)
"""A day without work, one that pauses the episode, one that counts in it, and one at work."""


@dataclass(frozen=True, slots=True)
class EpisodeRule:
    """What makes an episode, what it lives through, and what ends it.

    Parameters
    ----------
    min_hours
        Paid hours a week, to two decimals, all rows of a day together; 0: any.
    max_gap_days
        Days without work in a row, paused days left out, that do not break it.
    gaps_count
        Whether the days of such a gap are kept days once work is resumed.
    subsidised
        What days with subsidised work alone do: ``"break"``, ``"pause"`` or ``"count"``.
    max_benefit_days
        Days on benefit since it began that do not break it; ``None``: benefits do not matter.
    """

    min_hours: float = 0.0
    max_gap_days: int = 0
    gaps_count: bool = False
    subsidised: Literal["break", "pause", "count"] = "break"
    max_benefit_days: int | None = None


@dataclass(slots=True)
class Episode:
    """One time in work.

    Parameters
    ----------
    start
        Its first day.
    runs
        Kept days without interruption: first day, kept days before it, number of days.
    lost_on
        The first day that it was over; ``None`` while it is not known to be.
    settled_on
        The day on which that was settled, after the gap that is allowed.
    """

    start: int
    runs: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    lost_on: int | None = None
    settled_on: int | None = None

    @property
    def kept_days(self) -> int:
        """Days kept so far."""
        _, before, length = self.runs[-1]
        return before + length

    def reached(self, days: int) -> int | None:
        """The day at work on which ``days`` kept days were full; ``None`` when never.

        >>> Episode(10, [(10, 0, 5), (17, 7, 3)]).reached(6), Episode(10, [(10, 0, 5)]).reached(6)
        (17, None)
        """
        for first, before, length in self.runs:
            if before + length >= days:
                return first + max(days - before, 1) - 1
        return None


def find_episodes(
    start: Days,
    end: Days,
    hours: NDArray[np.float64],
    counts: Flags,
    benefit_start: Days,
    benefit_end: Days,
    rule: EpisodeRule,
    *,
    first_day: int,
    last_day: int,
) -> list[Episode]:
    """The episodes of one person, in order.

    Parameters
    ----------
    start, end
        Rows of jobs: first day and day after the last, shape ``(n,)``.
    hours
        Paid hours a week, shape ``(n,)``; ``nan`` is work whose hours nobody told, which is
        enough only where any hours are.
    counts
        Whether a row's kind counts, shape ``(n,)``; the others are subsidised work.
    benefit_start, benefit_end
        Spells of benefit, shape ``(m,)``.
    rule
        What an episode is.
    first_day, last_day
        The days that are looked at, both included.

    Examples
    --------
    Ten days at work, two without, and work again: with a gap of two days allowed, one episode.

    >>> none = np.empty(0, dtype=np.int64)
    >>> [one] = find_episodes(np.array([0, 12]), np.array([10, 20]), np.array([37.0, 37.0]),
    ...     np.array([True, True]), none, none, EpisodeRule(max_gap_days=2),
    ...     first_day=0, last_day=30)
    >>> one.start, one.kept_days, one.lost_on, one.settled_on
    (0, 18, 20, 22)
    """
    edges = np.concatenate([start, end, benefit_start, benefit_end, [first_day, last_day + 1]])
    edges = np.unique(np.clip(edges, first_day, last_day + 1))
    works = _day_kinds(_covers(start, end, edges[:-1]), hours, counts, rule)
    helped = _any_row(_covers(benefit_start, benefit_end, edges[:-1]))
    follower = _Follower(rule)
    for at in range(len(edges) - 1):
        follower.follow(int(edges[at]), int(edges[at + 1]), int(works[at]), bool(helped[at]))
    return follower.episodes


def _covers(start: Days, end: Days, days: Days) -> NDArray[np.bool_]:
    """Which rows cover which days, shape ``(rows, days)``."""
    return (start[:, None] <= days) & (days < end[:, None])


def _day_kinds(
    covers: NDArray[np.bool_], hours: NDArray[np.float64], counts: Flags, rule: EpisodeRule
) -> NDArray[np.int64]:
    """What each day is by its jobs alone, shape ``(days,)``."""
    paid = covers & np.not_equal(hours, 0)[:, None]
    told = np.nan_to_num(hours)
    at_work = _suffices(paid & counts[:, None], told, rule.min_hours)
    subsidised = _any_row(paid & ~counts[:, None])
    together = subsidised & _suffices(paid, told, rule.min_hours)
    beside = {"break": OUT, "pause": PAUSED, "count": ALONG}[rule.subsidised]
    meant = together if rule.subsidised == "count" else subsidised
    return np.where(at_work, AT_WORK, np.where(meant, beside, OUT))


def _suffices(paid: NDArray[np.bool_], hours: NDArray[np.float64], least: float) -> Flags:
    enough = np.round((paid * hours[:, None]).sum(axis=0), 2) >= least
    return _any_row(paid) & enough


def _any_row(table: NDArray[np.bool_]) -> Flags:
    return np.logical_or.reduce(table, axis=0)


class _Follower:
    """Follows one person through pieces of days that are all alike."""

    def __init__(self, rule: EpisodeRule) -> None:
        self.rule = rule
        self.episodes: list[Episode] = []
        self.now: Episode | None = None
        self.gap_start = 0
        self.gap = 0
        self.benefit_days = 0

    def follow(self, first: int, end: int, kind: int, on_benefit: bool) -> None:
        """Take in the days ``[first, end)``."""
        helped = on_benefit and self.rule.max_benefit_days is not None
        while first < end:
            if self.now is None and not self._begins(first, kind, helped):
                return
            first = self._go_on(first, end, kind, helped)

    def _begins(self, first: int, kind: int, helped: bool) -> bool:
        if kind != AT_WORK or (helped and self.rule.max_benefit_days == 0):
            return False
        self.now = Episode(first)
        self.episodes.append(self.now)
        self.gap = self.benefit_days = 0
        return True

    def _go_on(self, first: int, end: int, kind: int, helped: bool) -> int:
        """The days until the episode ends, or all; the day from which on to look further."""
        last = end
        if helped:
            most = self.rule.max_benefit_days or 0
            last = min(end, first + most - self.benefit_days)
            self.benefit_days += last - first
        if kind in {AT_WORK, ALONG}:
            self._keep(first, last - first)
        elif kind == OUT and self._gap_breaks(first, last):
            return end
        if last < end:
            self._lose(self.gap_start if self.gap else last, last)
            return last + 1
        return end

    def _keep(self, first: int, days: int) -> None:
        if self.now is None or days == 0:
            return
        before = self.now.kept_days if self.now.runs else 0
        if self.rule.gaps_count:
            before += self.gap
        self.now.runs.append((first, before, days))
        self.gap = 0

    def _gap_breaks(self, first: int, end: int) -> bool:
        self.gap_start = first if self.gap == 0 else self.gap_start
        left = self.rule.max_gap_days - self.gap
        self.gap += end - first
        if end - first <= left:
            return False
        self._lose(self.gap_start, first + left)
        return True

    def _lose(self, lost_on: int, settled_on: int) -> None:
        if self.now is not None:
            self.now.lost_on, self.now.settled_on = lost_on, settled_on
        self.now = None
