"""Bounds of a look, follow-up, notes, and what the hooks of the engine promise."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pytest

from jobeval.endpoints.blocks import collect_weekly
from jobeval.panel.build import build_panel
from jobeval.panel.engine import build_table, collect_frame, materialise
from jobeval.panel.sight import derive_sight, industry_months
from jobeval.panel.states import STATE_OF_GROUP, is_benefit, tabulate_codes
from jobeval.plan.model import TrialPlan
from jobeval.plan.parts import STATES
from jobeval.registers.trial import Trial
from jobeval.schemas.calendar import first_week_of_month, month_of, week_of
from jobeval.schemas.dream import dream_code_table

LABEL = {"da": "x", "en": "x"}


def make_plan(cut_off: dt.date, **lag_weeks: int) -> TrialPlan:
    return TrialPlan.model_validate(
        {
            "name": "build",
            "title": LABEL,
            "arms": [
                {"name": "control", "role": "control", "label": LABEL},
                {"name": "treatment", "role": "treatment", "label": LABEL},
            ],
            "lottery": {},
            "follow_up": {"horizon_weeks": 8, "lag_weeks": lag_weeks},
            "looks": {"final": {"cut_off": cut_off}},
            "endpoints": {
                "spell": {
                    "kind": "longest_spell", "label": LABEL, "window_weeks": [0, 4],
                    "states": ["employment"],
                }
            },
            "analyses": [{"name": "s", "estimator": "state_shares", "looks": ["final"]}],
        }
    )  # fmt: skip


def make_persons() -> pd.DataFrame:
    days = ["2016-03-09", "2016-04-06", "2016-05-04"]
    return pd.DataFrame(
        {
            "person_id": ["a", "b", "c"],
            "arm": ["control", "treatment", "control"],
            "randomised_on": pd.to_datetime(days),
        }
    )


def delivery(plan: TrialPlan, **coverage: Any) -> Any:
    held = {"hours": coverage.get("hours"), "industries": None, "activities": None}
    covered = SimpleNamespace(benefits=coverage.get("benefits"), hours=coverage.get("hours"))
    return SimpleNamespace(plan=plan, coverage=covered, **held)


@pytest.mark.parametrize(
    ("cut_off", "stop"),
    [
        (dt.date(2016, 5, 1), dt.date(2016, 5, 2)),  # a Sunday: its week is over
        (dt.date(2016, 4, 30), dt.date(2016, 4, 25)),  # a Saturday: it is not
        (dt.date(2017, 1, 1), dt.date(2017, 1, 2)),
    ],
)
def test_weeks_are_seen_when_over(cut_off: dt.date, stop: dt.date) -> None:
    sight = derive_sight(delivery(make_plan(cut_off), benefits=(2000, 4000)), "final")
    assert sight.benefits is not None
    assert sight.benefits.stop == week_of(stop)


def test_months_are_seen_when_over() -> None:
    trial = delivery(make_plan(dt.date(2016, 5, 30)), hours=(24000, 25000))
    sight = derive_sight(trial, "final")
    assert sight.months is not None
    assert sight.months.stop == month_of(dt.date(2016, 5, 1))
    trial = delivery(make_plan(dt.date(2016, 5, 31)), hours=(24000, 25000))
    sight = derive_sight(trial, "final")
    assert sight.months is not None
    assert sight.months.stop == month_of(dt.date(2016, 6, 1))


def test_industries_cover_the_months_of_the_weekly_columns() -> None:
    march, june = (month_of(dt.date(2016, month, 1)) for month in (3, 6))
    weeks = (first_week_of_month(march), first_week_of_month(june))
    assert industry_months(SimpleNamespace(benefits=weeks, hours=None)) == (march, june)
    later = (weeks[0] + 1, weeks[1] - 1)
    assert industry_months(SimpleNamespace(benefits=later, hours=None)) == (march + 1, june - 1)


def test_follow_up_is_capped_by_cut_off_and_horizon() -> None:
    benefits = pd.DataFrame(
        {
            "person_id": ["a", "b"],
            "start": pd.to_datetime(["2015-01-05", "2015-01-05"]),
            "end": pd.to_datetime(["2016-12-26", "2016-12-26"]),
            "code": [730, 730],
        }
    )
    plan = make_plan(dt.date(2016, 5, 1))
    panel = build_panel(Trial(plan=plan, persons=make_persons(), benefits=benefits), "final")
    persons = collect_frame(panel.persons, "person_id")
    assert persons["person_id"].tolist() == ["a", "b"]
    assert persons["followed_weeks_benefits"].tolist() == [8, 4]
    assert persons["followed_weeks_hours"].tolist() == [0, 0]
    assert persons["followed_weeks_state"].tolist() == [0, 0]
    assert len(panel.notes) == 1
    weeks = collect_frame(panel.weeks, "person_id", "week")
    assert len(weeks) == 12
    assert weeks["on_benefit"].all()
    assert weeks["hours"].isna().all()
    assert weeks["state"].isna().all()
    with pytest.raises(ValueError, match="weeks_in_state"):
        collect_weekly(panel, plan.endpoints["spell"])


def test_follow_up_is_none_where_a_register_begins_later() -> None:
    hours = pd.DataFrame(
        {
            "person_id": ["a", "b"],
            "employer_id": ["x", "x"],
            "month": ["2016-04", "2016-12"],
            "hours": [100.0, 100.0],
            "supported": [0, 0],
        }
    )
    plan = make_plan(dt.date(2017, 1, 31))
    panel = build_panel(Trial(plan=plan, persons=make_persons(), hours=hours), "final")
    persons = collect_frame(panel.persons, "person_id").set_index("person_id")
    assert persons["followed_weeks_hours"].to_dict() == {"a": 0, "b": 8, "c": 8}


def test_nothing_but_persons_gives_an_empty_panel() -> None:
    trial = Trial(plan=make_plan(dt.date(2016, 12, 31)), persons=make_persons())
    panel = build_panel(trial, "final")
    assert len(panel.notes) == 2
    assert collect_frame(panel.weeks, "person_id").empty
    assert collect_frame(panel.persons, "person_id")["leaving_week"].isna().all()


def test_every_code_makes_a_state_or_is_employment() -> None:
    columns = tabulate_codes(STATES)
    for code, group, rank in zip(columns["code"], columns["group"], columns["rank"], strict=True):
        assert (rank < len(STATES)) == (group != "employment"), code
    groups = {row.group for row in dream_code_table()}
    assert set(STATE_OF_GROUP) <= groups
    assert not is_benefit("employment")


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_tables_of_constants_and_stored_rows(engine: str) -> None:
    if engine == "duckdb":
        like: Any = nw.from_native(duckdb.connect().sql("SELECT 1 AS x"))
    else:
        like = nw.from_native(pl.LazyFrame({"x": [1]}))
    table = build_table(like, {"code": [730, 810], "group": ["a", "b"], "known": [True, None]})
    kept = materialise(table.filter(nw.col("code") > 730))
    assert collect_frame(kept)["group"].tolist() == ["b"]
    assert collect_frame(table, "group")["code"].tolist() == [730, 810]


def test_other_engines_are_refused_by_name() -> None:
    like = SimpleNamespace(implementation=nw.Implementation.PYSPARK)
    with pytest.raises(NotImplementedError, match="DuckDB or Polars"):
        build_table(like, {"week": [0]})  # type: ignore[arg-type]
