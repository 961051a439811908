"""Each rule of fidelity on event tables worked by hand."""

import numpy as np
import pytest

from jobeval.delivery.effort import UNSEEN, Effort, Jobs
from jobeval.delivery.fidelity import mean_scores, score_persons
from jobeval.delivery.spells import Spells
from jobeval.plan.fidelity import FidelityElement
from jobeval.plan.parts import ACTIVITY_KINDS

WEEKS = 20
LABEL = {"da": "Kerneelement", "en": "Core element"}


def spells_of(*rows, n):
    """Rows ``(person, kind, start, end)`` or with a company as the fifth."""
    table = [(p, ACTIVITY_KINDS.index(k), s, e, *(c or (-1,))) for p, k, s, e, *c in rows]
    columns = np.array(table, dtype=np.int64).reshape(-1, 5).T
    return Spells(*columns, n=n)


def effort_of(*rows, n=1, followed=WEEKS, hours=None, hours_followed=WEEKS):
    """``hours``: person → weeks with ordinary hours."""
    worked = np.zeros((n, WEEKS))
    for person, weeks in (hours or {}).items():
        worked[person, list(weeks)] = 7.0
    worked[:, hours_followed:] = np.nan
    nothing = np.zeros(0, dtype=np.int64)
    return Effort(
        origin=np.zeros(n, dtype=np.int64),
        activities=spells_of(*rows, n=n),
        industry=np.full(len(rows), None),
        followed=np.broadcast_to(followed, n).astype(np.int64),
        hours=worked,
        states=np.full((n, WEEKS), UNSEEN, dtype=np.uint8),
        jobs=Jobs(nothing, nothing, nothing.astype(object)),
    )


def element(**rule):
    values = {"name": "element", "label": LABEL, "threshold": 0.5, "rule": rule}
    return FidelityElement.model_validate(values)


def judge(effort, **rule):
    """1, 0 or None for each person."""
    scores = score_persons(effort, [element(**rule)], {})[:, 0]
    return [None if np.isnan(score) else int(score) for score in scores]


def test_an_activity_begins_within_its_weeks_or_does_not():
    effort = effort_of(
        (0, "snusepraktik", 2, 4),  # the first week that counts
        (1, "snusepraktik", 4, 5),  # the last
        (2, "snusepraktik", 1, 9),  # began before, and runs on through all of them
        (3, "snusepraktik", 5, 6),  # a week too late
        (4, "virksomhedspraktik", 3, 4),  # another kind
        n=6,
    )
    rule = {"kind": "activity", "kinds": ["snusepraktik"], "window_weeks": [2, 5]}
    assert judge(effort, **rule) == [1, 1, 0, 0, 0, 0]


def test_several_activities_are_counted_over_kinds():
    rows = [(0, "contact", 0, 1), (0, "mentor", 0, 8), (1, "contact", 0, 1), (1, "contact", 6, 7)]
    rule = {"kind": "activity", "kinds": ["contact", "mentor"], "min_count": 2}
    assert judge(effort_of(*rows, n=2), **rule, window_weeks=[0, 6]) == [1, 0]


def test_nobody_is_judged_before_the_window_is_over():
    rows = [(person, "mentor", 0, 1) for person in range(3)]
    effort = effort_of(*rows, n=4, followed=[4, 5, 6, 4])
    rule = {"kind": "activity", "kinds": ["mentor"], "window_weeks": [0, 5]}
    assert judge(effort, **rule) == [None, 1, 1, None]


def test_companies_must_differ():
    effort = effort_of(
        (0, "snusepraktik", 0, 1, 7), (0, "virksomhedspraktik", 2, 9, 8),
        (1, "snusepraktik", 0, 1, 7), (1, "virksomhedspraktik", 2, 9, 7),
        (2, "snusepraktik", 0, 1, 7), (2, "loentilskud", 2, 9, 8),  # a kind that does not count
        (3, "snusepraktik", 0, 1, 7), (3, "virksomhedspraktik", 10, 12, 8),  # too late
        n=5,
    )  # fmt: skip
    kinds = ["snusepraktik", "virksomhedspraktik"]
    rule = {"kind": "different_companies", "kinds": kinds, "window_weeks": [0, 10]}
    assert judge(effort, **rule) == [1, 0, 0, 0, 0]


