"""The first job of everyone drawn and how long it was kept, validated once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DataError, Problem
from jobeval.exits.grid.durations import (
    Durations,
    duration_problems,
    is_missing,
    observed_problems,
    read_even_lottery,
)
from jobeval.inference.assignment import Assignment
from jobeval.plan.lottery import Lottery
from jobeval.registers.frames import read_columns

Counts = NDArray[np.int64]
Bools = NDArray[np.bool_]
KEPT, LOST = 1, 2
"""Causes of ``until_kept``."""


@dataclass(frozen=True, slots=True, eq=False)
class KeptJobs:
    """The first job since randomisation of ``n`` persons of two arms.

    Attributes
    ----------
    started
        Shape ``(n,)``: whole weeks from randomisation to the first job week, −1 for who has not
        started within the weeks followed.
    kept
        Shape ``(n,)``: weeks kept until the loss or the end of follow-up; 0 without a job.
    lost
        Shape ``(n,)``: whether the job was lost within the weeks followed.
    followed
        Shape ``(n,)``: weeks since randomisation.
    assignment
        The lottery of the same persons.
    columns
        All columns that were read, of shape ``(N,)``.
    """

    started: Counts
    kept: Counts
    lost: Bools
    followed: Counts
    assignment: Assignment
    columns: dict[str, NDArray[Any]]

    @property
    def starters(self) -> Bools:
        """Shape ``(n,)``: who has started a job."""
        return self.started >= 0

    def eligible(self, weeks: int) -> Bools:
        """Whose job began at least ``weeks`` weeks before the end of follow-up."""
        return self.starters & (self.followed - self.started >= weeks)

    def until_kept(self, weeks: int) -> Durations:
        """Weeks since randomisation until everyone's first job has been kept ``weeks`` weeks.

        Whose job is lost before has left to another destination for good, since only the first
        job counts: in the week that told of the loss. Who has not started yet, or not kept the
        job long enough yet, is censored at the end of follow-up.
        """
        kept = self.starters & (self.kept >= weeks)
        lost = self.lost & ~kept
        until = np.where(kept, self.started + weeks, self.started + self.kept + 1)
        return Durations(
            np.where(kept | lost, until, self.followed),
            KEPT * kept + LOST * lost,
            (f"kept>={weeks}", f"lost<{weeks}"),
            self.assignment,
            self.columns,
        )

    def until_lost(self) -> Durations:
        """Weeks from the start of the job to its loss, for those who started.

        A job kept ``k`` weeks is lost in week ``k + 1``, so survival after ``w`` weeks is the
        share kept at least ``w``.
        """
        mine = self.starters
        return Durations(
            (self.kept + self.lost)[mine],
            self.lost[mine].astype(np.int64),
            ("lost",),
            self.assignment.subset(mine),
            self.columns,
        )


def read_kept_jobs(
    frame: Any, duration: str, observed: str, lottery: Lottery, *, started: str, followed: str
) -> KeptJobs:
    """Read first jobs; persons of other arms are left out.

    Parameters are those of ``estimate_retention``.

    Raises
    ------
    DesignError
        The chance of treatment differs within strata.
    DataError
        Weeks that are missing, negative or not whole; a job kept for less than one week, beyond
        the end of follow-up, or neither lost nor kept to its end; a loss or a duration without
        a start; and whatever is wrong with the lottery.
    """
    names = (duration, observed, started, followed)
    columns = read_columns(frame, (*names, *lottery.columns))
    drawn = read_even_lottery(columns, lottery)
    weeks, lost, began, until = (columns[name][drawn.rows] for name in names)
    with_job = ~is_missing(began)
    problems = duration_problems(followed, until)
    if with_job.any():
        problems += duration_problems(started, began[with_job])
        problems += duration_problems(duration, weeks[with_job])
        problems += observed_problems(observed, lost[with_job])
    _raise(problems)
    jobs = KeptJobs(
        _whole(began, with_job, -1),
        _whole(weeks, with_job, 0),
        _whole(lost, with_job, 0) > 0,
        until.astype(np.int64),
        drawn,
        columns,
    )
    _raise([
        *_job_problems(jobs, duration, observed),
        *_other_problems(weeks[~with_job], lost[~with_job], duration, observed),
    ])  # fmt: skip
    return jobs


def _whole(values: NDArray[Any], where: Bools, otherwise: int) -> Counts:
    whole = np.full(len(values), otherwise, dtype=np.int64)
    whole[where] = values[where].astype(np.int64)
    return whole


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise DataError("jobs", problems)


def _job_problems(jobs: KeptJobs, duration: str, observed: str) -> list[Problem]:
    """Jobs that do not fit into the weeks followed."""
    end = jobs.started + jobs.kept
    rules = (
        (
            duration,
            jobs.starters & (jobs.kept < 1),
            "persons who started kept the job for less than one week.",
            "The week of the start is kept.",
        ),
        (
            observed,
            jobs.lost & (jobs.kept >= 1) & (end >= jobs.followed),
            "losses lie after the end of follow-up.",
            "The week in which the job is gone is seen: started + duration < followed.",
        ),
        (
            duration,
            jobs.starters & ~jobs.lost & (jobs.kept >= 1) & (end != jobs.followed),
            "jobs that are not lost do not end with the follow-up.",
            "A job that is not lost is kept to the end: started + duration = followed.",
        ),
    )
    return _problems(rules)


def _other_problems(
    weeks: NDArray[Any], lost: NDArray[Any], duration: str, observed: str
) -> list[Problem]:
    """What is told of a job that was never started."""
    mend = "Who did not start has neither: leave both missing."
    claimed = ~is_missing(lost) & np.isin(lost, (1,))
    rules = (
        (duration, ~is_missing(weeks), "persons have a duration and no start.", mend),
        (observed, claimed, "persons lost a job and have no start.", mend),
    )
    return _problems(rules)


def _problems(rules: tuple[tuple[str, Bools, str, str], ...]) -> list[Problem]:
    return [
        Problem(f"column {name!r}", f"{int(wrong.sum())} {rule}", mend)
        for name, wrong, rule, mend in rules
        if wrong.any()
    ]
