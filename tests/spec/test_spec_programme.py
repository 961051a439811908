"""Programme indicators on hand-written registers: gaps, ramp, adjustments, status, cohorts.

Week 0 of most persons is the week of Monday 4 January 2016. The course is 20 weeks, a placement
4 weeks, a long gap 3 weeks; two bystanders in the control arm carry the registers to 2017. Each
person has a job centre of its own, so that one trial can hold many cases.
"""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from jobeval.delivery.cohorts import name_cohorts
from jobeval.delivery.effort import UNSEEN
from jobeval.delivery.placement_status import states_after_placement
from jobeval.evaluation.effort import read_effort, split_populations
from jobeval.evaluation.look import read_look
from jobeval.evaluation.programme import TABLES, describe_programme
from jobeval.plan.model import TrialPlan
from jobeval.plan.parts import STATES
from jobeval.registers.trial import Trial

LABEL = {"da": "x", "en": "x"}
MONDAY = dt.date(2016, 1, 4)
COURSE = {
    "course_weeks": 20, "placement_weeks": 4, "status_weeks": 4, "gap_weeks": 3, "ramp_weeks": 6,
}  # fmt: skip
BENEFIT, SICK, DEAD, EMIGRATED = 730, 893, 999, 997
ON_BENEFIT = [("2015-01-05", "2017-12-25", BENEFIT)]


def week(number, day=0):
    """A date in a week since 4 January 2016."""
    return MONDAY + dt.timedelta(days=7 * number + day)


def spell(kind, first, stop, company=None, industry=None):
    """An activity in whole weeks ``[first, stop)``."""
    return kind, week(first), week(stop), company, industry


def person(name="one", arm="offer", **facts):
    drawn = facts.get("drawn", MONDAY)
    given = {
        "arm": arm, "drawn": drawn, "started": drawn if arm == "offer" else None,
        "benefits": ON_BENEFIT, "hours": [], "activities": [],
    }  # fmt: skip
    return {"name": name, **given, **facts}


def describe(*people, **options):
    """Name of a check → its table."""
    at_look = look_at(*people, **options)
    return {check.name: check.table for check in describe_programme(at_look)}


def look_at(*people, cut_off=dt.date(2017, 6, 30), lag=None, **programme):
    bystanders = [
        person(
            f"bystander {number}", "control", hours=[("2015-01", 1.0), ("2017-12", 1.0)],
            activities=[("mentor", dt.date(2015, 1, 5), dt.date(2017, 12, 25), None, None)],
        )
        for number in (1, 2)
    ]  # fmt: skip
    people = [*people, *bystanders]
    plan = TrialPlan.model_validate(
        {
            "name": "spec", "title": LABEL, "lottery": {},
            "arms": [{"name": "control", "role": "control", "label": LABEL},
                     {"name": "offer", "role": "treatment", "label": LABEL}],
            "follow_up": {"horizon_weeks": 52, "baseline_weeks": [], "lag_weeks": lag or {}},
            "looks": {"final": {"cut_off": cut_off}},
            "endpoints": {"e": {"kind": "any_hours", "label": LABEL, "window_weeks": [0, 4]}},
            "analyses": [{"name": "states", "estimator": "state_shares", "looks": ["final"]}],
            "programme": {**COURSE, **programme},
            "sites": {},
        }
    )  # fmt: skip
    drawn = pd.DataFrame({
        "person_id": [p["name"] for p in people],
        "arm": [p["arm"] for p in people],
        "site": [p["name"] for p in people],
            "randomised_on": pd.to_datetime([p["drawn"] for p in people]),
        "started_on": pd.to_datetime([p["started"] for p in people]),
    })  # fmt: skip
    trial = Trial(
        plan=plan,
        persons=drawn,
        benefits=rows(people, "benefits", ["start", "end", "code"]),
        hours=hours(people),
        activities=rows(people, "activities", ["kind", "start", "end", "company_id", "industry"]),
    )
    return read_look(trial, "final")


def rows(people, table, names):
    frame = pd.DataFrame(
        [(p["name"], *row) for p in people for row in p[table]], columns=["person_id", *names]
    )
    return frame.assign(start=pd.to_datetime(frame["start"]), end=pd.to_datetime(frame["end"]))