def test_an_unknown_company_is_unknown_where_it_decides():
    effort = effort_of(
        (0, "snusepraktik", 0, 1, 7), (0, "snusepraktik", 2, 3),  # 1 or 2 companies
        (1, "snusepraktik", 0, 1), (1, "snusepraktik", 2, 3),  # 1 or 2
        (2, "snusepraktik", 0, 1, 7), (2, "snusepraktik", 2, 3, 8), (2, "snusepraktik", 4, 5),
        (3, "snusepraktik", 0, 1),  # 1 at most
        n=4,
    )  # fmt: skip
    rule = {"kind": "different_companies", "kinds": ["snusepraktik"], "window_weeks": [0, 10]}
    assert judge(effort, **rule) == [None, None, 1, 0]
    assert judge(effort, **rule, min_count=1) == [1, 1, 1, 1]


def test_length_joins_what_touches_or_overlaps():
    effort = effort_of(
        (0, "virksomhedspraktik", 3, 7),  # four weeks
        (1, "virksomhedspraktik", 3, 5), (1, "loentilskud", 5, 7),  # two and two, adjacent
        (2, "virksomhedspraktik", 3, 5), (2, "virksomhedspraktik", 6, 8),  # a week between
        (3, "virksomhedspraktik", 1, 6), (3, "virksomhedspraktik", 2, 4),  # from 2 on: four
        (4, "virksomhedspraktik", 9, 14),  # to 12: three
        n=5,
    )  # fmt: skip
    kinds = ["virksomhedspraktik", "loentilskud"]
    rule = {"kind": "length", "kinds": kinds, "min_weeks": 4, "window_weeks": [2, 12]}
    assert judge(effort, **rule) == [1, 1, 0, 1, 0]


def test_support_needs_both_in_the_same_weeks():
    effort = effort_of(
        (0, "virksomhedspraktik", 2, 6), (0, "mentor", 4, 9),  # weeks 4 and 5
        (1, "virksomhedspraktik", 2, 6), (1, "mentor", 5, 9),  # week 5
        (2, "virksomhedspraktik", 2, 6), (2, "mentor", 6, 9),  # none
        (3, "mentor", 0, 9),
        n=4,
    )  # fmt: skip
    rule = {"kind": "support", "kinds": ["mentor"], "beside": ["virksomhedspraktik"]}
    assert judge(effort, **rule, min_weeks=2, window_weeks=[0, 10]) == [1, 0, 0, 0]
    assert judge(effort, **rule, window_weeks=[0, 10]) == [1, 1, 0, 0]
    assert judge(effort, **rule, window_weeks=[0, 5]) == [1, 0, 0, 0]


def test_hours_count_beside_the_placement_only():
    effort = effort_of(
        *[(person, "virksomhedspraktik", 2, 6) for person in range(3)],
        n=4,
        hours={0: [5], 1: [6, 7], 3: range(10)},
    )
    rule = {"kind": "hours_beside", "kinds": ["virksomhedspraktik"], "window_weeks": [0, 10]}
    assert judge(effort, **rule) == [1, 0, 0, 0]
    assert judge(effort, **rule, min_weeks=2) == [0, 0, 0, 0]


def test_rules_on_hours_need_the_hours_of_the_whole_window():
    effort = effort_of((0, "virksomhedspraktik", 2, 6), hours={0: [3]}, hours_followed=9)
    rule = {"kind": "hours_beside", "kinds": ["virksomhedspraktik"]}
    assert judge(effort, **rule, window_weeks=[0, 9]) == [1]
    assert judge(effort, **rule, window_weeks=[0, 10]) == [None]
    gap = {"kind": "no_gap", "max_weeks": 8, "window_weeks": [0, 10]}
    assert judge(effort, **gap) == [None]
    assert judge(effort, **gap, hours_count=False) == [1]


