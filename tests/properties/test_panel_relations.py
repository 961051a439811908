"""What must not change a panel: later events, order of rows, splitting of spells."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_registers import deliver, make_plan, make_registers

from jobeval.endpoints.exits import derive_exits
from jobeval.endpoints.outcomes import derive_outcome
from jobeval.panel.build import build_panel
from jobeval.panel.engine import collect_frame
from jobeval.schemas.calendar import month_of, week_of

seeds = given(seed=st.integers(0, 2**32 - 1))
few = settings(max_examples=3, deadline=None, derandomize=True)


def collect_panel(plan: Any, tables: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    panel = build_panel(deliver(plan, tables, "duckdb"), "final")
    persons = collect_frame(panel.persons, "person_id")
    return persons, collect_frame(panel.weeks, "person_id", "week")


def assert_same(one: tuple[pd.DataFrame, ...], other: tuple[pd.DataFrame, ...]) -> None:
    for left, right in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(left, right)


def change_after(
    tables: dict[str, pd.DataFrame], cut: dt.date, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Redraw all that happens after a date, and who is drawn after it."""
    changed = {name: frame.copy() for name, frame in tables.items()}
    persons = changed["persons"]
    later = persons["randomised_on"] > pd.Timestamp(cut)
    persons.loc[later, "arm"] = "control"
    changed["persons"] = persons[~later | (rng.random(len(persons)) < 0.5)]
    week = week_of(cut + dt.timedelta(days=1))
    for name in ("benefits", "activities"):
        frame = changed[name]
        goes_on = frame["end_week"] > week
        longer = np.maximum(week + rng.integers(0, 30, len(frame)), frame["start_week"] + 1)
        frame.loc[goes_on, "end_week"] = longer[goes_on]
        column = "code" if name == "benefits" else "kind"
        frame.loc[frame["start_week"] >= week, column] = frame[column].iloc[0]
    hours = changed["hours"]
    hours.loc[hours["month"] >= month_of(cut + dt.timedelta(days=1)), "hours"] = 99.0
    return changed


@seeds
@few
def test_a_look_sees_nothing_after_its_cut_off(seed: int) -> None:
    rng = np.random.default_rng(seed)
    plan, tables = make_plan(rng), make_registers(rng)
    changed = change_after(tables, plan.looks["final"].cut_off, rng)
    assert_same(collect_panel(plan, tables), collect_panel(plan, changed))


@seeds
@few
def test_order_and_splitting_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    plan, tables = make_plan(rng), make_registers(rng)
    split = tables["benefits"]
    middle = (split["start_week"] + split["end_week"]) // 2
    halves = [split.assign(end_week=middle), split.assign(start_week=middle)]
    pieces = pd.concat(halves).query("start_week < end_week")
    changed = {**tables, "benefits": pieces}
    changed = {name: frame.sample(frac=1, random_state=1) for name, frame in changed.items()}
    assert_same(collect_panel(plan, tables), collect_panel(plan, changed))


@seeds
@few
def test_endpoints_agree_with_one_another(seed: int) -> None:
    rng = np.random.default_rng(seed)
    plan, tables = make_plan(rng), make_registers(rng)
    panel = build_panel(deliver(plan, tables, "duckdb"), "final")
    shared = {"on_leaving": "zero"}
    kinds = {k: e.model_copy(update=shared) for k, e in plan.endpoints.items()}
    value = {k: derive_outcome(panel, e).set_index("person_id")["value"]
             for k, e in kinds.items() if k != "exit"}  # fmt: skip
    any_hours = kinds["any_hours"].model_copy(update={"min_hours_per_week": 0.0})
    some = derive_outcome(panel, any_hours).set_index("person_id")["value"]
    assert ((some == 1) == (value["mean_hours"] > 0))[some.notna()].all()
    assert (value["mean_hours_without_benefit"] <= value["mean_hours"])[some.notna()].all()
    in_states = kinds["weeks_in_state"].model_copy(update={"states": kinds["longest_spell"].states})
    weeks = derive_outcome(panel, in_states).set_index("person_id")["value"]
    observed = weeks.notna()
    assert (value["longest_spell"] <= weeks)[observed].all()
    assert ((value["longest_spell"] > 0) == (weeks > 0))[observed].all()
    exits = derive_exits(panel, kinds["exit"])
    assert (exits["duration"] >= 1).all()
    assert exits["duration"].max() <= panel.horizon_weeks
