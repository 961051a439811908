"""The futures of one contract in money: what falls due and what goes back, month by month."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.monitoring.contracts.delivery import SeenCourse
from jobeval.monitoring.contracts.entries import Entry
from jobeval.monitoring.contracts.frames import FOREVER, day_number
from jobeval.monitoring.contracts.futures import (
    NEVER,
    MilestoneFuture,
    Purse,
    WorkFuture,
    weekly_chances,
)
from jobeval.monitoring.contracts.milestones import WorkRule, WorkTime, work_rule
from jobeval.monitoring.contracts.money import to_oere
from jobeval.monitoring.contracts.rates import Floats, draw_overall, draw_rates
from jobeval.monitoring.contracts.standing import (
    LOOKING,
    PASSES,
    WORKING,
    count_passes,
    find_standing,
    find_stays,
)
from jobeval.monitoring.contracts.terms import ContractTerms, Milestone

Work = dict[WorkRule, list[WorkTime]]
"""The episodes of one course under each rule of work."""


@dataclass(frozen=True, slots=True)
class MonthGrid:
    """Months to come.

    ``month_of_day[d]`` is the place in ``names`` of the month of day ``d`` after ``as_of``.
    """

    as_of: int
    names: tuple[str, ...]
    month_of_day: NDArray[np.int64]

    @classmethod
    def after(cls, as_of: dt.date, months: int) -> MonthGrid:
        """So many months, the first being that of the day after ``as_of``."""
        today = np.datetime64(as_of, "D")
        first = (today + 1).astype("datetime64[M]")
        days = np.arange(today + 1, (first + months).astype("datetime64[D]"))
        of_day = (days.astype("datetime64[M]") - first).astype(np.int64)
        names = tuple(str(first + month) for month in range(months))
        return cls(day_number(as_of), names, np.concatenate([[0], of_day]))

    @property
    def weeks(self) -> int:
        """Weeks until the end of the last month, a part of one counted whole."""
        return math.ceil((len(self.month_of_day) - 1) / 7)

    def sum(self, days: NDArray[np.int64], amounts: Floats) -> Floats:
        """Amounts of shape ``(draws, n)`` by the month of their days, ``(draws, months)``."""
        sums = np.zeros((len(amounts), len(self.names)))
        draw, place = np.nonzero((amounts != 0) & (days < len(self.month_of_day)))
        months = self.month_of_day[np.maximum(days[draw, place], 0)]
        np.add.at(sums, (draw, months), amounts[draw, place])
        return sums


def find_under_way(
    seen: Sequence[SeenCourse],
    work: Sequence[Work],
    terms: ContractTerms,
) -> list[tuple[SeenCourse, Work]]:
    """The courses that go on; of a citizen who is paid for once, the one with a job or the last."""
    pairs = list(zip(seen, work, strict=True))
    if terms.once_per == "course":
        return pairs
    chosen: dict[str, tuple[SeenCourse, Work]] = {}
    for one, found in pairs:
        earlier = chosen.get(one.course.person)
        at_work = earlier is not None and any(
            time.episode.lost_on is None for times in earlier[1].values() for time in times
        )
        if not at_work:
            chosen[one.course.person] = (one, found)
    return list(chosen.values())


class Liabilities:
    """The futures of one contract; all sums in øre, of shape ``(draws, months)``."""

    def __init__(
        self,
        terms: ContractTerms,
        grid: MonthGrid,
        draws: int,
        rng: np.random.Generator,
        entries: Sequence[Entry],
        under_way: Sequence[tuple[SeenCourse, Work]],
    ) -> None:
        self.terms, self.grid, self.draws, self.rng = terms, grid, draws, rng
        self.entries = entries
        self.courses = [one.course for one, _ in under_way]
        self.work = [found for _, found in under_way]

    def known(self) -> Floats:
        """What is reached and not yet due, less what went back of it: the same in every draw."""
        owed = [entry for entry in self.entries if entry.amount]
        days = [entry.evidenced_on + self.terms.due_days - self.grid.as_of for entry in owed]
        amounts = np.array([[one.amount - one.clawed_back for one in owed]], dtype=float)
        ahead = np.array([days], dtype=np.int64)
        return np.repeat(self.grid.sum(ahead, np.where(ahead > 0, amounts, 0.0)), self.draws, 0)

    def work_future(
        self,
        rule: WorkRule,
        seen: Sequence[SeenCourse],
        work: Sequence[Work],
    ) -> WorkFuture:
        """Where the courses stand under a rule, and drawn rates of all courses together."""
        as_of = self.grid.as_of
        stays = [
            stay
            for one, found in zip(seen, work, strict=True)
            for stay in find_stays(one.course, found[rule], as_of)
        ]
        counts = count_passes(stays)
        first_jobs = draw_overall(*counts[LOOKING, WORKING], self.draws, self.rng)
        rates = {
            pass_: draw_rates(*counts[pass_], self.draws, self.rng, like=first_jobs)
            for pass_ in PASSES
        }
        standing = [
            find_standing(course, found[rule], as_of)
            for course, found in zip(self.courses, self.work, strict=True)
        ]
        window = np.array([course.window_end for course in self.courses], dtype=np.int64)
        return WorkFuture(
            state=self._everywhere([one.state for one in standing]),
            days=self._everywhere([one.days for one in standing]),
            kept_days=self._everywhere([one.kept_days for one in standing]),
            window_end=np.where(window == FOREVER, FOREVER, window - as_of),
            chances=weekly_chances(rates),
        )

    def carry_on(self, futures: dict[WorkRule, WorkFuture]) -> Floats:
        """What falls due and goes back for milestones that are reached from now on."""
        purse = self._purse()
        milestones = [
            (work_rule(milestone, self.terms), self._milestone(order, milestone))
            for order, milestone in enumerate(self.terms.milestones)
        ]
        money = np.zeros((self.draws, len(self.grid.names)))
        for week in range(self.grid.weeks):
            steps = {rule: future.step(week, self.rng) for rule, future in futures.items()}
            for rule, milestone in milestones:
                if rule is None:
                    continue
                paid, day = milestone.claim(steps[rule], purse)
                money += self.grid.sum(day + self.terms.due_days, paid.astype(float))
                back = milestone.claw_back(steps[rule])
                settled = steps[rule].lost_on + self.terms.gaps.max_days
                money -= self.grid.sum(settled, back)
        return money

    def _purse(self) -> Purse:
        caps = self.terms.caps
        paid: dict[str, int] = {}
        for entry in self.entries:
            paid[entry.course.person] = paid.get(entry.course.person, 0) + entry.amount
        citizens = contract = None
        if caps.per_citizen_dkk is not None:
            most = to_oere(caps.per_citizen_dkk)
            citizens = self._everywhere([most - paid.get(c.person, 0) for c in self.courses])
        if caps.per_contract_dkk is not None:
            left = to_oere(caps.per_contract_dkk) - sum(paid.values())
            contract = np.full(self.draws, left, dtype=np.int64)
        return Purse(citizens, contract)

    def _milestone(self, order: int, milestone: Milestone) -> MilestoneFuture:
        mine = [entry for entry in self.entries if entry.order == order]
        once = self.terms.once_per == "citizen"
        had = {(e.course.person, 0 if once else e.course.start) for e in mine}
        keys = [(c.person, 0 if once else c.start) for c in self.courses]
        times, claw = sum(entry.amount > 0 for entry in mine), milestone.claw_back
        most = milestone.max_paid
        since, paid = self._kept_since(mine)
        return MilestoneFuture(
            kept_days=milestone.days,
            price=self.terms.prices[order],
            reached=self._everywhere([key in had for key in keys]).astype(bool),
            last_day=self._last_days(milestone),
            left=None if most is None else np.full(self.draws, most - times, dtype=np.int64),
            claw_days=-1 if claw is None else 7 * claw.weeks,
            claw_share=0.0 if claw is None else claw.share,
            kept_since=since,
            paid=paid,
        )

    def _kept_since(self, entries: Sequence[Entry]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For jobs that go on: when they reached the milestone, and what it paid."""
        going = {(e.course.person, e.course.start): e for e in entries if e.reached.lost_on is None}
        found = [going.get((course.person, course.start)) for course in self.courses]
        since = [NEVER if one is None else one.reached.on - self.grid.as_of for one in found]
        paid = [0 if one is None else one.amount for one in found]
        return self._everywhere(since), self._everywhere(paid)

    def _last_days(self, milestone: Milestone) -> NDArray[np.int64]:
        """The last day on which each course is paid for the milestone."""
        last = np.full(len(self.courses), FOREVER, dtype=np.int64)
        if milestone.within_weeks is not None:
            starts = np.array([course.start for course in self.courses], dtype=np.int64)
            last = starts + 7 * milestone.within_weeks - self.grid.as_of
        if self.terms.reached_before_end and self.terms.end is not None:
            last = np.minimum(last, day_number(self.terms.end) - 1 - self.grid.as_of)
        return last

    def _everywhere(self, values: Sequence[int] | Sequence[bool]) -> NDArray[np.int64]:
        """The same values in every draw."""
        return np.tile(np.array(values, dtype=np.int64), (self.draws, 1))
