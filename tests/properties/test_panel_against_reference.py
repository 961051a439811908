"""The engine against a slow reference on random registers, on DuckDB and on Polars."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_reference import Reference
from panel_registers import Registers, deliver, make_plan, make_registers

from jobeval.endpoints.blocks import collect_weekly
from jobeval.endpoints.counts import count_states
from jobeval.endpoints.exits import derive_exits
from jobeval.endpoints.outcomes import derive_outcome
from jobeval.panel.build import build_panel
from jobeval.panel.engine import collect_frame


def make_reference(registers: Registers, tables: dict[str, pd.DataFrame]) -> Reference:
    rows = {name: frame.to_dict("records") for name, frame in tables.items()}
    for person in rows["persons"]:
        person["randomised_on"] = person["randomised_on"].date()
    return Reference(
        registers.plan, "final", rows["persons"], rows["benefits"], rows["hours"],
        rows["activities"], registers.coverage,
    )  # fmt: skip


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@settings(max_examples=4, deadline=None, derandomize=True)
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
    blocks = collect_weekly(panel, endpoint, rows=16)
    assert blocks.person_ids.tolist() == persons["person_id"].tolist()
    for pid, found in zip(blocks.person_ids, np.vstack(list(blocks)), strict=True):
        followed, left = slow.followed_for(endpoint, pid), slow.leaving_week(pid)
        if endpoint.on_leaving == "exclude" and left is not None:
            followed = min(followed, left)
        values = [slow.value_of_week(endpoint, week) for week in slow.weeks[pid][:followed]]
        assert found[:followed].tolist() == pytest.approx(values, abs=1e-6)
        assert np.isnan(found[followed:]).all()


def compare_states(panel: Any, slow: Reference, persons: pd.DataFrame) -> None:
    cells: dict[Any, int] = {}
    for person in persons.to_dict("records"):
        followed = slow.followed[person["person_id"]]
        for week in range(followed["state"]):
            state = slow.weeks[person["person_id"]][week]["state"]
            key = (person["arm"], week, state)
            cells[key] = cells.get(key, 0) + 1
    fast = count_states(panel)
    assert {(r.arm, r.week, r.state): r.n for r in fast.itertuples()} == cells
