"""Panel and endpoints on DuckDB against the same by pandas, in one run.

    python benchmarks/panel_engine.py [persons] [rounds]

Draws a synthetic JobFirst trial, and times from canonical registers to the panel and six
endpoints of the final look (any and mean hours, hours without benefit, weeks in
employment, longest spell, first exit): the engine of jobeval, then merges and groupbys of
pandas on the same tables. Both must give the same values. Wall and CPU seconds, best round.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import jobeval as je
from jobeval.endpoints.exits import derive_exits
from jobeval.endpoints.outcomes import derive_outcome
from jobeval.panel.build import build_panel
from jobeval.panel.engine import collect_frame
from jobeval.panel.sight import derive_sight
from jobeval.panel.states import NEVER, STATE_OF_ACTIVITY, tabulate_codes
from jobeval.plan.endpoints import ExitEndpoint, WindowEndpoint
from jobeval.schemas.calendar import first_week_of_month, month_of_week

LABEL: Any = {"da": "x", "en": "x"}
WINDOW = (0, 52)
WORK = ("employment", "benefit_with_hours")
KINDS: dict[str, dict[str, Any]] = {
    "any_hours": {},
    "mean_hours": {},
    "mean_hours_without_benefit": {},
    "weeks_in_state": {"states": WORK[:1]},
    "longest_spell": {"states": WORK},
}
ENDPOINTS = {
    kind: WindowEndpoint.model_validate(
        {"kind": kind, "label": LABEL, "window_weeks": WINDOW, **more}
    )
    for kind, more in KINDS.items()
}
EXIT = ExitEndpoint.model_validate({"kind": "first_exit", "label": LABEL})


def by_engine(trial: je.Trial) -> dict[str, Any]:
    panel = build_panel(trial, "final")
    values: dict[str, Any] = {
        kind: derive_outcome(panel, endpoint)["value"].to_numpy()
        for kind, endpoint in ENDPOINTS.items()
    }
    return values | {"exits": derive_exits(panel, EXIT)["duration"].to_numpy()}


def by_pandas(plan: Any, sight: Any, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    weeks = pandas_weeks(plan, sight, tables)
    inside = weeks[weeks["week"].between(WINDOW[0], WINDOW[1] - 1)]
    people = inside["person_id"]
    lived = inside["hours"].where(~inside["is_out"], 0.0)
    length = WINDOW[1] - WINDOW[0]
    without = lived.where(~inside["on_benefit"], 0.0)
    at_work = inside[inside["state"].isin(WORK)]
    longest = run_lengths(at_work, ["person_id"]).groupby("person_id")["length"].max()
    ids = np.sort(tables["persons"]["person_id"].to_numpy())
    return {
        "any_hours": (lived > 0).groupby(people).max().to_numpy(dtype=float),
        "mean_hours": lived.groupby(people).sum().to_numpy() / length,
        "mean_hours_without_benefit": without.groupby(people).sum().to_numpy() / length,
        "weeks_in_state": (inside["state"] == "employment").groupby(people).sum().to_numpy(),
        "longest_spell": longest.reindex(ids, fill_value=0).to_numpy(),
        "exits": pandas_exits(weeks, ids),
    }


def pandas_exits(weeks: pd.DataFrame, ids: Any) -> Any:
    runs = run_lengths(weeks[weeks["state"] == "employment"], ["person_id"])
    first = runs[runs["length"] >= EXIT.min_weeks].groupby("person_id")["start"].min()
    at_risk = weeks.groupby("person_id").size() - (EXIT.min_weeks - 1)
    start = first.reindex(ids, fill_value=NEVER)
    return np.where(start < at_risk, start + 1, at_risk)


def run_lengths(weeks: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    weeks = weeks.sort_values([*by, "week"])
    run = weeks["week"] - weeks.groupby(by).cumcount()
    grouped = weeks.assign(run=run).groupby([*by, "run"])["week"]
    return grouped.agg(start="min", length="size").reset_index()


def pandas_weeks(plan: Any, sight: Any, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Person × week by expanding the spells, two groupbys and three merges."""
    priority = list(plan.states.priority)
    stop = min(sight.benefits.stop, sight.income.stop, sight.activities.stop)
    persons = tables["persons"][["person_id", "randomised_week"]]
    followed = np.clip(stop - persons["randomised_week"], 0, plan.follow_up.horizon_weeks)
    weeks = persons.loc[persons.index.repeat(followed)].reset_index(drop=True)
    weeks["week"] = weeks.groupby("person_id").cumcount()
    weeks["calendar_week"] = weeks["randomised_week"] + weeks["week"]
    weeks["month"] = weeks["calendar_week"].map(month_of_week)
    codes = pd.DataFrame(tabulate_codes(priority))
    spells = tables["benefits"].merge(codes, on="code")
    spells["start_week"] = np.maximum(spells["start_week"], spells["valid_from"])
    spells["end_week"] = np.minimum(spells["end_week"], np.minimum(spells["valid_to"], stop))
    spells.loc[spells["lasts"] & (spells["start_week"] < stop), "end_week"] = stop
    acts = tables["activities"][lambda a: a["kind"].isin(list(STATE_OF_ACTIVITY))]
    rank = acts["kind"].map({k: priority.index(s) for k, s in STATE_OF_ACTIVITY.items()})
    acts = acts.assign(rank=rank, on_benefit=False, is_out=False)
    acts["end_week"] = np.minimum(acts["end_week"], stop)
    kept = ["person_id", "start_week", "end_week", "rank", "on_benefit", "is_out"]
    both = pd.concat([spells[kept], acts[kept]], ignore_index=True)
    lengths = np.maximum(both["end_week"] - both["start_week"], 0)
    long = both.loc[both.index.repeat(lengths)]
    long["calendar_week"] = long["start_week"] + long.groupby(level=0).cumcount()
    keys = ["person_id", "calendar_week"]
    traits = long.groupby(keys).agg({"rank": "min", "on_benefit": "max", "is_out": "max"})
    weeks = weeks.merge(traits, left_on=keys, right_index=True, how="left")
    hours = tables["hours"][lambda h: ~h["supported"].astype(bool)]
    monthly = hours.groupby(["person_id", "month"])["hours"].sum()
    weeks = weeks.merge(monthly, left_on=["person_id", "month"], right_index=True, how="left")
    weeks["hours"] = weeks["hours"].fillna(0.0) * 12 / 52
    for name in ("on_benefit", "is_out"):
        weeks[name] = weeks[name] == True  # noqa: E712  missing is False
    return weeks.assign(state=pandas_state(weeks, priority))