def test_after_is_from_the_week_of_the_first_to_the_weeks_after_its_last():
    follows = {0: 2, 1: 3, 2: 4, 3: 6, 4: 7, 5: 8}  # the earlier one lasts weeks 3 and 4
    rows = [(person, "snusepraktik", 3, 5) for person in follows]
    rows += [(person, "virksomhedspraktik", week, 15) for person, week in follows.items()]
    rule = {"kind": "after", "kinds": ["virksomhedspraktik"], "earlier": ["snusepraktik"]}
    window = {"window_weeks": [0, 15]}
    effort = effort_of(*rows, n=len(follows))
    assert judge(effort, **rule, within_weeks=3, **window) == [0, 1, 1, 1, 1, 0]
    assert judge(effort, **rule, within_weeks=2, **window) == [0, 1, 1, 1, 0, 0]
    assert judge(effort, **rule, within_weeks=0, **window) == [0, 1, 1, 0, 0, 0]


def test_after_looks_at_what_begins_in_the_window_only():
    effort = effort_of(
        (0, "snusepraktik", 0, 3), (0, "virksomhedspraktik", 3, 9),  # the earlier one is too early
        (1, "snusepraktik", 5, 6), (1, "virksomhedspraktik", 8, 9),  # the later one is too late
        (2, "snusepraktik", 1, 2), (2, "virksomhedspraktik", 7, 9), (2, "snusepraktik", 7, 8),
        n=3,
    )  # fmt: skip
    rule = {"kind": "after", "kinds": ["virksomhedspraktik"], "earlier": ["snusepraktik"]}
    assert judge(effort, **rule, within_weeks=4, window_weeks=[1, 8]) == [0, 0, 1]


def test_gaps_are_weeks_in_a_row_without_anything():
    rows = [(0, "mentor", 3, 4), (0, "contact", 7, 8), (1, "mentor", 3, 4)]
    effort = effort_of(*rows, n=3, hours={2: range(2, 10)})
    rule = {"kind": "no_gap", "window_weeks": [0, 10]}
    assert judge(effort, **rule, max_weeks=3) == [1, 0, 1]  # 3, 3 and 2 weeks; 6; 2
    assert judge(effort, **rule, max_weeks=2) == [0, 0, 1]
    assert judge(effort, **rule, max_weeks=6, kinds=["mentor"]) == [1, 1, 1]
    assert judge(effort, **rule, max_weeks=5, kinds=["mentor"]) == [0, 0, 1]
    assert judge(effort, **rule, max_weeks=9, hours_count=False) == [1, 1, 0]


def test_a_delivered_column_tells_as_it_stands():
    told = np.array([1.0, 0.0, np.nan])
    scores = score_persons(
        effort_of(n=3, followed=0), [element(kind="delivered", column="told")], {"told": told}
    )
    np.testing.assert_array_equal(scores[:, 0], told)


def test_activities_of_no_known_kind_count_for_none():
    spells = Spells(*np.array([[0], [-1], [0], [9], [-1]]), n=1)
    assert not len(spells.of(ACTIVITY_KINDS).person)


def test_nobody_and_nothing_are_no_trouble():
    rules = [
        element(kind="activity", kinds=["mentor"], window_weeks=[0, 5]),
        element(kind="different_companies", kinds=["snusepraktik"], window_weeks=[0, 5]),
        element(kind="no_gap", max_weeks=2, window_weeks=[0, 5]),
    ]
    assert score_persons(effort_of(n=0), rules, {}).shape == (0, 3)
    assert score_persons(effort_of(n=2), rules, {}).tolist() == [[0, 0, 0]] * 2


@pytest.mark.parametrize(
    ("row", "score"), [([1, 1, 0, np.nan], 2 / 3), ([np.nan] * 4, None), ([0, 0, 0, 0], 0)]
)
def test_a_score_is_the_share_of_what_could_be_judged(row, score):
    [found] = mean_scores(np.array([row], dtype=float))
    assert np.isnan(found) if score is None else found == pytest.approx(score)
