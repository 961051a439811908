"""Kroner on their way through the gate: effects on everyone, in steps that hide single persons.

Amounts are means over an arm. They are given to three digits of the largest in their table, all in
the same step. An item that few persons of an arm have could be found from the others and the
net, so it takes the items of the table with it; the net stays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from jobeval.disclosure.ledger import Ledger
from jobeval.disclosure.policy import Policy
from jobeval.disclosure.released import Cell, ReleasedTable, gate_token
from jobeval.disclosure.rules import is_small, round_significant
from jobeval.results import CheckResult

NET = "net"
BOUNDS = ("estimate", "conf_low", "conf_high")
AMOUNT_DIGITS = 3
RATIO_DIGITS = 3
HOURS_DECIMALS = 2


def release_items(
    check: CheckResult, sizes: Mapping[str, int], policy: Policy, ledger: Ledger
) -> ReleasedTable:
    """Amounts by item; the net alone where an item rests on few persons."""
    table = check.table
    if table.empty:
        return _table((), [])
    few = [is_small(float(n), policy.min_count) for n in table["n_apart"].fillna(0)]
    if any(few):
        items = table["item"] != NET
        ledger.note(f"checks: {check.name}", "few_persons", int(items.sum()))
        table = table[~items]
    amounts = (*BOUNDS, "per_participant")
    return _release(table, ("item", "kind", "perspective"), amounts)


def release_scenarios(
    check: CheckResult, sizes: Mapping[str, int], policy: Policy, ledger: Ledger
) -> ReleasedTable:
    """Net present values."""
    amounts = (*BOUNDS, "per_participant")
    return _release(check.table, ("scenario", "perspective"), amounts)


def release_value_path(
    check: CheckResult, sizes: Mapping[str, int], policy: Policy, ledger: Ledger
) -> ReleasedTable:
    """The value added up by month."""
    return _release(check.table, ("scenario", "perspective", "month"), BOUNDS)


def release_pay_back(
    check: CheckResult, sizes: Mapping[str, int], policy: Policy, ledger: Ledger
) -> ReleasedTable:
    """Months, which are whole or infinite."""
    names = ("scenario", "perspective", "month", "conf_low", "conf_high")
    return _table(names, [tuple(_plain(row[n]) for n in names) for row in _records(check.table)])


def release_break_even(
    check: CheckResult, sizes: Mapping[str, int], policy: Policy, ledger: Ledger
) -> ReleasedTable:
    """Hours at two decimals, amounts in their step."""
    names = ("scenario", "perspective", "quantity", *BOUNDS, "level", "unit_value", "net")
    records = list(_records(check.table))
    costs = [row[n] for row in records if row["quantity"] == "cost" for n in (*BOUNDS, "net")]
    step = amount_step(costs)
    rows: list[tuple[Cell, ...]] = []
    for row in records:
        hours = row["quantity"] == "hours"
        own = 10.0**-HOURS_DECIMALS if hours else step
        cells = [_plain(row[n]) for n in names[:3]]
        cells += [_in_steps(row[n], own) for n in (*BOUNDS, "level")]
        cells += [round_significant(float(row["unit_value"]), AMOUNT_DIGITS)]
        rows.append((*cells, _in_steps(row["net"], step)))
    return _table(names, rows)


def release_mvpf(
    check: CheckResult, sizes: Mapping[str, int], policy: Policy, ledger: Ledger
) -> ReleasedTable:
    """Both amounts in one step, the ratio at three digits."""
    amounts = (
        "willingness_to_pay", "worth_low", "worth_high", "net_cost", "cost_low", "cost_high"
    )  # fmt: skip
    ratios = ("mvpf", "conf_low", "conf_high")
    step = amount_step([row[n] for row in _records(check.table) for n in amounts])
    rows = [
        (
            str(row["scenario"]),
            *(_in_steps(row[n], step) for n in amounts),
            *(_plain(round_significant(float(row[n]), RATIO_DIGITS)) for n in ratios),
        )
        for row in _records(check.table)
    ]
    return _table(("scenario", *amounts, *ratios), rows)


def amount_step(amounts: Sequence[Any]) -> float:
    """The step in which amounts are given: three digits of the largest, at least one krone.

    >>> amount_step([-17_243.2, 512.0]), amount_step([37.2]), amount_step([])
    (100.0, 1.0, 1.0)
    """
    sizes = [abs(float(a)) for a in amounts if math.isfinite(float(a))]
    largest = max(sizes, default=0.0)
    digits = math.floor(math.log10(largest)) + 1 if largest >= 1 else 1
    return 10.0 ** max(digits - AMOUNT_DIGITS, 0)


def _release(table: pd.DataFrame, keys: Sequence[str], amounts: Sequence[str]) -> ReleasedTable:
    records = list(_records(table))
    step = amount_step([row[n] for row in records for n in amounts])
    rows = [
        (*(_plain(row[n]) for n in keys), *(_in_steps(row[n], step) for n in amounts))
        for row in records
    ]
    return _table((*keys, *amounts), rows)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _in_steps(value: Any, step: float) -> Cell:
    number = float(value)
    if math.isnan(number):
        return None
    if math.isinf(number):
        return number
    return round(round(number / step) * step, HOURS_DECIMALS) + 0.0


def _plain(value: Any) -> Cell:
    """Text, or a number that is no count; missing stays missing."""
    if isinstance(value, str):
        return value
    number = float(value)
    return None if math.isnan(number) else number


def _table(columns: Sequence[str], rows: list[tuple[Cell, ...]]) -> ReleasedTable:
    return ReleasedTable(token=gate_token(), columns=tuple(columns), rows=tuple(rows))


ECONOMICS_RULES: Mapping[
    str, Callable[[CheckResult, Mapping[str, int], Policy, Ledger], ReleasedTable]
] = {
    "cost_benefit": release_items,
    "cost_benefit_scenarios": release_scenarios,
    "cost_benefit_path": release_value_path,
    "cost_benefit_pay_back": release_pay_back,
    "cost_benefit_break_even": release_break_even,
    "mvpf": release_mvpf,
}
