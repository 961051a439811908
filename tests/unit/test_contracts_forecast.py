"""Forecasts: closed forms of the futures, what is known already, caps, and reasons."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.monitoring.contracts.forecast import forecast_liabilities
from jobeval.monitoring.contracts.frames import FOREVER
from jobeval.monitoring.contracts.futures import (
    NEVER,
    MilestoneFuture,
    Purse,
    WorkFuture,
    weekly_chances,
)
from jobeval.monitoring.contracts.rates import BAND_DAYS, count_exits, draw_rates
from jobeval.monitoring.contracts.standing import LOOKING, LOST, OVER, PASSES, WORKING
from jobeval.monitoring.contracts.terms import ContractTerms

LABEL = {"da": "x", "en": "x"}
AS_OF = dt.date(2020, 6, 30)
DRAWS, COURSES = 50, 2000
TOLERANCE = 4 * np.sqrt(0.25 / (DRAWS * COURSES))
RATES = {
    (LOOKING, WORKING): 0.004,
    (LOOKING, OVER): 0.002,
    (OVER, WORKING): 0.001,
    (WORKING, LOST): 0.005,
    (LOST, WORKING): 0.01,
}


def future(state: int, kept_days: int = 0, window_end: int = FOREVER) -> WorkFuture:
    """Everyone in one state, moving by known rates."""
    rates = {p: np.full((DRAWS, len(BAND_DAYS)), RATES[p]) for p in PASSES}
    shape = (DRAWS, COURSES)
    return WorkFuture(
        state=np.full(shape, state),
        days=np.full(shape, kept_days),
        kept_days=np.full(shape, kept_days),
        window_end=np.full(COURSES, window_end),
        chances=weekly_chances(rates),
    )


def milestone(kept_days: int, **options: Any) -> MilestoneFuture:
    shape = (DRAWS, COURSES)
    given: dict[str, Any] = {
        "price": 100,
        "reached": np.zeros(shape, dtype=bool),
        "last_day": np.full(COURSES, FOREVER),
        "left": None,
        "claw_days": -1,
        "claw_share": 0.0,
        "kept_since": np.full(shape, NEVER),
        "paid": np.zeros(shape, dtype=np.int64),
    }
    return MilestoneFuture(kept_days=kept_days, **given | options)


def carry_on(work: WorkFuture, one: MilestoneFuture, weeks: int) -> list[tuple[Any, Any, Any]]:
    rng, purse = np.random.default_rng(1), Purse(None, None)
    told = []
    for week in range(weeks):
        step = work.step(week, rng)
        paid, day = one.claim(step, purse)
        told.append((paid, day, one.claw_back(step)))
    return told


def test_a_job_is_kept_13_weeks_as_often_as_no_week_loses_it() -> None:
    """exp(−0.005 × 91) in 13 weeks."""
    one = milestone(91)
    carry_on(future(WORKING), one, 13)
    assert abs(one.reached.mean() - np.exp(-0.005 * 91)) < TOLERANCE


def test_kept_days_go_on_from_where_they_were() -> None:
    """80 days are kept: the 91st is day 11, in the second week; a loss on day 8 to 11 prevents it.

    The first week must not lose the job; in the second it may be lost on days 12 to 14, 3 of 7.
    """
    one = milestone(91)
    told = carry_on(future(WORKING, kept_days=80), one, 2)
    stays = np.exp(-0.005 * 7)
    assert abs(one.reached.mean() - stays * (stays + (1 - stays) * 3 / 7)) < TOLERANCE
    assert set(told[1][1][told[1][0] > 0]) == {11}


def test_first_jobs_compete_with_the_end_of_the_course() -> None:
    """Of those who leave, 0.004 of 0.006 find a job; days in a week are drawn evenly."""
    work = future(LOOKING)
    rng = np.random.default_rng(2)
    step = work.step(0, rng)
    leaves = 1 - np.exp(-7 * 0.006)
    assert abs((work.state == WORKING).mean() - leaves * 4 / 6) < TOLERANCE
    assert abs((work.state == OVER).mean() - leaves * 2 / 6) < TOLERANCE
    began = work.state == WORKING
    first_days = (step.day_before + 1)[began]
    assert set(first_days) == set(range(1, 8))
    assert (step.gained[began] == 8 - first_days).all()


def test_no_job_begins_after_its_window() -> None:
    work = future(OVER, window_end=4)
    rng = np.random.default_rng(3)
    days = work.step(0, rng).day_before[work.state == WORKING] + 1
    assert days.max() == 3
    before = (work.state == WORKING).sum()
    work.step(1, rng)
    assert (work.state == WORKING).sum() <= before


def test_losses_within_the_weeks_claw_back_and_later_ones_do_not() -> None:
    """Two weeks of claw-back from day 0: losses on days 1 to 14 are 1 − exp(−0.005 × 14)."""
    shape = (DRAWS, COURSES)
    one = milestone(
        1,
        claw_days=14,
        claw_share=0.5,
        reached=np.ones(shape, dtype=bool),
        kept_since=np.zeros(shape, dtype=np.int64),
        paid=np.full(shape, 101),
    )
    told = carry_on(future(WORKING), one, 6)
    back = sum(back for _, _, back in told)
    assert set(np.unique(back)) == {0.0, 51.0}
    assert abs((back > 0).mean() - (1 - np.exp(-0.005 * 14))) < TOLERANCE
    assert all((back == 0).all() for _, _, back in told[2:])


def test_a_purse_pays_in_order_until_it_is_empty() -> None:
    purse = Purse(np.array([[70, 200, 200]]), np.array([250]))
    assert purse.pay(np.array([[100, 100, 100]])).tolist() == [[70, 100, 80]]
    assert purse.pay(np.array([[100, 100, 100]])).tolist() == [[0, 0, 0]]
    assert purse.contract is not None
    assert purse.contract.tolist() == [0]


def test_a_milestone_is_paid_at_most_so_often() -> None:
    one = milestone(1, left=np.full(DRAWS, 3))
    told = carry_on(future(LOOKING), one, 20)
    assert sum((paid > 0).sum(axis=1) for paid, _, _ in told).tolist() == [3] * DRAWS


def test_drawn_rates_are_about_those_counted() -> None:
    """200 exits in 40,000 days of one band; the last band was never seen and goes like it."""
    exits, at_risk = count_exits(np.full(2000, 20), np.arange(2000) < 200)
    rates = draw_rates(exits, at_risk, 20_000, np.random.default_rng(4), like=None)
    assert rates[:, 0].mean() == pytest.approx(0.005, rel=0.02)
    assert rates[:, 0].std() == pytest.approx(0.005 / np.sqrt(200), rel=0.1)
    assert rates[:, -1].mean() == pytest.approx(0.005, rel=0.05)
    assert rates[:, -1].std() > 5 * rates[:, 0].std()


def terms(**rest: Any) -> ContractTerms:
    milestones = [
        {"name": "base", "reached_by": "start", "price_dkk": 1000.0},
        {"name": "job", "reached_by": "job", "price_dkk": 2000.0},
        {"name": "kept13", "reached_by": "kept", "weeks": 13, "price_dkk": 3000.0},
    ]
    given = {"name": "c", "supplier": "s", "start": dt.date(2020, 1, 1), "due_days": 30}
    told = [{**one, "label": LABEL} for one in milestones]
    return ContractTerms.model_validate({**given, "milestones": told, **rest})


def cohort(n: int = 30) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every third citizen has a job since May; courses since March."""
    persons = [f"p{number:02d}" for number in range(n)]
    courses = pd.DataFrame({"person_id": persons, "supplier": "s", "started_on": "2020-03-02"})
    jobs = pd.DataFrame({"person_id": persons[::3], "kind": "ordinary", "start": "2020-05-04"})
    return jobs.assign(end=None, hours_per_week=30.0), courses


