"""Cost-benefit at a look: every amount is an effect of the lottery on a person's kroner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.economics.mvpf import mvpf, mvpf_interval
from jobeval.economics.periods import pay_back_month, sum_months
from jobeval.economics.sides import PERSPECTIVES
from jobeval.errors import DesignError
from jobeval.evaluation.ledger import (
    CONF_LEVEL,
    HOURS,
    Answers,
    Draws,
    Ledger,
    draw_again,
    read_ledger,
)
from jobeval.evaluation.look import TrialAtLook
from jobeval.plan.cost_benefit import CostBenefitPlan
from jobeval.results import CheckResult

Floats = NDArray[np.float64]
OBSERVED, NET = "observed", "net"
SHOWN_EVERY_MONTHS = 3
"""Months between the values of a path that are told after the data."""
DECIDING = ("public", "society")
"""Perspectives whose break-even is told."""


def weigh_costs(at_look: TrialAtLook) -> Iterable[CheckResult]:
    """The cost-benefit that the plan asks for at this look; nothing where it does not.

    Yields
    ------
    ``cost_benefit``
        Each item and the net over the observed months, by perspective: kroner a person drawn to
        the effort (``estimate``) and a participant.
    ``cost_benefit_scenarios``, ``cost_benefit_path``, ``cost_benefit_pay_back``
        Net present value to the horizon, its way there month by month, and the month in which
        it turns, under each scenario of what follows the data.
    ``cost_benefit_break_even``
        The hours or the cost at which the net present value is 0.
    ``mvpf``
        Willingness to pay, net cost and their ratio.

    Where the lottery does not allow an error, ``cost_benefit`` alone, without a table.
    """
    plan = at_look.plan.cost_benefit
    if plan is None or at_look.look not in plan.window_weeks:
        return
    try:
        ledger = read_ledger(plan, at_look)
    except DesignError as error:
        sentence = f"not estimable: {error}"
        yield CheckResult(name="cost_benefit", passed=None, sentence=sentence)
        return
    yield _tabulate_items(ledger)
    yield _tabulate_scenarios(ledger)
    yield _tabulate_path(ledger)
    yield _tabulate_break_even(ledger)
    draws = draw_again(ledger, at_look)
    yield _tabulate_pay_back(ledger, draws)
    yield _tabulate_mvpf(ledger, draws)


def _tabulate_items(ledger: Ledger) -> CheckResult:
    """Each item and the net, by perspective, over the observed months."""
    rows = [
        {"item": item, "kind": _kind(item, ledger.plan), "perspective": perspective}
        for item in (*ledger.items, NET)
        for perspective in PERSPECTIVES
    ]
    weights = [
        ledger.weighing.observed(row["perspective"])
        if row["item"] == NET
        else ledger.weighing.item(ledger.items.index(row["item"]), row["perspective"])
        for row in rows
    ]
    take_up = ledger.take_up
    table = _tabulate(rows, ledger.ask(weights))
    fewest = ledger.fewest_with()
    table["per_participant"] = table["estimate"] / take_up
    table["n_apart"] = [fewest.get(str(item), float("nan")) for item in table["item"]]
    hours = ledger.ask([ledger.column(HOURS)])
    values = {
        "weeks": float(ledger.weeks),
        "months": float(ledger.weighing.months),
        "horizon_years": float(ledger.plan.horizon_years),
        "observed": ledger.observed,
        "take_up": take_up,
        "hours": float(hours.estimate[0]),
        "hours_low": float(hours.conf_low[0]),
        "hours_high": float(hours.conf_high[0]),
    }
    sentence = f"Kroner a person drawn to the effort in {ledger.weeks} weeks, discounted."
    if ledger.observed < 1:
        sentence += f" Of {ledger.observed:.0%}: the others are not observed for so long."
    return CheckResult(
        name="cost_benefit", passed=None, sentence=sentence, values=values, table=table
    )


def _tabulate(rows: Sequence[dict[str, Any]], answers: Answers) -> pd.DataFrame:
    """One row an answer, its question in front."""
    numbers = {name: getattr(answers, name) for name in ("estimate", "conf_low", "conf_high")}
    return pd.DataFrame(list(rows)).assign(**numbers)


def _kind(item: str, plan: CostBenefitPlan) -> str:
    return next((price.kind for price in plan.prices if price.name == item), item)


def _scenarios(ledger: Ledger) -> list[dict[str, Any]]:
    return [
        {"scenario": fade_out, "perspective": perspective}
        for fade_out in ledger.plan.fade_out
        for perspective in PERSPECTIVES
    ]


def _tabulate_scenarios(ledger: Ledger) -> CheckResult:
    """Net present value to the horizon under each scenario."""
    rows = _scenarios(ledger)
    weights = [ledger.weighing.value(row["perspective"], row["scenario"]) for row in rows]
    table = _tabulate(rows, ledger.ask(weights))
    table["per_participant"] = table["estimate"] / ledger.take_up
    sentence = f"Net present value a person drawn, to {ledger.plan.horizon_years} years."
    return CheckResult(name="cost_benefit_scenarios", passed=None, sentence=sentence, table=table)


def _tabulate_path(ledger: Ledger) -> CheckResult:
    """The value added up month by month: observed, then by scenario."""
    weighing = ledger.weighing
    observed = range(1, weighing.months + 1)
    after = range(weighing.months, weighing.horizon_months + 1, SHOWN_EVERY_MONTHS)
    told = [(OBSERVED, observed), *((f, after) for f in ledger.plan.fade_out if f != "ends")]
    rows: list[dict[str, Any]] = [
        {"scenario": scenario, "perspective": perspective, "month": month}
        for scenario, months in told
        for perspective in PERSPECTIVES
        for month in months
    ]
    weights = [
        weighing.value(
            row["perspective"], "ends" if row["scenario"] == OBSERVED else row["scenario"],
            row["month"],
        )
        for row in rows
    ]  # fmt: skip
    return CheckResult(
        name="cost_benefit_path",
        passed=None,
        sentence="Value a person drawn, added up to the end of each month.",
        table=_tabulate(rows, ledger.ask(weights)),
    )


def _tabulate_break_even(ledger: Ledger) -> CheckResult:
    """The effect on hours, and the cost of the effort, at which the net present value is 0."""
    rows = [row for row in _scenarios(ledger) if row["perspective"] in DECIDING]
    tables = [_break_even_hours(ledger, rows), _break_even_cost(ledger, rows)]
    return CheckResult(
        name="cost_benefit_break_even",
        passed=None,
        sentence="What the hours must be, and what the effort may cost, for a net value of 0.",
        values={"take_up": ledger.take_up},
        table=pd.concat([table for table in tables if len(table)], ignore_index=True),
    )


def _break_even_hours(ledger: Ledger, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """``hours − value / value of an hour``; no rows where hours are worth nothing."""
    value = [_value_of_an_hour(ledger, row["perspective"], row["scenario"]) for row in rows]
    rows = [
        {**row, "quantity": "hours", "unit_value": worth}
        for row, worth in zip(rows, value, strict=True) if worth > 0
    ]  # fmt: skip
    if not rows:
        return pd.DataFrame()
    net = [ledger.weighing.value(row["perspective"], row["scenario"]) for row in rows]
    asked = [
        ledger.column(HOURS, minus=weights / row["unit_value"])
        for row, weights in zip(rows, net, strict=True)
    ]
    level = float(ledger.ask([ledger.column(HOURS)]).estimate[0])
    return _tabulate(rows, ledger.ask(asked)).assign(level=level, net=ledger.ask(net).estimate)


def _break_even_cost(ledger: Ledger, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """``cost + value / burden``: what the effort gives when it is not itself counted."""
    cost, plan = _weigh_costs_of_effort(ledger), ledger.plan
    burden = {"public": 1.0, "society": plan.net_tax_factor + plan.tax_distortion}
    rows = [{**r, "quantity": "cost", "unit_value": -burden[r["perspective"]]} for r in rows]
    net = [ledger.weighing.value(row["perspective"], row["scenario"]) for row in rows]
    level = float(ledger.ask([-cost]).estimate[0])
    may = [-weights / row["unit_value"] - cost for row, weights in zip(rows, net, strict=True)]
    answers = ledger.ask(may)
    return _tabulate(rows, answers).assign(level=level, net=ledger.ask(net).estimate)


def _value_of_an_hour(ledger: Ledger, perspective: str, fade_out: Any) -> float:
    """What one more hour in every week is worth, carried on as the effect is."""
    weeks = sum_months(np.ones(ledger.weeks))
    return ledger.weighing.unit_value(weeks, ledger.gain, perspective, fade_out)


def _weigh_costs_of_effort(ledger: Ledger) -> Floats:
    """Weights of all items of cost, from the public's perspective (below 0)."""
    costs = [_kind(item, ledger.plan) == "cost" for item in ledger.items]
    picked = [ledger.weighing.item(i, "public") for i, cost in enumerate(costs) if cost]
    return np.sum([np.zeros(ledger.weighing.size), *picked], axis=0)


