"""Courses of one contract as they were known on a day."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.errors import Problem
from jobeval.monitoring.contracts.frames import FOREVER, Days, FrameReader, day_number
from jobeval.monitoring.contracts.terms import ContractTerms


@dataclass(frozen=True, slots=True)
class Courses:
    """Courses, arrays of shape ``(n,)``, sorted by person and start.

    Parameters
    ----------
    person, supplier
        Texts.
    start, end
        First and last day in days since 1970; ``FOREVER`` while it goes on.
    number
        Number of the row in the delivery, from 1.
    """

    person: NDArray[np.object_]
    supplier: NDArray[np.object_]
    start: Days
    end: Days
    number: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Courses:
        """Some of the courses."""
        return Courses(*(getattr(self, item.name)[rows] for item in fields(self)))


def read_courses(participants: pd.DataFrame, problems: list[Problem]) -> Courses:
    """The courses of a delivery: person_id, supplier, started_on, and optionally ended_on."""
    reader = FrameReader("participants", participants, problems)
    if not reader.require(("person_id", "supplier", "started_on")):
        text, day = np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
        return Courses(text, text, day, day, day)
    start, end = reader.days("started_on"), reader.days("ended_on", missing=FOREVER)
    reader.refuse("ended_on", end < start, "before started_on", "Correct the dates.")
    person, supplier = reader.texts("person_id"), reader.texts("supplier")
    keys = pd.MultiIndex.from_arrays([person, supplier, start])
    mend = "Deliver each person and course once."
    reader.refuse("started_on", np.asarray(keys.duplicated()), "those of a course told twice", mend)
    courses = Courses(person, supplier, start, end, np.arange(1, len(start) + 1))
    return courses.take(np.lexsort((courses.start, courses.person)))


def see_courses(courses: Courses, terms: ContractTerms, as_of: int) -> Courses:
    """The contract's courses that had begun; an end that lies ahead is not known yet."""
    end = FOREVER if terms.end is None else day_number(terms.end)
    mine = courses.supplier == terms.supplier
    begun = (courses.start >= day_number(terms.start)) & (courses.start < end)
    seen = courses.take(mine & begun & (courses.start <= as_of))
    ended = np.where(seen.end > as_of, FOREVER, seen.end)
    return Courses(seen.person, seen.supplier, seen.start, ended, seen.number)


def job_windows(courses: Courses, everyone: Courses, after_course_weeks: int | None) -> Days:
    """The day from which on a job that begins no longer belongs to a course, shape ``(n,)``.

    That is when the person's next course begins, whoever's it is, so that two suppliers are not
    paid for one job; or so many weeks after the end.

    Parameters
    ----------
    courses
        The courses that are asked about.
    everyone
        All courses that had begun on the same day, of every supplier.
    """
    starts: dict[str, list[int]] = {}
    for person, start in zip(everyone.person.tolist(), everyone.start.tolist(), strict=True):
        starts.setdefault(person, []).append(start)
    until = np.full(len(courses), FOREVER, dtype=np.int64)
    for at, (person, start) in enumerate(zip(courses.person, courses.start, strict=True)):
        later = [other for other in starts[person] if other > start]
        until[at] = min(later, default=FOREVER)
    if after_course_weeks is not None:
        late = np.where(courses.end == FOREVER, FOREVER, courses.end + 7 * after_course_weeks + 1)
        until = np.minimum(until, late)
    return until
