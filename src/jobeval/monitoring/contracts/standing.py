"""Where a course stands under one rule of work: looking, over, at work, or after a loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from jobeval.monitoring.contracts.frames import FOREVER
from jobeval.monitoring.contracts.milestones import Course, WorkTime
from jobeval.monitoring.contracts.rates import Floats, count_exits

LOOKING, OVER, WORKING, LOST = range(4)
"""In the course without a job yet; after it without one; at work; after a job was lost."""
PASSES = ((LOOKING, WORKING), (LOOKING, OVER), (OVER, WORKING), (WORKING, LOST), (LOST, WORKING))
"""The ways from state to state."""


class Stay(NamedTuple):
    """A time in a state: its days, and the state after it, ``None`` where it goes on."""

    state: int
    days: int
    after: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a course stands on a day: its state, the days in it, and the days of the job kept."""

    state: int
    days: int
    kept_days: int


def find_stays(course: Course, work: Sequence[WorkTime], as_of: int) -> Iterator[Stay]:
    """All times in states of one course until a day."""
    today = as_of + 1
    first = work[0].episode.start if work else FOREVER
    ended = course.end + 1 if course.end < FOREVER else FOREVER
    looked = min(first, ended, today)
    after_looking = WORKING if first <= min(ended, as_of) else OVER if ended <= today else None
    yield Stay(LOOKING, looked - course.start, after_looking)
    if after_looking == OVER:
        until = min(first, course.window_end, today)
        yield Stay(OVER, max(until - ended, 0), WORKING if first <= as_of else None)
    begins = [time.episode.start for time in work]
    for time, again in zip(work, [*begins[1:], FOREVER], strict=False):
        start, lost = time.episode.start, time.episode.lost_on
        if lost is None:
            yield Stay(WORKING, today - start, None)
            continue
        yield Stay(WORKING, lost - start, LOST)
        until = min(again, max(course.window_end, lost), today)
        yield Stay(LOST, max(until - lost, 0), WORKING if again <= as_of else None)


def find_standing(course: Course, work: Sequence[WorkTime], as_of: int) -> Standing:
    """Where a course stands at the end of a day."""
    going_on = [time.episode for time in work if time.episode.lost_on is None]
    if going_on:
        longest = max(going_on, key=lambda episode: episode.kept_days)
        return Standing(WORKING, as_of + 1 - longest.start, longest.kept_days)
    if work:
        lost_on = max(time.episode.lost_on or 0 for time in work)
        return Standing(LOST, as_of + 1 - lost_on, 0)
    if course.end <= as_of:
        return Standing(OVER, as_of - course.end, 0)
    return Standing(LOOKING, as_of + 1 - course.start, 0)


def count_passes(stays: Sequence[Stay]) -> dict[tuple[int, int], tuple[Floats, Floats]]:
    """For each way from state to state, the exits and days at risk in each band of time."""
    counts: dict[tuple[int, int], tuple[Floats, Floats]] = {}
    for state, after in PASSES:
        mine = [stay for stay in stays if stay.state == state]
        days = np.array([stay.days for stay in mine], dtype=np.int64)
        left = np.array([stay.after == after for stay in mine], dtype=bool)
        counts[state, after] = count_exits(days, left)
    return counts
