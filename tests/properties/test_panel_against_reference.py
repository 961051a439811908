"""The engine against a slow reference on random registers, on DuckDB and on Polars."""

import datetime as dt
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_reference import Reference

from jobeval.endpoints.counts import count_follow_up, count_path, count_states
from jobeval.endpoints.exits import derive_exits
from jobeval.endpoints.outcomes import derive_outcome
from jobeval.panel.build import build_panel
from jobeval.panel.engine import collect_frame
from jobeval.plan.model import STATES, TrialPlan
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


def make_reference(registers: Registers, tables: dict[str, pd.DataFrame]) -> Reference:
    rows = {name: frame.to_dict("records") for name, frame in tables.items()}
    for person in rows["persons"]:
        person["randomised_on"] = person["randomised_on"].date()
    return Reference(
        registers.plan, "final", rows["persons"], rows["benefits"], rows["hours"],
        rows["activities"], registers.coverage,
    )  # fmt: skip


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@settings(max_examples=5, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1))
def test_engine_equals_the_reference(engine: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    plan, tables = make_plan(rng), make_registers(rng)
    registers = deliver(plan, tables, engine)
    slow = make_reference(registers, tables)
    panel = build_panel(registers, "final")
    persons = collect_frame(panel.persons, "person_id")
    assert persons["person_id"].tolist() == sorted(slow.followed)
    for person in persons.to_dict("records"):
        pid = person["person_id"]
        assert person["followed_weeks_state"] == slow.followed[pid]["state"]
        left = person["leaving_week"]
        assert (None if pd.isna(left) else left) == slow.leaving_week(pid)
    for name, endpoint in plan.endpoints.items():
        if name == "exit":
            compare_exits(panel, endpoint, slow)
        else:
            compare_outcomes(panel, endpoint, slow)
        if name not in ("exit", "longest_spell"):
            compare_path(panel, endpoint, slow, persons)
    compare_states(panel, slow, persons)


def compare_outcomes(panel: Any, endpoint: Any, slow: Reference) -> None:
    for row in derive_outcome(panel, endpoint).to_dict("records"):
        value, status = slow.outcome(endpoint, "final", row["person_id"])
        assert row["status"] == status
        assert row["value"] == pytest.approx(np.nan if value is None else value, nan_ok=True)


def compare_exits(panel: Any, endpoint: Any, slow: Reference) -> None:
    fast = derive_exits(panel, endpoint)
    found = {
        row["person_id"]: (row["duration"], row["destination"]) for row in fast.to_dict("records")
    }
    exits = {pid: slow.exit(endpoint, pid) for pid in slow.followed}
    assert found == {pid: value for pid, value in exits.items() if value is not None}
    assert sum(fast.attrs.values()) == len(exits) - len(found)


def compare_path(panel: Any, endpoint: Any, slow: Reference, persons: pd.DataFrame) -> None:
    cells: dict[Any, list[float]] = {}
    for person in persons.to_dict("records"):
        pid = person["person_id"]
        followed, left = slow.followed_for(endpoint, pid), slow.leaving_week(pid)
        if endpoint.on_leaving == "exclude" and left is not None:
            followed = min(followed, left)
        for week in range(followed):
            value = slow.value_of_week(endpoint, slow.weeks[pid][week])
            cells.setdefault((person["site"], person["arm"], week), []).append(value)
    fast = count_path(panel, endpoint, ["site"])
    assert list(zip(fast["site"], fast["arm"], fast["week"], strict=True)) == sorted(cells)
    for row, (_, values) in zip(fast.to_dict("records"), sorted(cells.items()), strict=True):
        assert row["n"] == len(values)
        assert row["total"] == pytest.approx(sum(values), abs=1e-6)
        assert row["total_sq"] == pytest.approx(sum(v * v for v in values), abs=1e-6)


def compare_states(panel: Any, slow: Reference, persons: pd.DataFrame) -> None:
    cells: dict[Any, int] = {}
    observed: dict[Any, int] = {}
    for person in persons.to_dict("records"):
        followed = slow.followed[person["person_id"]]
        for week in range(followed["state"]):
            state = slow.weeks[person["person_id"]][week]["state"]
            key = (person["arm"], week, state)
            cells[key] = cells.get(key, 0) + 1
        for week in range(slow.horizon):
            key = (person["arm"], week)
            observed[key] = observed.get(key, 0) + (week < followed["both"])
    fast = count_states(panel)
    assert {(r.arm, r.week, r.state): r.n for r in fast.itertuples()} == cells
    followed_up = count_follow_up(panel)
    assert {(r.arm, r.week): r.n for r in followed_up.itertuples()} == observed
