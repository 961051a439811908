"""Job episodes against a naive twin that looks at every day, and what must not matter."""

import datetime as dt
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobeval.monitoring.contracts.episodes import EpisodeRule, find_episodes
from jobeval.monitoring.contracts.ledger import build_ledger
from jobeval.monitoring.contracts.terms import ContractTerms

LAST = 60
DAY0 = dt.date(2020, 1, 1)
LABEL = {"da": "x", "en": "x"}


class Row(NamedTuple):
    start: int
    length: int
    hours: float
    counts: bool


ROWS = st.lists(
    st.builds(
        Row,
        st.integers(-10, 55),
        st.integers(1, 40),
        st.sampled_from([0.0, 5.0, 12.5, 37.0, float("nan")]),
        st.booleans(),
    ),
    max_size=6,
)
SPELLS = st.lists(st.tuples(st.integers(-10, 55), st.integers(1, 12)), max_size=3)
RULES = st.builds(
    EpisodeRule,
    min_hours=st.sampled_from([0.0, 10.0, 17.5]),
    max_gap_days=st.integers(0, 6),
    gaps_count=st.booleans(),
    subsidised=st.sampled_from(["break", "pause", "count"]),
    max_benefit_days=st.one_of(st.none(), st.integers(0, 6)),
)


def kind_of_day(day: int, rows: list[Row], rule: EpisodeRule) -> str:
    """What a single day is, from the rows that cover it."""
    paid = [r for r in rows if r.start <= day < r.start + r.length and r.hours != 0]

    def hours(some: list[Row]) -> float:
        return round(sum(0.0 if np.isnan(r.hours) else r.hours for r in some), 2)

    counting = [row for row in paid if row.counts]
    if counting and hours(counting) >= rule.min_hours:
        return "work"
    if len(counting) == len(paid) or rule.subsidised == "break":
        return "out"
    if rule.subsidised == "pause":
        return "pause"
    return "along" if hours(paid) >= rule.min_hours else "out"


