"""Kroner a person: prices of the plan times hours, weeks and starts of the registers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.economics.flows import ItemFlow, PersonFlows, sum_items
from jobeval.economics.periods import discount_factors, sum_months
from jobeval.economics.sides import Kind, distort_taxes, divide_amount, reimbursed_shares
from jobeval.endpoints.blocks import collect_weekly
from jobeval.errors import DataError, Problem
from jobeval.evaluation.look import TrialAtLook
from jobeval.panel.covered import (
    collect_activity_spells,
    collect_benefit_spells,
    mark_first,
    mark_weeks,
)
from jobeval.plan.cost_benefit import CostBenefitPlan, Price
from jobeval.plan.endpoints import WindowEndpoint
from jobeval.plan.parts import Label

Floats = NDArray[np.float64]
WEEKS_PER_MONTH = 52 / 12
ROWS = 25_000
"""Persons whose weeks are in memory at once."""
HOURS = Label(da="Timer", en="Hours")
TAX, DISTORTION = "tax", "tax_distortion"


@dataclass(frozen=True, slots=True, eq=False)
class Money:
    """What is known of the persons who are observed over the whole window.

    Attributes
    ----------
    observed
        Shape ``(N,)``: who that is, among everyone drawn.
    flows
        Of these ``n`` persons.
    hours
        Shape ``(n,)``: mean ordinary hours a week in the window; 0 where no price needs them.
    """

    observed: NDArray[np.bool_]
    flows: PersonFlows
    hours: Floats


def count_money(plan: CostBenefitPlan, at_look: TrialAtLook) -> Money:
    """Every person's amounts by item, side and month, as the plan prices them."""
    _require_registers(plan, at_look)
    weeks = plan.window_weeks[at_look.look]
    persons = at_look.persons
    observed = _observe(plan, at_look) & at_look.assignment.rows
    parts = [
        (_sum_block(block, plan), block.hours.mean(axis=1))
        for block in _blocks(plan, at_look, persons[observed], weeks)
    ]
    if not parts:
        rule = f"nobody is observed for {weeks} weeks at the {at_look.look} look."
        problem = Problem("cost_benefit.window_weeks", rule, "Plan fewer weeks.")
        raise DataError("cost-benefit", [problem])
    flows = [flow for flow, _ in parts]
    joined = PersonFlows(
        flows[0].items,
        *(np.concatenate([getattr(flow, name) for flow in flows])
          for name in ("totals", "months", "level")),
    )  # fmt: skip
    return Money(observed, joined, np.concatenate([hours for _, hours in parts]))


def _require_registers(plan: CostBenefitPlan, at_look: TrialAtLook) -> None:
    """Raise ``DataError`` for prices of what was not delivered: it would count as nothing."""
    trial = at_look.trial
    needs = {
        "hours": (trial.hours is None, [p for p in plan.prices if p.kind == "earnings"]),
        "benefits": (trial.benefits is None, [p for p in plan.prices if p.groups]),
        "activities": (trial.activities is None, [p for p in plan.prices if p.activities]),
        "persons.started_on": (
            "started_week" not in at_look.persons,
            [p for p in plan.prices if p.per == "participant"],
        ),
    }
    problems = [
        Problem(
            name,
            f"was not delivered, and prices need it: {', '.join(p.name for p in prices)}.",
            "Deliver it, or leave out these prices.",
        )
        for name, (missing, prices) in needs.items()
        if missing and prices
    ]
    if problems:
        raise DataError("cost-benefit", problems)


