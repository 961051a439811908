# ruff: noqa: E501 — tables of made-up numbers read best a row a line
"""A monitoring made up by hand, so that its gate and report can be tested without any data."""

import datetime as dt
import math

import pandas as pd

from jobeval.inference.proportions import wilson_interval
from jobeval.monitoring.contracts.terms import ContractTerms, Milestone
from jobeval.monitoring.plan import (
    Claim,
    HandOver,
    MonitorPlan,
    Supplier,
    Targets,
)
from jobeval.monitoring.result import MonitorResult
from jobeval.plan.parts import Label, Term

NORTH, SOUTH = "Nord ApS", "Syd A/S"
SEED = {
    "intake": 190, "active": 171, "ended": 19, "ordinary": 17, "flexjob": 5,
    "subsidised": 6, "hours_beside_benefit": 7, "any_work": 29, "full_time": 11, "education": 5,
    "work_or_education": 34, "placement": 22,
}  # fmt: skip
OTHER = {
    "intake": 121, "active": 118, "ended": 3, "ordinary": 9, "flexjob": 2,
    "subsidised": 4, "hours_beside_benefit": 8, "any_work": 19, "full_time": 7, "education": 1,
    "work_or_education": 20, "placement": 14,
}  # fmt: skip
MONTHS = ("2019-04", "2019-05", "2019-06", "2019-07", "2019-08")


