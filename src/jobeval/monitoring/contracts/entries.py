"""Entries of a ledger: milestones reached, what each is worth, and what goes back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from jobeval.monitoring.contracts.delivery import SeenCourse
from jobeval.monitoring.contracts.frames import day_number
from jobeval.monitoring.contracts.milestones import (
    Course,
    Reached,
    WorkRule,
    WorkTime,
    find_reached,
    find_work,
    work_rule,
)
from jobeval.monitoring.contracts.money import share_of, to_oere
from jobeval.monitoring.contracts.terms import ContractTerms, Milestone


@dataclass(frozen=True, slots=True)
class Entry:
    """One milestone of one course.

    ``order`` is the milestone's place in the contract; ``amount`` and ``clawed_back`` are whole
    øre; ``limited_by`` tells why less than the price is paid, ``""`` where nothing does.
    """

    course: Course
    milestone: Milestone
    order: int
    reached: Reached
    amount: int
    limited_by: str = ""
    clawed_back: int = 0

    @property
    def evidenced_on(self) -> int:
        """The day on which it was reached, and known to be."""
        return max(self.reached.on, self.reached.known_on)

    @property
    def clawed_back_on(self) -> int | None:
        """The day on which the loss was settled, where anything goes back."""
        return self.reached.settled_on if self.clawed_back else None

    def limit(self, amount: int, why: str) -> Entry:
        """The entry with at most this amount."""
        if amount >= self.amount:
            return self
        return replace(self, amount=amount, limited_by=why)


def find_entries(seen: Iterable[SeenCourse], terms: ContractTerms, as_of: int) -> list[Entry]:
    """What the contract owes for each milestone, in the order in which it was known."""
    reached = [entry for one in seen for entry in _of_course(one, terms, as_of)]
    once = _once(reached, terms)
    timely = [_timely(entry, terms) for entry in once]
    timely.sort(key=_when)
    return [_claw_back(entry) for entry in _capped(timely, terms)]


def work_of(seen: SeenCourse, terms: ContractTerms, as_of: int) -> dict[WorkRule, list[WorkTime]]:
    """The episodes of one course under each rule that the contract's milestones have."""
    rules = dict.fromkeys(work_rule(milestone, terms) for milestone in terms.milestones)
    return {
        rule: find_work(seen.course, seen.jobs, seen.benefits, rule, terms, as_of)
        for rule in rules
        if rule is not None
    }


def _of_course(seen: SeenCourse, terms: ContractTerms, as_of: int) -> Iterator[Entry]:
    work = work_of(seen, terms, as_of)
    for order, (milestone, price) in enumerate(zip(terms.milestones, terms.prices, strict=True)):
        rule = work_rule(milestone, terms)
        reached = find_reached(milestone, seen.course, None if rule is None else work[rule])
        if reached is not None:
            yield Entry(seen.course, milestone, order, reached, price)


def _when(entry: Entry) -> tuple[int, int, str, int]:
    return (entry.evidenced_on, entry.order, entry.course.person, entry.course.start)


def _once(entries: list[Entry], terms: ContractTerms) -> list[Entry]:
    """The earliest course that reached a milestone, where it is paid once for each citizen."""
    if terms.once_per == "course":
        return entries
    first: dict[tuple[str, int], Entry] = {}
    for entry in sorted(entries, key=lambda one: (one.reached.on, one.course.start)):
        first.setdefault((entry.course.person, entry.order), entry)
    return list(first.values())


def _timely(entry: Entry, terms: ContractTerms) -> Entry:
    """Nothing is paid for what was reached too late."""
    weeks, on = entry.milestone.within_weeks, entry.reached.on
    if weeks is not None and on > entry.course.start + 7 * weeks:
        return entry.limit(0, "late")
    if terms.reached_before_end and terms.end is not None and on >= day_number(terms.end):
        return entry.limit(0, "contract_end")
    return entry


def _capped(entries: Iterable[Entry], terms: ContractTerms) -> Iterator[Entry]:
    """The caps, used up in the order in which the milestones were known."""
    per_citizen, in_all = terms.caps.per_citizen_dkk, terms.caps.per_contract_dkk
    citizens: dict[str, int] = {}
    times: dict[int, int] = {}
    total = 0
    for entry in entries:
        person, most = entry.course.person, entry.milestone.max_paid
        if most is not None and times.get(entry.order, 0) >= most:
            entry = entry.limit(0, "max_paid")
        if per_citizen is not None:
            entry = entry.limit(to_oere(per_citizen) - citizens.get(person, 0), "per_citizen")
        if in_all is not None:
            entry = entry.limit(to_oere(in_all) - total, "per_contract")
        times[entry.order] = times.get(entry.order, 0) + (entry.amount > 0)
        citizens[person] = citizens.get(person, 0) + entry.amount
        total += entry.amount
        yield entry


def _claw_back(entry: Entry) -> Entry:
    rule, reached = entry.milestone.claw_back, entry.reached
    if rule is None or reached.lost_on is None or reached.lost_on > reached.on + 7 * rule.weeks:
        return entry
    return replace(entry, clawed_back=share_of(entry.amount, rule.share))
