"""Reads the event tables of this folder and runs them through the real code.

A case is one person. Cases that share cut-off, lags and delivery are put into one trial,
together with two bystanders whose registers span 2013 to 2019, so that the registers cover
all that a case does not mention.
"""

import datetime as dt
import json
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

from jobeval.endpoints.exits import derive_exits
from jobeval.endpoints.outcomes import derive_outcome
from jobeval.endpoints.recurrence import derive_recurrence
from jobeval.endpoints.retention import derive_retention
from jobeval.panel.build import Panel, build_panel
from jobeval.plan.model import TrialPlan
from jobeval.plan.parts import STATES
from jobeval.registers.trial import Trial
from jobeval.schemas.calendar import iso_week, monday_of, month_of_week, week_of

FOLDER = Path(__file__).parent
LABEL = {"da": "x", "en": "x"}
SHARED = ("cut_off", "lag_weeks", "deliver", "hours_until", "priority_first")


def read_cases(path: Path) -> list[dict[str, Any]]:
    """The cases of one file, each with the file's defaults filled in."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    defaults = content["defaults"]
    return [
        {**defaults, **case, "endpoint": {**defaults["endpoint"], **case.get("endpoint", {})}}
        for case in content["case"]
    ]


def build_plan(case: dict[str, Any], endpoints: dict[str, Any]) -> TrialPlan:
    first = tuple(case.get("priority_first", ()))
    return TrialPlan.model_validate(
        {
            "name": "spec",
            "title": LABEL,
            "arms": [
                {"name": "control", "role": "control", "label": LABEL},
                {"name": "treatment", "role": "treatment", "label": LABEL},
            ],
            "lottery": {},
            "follow_up": {"horizon_weeks": 52, "lag_weeks": case.get("lag_weeks", {})},
            "looks": {"final": {"cut_off": case.get("cut_off", dt.date(2019, 6, 30))}},
            "states": {"priority": first + tuple(s for s in STATES if s not in first)},
            "endpoints": {k: {**v, "label": LABEL} for k, v in endpoints.items()},
            "analyses": [{"name": "states", "estimator": "state_shares", "looks": ["final"]}],
        }
    )


def run_cases(cases: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Case name → what the code says: the columns of its rows, each empty when absent."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for case in cases:
        key = json.dumps([case.get(name) for name in SHARED], default=str)
        groups.setdefault(key, []).append(case)
    results: dict[str, dict[str, Any]] = {}
    for group in groups.values():
        results |= _run_group(group)
    return results


def _run_group(cases: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    plan = build_plan(cases[0], {f"e{i}": case["endpoint"] for i, case in enumerate(cases)})
    trial = build_trial(plan, cases)
    panel = build_panel(trial, "final")
    results: dict[str, dict[str, Any]] = {}
    for endpoint, case in zip(plan.endpoints.values(), cases, strict=True):
        rows = _derive(panel, trial, endpoint)
        mine = rows[rows["person_id"] == case["name"]].drop(columns="person_id")
        results[case["name"]] = mine.to_dict("list")
    return results


def _derive(panel: Panel, trial: Trial, endpoint: Any) -> pd.DataFrame:
    match endpoint.kind:
        case "first_exit":
            return derive_exits(panel, endpoint)
        case "retention":
            return derive_retention(panel, endpoint, trial.hours)
        case "recurrent_spells":
            return derive_recurrence(panel, endpoint)
        case _:
            return derive_outcome(panel, endpoint)


def build_trial(plan: TrialPlan, cases: list[dict[str, Any]]) -> Trial:
    bystanders = [_bystander(arm, cases[0]) for arm in ("control", "treatment")]
    everybody = [*cases, *bystanders]
    persons = pd.DataFrame(
        {
            "person_id": [person["name"] for person in everybody],
            "arm": [person.get("arm", "treatment") for person in everybody],
            "randomised_on": pd.to_datetime([person["randomised_on"] for person in everybody]),
        }
    )
    tables: dict[str, Any] = {}
    delivered = cases[0].get("deliver", ["benefits", "hours", "activities"])
    if "dream" in delivered:
        tables["benefits"] = _dream(everybody)
    if "benefits" in delivered:
        tables["benefits"] = _rows(everybody, "benefits", ("start", "end", "code"))
    if "hours" in delivered:
        tables["hours"] = _hours(everybody)
    if "activities" in delivered:
        tables["activities"] = _rows(everybody, "activities", ("kind", "start", "end"))
    return Trial(plan=plan, persons=persons, **tables)


def _bystander(arm: str, case: dict[str, Any]) -> dict[str, Any]:
    last = case.get("hours_until", "2019-12")
    return {
        "name": f"bystander in {arm}",
        "arm": arm,
        "randomised_on": dt.date(2016, 1, 4),
        "benefits": [["2012-12-31", "2019-12-30", 730]],
        "hours": [["2013-01", 100.0], [last, 100.0]],
        "activities": [["mentor", "2013-01-07", "2019-12-30"]],
    }


def _rows(people: list[dict[str, Any]], table: str, names: tuple[str, ...]) -> pd.DataFrame:
    rows = [(person["name"], *row) for person in people for row in person.get(table, [])]
    frame = pd.DataFrame(rows, columns=["person_id", *names])
    for name in {"start", "end"} & set(names):
        frame[name] = pd.to_datetime(frame[name])
    return frame


def _hours(people: list[dict[str, Any]]) -> pd.DataFrame:
    rows = [
        (person["name"], next((f for f in flags if f.startswith("employer ")), f"job {index}"),
         month, hours, int("supported" in flags), int("imputed" in flags))
        for person in people
        for index, (month, hours, *flags) in enumerate(person.get("hours", []))
    ]  # fmt: skip
    names = ["person_id", "employer_id", "month", "hours", "supported", "imputed"]
    return pd.DataFrame(rows, columns=names)


def _dream(people: list[dict[str, Any]]) -> pd.DataFrame:
    """Wide DREAM of 2015 to 2019: a column a week, an industry column a month."""
    weeks = range(iso_week(2015, 1), iso_week(2019, 52) + 1)
    months = sorted({month_of_week(week) for week in weeks})
    columns: dict[str, list[Any]] = {"person_id": [person["name"] for person in people]}
    for week in weeks:
        year, number, _ = monday_of(week).isocalendar()
        columns[f"y_{year % 100:02d}{number:02d}"] = [_code(person, week) for person in people]
    for month in months:
        text = f"{month // 12}-{month % 12 + 1:02d}"
        columns[f"branche_{text.replace('-', '_')}"] = [
            "471110" if text in person.get("industries", []) else None for person in people
        ]
    return pd.DataFrame(columns)


def _code(person: dict[str, Any], week: int) -> int | None:
    for start, end, code in person.get("benefits", []):
        last_day = dt.date.fromisoformat(end) - dt.timedelta(days=1)
        if week_of(dt.date.fromisoformat(start)) <= week <= week_of(last_day):
            return code
    return None
