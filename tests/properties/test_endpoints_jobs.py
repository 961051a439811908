"""Jobs derived from any weeks, against a twin that goes through one person's weeks in order."""

import datetime as dt
import math

import narwhals as nw
import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobeval.endpoints.recurrence import derive_recurrence
from jobeval.endpoints.retention import derive_retention
from jobeval.panel.build import Panel
from jobeval.panel.sight import Sight, Span
from jobeval.plan.endpoints import RecurrentEndpoint, RetentionEndpoint
from jobeval.schemas.calendar import month_of_week

LABEL = {"da": "x", "en": "x"}
STATES = ("employment", "benefit", "self_supporting", "out_of_population")
FIRST_WEEK = 2400
HORIZON = 30
quick = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def lives(draw):
    """Weeks of up to six persons, and the employers of each of their months."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    people = []
    for number in range(draw(st.integers(1, 6))):
        changes = rng.random(HORIZON) < 0.3
        codes = rng.choice(4, HORIZON, p=(0.5, 0.3, 0.17, 0.03))
        code, states = int(codes[0]), []
        for week in range(HORIZON):
            code = int(codes[week]) if changes[week] else code
            states.append(STATES[code])
        followed, origin = int(rng.integers(0, HORIZON + 1)), FIRST_WEEK + int(rng.integers(0, 9))
        months = {month_of_week(origin + week) for week in range(HORIZON)}
        pays = {month: [e for e in "AB" if rng.random() < 0.6] for month in sorted(months)}
        people.append(
            {"id": f"p{number}", "states": states[:followed], "origin": origin, "pays": pays}
        )
    return people


def build_panel(people) -> Panel:
    """The panel of these lives, in Polars."""
    weeks = [
        (one["id"], week, state, state == "benefit")
        for one in people
        for week, state in enumerate(one["states"])
    ]
    gone = [
        next((w for w, s in enumerate(one["states"]) if s == "out_of_population"), None)
        for one in people
    ]
    persons = pl.LazyFrame(
        {
            "person_id": [one["id"] for one in people],
            "randomised_week": [one["origin"] for one in people],
            "followed_weeks_state": [len(one["states"]) for one in people],
            "leaving_week": gone,
        },
        schema_overrides={"leaving_week": pl.Int64},
    )
    schema = {
        "person_id": pl.String,
        "week": pl.Int64,
        "state": pl.String,
        "on_benefit": pl.Boolean,
    }
    span = Span(0, 100_000)
    return Panel(
        persons=nw.from_native(persons),
        weeks=nw.from_native(pl.LazyFrame(weeks, schema=schema, orient="row")),
        look="final",
        sight=Sight(dt.date(2019, 1, 1), span, span, span, None),
        horizon_weeks=HORIZON,
        has_hours=True,
    )


def build_hours(people):
    rows = [
        (one["id"], month, employer, 40.0, False)
        for one in people
        for month, employers in one["pays"].items()
        for employer in employers
    ]
    names = ["person_id", "month", "employer_id", "hours", "supported"]
    kinds = (pl.String, pl.Int64, pl.String, pl.Float64, pl.Boolean)
    schema = dict(zip(names, kinds, strict=True))
    return nw.from_native(pl.LazyFrame(rows, schema=schema, orient="row"))


def starts_of(states, endpoint) -> list[int]:
    """The weeks in which jobs begin: looking ahead for a run, back for one that goes on."""
    starts, last_job_week, in_job = [], None, False
    for week, state in enumerate(states):
        if state != "employment":
            continue
        if last_job_week is None or week - last_job_week - 1 > endpoint.max_gap_weeks:
            in_job = False
        run = states[week : week + endpoint.min_weeks]
        begins = week == 0 or states[week - 1] != "employment"
        if not in_job and begins and run == ["employment"] * endpoint.min_weeks:
            starts.append(week)
            in_job = True
        last_job_week = week
    return starts


def end_of(one, start, endpoint) -> int:
    """The first week of the gap that ends the job, by going on week by week."""
    states, pays = one["states"], one["pays"]
    first = set(pays[month_of_week(one["origin"] + start)])
    week, end = start, start
    while week < len(states):
        kept = states[week] == "employment"
        if endpoint.same_employer and first:
            kept = kept and bool(first & set(pays[month_of_week(one["origin"] + week)]))
        if kept:
            end = week + 1
        elif week - end >= endpoint.max_gap_weeks or (
            endpoint.relapse_ends and states[week] == "benefit"
        ):
            return end
        week += 1
    return end


@quick
@given(lives(), st.integers(1, 4), st.integers(0, 3), st.booleans(), st.booleans())
def test_retention_agrees_with_a_twin(people, least, gap, same, relapse):
    endpoint = RetentionEndpoint(
        kind="retention", label=LABEL, min_weeks=least, max_gap_weeks=gap, same_employer=same,
        relapse_ends=relapse,
    )  # fmt: skip
    said = derive_retention(build_panel(people), endpoint, build_hours(people)).set_index(
        "person_id"
    )
    assert len(said) == len(people)
    for one in people:
        row = said.loc[one["id"]]
        followed = max(len(one["states"]) - max(least - 1, gap), 0)
        assert row["followed"] == followed
        starts = [week for week in starts_of(one["states"], endpoint) if week < followed]
        if not starts:
            assert math.isnan(row["started"]) and math.isnan(row["duration"])
            assert not row["lost"] and row["lost_to"] is None
            continue
        end = min(end_of(one, starts[0], endpoint), followed)
        assert (row["started"], row["duration"]) == (starts[0], end - starts[0])
        assert row["lost"] == (end < followed)
        assert row["lost_to"] == (one["states"][end] if end < followed else None)


@quick
@given(lives(), st.integers(1, 4), st.integers(0, 3))
def test_recurrent_spells_agree_with_a_twin(people, least, gap):
    endpoint = RecurrentEndpoint(
        kind="recurrent_spells", label=LABEL, min_weeks=least, max_gap_weeks=gap
    )
    said = derive_recurrence(build_panel(people), endpoint)
    expected = []
    for one in people:
        followed, start = max(len(one["states"]) - (least - 1), 0), 0
        for week in starts_of(one["states"], endpoint):
            if week < followed:
                expected.append((one["id"], start, week + 1, True))
                start = week + 1
        if start < followed:
            expected.append((one["id"], start, followed, False))
    assert list(said.itertuples(index=False, name=None)) == expected


@quick
@given(lives())
def test_leavers_excluded_are_those_who_left_while_followed(people):
    endpoint = RetentionEndpoint(kind="retention", label=LABEL, on_leaving="exclude")
    said = derive_retention(build_panel(people), endpoint)
    left = {one["id"] for one in people if "out_of_population" in one["states"][: -(4 - 1)]}
    assert set(said["person_id"]) == {one["id"] for one in people} - left
    assert said.attrs == {"out_of_population": len(left)}
