"""The frames that a ledger is made of, read once, and what of them was known on a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.errors import Problem
from jobeval.monitoring.contracts.benefit_days import BenefitDays, read_benefits, see_relapses
from jobeval.monitoring.contracts.courses import Courses, job_windows, read_courses, see_courses
from jobeval.monitoring.contracts.frames import keys_written_otherwise, rows_are
from jobeval.monitoring.contracts.job_rows import JobRows, read_job_rows, see_job_rows
from jobeval.monitoring.contracts.milestones import Course
from jobeval.monitoring.contracts.terms import ContractTerms


@dataclass(frozen=True, slots=True)
class ContractDelivery:
    """All rows of a delivery, whenever they were known; each sorted by person."""

    jobs: JobRows
    courses: Courses
    benefits: BenefitDays

    def seen(self, terms: ContractTerms, as_of: int) -> Iterator[SeenCourse]:
        """The contract's courses, each with the person's rows, as they were known on a day."""
        jobs = see_job_rows(self.jobs, as_of)
        courses = see_courses(self.courses, terms, as_of)
        benefits = see_relapses(self.benefits, terms, as_of)
        begun = self.courses.take(self.courses.start <= as_of)
        windows = job_windows(courses, begun, terms.after_course_weeks)
        of_job, of_benefit = _PersonRows(jobs.person), _PersonRows(benefits.person)
        for at, person in enumerate(courses.person.tolist()):
            start, end = int(courses.start[at]), int(courses.end[at])
            course = Course(person, start, end, int(windows[at]), int(courses.number[at]))
            mine = jobs.take(of_job.rows(person))
            yield SeenCourse(course, mine, benefits.take(of_benefit.rows(person)))


@dataclass(frozen=True, slots=True)
class SeenCourse:
    """A course with the person's jobs and relapses."""

    course: Course
    jobs: JobRows
    benefits: BenefitDays


def read_delivery(
    jobs: pd.DataFrame,
    participants: pd.DataFrame,
    benefits: pd.DataFrame | None,
    terms: Sequence[ContractTerms],
    problems: list[Problem],
) -> ContractDelivery:
    """The frames as arrays; everything that is wrong with them is added to ``problems``."""
    rows = read_job_rows(jobs, problems)
    nameless = int(np.sum(rows.employer == ""))
    if nameless and not all(one.employer_change for one in terms):
        rule = f"{rows_are(nameless)} empty, and a contract looks at each employer alone."
        problems.append(Problem("jobs.employer_id", rule, "Deliver the employer of each row."))
    courses = read_courses(participants, problems)
    if keys_written_otherwise(set(rows.person), set(courses.person)):
        rule = "its persons are those of participants, but written in another way."
        problems.append(Problem("jobs.person_id", rule, "Use the same person key in every frame."))
    return ContractDelivery(rows, courses, read_benefits(benefits, problems))


class _PersonRows:
    """Where each person's rows are, in an array sorted by person."""

    def __init__(self, person: NDArray[np.object_]) -> None:
        names, first, count = np.unique(person.astype(str), return_index=True, return_counts=True)
        self._places: dict[str, tuple[Any, Any]] = {
            name: (at, at + n)
            for name, at, n in zip(names.tolist(), first.tolist(), count.tolist(), strict=True)
        }

    def rows(self, person: str) -> NDArray[np.intp]:
        """Indices of the person's rows."""
        first, end = self._places.get(person, (0, 0))
        return np.arange(first, end)
