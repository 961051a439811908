"""A cost-benefit made up from formulas, so that its chapter can be tested without any data."""

import math

import pandas as pd

from jobeval.results import CheckResult

SIDES = ("citizen", "state", "municipality", "public", "society")
SCENARIOS = {"ends": 1.0, "fades": 2.0, "lasts": 3.5}
ITEMS = {  # item → kind and what citizen, state, municipality and society gain
    "programme": ("cost", 0, 0, -25_000, -25_000),
    "placements": ("cost", 0, 0, -4_000, -4_000),
    "earnings": ("earnings", 12_000, 0, 0, 12_000),
    "assistance": ("benefit", -9_000, 1_800, 7_200, 0),
    "disability_pension": ("benefit", 3_100, -620, -2_480, 0),
    "tax": ("tax", -3_100, 1_085, 2_015, 0),
}


def fabricate_money() -> list[CheckResult]:
    """Everything that a final evaluation says of money."""
    return [_items(), _scenarios(), _path(), _pay_back(), _break_even(), _mvpf()]


def _check(name: str, rows: list[dict], **values: float) -> CheckResult:
    table = pd.DataFrame(rows)
    return CheckResult(name=name, passed=None, sentence="", values=values, table=table)


def _amount(value: float, half: float) -> dict:
    return {"estimate": value, "conf_low": value - half, "conf_high": value + half}


def _items() -> CheckResult:
    sums = {name: (kind, c, s, m, s + m, y) for name, (kind, c, s, m, y) in ITEMS.items()}
    columns = list(zip(*(row[1:] for row in sums.values()), strict=True))
    sums["net"] = ("net", *(sum(column) for column in columns))
    rows = [
        {"item": name, "kind": kind, "perspective": side, **_amount(value, 0.2 * abs(value)),
         "per_participant": value / 0.8, "n_apart": math.nan if name == "net" else 120.0}
        for name, (kind, *values) in sums.items()
        for side, value in zip(SIDES, values, strict=True)
    ]  # fmt: skip
    return _check("cost_benefit", rows, weeks=104.0, months=24.0, horizon_years=5.0, take_up=0.8,
                  hours=0.54, hours_low=0.21, hours_high=0.88)  # fmt: skip


def _scenarios() -> CheckResult:
    start = dict(zip(SIDES, (3_000, 2_265, -22_265, -20_000, -17_000), strict=True))
    rows = [
        {"scenario": scenario, "perspective": side,
         **_amount(value + (8_000 * (factor - 1) if value < 0 else 0), 4_000 * factor),
         "per_participant": value / 0.8}
        for scenario, factor in SCENARIOS.items() for side, value in start.items()
    ]  # fmt: skip
    return _check("cost_benefit_scenarios", rows)


def _path() -> CheckResult:
    def value(month: int, side: str) -> float:
        return -25_000 + (700 if side == "society" else 300) * month

    rows = [
        {"scenario": scenario, "perspective": side, "month": month,
         **_amount(value(month, side), 150.0 * month)}
        for scenario, months in (("observed", range(1, 25)), ("fades", range(24, 61, 3)),
                                 ("lasts", range(24, 61, 3)))
        for side in SIDES for month in months
    ]  # fmt: skip
    return _check("cost_benefit_path", rows)


def _pay_back() -> CheckResult:
    months = {"public": (math.inf, 50.0, math.inf), "society": (36.0, 30.0, 44.0)}
    rows = [
        {"scenario": scenario, "perspective": side, "month": month, "conf_low": low,
         "conf_high": high}
        for scenario in SCENARIOS for side in SIDES
        for month, low, high in [months.get(side, (1.0, 1.0, 1.0))]
    ]  # fmt: skip
    return _check("cost_benefit_pay_back", rows)


def _break_even() -> CheckResult:
    rows = [
        {"scenario": scenario, "perspective": side, "quantity": quantity,
         **_amount(needed, half), "level": level, "net": -15_000.0, "unit_value": slope}
        for quantity, needed, half, level, slope in (("hours", 1.9, 0.4, 0.54, 11_000.0),
                                                     ("cost", 14_000, 3_000, 29_000, -1.0))
        for scenario in SCENARIOS for side in ("public", "society")
    ]  # fmt: skip
    return _check("cost_benefit_break_even", rows, take_up=0.8)


def _mvpf() -> CheckResult:
    numbers = {
        "ends": (3_000, 20_000, 0.15, 0.03, 0.29),
        "fades": (7_000, 0, math.inf, 1.1, math.inf),
        "lasts": (-2_000, -5_000, math.nan, -math.inf, math.inf),
    }
    rows = [
        {"scenario": scenario, "willingness_to_pay": worth, "worth_low": worth - 900,
         "worth_high": worth + 900, "net_cost": cost, "cost_low": cost - 2_000,
         "cost_high": cost + 2_000, "mvpf": ratio, "conf_low": low, "conf_high": high}
        for scenario, (worth, cost, ratio, low, high) in numbers.items()
    ]  # fmt: skip
    return _check("mvpf", rows)
