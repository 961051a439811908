"""Courses carried on week by week from where they stand, many times over.

Arrays of shape ``(draws, courses)``. Days are counted from the day of the forecast: day 1 is
the one after it. In a week a course leaves its state at most once, on a day drawn evenly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.monitoring.contracts.rates import BAND_DAYS, Floats, band_of
from jobeval.monitoring.contracts.standing import LOST, OVER, PASSES, WORKING

Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
NEVER = -(10**6)
"""A day on which nothing was reached."""


class WeekOfWork(NamedTuple):
    """What a week was: kept days before it, those in it, and the day before its first one.

    So kept day ``n`` falls on ``day_before + n − kept_before``; ``lost_on`` is ``NEVER`` where no
    job was lost.
    """

    kept_before: Whole
    gained: Whole
    day_before: Whole
    lost_on: Whole


@dataclass(slots=True)
class WorkFuture:
    """The states of all courses under one rule of work, and the drawn rates they move by.

    Parameters
    ----------
    state, days, kept_days
        Where each course stands, the days in that state, and the days kept of the job.
    window_end
        The day from which on a job that begins no longer belongs to the course, shape
        ``(courses,)``.
    chances
        The chance to leave a state in a week, and of those who leave it that of ``OVER``, both
        of shape ``(draws, states × bands)``.
    """

    state: Whole
    days: Whole
    kept_days: Whole
    window_end: Whole
    chances: tuple[Floats, Floats]

    def step(self, week: int, rng: np.random.Generator) -> WeekOfWork:
        """Carry all courses on through week ``week``, counted from 0."""
        first = 7 * week
        after = self._drawn(rng)
        offset = rng.integers(1, 8, size=self.state.shape)
        after = np.where((after == WORKING) & (first + offset >= self.window_end), -1, after)
        began, lost = after == WORKING, (self.state == WORKING) & (after == LOST)
        at_work = (self.state == WORKING) | began
        gained = np.where(began, 8 - offset, np.where(lost, offset - 1, 7)) * at_work
        day_before = first + np.where(began, offset - 1, 0)
        before = np.where(began, 0, self.kept_days)
        self.kept_days = np.where(at_work & ~lost, before + gained, 0)
        self.days = np.where(after >= 0, 8 - offset, self.days + 7)
        self.state = np.where(after >= 0, after, self.state)
        return WeekOfWork(before, gained, day_before, np.where(lost, first + offset, NEVER))

    def _drawn(self, rng: np.random.Generator) -> Whole:
        """The state that each course goes to this week, −1 where it stays."""
        cell = self.state * len(BAND_DAYS) + band_of(self.days)
        leave, over = (np.take_along_axis(table, cell, axis=1) for table in self.chances)
        luck = rng.random(self.state.shape)
        goal = np.where(self.state == WORKING, LOST, WORKING)
        return np.where(luck < leave, np.where(luck < leave * over, OVER, goal), -1)


def weekly_chances(rates: dict[tuple[int, int], Floats]) -> tuple[Floats, Floats]:
    """The chance to leave each state in a week, and that it is for ``OVER``.

    Parameters
    ----------
    rates
        For each way from state to state, rates a day, shape ``(draws, bands)``.

    Returns
    -------
    two arrays of shape ``(draws, states × bands)``, bands within states.
    """
    one = next(iter(rates.values()))
    leaving = [sum((rates[p] for p in PASSES if p[0] == s), np.zeros_like(one)) for s in range(4)]
    over = [rates[s, OVER] if (s, OVER) in rates else np.zeros_like(one) for s in range(4)]
    total = np.concatenate(leaving, axis=1)
    return -np.expm1(-7 * total), np.concatenate(over, axis=1) / total


@dataclass(slots=True)
class Purse:
    """What may still be paid, in whole øre, in the order in which it is claimed.

    ``citizens`` has shape ``(draws, courses)``, ``contract`` ``(draws,)``; ``None``: no cap.
    """

    citizens: Whole | None
    contract: Whole | None

    def pay(self, claimed: Whole) -> Whole:
        """What is paid of the claims of one milestone in one week."""
        paid = claimed
        if self.citizens is not None:
            paid = np.minimum(paid, self.citizens)
        if self.contract is not None:
            before = np.cumsum(paid, axis=1) - paid
            paid = np.clip(self.contract[:, None] - before, 0, paid)
            self.contract = self.contract - paid.sum(axis=1)
        if self.citizens is not None:
            self.citizens = self.citizens - paid
        return paid


@dataclass(slots=True)
class MilestoneFuture:
    """One milestone of all courses.

    Parameters
    ----------
    kept_days, price
        Kept days that reach it, and its price in øre.
    reached
        Whether it was reached, shape ``(draws, courses)``.
    last_day
        The last day on which it is paid, shape ``(courses,)``.
    left
        How many times it may still be paid, shape ``(draws,)``; ``None``: any.
    claw_days, claw_share
        Days after it in which a loss claws back, and the share of the price.
    kept_since, paid
        The day on which the job that goes on reached it, else ``NEVER``, and what was paid.
    """

    kept_days: int
    price: int
    reached: Flags
    last_day: Whole
    left: Whole | None
    claw_days: int
    claw_share: float
    kept_since: Whole
    paid: Whole

    def claim(self, week: WeekOfWork, purse: Purse) -> tuple[Whole, Whole]:
        """What is paid in a week, and the day that it is reached on."""
        day = week.day_before + self.kept_days - week.kept_before
        within = (week.kept_before < self.kept_days) & (
            self.kept_days <= week.kept_before + week.gained
        )
        now = within & ~self.reached
        self.reached = self.reached | now
        payable = now & (day <= self.last_day)
        if self.left is not None:
            payable &= np.cumsum(payable, axis=1) <= self.left[:, None]
        paid = purse.pay(np.where(payable, self.price, 0))
        if self.left is not None:
            self.left = self.left - (paid > 0).sum(axis=1)
        self.kept_since = np.where(now, day, self.kept_since)
        self.paid = np.where(now, paid, self.paid)
        return paid, day

    def claw_back(self, week: WeekOfWork) -> Floats:
        """What goes back for jobs that were lost in a week."""
        lost = week.lost_on != NEVER
        soon = lost & (week.lost_on - self.kept_since <= self.claw_days)
        back = np.where(soon, np.floor(self.paid * self.claw_share + 0.5), 0.0)
        self.kept_since = np.where(lost, NEVER, self.kept_since)
        return back