def hours(people):
    found = [
        (p["name"], "A1", month, amount, supported[0] if supported else 0, "561010")
        for p in people
        for month, amount, *supported in p["hours"]
    ]
    names = ["person_id", "employer_id", "month", "hours", "supported", "industry"]
    return pd.DataFrame(found, columns=names)


def only(table, population="participants", **keys):
    """The one row of everyone, or of the person named by ``level``."""
    level = keys.get("level", "")
    keys |= {"population": population, "group": "site" if level else "all", "level": level}
    [row] = table[(table[list(keys)] == pd.Series(keys)).all(axis=1)].to_dict("records")
    return row


def tell(tables, indicator, population="participants", level=""):
    """Count and denominator of an indicator."""
    row = only(tables["indicators"], population, indicator=indicator, level=level)
    return row["count"], row["of"]


# Gaps -----------------------------------------------------------------------------------------
# weeks        0 1 2 3 4 5 6 7 8 9 10 … 16 17 18 19
# snusepraktik     x x
# placement                x x x x
# hours of May                               x  x  x      (its weeks are 17 to 20)
# passive      x x     x x         x  …  x                = 2 + 2 + 7 of 20 weeks
HALTING = person(
    activities=[
        spell("snusepraktik", 2, 4, "C1"),
        spell("virksomhedspraktik", 6, 10, "C2"),
        ("contact", week(12, 2), week(12, 3), None, None),
    ],
    hours=[("2016-05", 10.0), ("2016-06", 20.0)],
)


OTHER = person("other", hours=[("2016-02", 13.0)])  # weeks 4 to 7, then none


@pytest.fixture(scope="module")
def halting():
    return look_at(HALTING, OTHER)


def tables_of(at_look, **programme):
    """The tables where the plan of the programme were another."""
    changed = at_look.plan.programme.model_copy(update=programme)
    populations = list(split_populations(at_look, read_effort(at_look)))
    return {check.name: check.table for check in (make(populations, changed) for make in TABLES)}


def test_passive_gaps_are_counted_and_a_contact_breaks_none(halting):
    gaps = only(tables_of(halting)["gaps"], level="one")
    assert (gaps["persons"], gaps["gaps"]) == (1, 3)
    assert gaps["share_of_time"] == pytest.approx(11 / 20)
    assert gaps["mean_weeks"] == pytest.approx(11 / 3)
    assert np.isnan(gaps["conf_low"])  # one person has no spread


def test_a_contact_breaks_a_gap_where_the_plan_says_so(halting):
    busy = ("snusepraktik", "virksomhedspraktik", "contact")
    gaps = only(tables_of(halting, active=busy)["gaps"], level="one")
    assert (gaps["gaps"], gaps["share_of_time"]) == (4, pytest.approx(10 / 20))


@pytest.mark.parametrize(("gap_weeks", "long"), [(7, 1), (8, 0)])
def test_a_long_gap_has_at_least_so_many_weeks(gap_weeks, long, halting):
    tables = tables_of(halting, gap_weeks=gap_weeks)
    assert tell(tables, "long_gap", level="one") == (long, 1)


def test_sick_weeks_weeks_without_benefit_and_weeks_out_of_the_population_are_no_gap():
    sick = [
        ("2015-01-05", "2016-01-18", BENEFIT),  # weeks 0 and 1
        ("2016-01-18", "2016-02-15", SICK),  # weeks 2 to 5
        ("2016-03-14", "2017-12-25", BENEFIT),  # weeks 10 on; 6 to 9 without any
    ]
    dead = [("2015-01-05", "2016-02-01", BENEFIT), ("2016-02-01", None, DEAD)]  # from week 4
    table = describe(person("sick", benefits=sick), person("dead", benefits=dead))["gaps"]
    found = only(table, level="sick")
    assert found["share_of_time"] == pytest.approx(12 / 20)
    assert (found["gaps"], found["mean_weeks"]) == (2, 6.0)
    found = only(table, level="dead")
    assert (found["share_of_time"], found["gaps"], found["mean_weeks"]) == (1.0, 1, 4.0)
    everyone = only(table)
    assert everyone["share_of_time"] == pytest.approx((12 + 4) / (20 + 4))
    assert everyone["mean_weeks"] == pytest.approx(16 / 3)


