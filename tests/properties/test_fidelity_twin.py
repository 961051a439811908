"""Scores of fidelity against a second code that goes person by person and week by week."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jobeval.delivery.effort import UNSEEN, Effort, Jobs
from jobeval.delivery.fidelity import mean_scores, score_persons
from jobeval.delivery.fidelity_tables import tabulate_matrix, tabulate_scores
from jobeval.delivery.spells import Spells
from jobeval.plan.fidelity import FidelityElement
from jobeval.plan.parts import ACTIVITY_KINDS

WEEKS, PERSONS = 12, 4
LABEL = {"da": "Kerneelement", "en": "Core element"}


def naive_score(rule, activities, followed, hours):
    """1, 0 or None for one person; ``activities`` as (kind, start, end, company or None)."""
    first, stop = rule["window_weeks"]
    window = range(first, stop)
    reads_hours = rule["kind"] == "hours_beside" or (
        rule["kind"] == "no_gap" and rule.get("hours_count", True)
    )
    if any(week >= followed for week in window):
        return None
    if reads_hours and any(hours[week] is None for week in window):
        return None

    def running(kinds, week):
        return any(kind in kinds and start <= week < end for kind, start, end, _ in activities)

    def begun(kinds):
        return [one for one in activities if one[0] in kinds and one[1] in window]

    kinds = rule.get("kinds", ACTIVITY_KINDS)
    if rule["kind"] == "activity":
        return int(len(begun(kinds)) >= rule["min_count"])
    if rule["kind"] == "different_companies":
        known = {company for *_, company in begun(kinds) if company is not None}
        unknown = [1 for *_, company in begun(kinds) if company is None]
        possible = {
            max(len(known) + new, 1 if unknown else 0) >= rule["min_count"]
            for new in range(len(unknown) + 1)
        }
        return None if len(possible) == 2 else int(possible.pop())
    if rule["kind"] == "after":
        return int(
            any(
                start <= later <= end - 1 + rule["within_weeks"]
                for _, later, _, _ in begun(kinds)
                for _, start, end, _ in begun(rule["earlier"])
            )
        )
    if rule["kind"] == "support":
        both = [w for w in window if running(kinds, w) and running(rule["beside"], w)]
        return int(len(both) >= rule["min_weeks"])
    if rule["kind"] == "hours_beside":
        both = [w for w in window if running(kinds, w) and hours[w] > 0]
        return int(len(both) >= rule["min_weeks"])
    if rule["kind"] == "length":
        wanted = [running(kinds, w) for w in window]
        return int(naive_run(wanted) >= rule["min_weeks"])
    empty = [not running(kinds, w) and not (reads_hours and hours[w] > 0) for w in window]
    return int(naive_run(empty) <= rule["max_weeks"])


def naive_run(marks):
    text = "".join("x" if mark else " " for mark in marks)
    return max((len(part) for part in text.split()), default=0)


@st.composite
def rules(draw):
    first = draw(st.integers(0, WEEKS - 2))
    stop = draw(st.integers(first + 2, WEEKS))
    kinds = draw(st.permutations(ACTIVITY_KINDS))
    some, others = kinds[: draw(st.integers(1, 3))], kinds[3:]
    weeks = draw(st.integers(1, stop - first))
    rule = draw(
        st.sampled_from(
            [
                {"kind": "activity", "min_count": draw(st.integers(1, 3))},
                {"kind": "different_companies", "min_count": draw(st.integers(1, 3))},
                {"kind": "length", "min_weeks": weeks},
                {"kind": "support", "beside": others, "min_weeks": min(weeks, 3)},
                {"kind": "hours_beside", "min_weeks": min(weeks, 3)},
                {"kind": "after", "earlier": others, "within_weeks": draw(st.integers(0, 5))},
                {
                    "kind": "no_gap",
                    "max_weeks": weeks - 1,
                    "hours_count": draw(st.booleans()),
                },
            ]
        )
    )
    return {**rule, "kinds": some, "window_weeks": [first, stop]}


@st.composite
def persons(draw):
    return [
        (
            draw(st.sampled_from(ACTIVITY_KINDS)),
            start := draw(st.integers(-3, WEEKS)),
            start + draw(st.integers(1, 6)),
            draw(st.sampled_from([None, 0, 1, 2])),
        )
        for _ in range(draw(st.integers(0, 7)))
    ]


def effort_of(lives, followed, hours):
    rows = [
        (i, ACTIVITY_KINDS.index(kind), start, end, -1 if company is None else company)
        for i, life in enumerate(lives)
        for kind, start, end, company in life
    ]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    nothing = np.zeros(0, dtype=np.int64)
    return Effort(
        origin=np.zeros(len(lives), dtype=np.int64),
        activities=Spells(*columns, n=len(lives)),
        industry=np.full(len(rows), None),
        followed=np.array(followed, dtype=np.int64),
        hours=np.array(hours, dtype=float).reshape(len(lives), WEEKS),
        states=np.full((len(lives), WEEKS), UNSEEN, dtype=np.uint8),
        jobs=Jobs(nothing, nothing, nothing.astype(object)),
    )


def element(i, rule):
    values = {"name": f"element_{i}", "label": LABEL, "threshold": 0.5, "rule": rule}
    return FidelityElement.model_validate(values)


hours_weeks = st.lists(st.sampled_from([0.0, 4.5, None]), min_size=WEEKS, max_size=WEEKS)


@given(
    st.lists(rules(), min_size=1, max_size=4),
    st.lists(persons(), min_size=PERSONS, max_size=PERSONS),
    st.lists(st.sampled_from([WEEKS, WEEKS, 7, 3]), min_size=PERSONS, max_size=PERSONS),
    st.lists(hours_weeks, min_size=PERSONS, max_size=PERSONS),
)
def test_scores_are_those_of_person_by_person(asked, lives, followed, hours):
    elements = [element(i, rule) for i, rule in enumerate(asked)]
    scores = score_persons(effort_of(lives, followed, hours), elements, {})
    naive = [
        [naive_score(rule, life, weeks, worked) for rule in asked]
        for life, weeks, worked in zip(lives, followed, hours, strict=True)
    ]
    np.testing.assert_array_equal(scores, np.array(naive, dtype=float))


marks = st.sampled_from([0.0, 1.0, math.nan])


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.lists(marks, min_size=3, max_size=3)),
        min_size=1,
        max_size=12,
    )
)
def test_the_matrix_counts_the_persons_of_each_site(rows):
    sites = np.array([site for site, _ in rows], dtype=object)
    scores = np.array([row for _, row in rows])
    matrix = tabulate_matrix(scores, sites, ["x", "y", "z"], np.array([0.5, 0.5, 0.5]))
    naive = [
        (site, name, sum(v == 1 for v in column), sum(v == v for v in column))
        for site in ("", *sorted(set(sites)))
        for j, name in enumerate("xyz")
        for column in [[row[j] for s, row in rows if site in ("", s)]]
    ]
    assert [tuple(row) for row in matrix[["site", "element", "count", "of"]].to_numpy()] == naive


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.lists(marks, min_size=2, max_size=2)),
        min_size=1,
        max_size=10,
    )
)
def test_the_score_of_a_site_is_the_mean_of_its_persons(rows):
    sites = np.array([site for site, _ in rows], dtype=object)
    scores = np.array([row for _, row in rows])
    table = tabulate_scores(scores, sites)
    for site, persons_, score in table[["site", "persons", "score"]].to_numpy():
        own = [[v for v in row if v == v] for s, row in rows if site in ("", s)]
        means = [sum(known) / len(known) for known in own if known]
        assert persons_ == len(means)
        assert math.isnan(score) if not means else math.isclose(score, sum(means) / len(means))
    known = mean_scores(scores)
    assert np.all(np.isnan(known) | ((known >= 0) & (known <= 1)))


@given(st.permutations(range(5)))
def test_the_order_of_activities_does_not_matter(order):
    life = [
        ("snusepraktik", 0, 2, 0),
        ("virksomhedspraktik", 3, 9, 1),
        ("mentor", 1, 6, None),
        ("contact", 0, 1, None),
        ("snusepraktik", 2, 3, None),
    ]
    window = {"window_weeks": [0, 10]}
    asked = [
        {"kind": "different_companies", "kinds": ["snusepraktik"], "min_count": 2, **window},
        {"kind": "after", "kinds": ["virksomhedspraktik"], "earlier": ["snusepraktik"],
         "within_weeks": 1, **window},
        {"kind": "no_gap", "kinds": ["contact", "mentor"], "max_weeks": 4, **window},
    ]  # fmt: skip
    elements = [element(i, rule) for i, rule in enumerate(asked)]
    scores = score_persons(
        effort_of([[life[i] for i in order]], [WEEKS], [[0.0] * WEEKS]), elements, {}
    )
    np.testing.assert_array_equal(scores, [[np.nan, 1, 1]])