def _observe(plan: CostBenefitPlan, at_look: TrialAtLook) -> NDArray[np.bool_]:
    """Who is seen in the whole window, in every register that is priced."""
    activities = at_look.weeks.sight.activities
    persons, weeks = at_look.persons, plan.window_weeks[at_look.look]
    observed = persons["followed_weeks"].to_numpy(dtype=float) >= weeks
    if activities is not None and any(price.activities for price in plan.prices):
        end = persons["randomised_week"].to_numpy(dtype=float) + weeks
        observed &= end <= activities.stop
    return observed


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The weeks of some persons: all that prices are multiplied with."""

    ids: NDArray[np.object_]
    hours: Floats
    started: Floats
    weeks_before: Floats
    benefits: Mapping[str, NDArray[np.bool_]]
    """Group of the code list → the weeks with it."""
    activities: pd.DataFrame

    def marks(self, price: Price) -> Floats:
        """1 in the weeks in which a benefit or an activity of the price runs."""
        if price.groups:
            own = [self.benefits[group] for group in price.groups if group in self.benefits]
            return np.sum([np.zeros_like(self.hours), *own], axis=0)
        weeks = self.hours.shape[1]
        marked = mark_weeks(self.activities, "kind", price.activities, list(self.ids), weeks)
        return marked.astype(float)

    def starts(self) -> Floats:
        """1 in the week in which a person started the effort."""
        weeks = np.arange(self.hours.shape[1])
        return (np.maximum(self.started, 0)[:, None] == weeks).astype(float)


def _blocks(
    plan: CostBenefitPlan, at_look: TrialAtLook, persons: pd.DataFrame, weeks: int
) -> Iterator[_Block]:
    ids = persons["person_id"].to_numpy()
    benefits = collect_benefit_spells(at_look.trial, at_look.look)
    activities = collect_activity_spells(at_look.trial, at_look.look)
    started, before = _started_week(plan, persons), _weeks_before(plan, persons)
    for start in range(0, len(ids), ROWS):
        part = slice(start, start + ROWS)
        hours = _hours(plan, at_look, ids[part], weeks)
        first = mark_first(benefits, list(ids[part]), weeks)
        yield _Block(ids[part], hours, started[part], before[part], first, activities)


def _hours(
    plan: CostBenefitPlan, at_look: TrialAtLook, ids: NDArray[np.object_], weeks: int
) -> Floats:
    if not any(price.kind == "earnings" for price in plan.prices):
        return np.zeros((len(ids), weeks))
    endpoint = WindowEndpoint(kind="mean_hours", window_weeks=(0, weeks), label=HOURS)
    [block] = collect_weekly(at_look.weeks, endpoint, list(ids), rows=len(ids))
    return block[:, :weeks]


def _started_week(plan: CostBenefitPlan, persons: pd.DataFrame) -> Floats:
    """Week since the lottery in which the effort began; ``nan`` for those who never started."""
    if not any(price.per == "participant" for price in plan.prices):
        return np.full(len(persons), np.nan)
    weeks = persons["started_week"].astype(float) - persons["randomised_week"].astype(float)
    return np.asarray(weeks, dtype=np.float64)


def _weeks_before(plan: CostBenefitPlan, persons: pd.DataFrame) -> Floats:
    if plan.reimbursement is None:
        return np.zeros(len(persons))
    before = plan.reimbursement.weeks_before
    if isinstance(before, int):
        return np.full(len(persons), float(before))
    column = persons[before] if before in persons else pd.Series([np.nan])
    known = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    if np.isnan(known).any():
        rule = "is not known as a number for everyone."
        mend = "Name a column of persons or of the baseline, or a number of weeks."
        place = f"cost_benefit.reimbursement.weeks_before = {before!r}"
        raise DataError("cost-benefit", [Problem(place, rule, mend)])
    return known


def _sum_block(block: _Block, plan: CostBenefitPlan) -> PersonFlows:
    discount = discount_factors(len(sum_months(np.zeros(block.hours.shape[1]))), plan.discount_rate)
    return sum_items(list(_items(block, plan)), discount, plan.level_months)


def _items(block: _Block, plan: CostBenefitPlan) -> Iterator[ItemFlow]:
    """Every price's item, then tax of all of them, then what taxes distort."""
    earned = sum(
        (plan.in_price_year(p) * block.hours for p in plan.prices if p.kind == "earnings"),
        np.zeros_like(block.hours),
    )
    ladder = _ladder(block, plan)
    tax = together = costs = np.zeros((4, *sum_months(block.hours).shape))
    for price in plan.prices:
        weekly = _weekly_amount(price, block, plan, earned)
        share = ladder if price.state_share == "ladder" else price.state_share
        item = _divide(price.kind, weekly, share, price, plan)
        together = together + item
        costs = costs + item if price.kind == "cost" else costs
        if plan.tax is not None and price.kind != "cost":
            rate = plan.tax.earnings_rate if price.kind == "earnings" else plan.tax.benefit_rate
            tax = tax + _divide("tax", rate * weekly, plan.tax.state_share, price, plan)
        yield ItemFlow(price.name, item, once=item if price.kind == "cost" else 0.0)
    if plan.tax is not None:
        yield ItemFlow(TAX, tax)
    if plan.tax_distortion:
        lost, once = (distort_taxes(f, plan.tax_distortion) for f in (together + tax, costs))
        yield ItemFlow(DISTORTION, lost, once=once)


def _weekly_amount(price: Price, block: _Block, plan: CostBenefitPlan, earned: Floats) -> Floats:
    """Kroner of an item in each week, in prices of the plan's year."""
    amount = plan.in_price_year(price)
    match price.kind:
        case "earnings":
            return amount * block.hours
        case "cost":
            return amount * (block.starts() if price.per == "participant" else block.marks(price))
        case "benefit":
            weekly = amount if price.per == "week" else amount / WEEKS_PER_MONTH
            left = weekly - price.reduced_by_earnings * earned
            return block.marks(price) * np.maximum(left, 0)


def _ladder(block: _Block, plan: CostBenefitPlan) -> Floats:
    """The state's share in each week, by the weeks on any benefit that follows the ladder."""
    if plan.reimbursement is None:
        return np.zeros_like(block.hours)
    on = np.zeros(block.hours.shape, dtype=bool)
    for price in plan.prices:
        if price.state_share == "ladder":
            on |= block.marks(price) > 0
    steps = tuple((step.weeks, step.share) for step in plan.reimbursement.steps)
    return reimbursed_shares(on, block.weeks_before, steps, plan.reimbursement.after)


def _divide(
    kind: Kind, weekly: Floats, share: Floats | float, price: Price, plan: CostBenefitPlan
) -> Floats:
    """The sides' monthly amounts, shape ``(4, n, M)``."""
    displaced = price.displaced and price.kind != "cost"
    return divide_amount(
        kind,
        sum_months(weekly),
        sum_months(weekly * share),
        displacement=plan.displacement if displaced else 0.0,
        net_tax_factor=plan.net_tax_factor,
    )