def test_months_begin_with_the_day_after() -> None:
    jobs, courses = cohort()
    forecast = forecast_liabilities(jobs, courses, terms(), as_of=AS_OF, months=3, draws=20)
    assert forecast["month"].tolist() == ["2020-07", "2020-08", "2020-09"]
    assert forecast["reason"].tolist() == ["", "", ""]
    assert (forecast["conf_low"] <= forecast["expected_dkk"]).all()
    assert (forecast["expected_dkk"] <= forecast["conf_high"]).all()


def test_what_is_reached_and_not_yet_due_is_known() -> None:
    """Two bases of 29 June are due on 29 July; nobody else can pay for anything in July."""
    courses = pd.DataFrame({"person_id": ["a", "b"], "supplier": "s", "started_on": "2020-06-29"})
    jobs = pd.DataFrame(columns=["person_id", "kind", "start", "end"])
    only_base = terms(milestones=[terms().milestones[0].model_dump()])
    forecast = forecast_liabilities(jobs, courses, only_base, as_of=AS_OF, months=2, draws=20)
    assert forecast[["expected_dkk", "conf_low", "conf_high"]].to_numpy().tolist() == [
        [2000.0, 2000.0, 2000.0],
        [0.0, 0.0, 0.0],
    ]


def test_jobs_under_way_reach_their_weeks_when_these_are_full() -> None:
    """Ten jobs since 4 May have 91 days on 2 August, due on 1 September; nobody else by then."""
    jobs, courses = cohort()
    kept = terms(milestones=[terms().milestones[2].model_dump()])
    forecast = forecast_liabilities(jobs, courses, kept, as_of=AS_OF, months=3, draws=400)
    assert forecast["expected_dkk"].tolist()[:2] == [0.0, 0.0]
    september = forecast.iloc[2]
    assert 20_000 < september["expected_dkk"] < 30_000
    assert september["conf_high"] == 30_000


