"""Programme indicators against slow twins: loops over persons and weeks, from the definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobeval.delivery.contacts import count_contacts
from jobeval.delivery.effort import UNSEEN, Effort, Jobs
from jobeval.delivery.gaps import find_runs
from jobeval.delivery.marks import mark_indicators, mark_passive
from jobeval.delivery.placement_status import states_after_placement
from jobeval.delivery.placements import join_spells
from jobeval.delivery.ramp import hours_since_first
from jobeval.delivery.spells import Spells
from jobeval.delivery.waiting import find_waits
from jobeval.plan.parts import ACTIVITY_KINDS, STATES
from jobeval.plan.programme import Programme

WEEKS = 14
PROGRAMME = Programme(course_weeks=8, placement_weeks=3, status_weeks=2, gap_weeks=2, ramp_weeks=4)
STATES_DRAWN = ["benefit", "employment", "sickness_benefit", "out_of_population"]
SETTINGS = settings(max_examples=60)

spells = st.tuples(
    st.sampled_from(ACTIVITY_KINDS), st.integers(-3, 11), st.integers(1, 5), st.integers(-1, 2)
)
people = st.lists(
    st.tuples(
        st.lists(spells, max_size=6),
        st.lists(st.sampled_from([0.0, 0.0, 5.0]), min_size=WEEKS, max_size=WEEKS),
        st.lists(st.sampled_from(STATES_DRAWN), min_size=WEEKS, max_size=WEEKS),
        st.integers(0, WEEKS),  # weeks of activities seen
        st.integers(0, WEEKS),  # weeks of hours and states seen
    ),
    min_size=1,
    max_size=4,
)


def build(drawn):
    """The persons as arrays; what begins after the activities are seen is not there."""
    rows = [
        (number, ACTIVITY_KINDS.index(kind), start, min(start + length, followed), company)
        for number, (activities, _, _, followed, _) in enumerate(drawn)
        for kind, start, length, company in activities
        if start < followed
    ]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    hours = np.array([person[1] for person in drawn])
    states = np.array([[STATES.index(s) for s in person[2]] for person in drawn], dtype=np.uint8)
    unseen = np.arange(WEEKS) >= np.array([person[4] for person in drawn])[:, None]
    none = np.zeros(0, dtype=np.int64)
    return Effort(
        origin=np.full(len(drawn), 2401),
        activities=Spells(*columns, n=len(drawn)),
        industry=np.full(len(rows), None),
        followed=np.array([person[3] for person in drawn]),
        hours=np.where(unseen, np.nan, hours),
        states=np.where(unseen, np.uint8(UNSEEN), states),
        jobs=Jobs(none, none, np.zeros(0, dtype=object)),
    )


def seen(person):
    """One person as plain lists: activities as seen, hours and states as far as observed."""
    activities, hours, states, followed, weeks = person
    cut = [(k, s, min(s + n, followed), c) for k, s, n, c in activities if s < followed]
    return cut, hours[:weeks], states[:weeks], followed


def join_slowly(found):
    """Placements as sets of weeks of one company; sets that touch are one."""
    pieces = sorted((c, s, e) for _, s, e, c in found)
    joined = []
    for company, start, end in pieces:
        if joined and joined[-1][0] == company and start <= joined[-1][2]:
            joined[-1][2] = max(joined[-1][2], end)
        else:
            joined.append([company, start, end])
    return [(start, end, company) for company, start, end in joined]


def judge_slowly(person):
    activities, hours, states, followed = seen(person)
    course, weeks = PROGRAMME.course_weeks, PROGRAMME.placement_weeks
    begun = [a for a in activities if 0 <= a[1] < course]
    placements = join_slowly([a for a in activities if a[0] == "virksomhedspraktik"])
    first = sorted((s, -e) for s, e, _ in placements if s >= 0)
    companies = [a[3] for a in begun if a[0] in PROGRAMME.company]
    known = {c for c in companies if c >= 0}
    often = max(len(known) or bool(companies), sum(0 <= s < course for s, _, _ in placements))
    done = followed >= course
    answers = dict.fromkeys(
        ["tried_company", "placement", "hours_in_course", "hours_after_placement",
         "placement_ended_early", "adjusted", "long_gap"]
    )  # fmt: skip
    if done:
        answers["tried_company"] = any(a[0] == "snusepraktik" for a in begun)
        answers["placement"] = any(0 <= s < course for s, _, _ in placements)
        answers["adjusted"] = often >= 2
    if len(hours) >= course:
        answers["hours_in_course"] = any(h > 0 for h in hours[:course])
        answers["long_gap"] = any(
            all(week in passive_slowly(person) for week in range(at, at + PROGRAMME.gap_weeks))
            for at in range(course - PROGRAMME.gap_weeks + 1)
        )
    if len(hours) > weeks and states[weeks] != "out_of_population":
        answers["hours_after_placement"] = any(h > 0 for h in hours[weeks:])
    if first and first[0][0] < course and first[0][0] + weeks <= followed:
        due = first[0][0] + weeks
        if "out_of_population" not in states[:due]:
            answers["placement_ended_early"] = -first[0][1] < due
    return answers


def passive_slowly(person):
    activities, hours, states, _ = seen(person)
    busy = {w for k, s, e, _ in activities if k != "contact" for w in range(s, e)}
    busy |= {week for week, h in enumerate(hours) if h > 0}
    course = range(min(PROGRAMME.course_weeks, len(states)))
    return {week for week in course if states[week] == "benefit" and week not in busy}


@SETTINGS
@given(people)
def test_marks(drawn):
    marks = mark_indicators(build(drawn), PROGRAMME)
    for number, person in enumerate(drawn):
        expected = {k: np.nan if v is None else float(v) for k, v in judge_slowly(person).items()}
        found = {name: values[number] for name, values in marks.items()}
        assert found == pytest.approx(expected, nan_ok=True)


@SETTINGS
@given(people)
def test_passive_weeks_and_their_runs(drawn):
    passive = mark_passive(build(drawn), PROGRAMME)
    assert [set(np.flatnonzero(row)) for row in passive] == [passive_slowly(p) for p in drawn]
    runs = find_runs(passive)
    again = np.zeros_like(passive)
    for person, start, length in zip(*runs, strict=True):
        assert not again[person, start : start + length].any()
        again[person, start : start + length] = True
        assert start == 0 or not passive[person, start - 1]
    np.testing.assert_array_equal(again, passive)


@SETTINGS
@given(people)
def test_joined_placements(drawn):
    joined = join_spells(build(drawn).activities)
    for number, person in enumerate(drawn):
        rows = joined.where(joined.person == number)
        found = list(zip(rows.start, rows.end, rows.company, strict=True))
        assert sorted(found) == sorted(join_slowly(seen(person)[0]))
        assert found == sorted(found, key=lambda row: (row[0], row[1], row[2]))


@SETTINGS
@given(people)
def test_status_after_the_placement(drawn):
    found = states_after_placement(build(drawn), PROGRAMME)
    for number, person in enumerate(drawn):
        activities, _, states, followed = seen(person)
        placements = join_slowly([a for a in activities if a[0] == "virksomhedspraktik"])
        first = sorted((s, -e) for s, e, _ in placements if s >= 0)
        expected = UNSEEN
        if first and first[0][0] < PROGRAMME.course_weeks and -first[0][1] < followed:
            week = -first[0][1] - 1 + PROGRAMME.status_weeks
            expected = STATES.index(states[week]) if week < len(states) else UNSEEN
        assert found[number] == expected


@SETTINGS
@given(people)
def test_waits_ramps_and_contacts(drawn):
    effort = build(drawn)
    waits, (contacts, weeks) = find_waits(effort, PROGRAMME), count_contacts(effort, PROGRAMME)
    ramps = hours_since_first(effort.hours, PROGRAMME.ramp_weeks)
    expected = []
    for number, person in enumerate(drawn):
        activities, hours, states, followed = seen(person)
        out = {week for week, state in enumerate(states) if state == "out_of_population"}
        counted = [w for w in range(min(PROGRAMME.course_weeks, followed)) if w not in out]
        starts = [s for k, s, _, _ in activities if k == "contact" and s >= 0]
        assert weeks[number] == len(counted)
        assert contacts[number] == sum(s in counted for s in starts)
        wait = waits["days_to_contact"]
        assert wait.reached[number] == bool(starts)
        assert wait.weeks[number] == (min(starts) if starts else followed - 1)
        assert wait.seen[number] == (followed > 0)
        worked = [week for week, h in enumerate(hours) if h > 0]
        wait = waits["days_to_paid_hour"]
        assert wait.weeks[number] == (worked[0] if worked else len(hours) - 1)
        if worked:
            seen_then = hours[worked[0] :][: PROGRAMME.ramp_weeks]
            expected.append(seen_then + [np.nan] * (PROGRAMME.ramp_weeks - len(seen_then)))
    np.testing.assert_array_equal(ramps, np.array(expected).reshape(-1, PROGRAMME.ramp_weeks))


@SETTINGS
@given(people, st.data())
def test_moving_the_origin_is_seeing_the_weeks_from_there_on(drawn, data):
    effort = build(drawn)
    kept = data.draw(st.lists(st.booleans(), min_size=effort.n, max_size=effort.n))
    rows = np.flatnonzero(kept)
    weeks = np.array([data.draw(st.integers(0, WEEKS)) for _ in rows], dtype=np.int64)
    moved = effort.since(rows, weeks)
    later = []
    for row, delay in zip(rows, weeks, strict=True):
        activities, hours, states, followed, observed = drawn[row]
        later.append((
            [(k, s - delay, n, c) for k, s, n, c in activities if s < followed],
            hours[delay:] + [0.0] * delay, states[delay:] + ["benefit"] * delay,
            max(followed - delay, 0), max(observed - delay, 0),
        ))  # fmt: skip
    assert moved.origin.tolist() == (2401 + weeks).tolist()
    assert moved.followed.tolist() == [person[3] for person in later]
    if later:
        expected = mark_indicators(build(later), PROGRAMME)
        for name, values in mark_indicators(moved, PROGRAMME).items():
            np.testing.assert_array_equal(values, expected[name])