def _tabulate_pay_back(ledger: Ledger, draws: Draws) -> CheckResult:
    """The month in which the value added up turns for good, by scenario and perspective."""
    rows = _scenarios(ledger)
    months = range(1, ledger.weighing.horizon_months + 1)
    tail = (1 - CONF_LEVEL) / 2
    for row in rows:
        weights = [ledger.weighing.value(row["perspective"], row["scenario"], m) for m in months]
        estimate, drawn = (pay_back_month(path) for path in draws.values(weights))
        low, high = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf")
        row |= {"month": float(estimate), "conf_low": float(low), "conf_high": float(high)}
    sentence = "The month at whose end what was spent has come back; infinite if it has not."
    return CheckResult(
        name="cost_benefit_pay_back", passed=None, sentence=sentence, table=pd.DataFrame(rows)
    )


def _tabulate_mvpf(ledger: Ledger, draws: Draws) -> CheckResult:
    """Willingness to pay, net cost and their ratio under each scenario."""
    rows: list[dict[str, Any]] = []
    for fade_out in ledger.plan.fade_out:
        weights = [ledger.weighing.value("citizen", fade_out),
                   -ledger.weighing.value("public", fade_out)]  # fmt: skip
        (worth, cost), drawn = draws.values(weights)
        low, high = mvpf_interval(drawn[:, 0], drawn[:, 1], (float(worth), float(cost)))
        both = ledger.ask(weights)
        rows.append({
            "scenario": fade_out,
            "willingness_to_pay": float(worth),
            "worth_low": float(both.conf_low[0]),
            "worth_high": float(both.conf_high[0]),
            "net_cost": float(cost),
            "cost_low": float(both.conf_low[1]),
            "cost_high": float(both.conf_high[1]),
            "mvpf": mvpf(float(worth), float(cost)),
            "conf_low": low,
            "conf_high": high,
        })  # fmt: skip
    sentence = "What participants gain for each krone that the public spends in the end."
    return CheckResult(name="mvpf", passed=None, sentence=sentence, table=pd.DataFrame(rows))
