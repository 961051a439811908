"""Kroner of the committed trial, counted again from its files, and the plan's way to money."""

import copy
import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

import jobeval as je
from jobeval.economics.mvpf import mvpf
from jobeval.evaluation.economics import weigh_costs
from jobeval.evaluation.look import read_look

WEEKS, RATE = 104, 0.035
OUT_FOR_GOOD, ABROAD = (998, 999), 997


@pytest.fixture(scope="module")
def told(committed_trial):
    return {check.name: check for check in weigh_costs(read_look(committed_trial, "final"))}


@pytest.fixture(scope="module")
def persons(committed_folder):
    frame = pd.read_csv(
        committed_folder / "persons.csv", sep=";", decimal=",", dtype={"person_id": str}
    )
    days = pd.to_datetime(frame["randomised_on"], format="%d-%m-%Y")
    frame["monday"] = days - pd.to_timedelta(days.dt.weekday, unit="D")
    return frame.set_index("person_id").sort_index()


@pytest.fixture(scope="module")
def codes(committed_folder, persons):
    """Persons × weeks since the lottery: the code of the benefit register, 0 for none."""
    wide = pd.read_csv(committed_folder / "dream.csv", sep=";").set_index("lobenr")
    wide = wide.reindex(persons.index)
    weekly = np.zeros((len(persons), WEEKS), dtype=int)
    for monday, rows in week_rows(persons):
        weeks = [(monday + dt.timedelta(weeks=week)).isocalendar() for week in range(WEEKS)]
        columns = [f"y_{week.year % 100:02d}{week.week:02d}" for week in weeks]
        weekly[rows] = wide[columns].iloc[rows].fillna(0).astype(int).to_numpy()
    return weekly


def week_rows(persons):
    """Each Monday of a lottery, and the rows of those who were drawn in its week."""
    return persons.groupby("monday").indices.items()