# The ramp -------------------------------------------------------------------------------------


def test_the_ramp_begins_with_the_first_paid_hour(halting):
    """Each person's own: in May (weeks 17 to 20, June from 21) and in February (weeks 4 to 7)."""
    ramp = tables_of(halting)["hours_ramp"].query("population == 'participants'")
    may, june, february = 10 * 12 / 52, 20 * 12 / 52, 13 * 12 / 52
    weeks = [(may + february) / 2] * 4 + [(june + 0) / 2] * 2
    assert ramp["mean_hours"].tolist() == pytest.approx(weeks)
    assert ramp["week"].tolist() == list(range(6))
    assert (ramp["persons"] == 2).all()
    half = 12.7062 * abs(may - february) / 2  # t with one degree of freedom, error of a mean
    assert ramp["conf_high"].iloc[0] == pytest.approx(weeks[0] + half, rel=1e-5)


def test_a_ramp_holds_as_long_as_hours_are_seen(halting):
    ramp = tables_of(halting, ramp_weeks=52)["hours_ramp"].query("population == 'participants'")
    assert ramp["persons"].tolist() == [2] * (52 - 17) + [1] * (17 - 4)


def test_subsidised_hours_begin_no_ramp():
    ramp = describe(person(hours=[("2016-02", 160.0, 1)]))["hours_ramp"]
    assert "participants" not in set(ramp["population"])


# Adjustments ----------------------------------------------------------------------------------

ADJUSTMENTS = {
    "two companies": ([("snusepraktik", 1, 2, "C1"), ("virksomhedspraktik", 3, 7, "C2")], 1),
    "one company, tried first": (
        [("snusepraktik", 1, 2, "C1"), ("virksomhedspraktik", 3, 7, "C1")], 0),
    "one placement, registered in two pieces": (
        [("virksomhedspraktik", 1, 3, "C1"), ("virksomhedspraktik", 3, 7, "C1")], 0),
    "the same company again after a break": (
        [("virksomhedspraktik", 1, 3, "C1"), ("virksomhedspraktik", 4, 7, "C1")], 1),
    "two placements, companies unknown": (
        [("virksomhedspraktik", 1, 3, None), ("virksomhedspraktik", 5, 7, None)], 1),
    "the second begins after the course": (
        [("virksomhedspraktik", 1, 3, "C1"), ("virksomhedspraktik", 20, 24, "C2")], 0),
    "the first began before the start": (
        [("virksomhedspraktik", -2, 3, "C1"), ("virksomhedspraktik", 5, 9, "C2")], 0),
    "a mentor is no company": (
        [("virksomhedspraktik", 1, 5, "C1"), ("mentor", 2, 9, "C9")], 0),
}  # fmt: skip


@pytest.fixture(scope="module")
def adjusting():
    return describe(*(person(case, activities=[spell(*activity) for activity in activities])
                      for case, (activities, _) in ADJUSTMENTS.items()))  # fmt: skip


@pytest.mark.parametrize("case", ADJUSTMENTS)
def test_adjustments_of_the_course(case, adjusting):
    assert tell(adjusting, "adjusted", level=case) == (ADJUSTMENTS[case][1], 1)


# Placements that end, and what comes after ----------------------------------------------------


def test_a_placement_ends_early_before_its_weeks_are_over():
    dead = [("2015-01-05", "2016-02-08", BENEFIT), ("2016-02-08", None, DEAD)]  # week 5
    people = [
        person(name, activities=[spell("virksomhedspraktik", 3, stop)])
        for name, stop in (("early", 6), ("as meant", 7), ("longer", 9))
    ]
    cut = person("dead", activities=[spell("virksomhedspraktik", 3, 5)], benefits=dead)
    tables = describe(*people, cut)
    found = {name: tell(tables, "placement_ended_early", level=name)
             for name in ("early", "as meant", "longer", "dead")}  # fmt: skip
    assert found == {"early": (1, 1), "as meant": (0, 1), "longer": (0, 1), "dead": (0, 0)}
    controls = tables["indicators"].query("population == 'control'")["indicator"]
    assert "placement_ended_early" not in set(controls)


