"""Money by hand: discounting, fading, pay-back, who gains and who pays, the JobFirst account."""

import math

import numpy as np
import pytest

import jobeval as je
from jobeval.economics.flows import ItemFlow, Weighing, sum_items
from jobeval.economics.periods import (
    carry_on,
    count_months,
    discount_factors,
    fade_weights,
    pay_back_month,
    sum_months,
)
from jobeval.economics.sides import distort_taxes, divide_amount, reimbursed_shares
from jobeval.evaluation.ledger import Draws

JOBFIRST = {  # per participant, dollars, as published; the sign is who gains
    "programme": {"public": -4560.0},
    "earnings": {"citizen": 3076.0},
    "taxes": {"citizen": -493.0, "public": 493.0},
    "benefits": {"citizen": -4189.0, "public": 4189.0},
    "disability benefits": {"citizen": 2654.0, "public": -2654.0},
}


def test_published_account_of_jobfirst():
    account = je.cost_benefit(JOBFIRST)
    assert account.net_cost == 4560 - 493 - 4189 + 2654 == 2532
    frame = account.to_frame().set_index("item")
    after_tax = frame.loc[["earnings", "taxes"], "citizen"].sum()
    assert after_tax == 3076 - 493 == 2583
    assert account.willingness_to_pay == 2583 - 4189 + 2654 == 1048
    assert round(account.mvpf, 1) == 0.4  # as published
    assert account.mvpf == je.mvpf(1048, 2532) == pytest.approx(0.4139, abs=1e-4)
    assert account.net("society") == 3076 - 4560  # transfers cancel


def test_definitions_of_willingness_to_pay_that_are_not_the_published_one():
    assert round(2583 / 2532, 1) == 1.0  # earnings after tax alone
    assert round((3076 - 4189 + 2654) / 2532, 1) == 0.6  # before tax


def test_present_value_and_pay_back_over_years():
    flows = {"cost": {"state": -100.0}, "back": {"state": [0.0, 55.0, 60.5]}}
    account = je.cost_benefit(flows, discount_rate=0.1, periods_per_year=1)
    # 55 / 1.1 = 50 and 60.5 / 1.21 = 50
    assert account.path("state").tolist() == pytest.approx([-100, -50, 0], abs=1e-9)
    assert account.net("public") == pytest.approx(0, abs=1e-9)
    undiscounted = je.cost_benefit(flows, periods_per_year=1)
    assert undiscounted.net("public") == 15.5
    assert undiscounted.pay_back("public") == 3
    assert math.isinf(je.cost_benefit({"cost": {"state": -1.0}}).pay_back())


def test_what_comes_back_to_the_krone_has_come_back():
    """Sums of decimals that are 0 by hand and not quite so in floating point."""
    saved = je.cost_benefit({"cost": {"state": -0.3}, "back": {"state": [0.0, 0.1, 0.1, 0.1]}})
    assert (saved.net("public"), saved.pay_back()) == (0, 4)
    later = {"cost": {"state": -300.0}, "back": {"state": [0.0, 110.0, 121.0, 133.1]}}
    assert je.cost_benefit(later, discount_rate=0.1, periods_per_year=1).pay_back() == 4
    moved = {"benefit": {"citizen": 0.3, "state": -0.1, "municipality": -0.2}}
    account = je.cost_benefit(moved)
    assert (account.net("society"), account.pay_back("society")) == (0, 1)
    assert account.to_frame()["society"].tolist() == [0, 0]


def test_transfers_cancel_in_every_draw():
    """0.3 − 0.1 − 0.2 is not 0 in floating point, and −0.00…01 has never come back."""
    moved = np.array([0.3, -0.1, -0.2])
    estimate, drawn = Draws(moved, np.array([moved, 3 * moved])).values([np.ones(3)])
    assert (estimate.tolist(), drawn.tolist()) == ([0], [[0], [0]])


def test_public_is_state_municipality_and_what_is_not_divided():
    account = je.cost_benefit(
        {"a": {"state": -1.0, "municipality": -2.0, "public": -4.0}, "b": {"others": -8.0}}
    )
    assert (account.net("public"), account.net("society")) == (-7, -15)


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ({}, "at least one item"),
        ({"a": {}}, "at least one item"),
        ({"a": {"stat": 1.0}}, "'stat' bears nothing; did you mean \"state\""),
        ({"a": {"state": math.nan}}, "must be a number"),
        ({"a": {"state": [[1.0]]}}, "must be a number"),
        ({"a": {"state": [[1.0], [1.0, 2.0]]}}, "'a', 'state': must be a number"),
        ({"a": {"state": "1000"}}, "must be a number"),
        ({"a": {"state": True}}, "must be a number"),
        ({"a": 100.0}, "who bears it"),
        ({"a": {"state": 1.0}, "b": {}}, "who bears it"),
        ({"net": {"state": 1.0}}, "'net' is the name of the sum"),
    ],
)
def test_accounts_that_cannot_be_read(items, said):
    with pytest.raises(ValueError, match=said):
        je.cost_benefit(items)


def test_rates_and_perspectives_that_cannot_be():
    for rate, length in [(-1, 12), (math.nan, 12), (math.inf, 12), (0.03, 0), (0.03, math.inf)]:
        with pytest.raises(ValueError, match="discount_rate"):
            je.cost_benefit(JOBFIRST, discount_rate=rate, periods_per_year=length)
    with pytest.raises(ValueError, match="no perspective"):
        je.cost_benefit(JOBFIRST).net("king")


