"""Random registers for the properties of panel and endpoints, on either engine."""

import datetime as dt
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl

from jobeval.plan.model import TrialPlan
from jobeval.plan.parts import STATES
from jobeval.schemas.calendar import week_of

LABEL = {"da": "x", "en": "x"}
CODES = (730, 733, 735, 737, 771, 783, 651, 121, 124, 810, 818, 890, 899, 881, 997, 998, 999)
KINDS = ("snusepraktik", "virksomhedspraktik", "loentilskud", "mentor")


@dataclass(frozen=True)
class Registers:
    plan: TrialPlan
    persons: Any
    benefits: Any
    hours: Any
    activities: Any
    coverage: Any
    industries: Any = None


def make_plan(rng: np.random.Generator) -> TrialPlan:
    window = (int(rng.integers(0, 5)), int(rng.integers(6, 20)))
    shared = {"label": LABEL, "on_leaving": str(rng.choice(["zero", "exclude"]))}
    endpoints: dict[str, Any] = {
        kind: {**shared, "kind": kind, "window_weeks": window}
        for kind in ("any_hours", "mean_hours", "any_hours_without_benefit",
                     "mean_hours_without_benefit")
    }  # fmt: skip
    endpoints["any_hours"]["min_hours_per_week"] = float(rng.choice([0.0, 10.0]))
    for kind in ("weeks_in_state", "longest_spell"):
        states = tuple(str(s) for s in rng.choice(STATES, 3, replace=False))
        endpoints[kind] = {**shared, "kind": kind, "window_weeks": window, "states": states}
    places = tuple(str(s) for s in rng.choice(STATES, 4, replace=False))
    endpoints["exit"] = {**shared, "kind": "first_exit", "destinations": places,
                         "min_weeks": int(rng.integers(1, 6))}  # fmt: skip
    lags = {name: int(rng.integers(0, 7)) for name in ("benefits", "hours", "activities")}
    priority = STATES if rng.random() < 0.5 else tuple(str(s) for s in rng.permutation(STATES))
    return TrialPlan.model_validate(
        {
            "name": "random",
            "title": LABEL,
            "arms": [
                {"name": "control", "role": "control", "label": LABEL},
                {"name": "treatment", "role": "treatment", "label": LABEL},
            ],
            "lottery": {"strata": ["site"]},
            "follow_up": {"horizon_weeks": 30, "lag_weeks": lags},
            "looks": {
                "final": {"cut_off": dt.date(2016, 7, 1) + dt.timedelta(int(rng.integers(90)))}
            },
            "states": {"priority": priority},
            "endpoints": endpoints,
            "analyses": [
                {"name": "a", "endpoint": "any_hours", "estimator": "blocked", "looks": ["final"]}
            ],
        }
    )


def make_registers(rng: np.random.Generator, n: int = 40) -> dict[str, pd.DataFrame]:
    ids = [f"{i:03d}" for i in range(n)]
    drawn = [dt.date(2016, 1, 1) + dt.timedelta(days=int(d)) for d in rng.integers(0, 260, n)]
    persons = pd.DataFrame(
        {
            "person_id": ids,
            "arm": rng.choice(["control", "treatment"], n),
            "site": rng.choice(["A", "B"], n),
            "randomised_on": pd.to_datetime(drawn),
            "randomised_week": [week_of(day) for day in drawn],
            "birth_year": rng.integers(1950, 1990, n),
        }
    )
    origin = week_of(dt.date(2016, 1, 1))

    def spells(size: int, longest: int) -> dict[str, Any]:
        start = origin + rng.integers(-40, 60, size)
        return {
            "person_id": rng.choice(ids, size),
            "start_week": start,
            "end_week": start + rng.integers(1, longest, size),
        }

    jobs = 10 * n
    return {
        "persons": persons,
        "benefits": pd.DataFrame(spells(6 * n, 25) | {"code": rng.choice(CODES, 6 * n)}),
        "activities": pd.DataFrame(spells(n, 10) | {"kind": rng.choice(KINDS, n)}),
        "hours": pd.DataFrame(
            {
                "person_id": rng.choice(ids, jobs),
                "month": 12 * 2015 + 6 + rng.integers(0, 18, jobs),
                "hours": rng.integers(0, 161, jobs).astype(float),
                "supported": rng.random(jobs) < 0.15,
                "imputed": rng.random(jobs) < 0.1,
            }
        ),
    }


def deliver(plan: TrialPlan, tables: dict[str, pd.DataFrame], engine: str) -> Registers:
    if engine == "duckdb":
        connection = duckdb.connect()
        lazy = {}
        for name, frame in tables.items():
            connection.register("incoming", frame)
            connection.execute(f"CREATE TABLE {name} AS FROM incoming")
            connection.unregister("incoming")
            lazy[name] = nw.from_native(connection.table(name))
    else:
        lazy = {
            k: nw.from_native(pl.DataFrame(v.to_dict("list")).lazy()) for k, v in tables.items()
        }
    benefits, hours = tables["benefits"], tables["hours"]
    coverage = SimpleNamespace(
        benefits=(int(benefits["start_week"].min()), int(benefits["end_week"].max())),
        hours=(int(hours["month"].min()), int(hours["month"].max()) + 1),
    )
    return Registers(plan=plan, coverage=coverage, **lazy)
