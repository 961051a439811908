"""When the milestones of a contract were reached in a course, and which rows prove it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.monitoring.contracts.benefit_days import BenefitDays
from jobeval.monitoring.contracts.episodes import Episode, EpisodeRule, find_episodes
from jobeval.monitoring.contracts.frames import LONG_AGO
from jobeval.monitoring.contracts.job_rows import JobRows, row_numbers
from jobeval.monitoring.contracts.terms import ContractTerms, Milestone


@dataclass(frozen=True, slots=True)
class Course:
    """One course: its days since 1970, and the day from which on jobs no longer belong to it."""

    person: str
    start: int
    end: int
    window_end: int
    number: int


@dataclass(frozen=True, slots=True)
class Reached:
    """A milestone that was reached.

    Parameters
    ----------
    on
        The day on which it was.
    known_on
        The day on which the last of the rows that prove it was known.
    lost_on, settled_on
        The first day without the job, and the day on which that was settled; ``None`` while the
        job is kept.
    proof
        The rows that prove it.
    """

    on: int
    known_on: int
    lost_on: int | None
    settled_on: int | None
    proof: str


@dataclass(frozen=True, slots=True)
class WorkRule:
    """What one or more milestones ask of a job, so that they look at the same episodes."""

    kinds: tuple[str, ...]
    episode: EpisodeRule


def work_rule(milestone: Milestone, terms: ContractTerms) -> WorkRule | None:
    """What a milestone asks of a job; ``None`` for the start of a course."""
    if milestone.reached_by == "start":
        return None
    any_hours = milestone.reached_by == "first_paid_hour"
    least = milestone.min_hours_per_week
    least = terms.min_hours_per_week if least is None else least
    relapse = None if any_hours or terms.relapse is None else terms.relapse.max_days
    rule = EpisodeRule(
        min_hours=0.0 if any_hours else least,
        max_gap_days=terms.gaps.max_days,
        gaps_count=terms.gaps.count,
        subsidised=terms.subsidised,
        max_benefit_days=relapse,
    )
    return WorkRule(tuple(milestone.job_kinds or terms.job_kinds), rule)


@dataclass(frozen=True, slots=True)
class WorkTime:
    """An episode, and the rows that may have made it."""

    episode: Episode
    rows: JobRows

    def reach(self, days: int) -> Reached | None:
        """The milestone of so many kept days."""
        on = self.episode.reached(days)
        if on is None:
            return None
        proof = self._proof(on)
        known_on = int(self.rows.known_on[proof].max(initial=LONG_AGO))
        numbers = row_numbers(self.rows.number[proof])
        return Reached(on, known_on, self.episode.lost_on, self.episode.settled_on, numbers)

    def _proof(self, last_day: int) -> NDArray[np.bool_]:
        """The rows that cover a kept day until the last."""
        proves = np.zeros(len(self.rows), dtype=bool)
        for first, _, length in self.episode.runs:
            end = min(first + length, last_day + 1)
            proves |= (self.rows.start < end) & (self.rows.end > first) & (end > first)
        return proves


def find_work(
    course: Course,
    rows: JobRows,
    benefits: BenefitDays,
    work: WorkRule,
    terms: ContractTerms,
    as_of: int,
) -> list[WorkTime]:
    """The episodes of one course, in order of their start.

    ``rows`` and ``benefits`` are those of the person.
    """
    counts = np.isin(rows.kind, work.kinds) & _in_course(course, rows, terms)
    usable = rows.take(counts | ((rows.kind == "subsidised") & ~np.isin(rows.kind, work.kinds)))
    found = [
        WorkTime(episode, _working(mine, work))
        for mine in _by_employer(usable, work, terms)
        for episode in find_episodes(
            mine.start,
            mine.end,
            mine.hours,
            np.isin(mine.kind, work.kinds),
            benefits.start,
            benefits.end,
            work.episode,
            first_day=course.start,
            last_day=as_of,
        )
    ]
    return sorted(found, key=lambda time: time.episode.start)


def find_reached(
    milestone: Milestone, course: Course, found: list[WorkTime] | None
) -> Reached | None:
    """The milestone, by the first of the episodes that reached it; none is the start."""
    if found is None:
        return Reached(course.start, course.start, None, None, f"participants: {course.number}")
    reached = (time.reach(milestone.days) for time in found)
    return min((one for one in reached if one), key=lambda one: one.on, default=None)


def _in_course(course: Course, rows: JobRows, terms: ContractTerms) -> NDArray[np.bool_]:
    """Rows of jobs that belong to the course by the day on which they began."""
    before_end = rows.job_start < course.window_end
    if terms.earlier_jobs == "count":
        return before_end
    month = np.datetime64(course.start, "D").astype("datetime64[M]")
    first = int(month.astype("datetime64[D]").astype(np.int64))
    return before_end & (rows.job_start >= np.where(rows.monthly, first, course.start))


def _by_employer(rows: JobRows, work: WorkRule, terms: ContractTerms) -> Iterator[JobRows]:
    """All rows together, or those of each employer where a change is not allowed."""
    if terms.employer_change:
        yield rows
        return
    for employer in sorted(set(rows.employer[np.isin(rows.kind, work.kinds)].tolist())):
        yield rows.take(rows.employer == employer)


def _working(rows: JobRows, work: WorkRule) -> JobRows:
    """The rows that can prove a kept day: paid, and of a kind that counts in an episode."""
    counts = np.isin(rows.kind, work.kinds) | (work.episode.subsidised == "count")
    return rows.take(counts & (rows.hours != 0))