def fabricate_monitor(**changes) -> MonitorResult:
    """A monitoring of two suppliers on 15 August 2019."""
    tables = {
        "status": pd.concat([_status(NORTH, SEED), _status(SOUTH, OTHER)], ignore_index=True),
        "ended": _frame("supplier reason count", [
            (NORTH, "moved", 6), (NORTH, "illness", 8), (NORTH, "other", 5), (SOUTH, "illness", 3),
        ]),
        "retention": _retention([(NORTH, 13, 9, 14), (NORTH, 26, 0, 0), (SOUTH, 13, 5, 7), (SOUTH, 26, 0, 0)]),
        "waiting": _frame("supplier event of reached median_days conf_low conf_high target_days within_target within_share", [
            (NORTH, "company", 190, 151, 18.0, 15.0, 21.0, 14, 71, 71 / 190),
            (NORTH, "placement", 190, 96, 62.0, 51.0, 80.0, 28, 24, 24 / 190),
            (NORTH, "paid_hour", 190, 29, math.nan, math.nan, math.nan, 91, 17, 17 / 190),
            (NORTH, "job", 190, 22, math.nan, math.nan, math.nan, math.nan, math.nan, math.nan),
            (SOUTH, "company", 121, 88, 23.0, 19.0, 30.0, 14, 31, 31 / 121),
            (SOUTH, "paid_hour", 121, 19, math.nan, math.nan, math.nan, 91, 12, 12 / 121),
        ]),
        "industries": _frame("supplier kind industry count", [
            (NORTH, "job", "warehouse", 8), (NORTH, "job", "construction", 7), (NORTH, "job", "retail", 6),
            (NORTH, "job", "hotel_restaurant", 5), (NORTH, "job", "office", 3), (NORTH, "placement", "retail", 9),
            (NORTH, "placement", "green_areas", 7), (NORTH, "placement", "car", 6), (SOUTH, "job", "retail", 12), (SOUTH, "job", "car", 7),
        ]),
        "months": _months(),
        "case_mix": _frame("supplier n observed expected others difference conf_low conf_high verdict", [
            (NORTH, 190, 29 / 190, 0.149, 0.157, -0.004, -0.081, 0.073, "uncertain"),
            (SOUTH, 121, 19 / 121, 0.162, 0.153, 0.004, -0.073, 0.081, "uncertain"),
        ]),
        "claims": _frame("label published count of attainable nearest_low nearest_high", [
            ("full_time", "40 pct.", math.nan, 29, False, 1100 / 29, 1200 / 29),
            ("work_or_education", "18 pct.", 34, 190, True, 3400 / 190, 3500 / 190),
        ]),
        "milestones": _frame("contract supplier milestone reached due invoiced clawed_back due_dkk invoiced_dkk clawed_back_dkk", [
            ("results", NORTH, "start", 190, 0, 190, 0, 0.0, 950000.0, 0.0),
            ("results", NORTH, "first_paid_hour", 29, 6, 23, 0, 30000.0, 115000.0, 0.0),
            ("results", NORTH, "kept_13", 9, 7, 2, 0, 105000.0, 30000.0, 0.0),
            ("results", NORTH, "kept_26", 0, 0, 0, 0, 0.0, 0.0, 0.0),
        ]),
        "forecast": _frame("contract supplier month expected_dkk conf_low conf_high", [
            ("results", NORTH, f"{2019 + (8 + i) // 12}-{(8 + i) % 12 + 1:02d}", 90000.4 - 4000 * i, 52000 - 3000 * i, 131000.5 - 4000 * i)
            for i in range(6)
        ]),
        "hand_over": _frame("from to left arrived gap_median_weeks waiting lost both", [
            ("JobFirst", "Flere skal med", 40, 12, 3.0, 21, 7, 0),
        ]),
    }  # fmt: skip
    tables.update(changes)
    return MonitorResult(
        plan=fabricate_plan(),
        as_of=dt.date(2019, 8, 15),
        tables={name: table for name, table in tables.items() if table is not None},
        notes=("participants: 3 rows before the monitoring begins are left out of 314.",),
        digest="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    )


def fabricate_plan() -> MonitorPlan:
    """The plan of the made-up monitoring."""
    return MonitorPlan(
        name="nordby",
        title=Label(da="Leverandører af beskæftigelsesindsats", en="Suppliers of employment services"),
        municipality="Nordby",
        begins=dt.date(2019, 4, 1),
        cut_off=dt.date(2019, 8, 15),
        suppliers=(
            Supplier(name=NORTH, label=Label(da="Nord", en="North")),
            Supplier(name=SOUTH, label=Label(da="Syd", en="South")),
        ),
        targets=Targets(company=14, placement=28, paid_hour=91),
        claims=(
            Claim(label=Label(da="fuldtid blandt dem i job", en="full time of those in work"), supplier=NORTH, percent="40 pct.", of="any_work"),
            Claim(label=Label(da="i job eller uddannelse", en="in work or education"), supplier=NORTH, percent="18 pct.", of="intake", status="work_or_education"),
        ),
        contracts=(_contract(),),
        case_mix=(Term(column="sex", type="category"), Term(column="benefit_type", type="category")),
        hand_over=(HandOver(from_programme="JobFirst", to_programme="Flere skal med"),),
    )  # fmt: skip


def _contract() -> ContractTerms:
    steps = [
        ("start", Label(da="Start", en="Start"), "start", None, 5000.0),
        (
            "first_paid_hour",
            Label(da="Første betalte time", en="First paid hour"),
            "first_paid_hour",
            None,
            5000.0,
        ),
        ("kept_13", Label(da="13 uger i job", en="13 weeks in work"), "kept", 13, 15000.0),
        ("kept_26", Label(da="26 uger i job", en="26 weeks in work"), "kept", 26, 20000.0),
    ]
    return ContractTerms(
        name="results", supplier=NORTH, start=dt.date(2019, 4, 1),
        label=Label(da="Resultatkontrakt, Nord", en="Results contract, North"),
        milestones=tuple(
            Milestone(name=name, label=label, reached_by=by, weeks=weeks, price_dkk=price)
            for name, label, by, weeks, price in steps
        ),
    )  # fmt: skip


def _frame(columns: str, rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


def _status(supplier: str, counts: dict[str, int]) -> pd.DataFrame:
    of = {name: counts["any_work"] if name == "full_time" else counts["intake"] for name in counts}
    rows = [
        (supplier, name, count, of[name], count / of[name], *_wilson(count, of[name]), count < 5)
        for name, count in counts.items()
    ]
    return _frame("supplier status count of share conf_low conf_high small", rows)


def _retention(rows: list[tuple]) -> pd.DataFrame:
    told = [
        (*row[:4], row[2] / row[3] if row[3] else math.nan, *_wilson(row[2], row[3]), row[3] < 5)
        for row in rows
    ]
    return _frame("supplier weeks kept eligible share conf_low conf_high small", told)


def _wilson(count: int, of: int) -> tuple[float, float]:
    low, high = wilson_interval(count, of)
    return float(low), float(high)


def _months() -> pd.DataFrame:
    columns = "supplier month intake active job_starts persons with_hours share mean_hours_with_hours mean_hours"
    numbers = {
        NORTH: [(61, 61, 1, 61, 2), (48, 107, 5, 109, 9), (41, 143, 7, 148, 15), (22, 160, 9, 165, 21), (18, 171, 9, 178, 24)],
        SOUTH: [(40, 40, 0, 40, 0), (31, 71, 3, 71, 6), (24, 94, 5, 95, 9), (14, 107, 6, 108, 13), (12, 118, 6, 119, 16)],
    }  # fmt: skip
    rows = [
        (
            supplier,
            month,
            *row,
            row[4] / row[3],
            41.5 if row[4] else math.nan,
            41.5 * row[4] / row[3],
        )
        for supplier, told in numbers.items()
        for month, row in zip(MONTHS, told, strict=True)
    ]
    return _frame(columns, rows)