def test_a_placement_is_judged_when_it_should_be_over():
    one = person(activities=[spell("virksomhedspraktik", 3, 5)])
    seen = [week(6, 6), week(5, 6)]  # Sundays: weeks 0 to 6, and 0 to 5 are over
    found = [tell(describe(one, cut_off=day), "placement_ended_early") for day in seen]
    assert found == [(1, 1), (0, 0)]


STATUSES = {  # week 9 + 4 = 13, from 4 April
    "on benefit": ({}, "benefit"),
    "hours that week": ({"hours": [("2016-04", 20.0)]}, "benefit_with_hours"),
    "hours in March, whose weeks end with 12": ({"hours": [("2016-03", 20.0)]}, "benefit"),
    "no benefit": ({"benefits": [("2015-01-05", "2016-03-28", BENEFIT)]}, "self_supporting"),
    "a job": ({"benefits": [("2015-01-05", "2016-03-28", BENEFIT)], "hours": [("2016-04", 9.0)]},
              "employment"),
    "away": ({"benefits": [("2015-01-05", "2016-04-04", BENEFIT), ("2016-04-04", None, EMIGRATED)]},
             "out_of_population"),
}  # fmt: skip


def test_the_status_is_that_of_the_week_four_weeks_after_the_last():
    placed = [spell("virksomhedspraktik", 6, 10)]
    people = [person(n, activities=placed, **facts) for n, (facts, _) in STATUSES.items()]
    at_look = look_at(*people)
    effort = read_effort(at_look)
    found = states_after_placement(effort, at_look.plan.programme)
    ids = at_look.persons["person_id"].tolist()
    told = {name: STATES[found[ids.index(name)]] for name in STATUSES}
    assert told == {name: status for name, (_, status) in STATUSES.items()}
    assert found[ids.index("bystander 1")] == UNSEEN
    table = {check.name: check.table for check in describe_programme(at_look)}["placement_status"]
    mine = table[table["population"] == "participants"].set_index("status")
    assert mine.loc["benefit", ["count", "of"]].tolist() == [2, 6]


@pytest.mark.parametrize("stop", [None, week(30)])
def test_a_placement_that_goes_on_has_no_status_yet(stop):
    one = person(activities=[("virksomhedspraktik", week(6), stop, None, None)])
    table = describe(one, cut_off=week(25, 6))["placement_status"]
    assert (table["of"] == 0).all()
    assert table["share"].isna().all()


# Origins and cohorts --------------------------------------------------------------------------

COHORTS = [
    (dt.date(2016, 1, 1), "2015-12", "2015-Q4", "2015-H2"),  # Friday of week 53
    (dt.date(2016, 1, 3), "2015-12", "2015-Q4", "2015-H2"),  # its Sunday
    (dt.date(2016, 1, 4), "2016-01", "2016-Q1", "2016-H1"),
    (dt.date(2016, 4, 1), "2016-03", "2016-Q1", "2016-H1"),  # Friday; Thursday was 31 March
    (dt.date(2016, 6, 30), "2016-06", "2016-Q2", "2016-H1"),  # Thursday
    (dt.date(2016, 7, 1), "2016-06", "2016-Q2", "2016-H1"),
    (dt.date(2016, 7, 4), "2016-07", "2016-Q3", "2016-H2"),
]


def test_a_cohort_is_that_of_the_thursday_of_the_week():
    people = [person(f"p{number}", drawn=row[0]) for number, row in enumerate(COHORTS)]
    at_look = look_at(*people)
    weeks = read_effort(at_look).origin[at_look.persons["person_id"].str.startswith("p")]
    for column, period in enumerate(("month", "quarter", "half_year"), start=1):
        assert name_cohorts(weeks, period).tolist() == [row[column] for row in COHORTS]
    contacts = tables_of(at_look)["contacts"].query("population == 'treatment'")
    mine = contacts.query("group == 'cohort'").set_index("level")["persons"]
    assert mine.to_dict() == {"2015-Q4": 2, "2016-Q1": 2, "2016-Q2": 2, "2016-Q3": 1}