def pandas_state(weeks: pd.DataFrame, priority: list[str]) -> Any:
    paid, benefit, out = weeks["hours"] > 0, weeks["on_benefit"], weeks["is_out"]
    rank = weeks["rank"].fillna(NEVER).astype(int)
    for state, holds in (
        ("employment", paid & ~benefit),
        ("benefit_with_hours", paid & benefit),
        ("self_supporting", ~paid & ~benefit & ~out),
    ):
        rank = np.where(holds, np.minimum(rank, priority.index(state)), rank)
    return np.array(priority, dtype=object)[rank]


def best(task: Callable[[], Any], rounds: int) -> tuple[Any, float, float]:
    result, walls, cpus = None, [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        result = task()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return result, min(walls), min(cpus)


def main(persons: int = 2408, rounds: int = 3) -> None:
    drawn = je.simulate_jobfirst(n_persons=persons)
    trial = je.Trial(
        plan=drawn.plan, persons=drawn.persons, benefits=drawn.benefits, hours=drawn.hours,
        activities=drawn.activities,
    )  # fmt: skip
    names = ("persons", "benefits", "hours", "activities")
    tables = {name: collect_frame(getattr(trial, name)) for name in names}
    sight = derive_sight(trial, "final")
    assert sight.income is not None
    assert sight.months is not None
    assert sight.income.stop == first_week_of_month(sight.months.stop)
    fast, wall, cpu = best(lambda: by_engine(trial), rounds)
    slow, slow_wall, slow_cpu = best(lambda: by_pandas(trial.plan, sight, tables), rounds)
    for name, values in slow.items():
        np.testing.assert_allclose(fast[name], values, atol=1e-8, err_msg=name)
    print(f"{persons} persons, panel and six endpoints; equal values")
    print(f"DuckDB  {wall:8.2f} s wall {cpu:8.2f} s CPU")
    print(f"pandas  {slow_wall:8.2f} s wall {slow_cpu:8.2f} s CPU")
    print(f"ratio   {slow_wall / wall:8.1f}        {slow_cpu / cpu:8.1f}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