@pytest.mark.parametrize(
    ("worth", "cost", "ratio"),
    [(10, 5, 2.0), (-10, 5, -2.0), (10, 0, math.inf), (10, -5, math.inf), (0, 5, 0.0)],
)
def test_mvpf_by_quadrant(worth, cost, ratio):
    assert je.mvpf(worth, cost) == ratio


@pytest.mark.parametrize(
    ("worth", "cost"), [(-1, -1), (0, 0), (0, -5), (math.nan, 1), (1, math.nan)]
)
def test_mvpf_that_is_not_defined(worth, cost):
    assert math.isnan(je.mvpf(worth, cost))


def test_thirteen_weeks_are_three_months():
    weekly = np.ones(26)
    assert count_months(26) == 6
    assert sum_months(weekly).tolist() == [5, 4, 4, 5, 4, 4]
    assert sum_months(np.ones((2, 104))).sum() == 208


def test_discounting_begins_after_the_first_month():
    factors = discount_factors(25, 0.035)
    assert factors[0] == 1
    assert factors[12] == pytest.approx(1 / 1.035)
    assert factors[24] == pytest.approx(1 / 1.035**2)


def test_fading_is_half_of_lasting():
    for months in (1, 7, 36):
        assert fade_weights(months, "fades").sum() == pytest.approx(months / 2)
        assert fade_weights(months, "lasts").sum() == months
        assert fade_weights(months, "ends").sum() == 0
    assert len(fade_weights(0, "fades")) == 0


def test_carried_on_values_by_hand():
    path = np.cumsum(carry_on(np.array([-10.0, 3, 3]), np.array(3.0), fade_weights(3, "fades")))
    assert path.tolist() == pytest.approx([-10, -7, -4, -1.5, 0, 0.5])
    assert pay_back_month(path) == 5


@pytest.mark.parametrize(
    ("path", "month"),
    [([1, 2], 1), ([0, 0], 1), ([-1, 0], 2), ([-1, 1, -1], math.inf), ([-1, 1, -1, 2], 4)],
)
def test_pay_back_is_for_good(path, month):
    assert pay_back_month(np.array(path, dtype=float)) == month


def test_displacement_takes_from_others_and_from_the_public():
    hundred, twenty = np.array(100.0), np.array(20.0)
    earned = divide_amount("earnings", hundred, np.array(0.0), displacement=0.3)
    taxed = divide_amount("tax", hundred, twenty, displacement=0.3)
    left = divide_amount("benefit", -hundred, -twenty, displacement=0.3)
    assert earned.tolist() == [100, -30, 0, 0]  # society keeps 70
    assert taxed.tolist() == pytest.approx([-100, 30, 14, 56])
    assert left.tolist() == pytest.approx([-100, 30, 14, 56])
    paid = divide_amount("cost", hundred, twenty, displacement=0.3)
    assert paid.tolist() == [0, 0, -20, -80]  # costs are not displaced


def test_consumer_prices_raise_costs_and_production_only():
    hundred, nothing = np.array(100.0), np.array(0.0)
    assert divide_amount("cost", hundred, nothing, net_tax_factor=1.28).sum() == -128
    earned = divide_amount("earnings", hundred, nothing, displacement=0.5, net_tax_factor=1.28)
    assert earned.sum() == pytest.approx(64)  # 1.28 of the half that is new
    assert divide_amount("benefit", hundred, nothing, net_tax_factor=1.28).sum() == 0


def test_taxes_distort_what_the_public_pays_in_all():
    assert distort_taxes(np.array([5.0, 0, -30, -70]), 0.2).tolist() == [0, -20, 0, 0]


def test_reimbursement_falls_with_weeks_on_benefit_only():
    ladder = ((4, 0.8), (26, 0.4), (52, 0.3))
    on = np.array([[True, False, True, True], [True, True, True, True]])
    shares = reimbursed_shares(on, np.array([2.0, 51.0]), ladder, 0.2)
    # first: weeks 3, 3, 4, 5; second: weeks 52, 53, 54, 55
    assert shares.tolist() == [[0.8, 0.8, 0.8, 0.4], [0.3, 0.2, 0.2, 0.2]]


def test_costs_are_not_carried_on():
    cost = np.zeros((4, 1, 2))
    cost[3] = -60.0, 0.0
    pay = np.zeros((4, 1, 2))
    pay[0] = 8.0, 10.0
    weighing = Weighing(items=2, months=2, horizon_months=4, discount_rate=0.0)
    flows = sum_items([ItemFlow("cost", cost, once=cost), ItemFlow("pay", pay)],
                      weighing.discount[:2], level_months=2)  # fmt: skip
    [person] = flows.to_matrix()
    assert person @ weighing.value("citizen", "lasts") == 8 + 10 + 9 + 9
    assert person @ weighing.value("citizen", "lasts", month=3) == 8 + 10 + 9
    assert person @ weighing.value("society", "lasts") == 36 - 60
    assert person @ weighing.value("public", "lasts") == -60
    assert person @ weighing.item(1, "society") == 18
    assert person @ weighing.observed("society") == -42


def test_an_hour_more_in_every_week():
    weighing = Weighing(items=0, months=3, horizon_months=6, discount_rate=0.0)
    gain = np.array([100.0, 0, 10, 20])
    weeks = sum_months(np.ones(13))
    worth = weighing.unit_value(weeks, gain, "society", "lasts")
    assert worth == pytest.approx(130 * 26)  # 13 weeks seen, 13 carried on
    assert weighing.unit_value(weeks, gain, "public", "ends") == pytest.approx(30 * 13)