def test_nothing_is_told_without_courses_or_jobs() -> None:
    jobs, courses = cohort()
    none = forecast_liabilities(jobs, courses.iloc[:0], terms(), as_of=AS_OF, months=1, draws=20)
    assert np.isnan(none["expected_dkk"]).all()
    assert none["reason"].tolist() == ["not estimable: no course of the contract has begun"]
    idle = forecast_liabilities(jobs.iloc[:0], courses, terms(), as_of=AS_OF, months=1, draws=20)
    assert np.isnan(idle[["expected_dkk", "conf_low", "conf_high"]].to_numpy()).all()
    assert "nobody has begun a job yet" in idle["reason"].item()


def test_caps_hold_in_every_future() -> None:
    """30,000 for 30 bases are paid already, 20,000 for 10 jobs: 5,000 are left of 55,000."""
    jobs, courses = cohort()
    capped = terms(caps={"per_contract_dkk": 55_000.0})
    forecast = forecast_liabilities(jobs, courses, capped, as_of=AS_OF, months=12, draws=200)
    assert forecast["expected_dkk"].sum() <= 5000
    citizens = terms(caps={"per_citizen_dkk": 3000.0})
    told = forecast_liabilities(jobs, courses, citizens, as_of=AS_OF, months=12, draws=200)
    assert told["expected_dkk"].sum() <= 20 * 2000


def test_the_seed_makes_the_forecast_and_the_order_of_rows_does_not() -> None:
    jobs, courses = cohort()
    call = {"as_of": AS_OF, "months": 4, "draws": 50}
    first = forecast_liabilities(jobs, courses, terms(), seed=3, **call)
    turned = forecast_liabilities(jobs.iloc[::-1], courses.iloc[::-1], terms(), seed=3, **call)
    other = forecast_liabilities(jobs, courses, terms(), seed=4, **call)
    pd.testing.assert_frame_equal(first, turned)
    assert not first.equals(other)


def test_a_contract_is_forecast_the_same_beside_another() -> None:
    jobs, courses = cohort()
    call = {"as_of": AS_OF, "months": 4, "draws": 50}
    alone = forecast_liabilities(jobs, courses, terms(), **call)
    beside = forecast_liabilities(jobs, courses, [terms(name="other"), terms()], **call)
    pd.testing.assert_frame_equal(alone, beside.iloc[4:].reset_index(drop=True))


def test_jobs_that_all_began_with_the_course_can_be_forecast() -> None:
    jobs, courses = cohort()
    everyone = courses.rename(columns={"started_on": "start"})[["person_id", "start"]]
    jobs = everyone.assign(kind="ordinary", end=None, hours_per_week=30.0)
    told = forecast_liabilities(jobs, courses, terms(), as_of=AS_OF, months=2, draws=50)
    assert np.isfinite(told["expected_dkk"]).all()


@pytest.mark.parametrize("wrong", [{"months": 0}, {"draws": 0}, {"conf_level": 1.0}])
def test_odd_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        forecast_liabilities(*cohort(), terms(), as_of=AS_OF, **wrong)
