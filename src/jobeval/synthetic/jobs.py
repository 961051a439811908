"""Jobs of both worlds: ordinary, subsidised, flexjobs, and those before the lottery."""

from dataclasses import dataclass

import numpy as np

from jobeval.synthetic.fates import Fates
from jobeval.synthetic.people import People
from jobeval.synthetic.spells import Bools, Spells, build_spells, join_spells
from jobeval.synthetic.streams import Ints, Streams, part, pick, spread

INDUSTRIES = (
    "471120", "561010", "812100", "889160", "522920", "432100", "812910", "873010"
)  # fmt: skip
_WEEKLY_HOURS = np.array([3, 5, 8, 10, 12, 15, 20, 25, 30, 37])
_HOURS_WEIGHTS = (0.05, 0.08, 0.09, 0.08, 0.10, 0.12, 0.12, 0.08, 0.11, 0.17)
_EARLY_STARTS = (
    (1, 13, 0.20), (13, 26, 0.18), (26, 39, 0.16), (39, 52, 0.14),
    (52, 65, 0.11), (65, 78, 0.09), (78, 91, 0.07), (91, 100, 0.05),
)  # fmt: skip
_HELPED_STARTS = ((1, 13, 0.20), (13, 26, 0.34), (26, 39, 0.22), (39, 52, 0.13), (52, 85, 0.11))
_DURATIONS = (
    (4, 9, 0.15), (9, 18, 0.20), (18, 31, 0.20), (31, 53, 0.20), (53, 105, 0.15), (105, 161, 0.10)
)  # fmt: skip
_HELD_BEFORE = 0.2  # of those who work in both worlds


@dataclass(frozen=True, slots=True, eq=False)
class Jobs:
    """All jobs, and those that the benefit codes follow; fact ``weekly_hours``."""

    ordinary: tuple[Spells, ...]
    """First, second and third ordinary job after the lottery."""
    subsidised: Spells
    flexjob: Spells
    all: Spells
    """With ``employer``, ``industry`` and ``supported``."""


def simulate_jobs(people: People, fates: Fates, streams: Streams, first: int) -> Jobs:
    """Draw the jobs of both worlds; ``first`` is the first week of the registers."""
    ordinary = _ordinary_jobs(people, fates, streams)
    subsidised = _subsidised_jobs(people, fates, streams)
    flexjob = _flexjobs(people, fates, streams)
    plain = (
        *ordinary,
        _second_jobs(ordinary[0], streams),
        _small_jobs(people, streams),
        _past_jobs(fates, streams, first),
    )
    parts = [_with_employer(s, streams, f"job {k}", 0) for k, s in enumerate(plain)]
    parts += [
        _with_employer(subsidised, streams, "subsidised", 1),
        _with_employer(flexjob, streams, "flexjob", 1),
    ]
    return Jobs(ordinary, subsidised, flexjob, join_spells(parts))


def had_job_before(fates: Fates, streams: Streams) -> Bools:
    """Who came to the benefit from a job rather than from another benefit."""
    return streams.uniform("before", len(fates.works)) < 0.3


def _ordinary_jobs(people: People, fates: Fates, streams: Streams) -> tuple[Spells, ...]:
    n, origin = people.size, people.randomised_week
    luck = streams.uniform("first job", n)
    held = luck < _HELD_BEFORE
    alone = np.where(
        held,
        origin - spread(part(luck, 1), ((1, 41, 1),)),
        origin + spread(part(luck, 1), _EARLY_STARTS),
    )
    assisted = fates.started_week + spread(streams.uniform("helped job", n), _HELPED_STARTS)
    start = np.where(fates.works, alone, assisted)
    treated = fates.works | fates.helped
    jobs: list[Spells] = []
    going_on = np.ones(n, dtype=bool)
    for slot in range(3):
        luck = streams.uniform(f"job {slot} duration", n)
        end = start + spread(luck, _DURATIONS)
        end = np.where(held & (slot == 0), np.maximum(end, origin + 3), end)
        hours = _WEEKLY_HOURS[pick(streams.uniform(f"job {slot} hours", n), _HOURS_WEIGHTS)]
        jobs.append(
            build_spells(start, end, fates.works & going_on, treated & going_on, weekly_hours=hours)
        )
        going_on = going_on & (part(luck, 1) < 0.5)
        start = end + spread(part(luck, 2), ((2, 6, 0.3), (6, 21, 0.7)))
    return tuple(jobs)


def _second_jobs(first: Spells, streams: Streams) -> Spells:
    """A few hours beside the first job, for one in eight."""
    luck = streams.uniform("second job", len(first.person))
    end = np.minimum(first.end, first.start + spread(part(luck, 1), ((6, 27, 1),)))
    hours = 2 + spread(part(luck, 2), ((0, 7, 1),))
    return first.between(first.start, end).called(weekly_hours=hours).where(luck < 0.125)


def _small_jobs(people: People, streams: Streams) -> Spells:
    """A short job beside the benefit before the lottery, for one in twelve."""
    luck = streams.uniform("small job", people.size)
    end = people.randomised_week - spread(part(luck, 1), ((9, 131, 1),))
    start = end - spread(part(luck, 2), ((3, 27, 1),))
    had = luck < 0.08
    return build_spells(
        start, end, had, had, weekly_hours=_WEEKLY_HOURS[pick(part(luck, 3), _HOURS_WEIGHTS[:6])]
    )


def _past_jobs(fates: Fates, streams: Streams, first: int) -> Spells:
    """The job that some lost before they came to the benefit."""
    luck = streams.uniform("past job", len(fates.works))
    end = fates.on_benefit_since - spread(luck, ((0, 9, 1),))
    had = had_job_before(fates, streams)
    hours = _WEEKLY_HOURS[6 + pick(part(luck, 1), (1, 1, 2, 4))]
    return build_spells(np.full_like(end, first), end, had, had, weekly_hours=hours)


def _subsidised_jobs(people: People, fates: Fates, streams: Streams) -> Spells:
    """Wage subsidy: supported hours that are not ordinary."""
    luck = streams.uniform("subsidised job", people.size)
    start = people.randomised_week + spread(part(luck, 1), ((8, 80, 1),))
    end = start + spread(part(luck, 2), ((8, 27, 1),))
    return build_spells(
        start, end, fates.free & (luck < 0.04), fates.free & (luck < 0.06),
        weekly_hours=np.where(part(luck, 3) < 0.6, 37, 25),
    )  # fmt: skip


def _flexjobs(people: People, fates: Fates, streams: Streams) -> Spells:
    """Flexjob until further notice."""
    luck = streams.uniform("flexjob", people.size)
    start = people.randomised_week + spread(part(luck, 1), ((10, 100, 1),))
    gets = fates.free & (luck < np.where(people.benefit_type == 1, 0.075, 0.035))
    hours = 4 + spread(part(luck, 2), ((0, 17, 1),))
    return build_spells(start, start + 400, gets, gets, weekly_hours=hours)


def _with_employer(jobs: Spells, streams: Streams, purpose: str, supported: int) -> Spells:
    luck = streams.uniform(f"{purpose} employer", len(jobs.person))
    employer: Ints = (luck * 4000).astype(np.int64)
    return jobs.called(
        weekly_hours=jobs.facts["weekly_hours"],
        employer=employer,
        industry=employer * 7919 % len(INDUSTRIES),
        supported=supported,
    )
