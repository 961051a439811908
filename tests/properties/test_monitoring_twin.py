"""Statuses and retention against a naive twin that walks through every day of every citizen."""

import datetime as dt

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from jobeval.monitoring.plan import MonitorPlan
from jobeval.monitoring.reading import SupplierDelivery
from jobeval.monitoring.retention import find_kept_days, tabulate_retention
from jobeval.monitoring.seen import see_delivery
from jobeval.monitoring.status import derive_statuses

BEGINS, LAST = dt.date(2020, 1, 1), dt.date(2020, 12, 31)  # a leap year with 53 weeks
NAME = {"da": "x", "en": "x"}
PLAN = MonitorPlan.model_validate(
    {
        "name": "twin", "title": NAME, "municipality": "x", "begins": BEGINS, "cut_off": LAST,
        "suppliers": [{"name": "A", "label": NAME}], "retention": {"gap_days": 7},
    }
)  # fmt: skip
KINDS = st.sampled_from(["ordinary", "flexjob", "subsidised"])
DAY = st.integers(0, 365)


def day(number):
    return BEGINS + dt.timedelta(days=number)


@st.composite
def histories(draw):
    """(start of the course, days until its end or None, jobs, first and last day on benefit)."""
    start = draw(st.integers(0, 200))
    ended = draw(st.none() | st.integers(0, 150))
    jobs = draw(
        st.lists(
            st.tuples(
                KINDS, DAY, st.none() | st.integers(1, 200), st.sampled_from([0.0, 8.0, 37.0]),
                st.none() | DAY,
            ),
            max_size=4,
            unique_by=lambda job: job[1],
        )
    )  # fmt: skip
    return start, None if ended is None else start + ended, jobs, sorted(draw(st.tuples(DAY, DAY)))


def frames(people):
    courses, jobs, benefits = [], [], []
    for number, (start, ended, rows, (first, last)) in enumerate(people):
        person = f"p{number}"
        courses.append((person, "A", day(start), None if ended is None else day(ended)))
        for place, (kind, begin, length, hours, known) in enumerate(rows):
            end = None if length is None else day(begin + length)
            known_on = None if known is None else day(known)
            jobs.append((person, f"e{place}", kind, day(begin), end, hours, known_on))
        benefits.append((person, day(first), day(last + 1), 730))
    participants = pd.DataFrame(
        courses, columns=["person_id", "supplier", "started_on", "ended_on"]
    ).assign(end_reason=None, programme=None)
    names = ["person_id", "employer_id", "kind", "start", "end", "hours_per_week", "registered_on"]
    return SupplierDelivery(
        participants=dated(participants, "started_on", "ended_on"),
        jobs=dated(
            pd.DataFrame(jobs, columns=names), "start", "end", "registered_on"
        ).assign(hours=None, industry=None),
        activities=None,
        benefits=dated(
            pd.DataFrame(benefits, columns=["person_id", "start", "end", "code"]), "start", "end"
        ),
        invoices=None,
        findings=(),
        digest="",
    )  # fmt: skip


def dated(frame, *names):
    return frame.assign(**{n: pd.to_datetime(frame[n]).astype("datetime64[ns]") for n in names})


def twin(history, at):
    """Statuses of one citizen at the end of day ``at``, from sets of days."""
    start, ended, rows, (first, last) = history
    if start > at:
        return None
    out = ended if ended is not None and ended <= at else None
    found, work_days, begun = set(), set(), []
    for kind, begin, length, hours, known in rows:
        if begin > at or hours == 0 or (known is not None and known > at):
            continue
        days = set(range(begin, at + 1 if length is None else min(begin + length, at + 1)))
        if kind != "subsidised":
            work_days |= days
        if begin < start or (out is not None and begin > out + 31):
            continue
        beside = kind == "ordinary" and first <= max(days) <= last
        found.add("hours_beside_benefit" if beside else kind)
        if kind != "subsidised":
            begun.append(begin)
            found |= {"any_work"} | ({"full_time"} if hours >= 37 else set())
    found.add("active" if out is None else "ended")
    kept = {weeks: is_kept(min(begun), work_days, weeks, at) for weeks in (13, 26)} if begun else {}
    return found, kept


def is_kept(begin, work_days, weeks, at):
    """None: not old enough. Walk day by day; a gap of more than 7 days is the end."""
    if begin + 7 * weeks > at + 1:
        return None
    gap = 0
    for today in range(begin, at + 1):
        gap = 0 if today in work_days else gap + 1
        if gap > 7:
            return False
        if gap == 0 and today - begin + 1 >= 7 * weeks:
            return True
    return False


@settings(max_examples=30)
@given(st.lists(histories(), min_size=1, max_size=5), st.integers(200, 365))
def test_the_tables_are_those_of_a_walk_through_the_days(people, at):
    as_of = day(at)
    seen = see_delivery(PLAN, frames(people), as_of)
    statuses = derive_statuses(PLAN, seen, with_benefits=True)
    told = [one for one in (twin(history, at) for history in people) if one is not None]
    for status, flags in statuses.items():
        if status not in {"intake", "education", "work_or_education"}:
            assert flags.tolist() == [status in found for found, _ in told], status
    kept = find_kept_days(PLAN, seen.jobs, seen.rows, as_of)
    table = tabulate_retention(PLAN, seen.courses, kept, as_of).set_index("weeks")
    for weeks in (13, 26):
        judged = [one[weeks] for _, one in told if one.get(weeks) is not None]
        assert table.loc[weeks, ["kept", "eligible"]].tolist() == [sum(judged), len(judged)]
