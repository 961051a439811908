"""The money of a plan: what it must say, all problems at once, and prices of other years."""

import copy
import tomllib

import pytest
from pydantic import ValidationError

from fabricated_evaluation import PLAN
from jobeval.plan.cost_benefit import CostBenefitPlan
from jobeval.plan.model import TrialPlan

LABEL = {"da": "Post", "en": "Item"}


def price(**changes):
    own = {"name": "wages", "label": LABEL, "kind": "earnings", "amount_dkk": 100.0, "per": "hour",
           "year": 2018, "source": "illustrative assumption"}  # fmt: skip
    return own | changes


def money(*prices, **changes):
    own = {"price_year": 2018, "window_weeks": {"final": 104}, "prices": list(prices or [price()])}
    return CostBenefitPlan.model_validate(own | changes)


BENEFIT = price(name="pension", kind="benefit", per="month", groups=["foertidspension"])

LADDER = {
    "steps": [{"weeks": 4, "share": 0.8}, {"weeks": 4, "share": 0.4}],
    "after": 0.2,
    "weeks_before": 0,
    "source": "s",
}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: money(price(per="week")), "goes with per = 'hour'"),
        (lambda: money(price(kind="benefit", per="month")), 'name "groups" when'),
        (lambda: money(price(groups=["su"])), 'name "groups" when'),
        (lambda: money(price(kind="cost", per="week")), 'name "activities" when'),
        (lambda: money(price(state_share="ladder")), 'belongs to a "benefit"'),
        (lambda: money(price(reduced_by_earnings=0.5)), 'belongs to a "benefit"'),
        (lambda: money(BENEFIT | {"state_share": "ladder"}), "needs .cost_benefit.reimbursement"),
        (lambda: money(BENEFIT | {"reduced_by_earnings": 0.5}), "needs a price of earnings"),
        (lambda: money(price(), price()), "'wages' stands twice"),
        (lambda: money(price(name="tax")), "choose another"),
        (lambda: money(price(name="net")), "choose another"),
        (lambda: money(price(name="tax_distortion")), "choose another"),
        (lambda: money(BENEFIT, BENEFIT | {"name": "b"}), "'foertidspension' has two prices"),
        (lambda: money(price(year=2016)), "price_index lacks 2016, 2018"),
        (lambda: money(fade_out=["ends", "ends"]), "named twice"),
        (lambda: money(level_months=4), "multiple of 3"),
        (lambda: money(window_weeks={"final": 100}), "multiple of 13"),
        (lambda: money(window_weeks={"final": 13}), "more than the months"),
        (lambda: money(horizon_years=1), "after horizon_years = 1"),
        (lambda: money(surprise=1), "Extra inputs"),
        (lambda: money(reimbursement=LADDER), "must ascend"),
    ],
)  # fmt: skip
def test_plans_that_do_not_fit(make, said):
    with pytest.raises(ValidationError, match=said):
        make()


def test_all_problems_are_told_at_once():
    with pytest.raises(ValidationError) as raised:
        money(price(), price(), fade_out=["ends", "ends"], level_months=4)
    text = str(raised.value)
    assert all(part in text for part in ("stands twice", "named twice", "multiple of 3"))


def test_money_must_fit_the_rest_of_the_plan():
    tables = tomllib.loads(PLAN.read_text("utf-8"))
    tables["cost_benefit"] = copy.deepcopy(tables["cost_benefit"])
    tables["cost_benefit"] |= {"window_weeks": {"final": 117}, "horizon_years": 5}
    with pytest.raises(ValidationError, match=r"window_weeks\.final: ends after follow_up"):
        TrialPlan.model_validate(tables)
    tables["cost_benefit"]["window_weeks"] = {"midterm": 39}
    assert "midterm" in tables["looks"]
    del tables["looks"]["midterm"]
    with pytest.raises(ValidationError, match="'midterm' is not among the plan's looks"):
        TrialPlan.model_validate(tables)


def test_prices_of_another_year_are_brought_to_the_plans():
    plan = money(price(year=2016), price_index={"2016": 100.0, "2018": 104.0})
    assert plan.in_price_year(plan.prices[0]) == pytest.approx(104)
    same = money()
    assert same.in_price_year(same.prices[0]) == 100