def discount():
    return (1 + RATE) ** (-(np.arange(WEEKS) * 12 // 52) / 12)


def effect_of(persons, amounts):
    lottery = je.Lottery(
        arm="arm", treatment="jobfirst", control="control", strata=("site", "benefit_type")
    )
    return je.estimate_itt(persons.assign(kroner=amounts).reset_index(), "kroner", lottery)


def row(told, item, perspective):
    table = told["cost_benefit"].table
    [found] = table[(table["item"] == item) & (table["perspective"] == perspective)].to_dict(
        "records"
    )
    return found


def assert_same(found, effect, sign=1.0):
    low, high = sorted(sign * bound for bound in effect.confidence_interval())
    assert found["estimate"] == pytest.approx(sign * effect.estimate, rel=1e-9)
    assert (found["conf_low"], found["conf_high"]) == pytest.approx((low, high), rel=1e-9)


def test_disability_pension_is_counted_from_the_codes(told, persons, codes):
    weekly = 18_800 * 12 / 52 * (codes == 783)
    effect = effect_of(persons, weekly @ discount())
    assert_same(row(told, "disability_pension", "citizen"), effect)
    assert_same(row(told, "disability_pension", "public"), effect, -1.0)
    assert_same(row(told, "disability_pension", "state"), effect, -0.2)  # beyond a year: 20 %


def test_the_effort_is_paid_when_it_starts(told, persons):
    started = pd.to_datetime(persons["started_on"], format="%d-%m-%Y")
    week = (started - persons["monday"]).dt.days // 7
    paid = np.where((week >= 0) & (week < WEEKS),
                    25_000 * (1 + RATE) ** (-(week.fillna(0) * 12 // 52) / 12), 0.0)  # fmt: skip
    assert_same(row(told, "programme", "municipality"), effect_of(persons, paid), -1.0)


@pytest.fixture(scope="module")
def hours(committed_folder, persons, codes):
    """Persons × weeks: ordinary hours of the month of the week's Thursday; none when away."""
    table = pd.read_csv(committed_folder / "hours.csv", sep=";", decimal=",", dtype={"lobenr": str})
    ordinary = table[table["STOETTE_BESK_KODE"].fillna(0).astype(int) == 0]
    monthly = ordinary.pivot_table(
        index="lobenr", columns="AJO_JOB_MAANED", values="AJO_LOENTIMER", aggfunc="sum"
    ).reindex(persons.index)
    weekly = np.zeros(codes.shape)
    for monday, rows in week_rows(persons):
        thursdays = [monday + dt.timedelta(weeks=week, days=3) for week in range(WEEKS)]
        months = monthly[[f"{day:%Y-%m}" for day in thursdays]].iloc[rows]
        weekly[rows] = months.fillna(0).to_numpy() * 12 / 52
    gone = np.maximum.accumulate(np.isin(codes, OUT_FOR_GOOD), axis=1) | (codes == ABROAD)
    return np.where(gone, 0.0, weekly)


def test_earnings_and_taxes_are_counted_from_the_hours(told, persons, codes, hours):
    assert_same(row(told, "earnings", "society"), effect_of(persons, 160 * hours @ discount()))
    values = told["cost_benefit"].values
    effect = effect_of(persons, hours.mean(axis=1))
    assert values["hours"] == pytest.approx(effect.estimate, rel=1e-8)
    bounds = (values["hours_low"], values["hours_high"])
    assert bounds == pytest.approx(effect.confidence_interval(), rel=1e-8)


def test_assistance_falls_with_what_is_earned_in_the_week(told, persons, codes, hours):
    groups = [*range(810, 819), 785]
    left = np.maximum(11_300 * 12 / 52 - 0.8 * 160 * hours, 0)
    effect = effect_of(persons, (left * np.isin(codes, groups)) @ discount())
    assert_same(row(told, "resource_course", "citizen"), effect)


def test_transfers_cancel_and_items_add_up(told):
    table = told["cost_benefit"].table.pivot_table(
        index="item", columns="perspective", values="estimate", sort=False
    )
    transfers = [
        "assistance",
        "resource_course",
        "sickness",
        "flexjob",
        "disability_pension",
        "tax",
    ]
    assert (table.loc[transfers, "society"] == 0).all()
    np.testing.assert_allclose(table["public"], table["state"] + table["municipality"], atol=1e-6)
    np.testing.assert_allclose(table["society"], table["public"] + table["citizen"], atol=1e-6)
    np.testing.assert_allclose(table.drop("net").sum(), table.loc["net"], atol=1e-6)


def test_the_path_ends_in_the_net_and_the_scenarios(told):
    path = told["cost_benefit_path"].table.set_index(["scenario", "perspective", "month"])
    scenarios = told["cost_benefit_scenarios"].table.set_index(["scenario", "perspective"])
    for side in ("citizen", "public", "society"):
        for name in ("estimate", "conf_low", "conf_high"):
            assert path.loc[("observed", side, 24), name] == pytest.approx(
                row(told, "net", side)[name]
            )
            assert scenarios.loc[("ends", side), name] == pytest.approx(
                row(told, "net", side)[name]
            )
            assert path.loc[("lasts", side, 60), name] == pytest.approx(
                scenarios.loc[("lasts", side), name]
            )


def test_break_even_is_where_the_line_crosses(told):
    table = told["cost_benefit_break_even"].table
    crossing = table["net"] + table["unit_value"] * (table["estimate"] - table["level"])
    np.testing.assert_allclose(crossing, 0, atol=1e-3)  # hours at nine decimals
    wage = table[(table["perspective"] == "society") & (table["scenario"] == "ends")].iloc[0]
    assert wage["unit_value"] == pytest.approx(160 * discount().sum())


def test_mvpf_is_the_ratio_of_the_scenarios(told):
    scenarios = told["cost_benefit_scenarios"].table.set_index(["scenario", "perspective"])
    for found in told["mvpf"].table.to_dict("records"):
        worth = scenarios.loc[(found["scenario"], "citizen"), "estimate"]
        cost = -scenarios.loc[(found["scenario"], "public"), "estimate"]
        assert found["mvpf"] == pytest.approx(mvpf(worth, cost))
        assert found["conf_low"] <= found["mvpf"] <= found["conf_high"]


def test_drawn_path_and_closed_form_agree_on_the_mvpf(told):
    """Fieller's interval from the two closed forms, and that of the sum for their covariance."""
    [ends] = [r for r in told["mvpf"].table.to_dict("records") if r["scenario"] == "ends"]
    sides = told["cost_benefit_scenarios"].table.set_index(["scenario", "perspective"]).loc["ends"]
    half = (sides["conf_high"] - sides["conf_low"]) / 2 / 1.96
    worth, cost = sides.loc["citizen", "estimate"], -sides.loc["public", "estimate"]
    # society = citizen + public, so Var(society) tells Cov(citizen, public)
    cov = -(half["society"] ** 2 - half["citizen"] ** 2 - half["public"] ** 2) / 2
    ratio = worth / cost
    variance = half["citizen"] ** 2 + ratio**2 * half["public"] ** 2 - 2 * ratio * cov
    error = math.sqrt(variance) / cost  # delta method
    assert ends["conf_low"] == pytest.approx(ratio - 1.96 * error, abs=0.15 * error)
    assert ends["conf_high"] == pytest.approx(ratio + 1.96 * error, abs=0.15 * error)


def test_nothing_is_told_at_a_look_that_the_plan_does_not_name(committed_trial):
    assert list(weigh_costs(read_look(committed_trial, "midterm"))) == []


def test_per_participant_is_over_those_moved(told, persons):
    started = pd.to_datetime(persons["started_on"], format="%d-%m-%Y")
    moved = effect_of(persons, (started <= "2019-03-31").astype(float)).estimate
    assert told["cost_benefit"].values["take_up"] == pytest.approx(moved, rel=1e-8)
    net = row(told, "net", "public")
    assert net["per_participant"] == pytest.approx(net["estimate"] / moved, rel=1e-8)


def test_displacement_distortion_and_prices_change_what_they_should(told, committed_trial):
    trial = committed_trial.compare(None)
    money = trial.plan.cost_benefit.model_copy(
        update={"displacement": 0.25, "tax_distortion": 0.1, "net_tax_factor": 1.28}
    )
    plan = trial.plan.model_copy(update={"cost_benefit": money})
    other = {c.name: c for c in weigh_costs(read_look(replace(trial, plan), "final"))}
    changed = {
        ("earnings", "society"): 0.75 * 1.28,
        ("earnings", "citizen"): 1.0,
        ("programme", "society"): 1.28,
        ("programme", "public"): 1.0,
        ("assistance", "public"): 0.75,
        ("disability_pension", "public"): 1.0,  # its price says that it displaces nobody's
    }
    for (item, side), factor in changed.items():
        before, after = row(told, item, side), row(other, item, side)
        assert after["estimate"] == pytest.approx(factor * before["estimate"], rel=1e-9)
    lost = row(other, "tax_distortion", "society")["estimate"]
    assert lost == pytest.approx(0.1 * row(other, "net", "public")["estimate"], rel=1e-9)


def at_midterm(trial, **changes):
    money = trial.plan.cost_benefit.model_copy(update={"window_weeks": {"midterm": 39}} | changes)
    plan = trial.plan.model_copy(update={"cost_benefit": money})
    return weigh_costs(read_look(replace(trial, plan), "midterm"))


def test_weeks_before_the_lottery_are_a_number_of_everyone(committed_trial):
    trial = committed_trial.compare(None)
    ladder = trial.plan.cost_benefit.reimbursement.model_copy(update={"weeks_before": "sex"})
    with pytest.raises(je.DataError, match="'sex': is not known as a number for everyone"):
        list(at_midterm(trial, reimbursement=ladder))


def test_who_is_not_observed_for_so_long_is_told_of(committed_trial, persons):
    """Hours lag by 8 weeks: seen are the months to October, whose last week begins on the 23rd."""
    found = next(iter(at_midterm(committed_trial.compare(None), window_weeks={"midterm": 65})))
    drawn = persons["monday"][persons["monday"] <= "2017-12-31"]
    seen = (drawn + pd.Timedelta(weeks=65) <= "2017-10-30").mean()
    assert 0.1 < seen < 0.9
    assert found.values["observed"] == pytest.approx(seen)
    assert f"Of {seen:.0%}: the others are not observed for so long" in found.sentence


def test_midterm_counts_its_own_weeks(committed_trial):
    found = {check.name: check for check in at_midterm(committed_trial.compare(None))}
    assert found["cost_benefit"].values["months"] == 9
    assert row(found, "programme", "public")["estimate"] < -15_000


def test_what_was_not_delivered_is_refused_and_not_nothing(committed_trial):
    other = copy.copy(committed_trial.compare(None))
    for register in ("benefits", "activities"):
        object.__setattr__(other, register, None)
    with pytest.raises(je.DataError) as raised:
        list(weigh_costs(read_look(other, "final")))
    assert [problem.place for problem in raised.value.problems] == ["benefits", "activities"]
    assert "sickness" in str(raised.value)


def replace(trial, plan):
    """The trial under another plan."""
    other = copy.copy(trial)
    object.__setattr__(other, "plan", plan)
    return other