class Naive:
    """An episode as a list of the days from its first, each a letter."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.days: list[tuple[int, str, bool]] = []
        self.lost_on: int | None = None
        self.settled_on: int | None = None

    def gap(self) -> list[int]:
        """The days without work since the last kept day, pauses left out."""
        gap: list[int] = []
        for day, kind, _ in reversed(self.days):
            if kind in {"work", "along"}:
                break
            if kind == "out":
                gap.insert(0, day)
        return gap

    def kept(self, rule: EpisodeRule) -> list[tuple[int, int]]:
        """Each day at work with the number of kept days on its evening."""
        numbers: list[tuple[int, int]] = []
        total = waiting = 0
        for day, kind, _ in self.days:
            if kind == "out":
                waiting += 1
            if kind in {"work", "along"}:
                total += 1 + (waiting if rule.gaps_count else 0)
                waiting = 0
                numbers.append((day, total))
        return numbers


def naive_episodes(
    rows: list[Row], spells: list[tuple[int, int]], rule: EpisodeRule
) -> list[Naive]:
    found: list[Naive] = []
    now: Naive | None = None
    for day in range(LAST + 1):
        kind = kind_of_day(day, rows, rule)
        helped = any(start <= day < start + length for start, length in spells)
        helped = helped and rule.max_benefit_days is not None
        if now is None:
            if kind != "work" or (helped and rule.max_benefit_days == 0):
                continue
            now = Naive(day)
            found.append(now)
        benefit_days = sum(h for _, _, h in now.days) + helped
        if rule.max_benefit_days is not None and benefit_days > rule.max_benefit_days:
            now.lost_on, now.settled_on = (now.gap() or [day])[0], day
            now = None
            continue
        now.days.append((day, kind, helped))
        if len(now.gap()) > rule.max_gap_days:
            now.lost_on, now.settled_on = now.gap()[0], day
            now = None
    return found


@settings(max_examples=400, deadline=None)
@example([Row(0, 10, 37.0, True)], [(12, 3)], EpisodeRule(max_gap_days=6, max_benefit_days=1))
@given(ROWS, SPELLS, RULES)
def test_episodes_are_those_of_the_single_days(
    rows: list[Row], spells: list[tuple[int, int]], rule: EpisodeRule
) -> None:
    found = find_episodes(
        np.array([row.start for row in rows], dtype=np.int64),
        np.array([row.start + row.length for row in rows], dtype=np.int64),
        np.array([row.hours for row in rows], dtype=float),
        np.array([row.counts for row in rows], dtype=bool),
        np.array([start for start, _ in spells], dtype=np.int64),
        np.array([start + length for start, length in spells], dtype=np.int64),
        rule,
        first_day=0,
        last_day=LAST,
    )
    expected = naive_episodes(rows, spells, rule)
    assert [one.start for one in found] == [one.start for one in expected]
    for mine, twin in zip(found, expected, strict=True):
        assert (mine.lost_on, mine.settled_on) == (twin.lost_on, twin.settled_on)
        kept = twin.kept(rule)
        assert mine.kept_days == kept[-1][1]
        for days in range(1, LAST + 2):
            reached = next((day for day, total in kept if total >= days), None)
            assert mine.reached(days) == reached


JOBS = st.lists(
    st.fixed_dictionaries(
        {
            "person_id": st.sampled_from(["a", "b"]),
            "kind": st.sampled_from(["ordinary", "subsidised", "flexjob"]),
            "employer_id": st.sampled_from(["E1", "E2", None]),
            "start": st.integers(-20, 150),
            "length": st.one_of(st.none(), st.integers(1, 150)),
            "hours_per_week": st.sampled_from([5.0, 20.0, 37.0, None]),
            "registered": st.one_of(st.none(), st.integers(-20, 250)),
        }
    ),
    max_size=8,
)
TERMS = st.fixed_dictionaries(
    {
        "min_hours_per_week": st.sampled_from([0.0, 20.0]),
        "subsidised": st.sampled_from(["break", "pause", "count"]),
        "earlier_jobs": st.sampled_from(["exclude", "count"]),
        "once_per": st.sampled_from(["citizen", "course"]),
        "gaps": st.sampled_from([{}, {"max_days": 5}, {"max_days": 14, "count": True}]),
        "caps": st.sampled_from([{}, {"per_citizen_dkk": 2500.5}, {"per_contract_dkk": 6000}]),
    }
)


def contract(choices: dict[str, Any]) -> ContractTerms:
    claw_back = {"weeks": 4, "share": 0.5}
    milestones = [
        {"name": "start", "reached_by": "start", "price_dkk": 1000.25},
        {"name": "hour", "reached_by": "first_paid_hour", "price_dkk": 500, "max_paid": 2},
        {"name": "job", "reached_by": "job", "price_dkk": 2000, "claw_back": claw_back},
        {"name": "kept4", "reached_by": "kept", "weeks": 4, "price_dkk": 1000, "within_weeks": 20},
    ]
    return ContractTerms.model_validate(
        {"name": "c", "supplier": "s", "start": DAY0, "due_days": 7, **choices}
        | {"milestones": [{**one, "label": LABEL} for one in milestones]}
    )


def date(day: int | None) -> dt.date | None:
    return None if day is None else DAY0 + dt.timedelta(days=day)


def jobs_frame(jobs: list[dict[str, Any]]) -> pd.DataFrame:
    names = ["person_id", "kind", "employer_id", "start", "end", "hours_per_week", "registered_on"]
    rows = [
        {
            **job,
            "start": date(job["start"]),
            "end": date(None if job["length"] is None else job["start"] + job["length"]),
            "registered_on": date(job["registered"]),
        }
        for job in jobs
    ]
    return pd.DataFrame(rows, columns=names).assign(row=range(len(rows)))  # no row is a copy


COURSES = pd.DataFrame(
    {
        "person_id": ["a", "b", "a"],
        "supplier": "s",
        "started_on": [date(0), date(3), date(70)],
        "ended_on": [date(50), None, None],
    }
)


@settings(max_examples=50, deadline=None)
@given(JOBS, TERMS, st.integers(0, 250))
def test_the_ledger_of_a_past_day_is_the_same_whatever_came_later(
    jobs: list[dict[str, Any]], choices: dict[str, Any], day: int
) -> None:
    """Rows registered later, or beginning later, do not change it; nor do later courses."""
    as_of, terms = date(day), contract(choices)
    assert as_of is not None
    known = [j for j in jobs if j["start"] <= day and (j["registered"] or -99) <= day]
    courses = COURSES[pd.to_datetime(COURSES["started_on"]) <= pd.Timestamp(as_of)]
    now = build_ledger(jobs_frame(known), courses, terms, as_of=as_of)
    later = build_ledger(jobs_frame(jobs), COURSES, terms, as_of=as_of)
    pd.testing.assert_frame_equal(now.drop(columns="proof"), later.drop(columns="proof"))


@settings(max_examples=50, deadline=None)
@given(JOBS, TERMS, st.integers(0, 120), st.integers(0, 120))
def test_what_is_reached_stays_reached_when_no_row_was_late(
    jobs: list[dict[str, Any]], choices: dict[str, Any], first: int, more: int
) -> None:
    """Without registration dates, a later day only adds milestones, at the same prices."""
    frame = jobs_frame([{**job, "registered": None} for job in jobs])
    key = ["person_id", "started_on", "milestone", "reached_on", "due_on"]
    amount = ["amount_dkk", "limited_by", "proof"]
    ledgers = [
        build_ledger(frame, COURSES, contract(choices), as_of=DAY0 + dt.timedelta(days=day))
        for day in (first, first + more)
    ]
    early, late = (ledger[key + amount].astype(str) for ledger in ledgers)
    assert set(early.itertuples(index=False)) <= set(late.itertuples(index=False))


@settings(max_examples=50, deadline=None)
@given(JOBS, TERMS, st.randoms(use_true_random=False))
def test_order_and_cuts_of_rows_do_not_matter(
    jobs: list[dict[str, Any]], choices: dict[str, Any], random: Any
) -> None:
    """Rows in another order, some cut in two where they are dated together, say the same."""
    terms, as_of = contract(choices), DAY0 + dt.timedelta(days=200)
    whole = [{**job, "registered": None} for job in jobs]
    cut = [part for job in whole for part in cut_in_two(job)]
    random.shuffle(cut)
    ledgers = [build_ledger(jobs_frame(rows), COURSES, terms, as_of=as_of) for rows in (whole, cut)]
    pd.testing.assert_frame_equal(*(ledger.drop(columns="proof") for ledger in ledgers))


def cut_in_two(job: dict[str, Any]) -> list[dict[str, Any]]:
    length = job["length"]
    if job["employer_id"] is None or (length is not None and length < 2):
        return [job]
    first = 5 if length is None else length // 2
    rest = None if length is None else length - first
    return [{**job, "length": first}, {**job, "start": job["start"] + first, "length": rest}]