def test_participants_count_from_their_start_and_the_arm_from_the_lottery():
    one = person(
        started=week(10),
        activities=[spell("snusepraktik", 12, 13), ("contact", week(4), week(4, 1), None, None)],
        hours=[("2016-07", 30.0)],  # weeks 26 to 29: 16 to 19 since the start
    )
    tables = describe(one)
    assert tell(tables, "tried_company") == tell(tables, "tried_company", "treatment") == (1, 1)
    assert tell(tables, "hours_in_course") == (1, 1)
    assert tell(tables, "hours_in_course", "treatment") == (0, 1)
    waiting = tables["waiting"].query("group == 'all'").set_index(["population", "indicator"])
    days = waiting["median_days"]
    assert days["participants", "days_to_company"] == 7 * 2
    assert days["treatment", "days_to_company"] == 7 * 12
    assert days["treatment", "days_to_contact"] == 7 * 4
    assert np.isnan(days["participants", "days_to_contact"])  # it was before the start
    assert days["participants", "days_to_paid_hour"] == 7 * 16
    assert waiting.loc[("participants", "days_to_contact"), ["of", "reached"]].tolist() == [1, 0]


def test_who_was_drawn_but_never_started_is_no_participant():
    tables = describe(person("one"), person("two", started=None))
    assert tell(tables, "tried_company")[1] == 1
    assert tell(tables, "tried_company", "treatment")[1] == 2


def test_hours_after_the_placement_are_told_of_who_was_there_by_then():
    """Week 4 is the first after a placement of weeks 0 to 3, the weeks of January."""
    gone = [("2015-01-05", "2016-02-01", BENEFIT), ("2016-02-01", None, DEAD)]  # from week 4
    late = [("2015-01-05", "2016-02-08", BENEFIT), ("2016-02-08", None, DEAD)]  # from week 5
    people = [
        person("june", hours=[("2016-06", 10.0)]),
        person("gone", benefits=gone),
        person("late", benefits=late),
        person("january", hours=[("2016-01", 10.0)]),
        person("february", hours=[("2016-02", 10.0)]),
    ]
    tables = describe(*people)
    found = {p["name"]: tell(tables, "hours_after_placement", level=p["name"]) for p in people}
    assert found == {
        "june": (1, 1), "gone": (0, 0), "late": (0, 1), "january": (0, 1), "february": (1, 1),
    }  # fmt: skip


def test_only_those_seen_for_the_whole_course_are_judged():
    """The course of the second person is over a week after the cut-off."""
    early = person("a", activities=[spell("snusepraktik", 1, 2)])
    late = person("b", drawn=week(1), activities=[spell("snusepraktik", 2, 3)])
    tables = describe(early, late, cut_off=week(19, 6))
    assert tell(tables, "tried_company") == (1, 1)
    assert tell(describe(early, late, cut_off=week(20, 6)), "tried_company") == (2, 2)


def test_the_lag_of_activities_is_not_seen():
    one = person(activities=[spell("snusepraktik", 1, 2)])
    tables = describe(one, cut_off=week(20, 6), lag={"activities": 2})
    assert tell(tables, "tried_company") == (0, 0)


# Contacts and industries ----------------------------------------------------------------------


def test_contacts_by_thirteen_weeks_of_the_course():
    days = [week(0, 2), week(5), week(5, 3), week(19, 6), week(20), week(-1)]
    one = person(activities=[("contact", day, day + dt.timedelta(1), None, None) for day in days])
    found = only(describe(one)["contacts"])
    assert (found["persons"], found["contacts"]) == (1, 4)
    assert found["per_13_weeks"] == pytest.approx(4 / 20 * 13)


def test_industries_are_sections_and_count_persons_once():
    one = person(
        "one",
        activities=[
            spell("virksomhedspraktik", 1, 3, "C1", "561010"),
            spell("virksomhedspraktik", 5, 9, "C2", "551010"),
            spell("virksomhedspraktik", 11, 13, "C3", "432100"),
        ],
        hours=[("2015-12", 5.0), ("2016-01", 5.0)],
    )
    two = person("two", activities=[spell("virksomhedspraktik", 1, 3, "C4", "Lager")])
    three = person("three", activities=[spell("virksomhedspraktik", 1, 3, "C5")])
    table = describe(one, two, three)["industries"].query("population == 'participants'")
    told = [(r.kind, r.industry, r.persons, r.of) for r in table.itertuples()]
    assert sorted(told) == [
        ("job", "I", 1, 1),
        ("placement", "F", 1, 2),
        ("placement", "I", 1, 2),
        ("placement", "Lager", 1, 2),
    ]
