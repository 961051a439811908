"""Weeks from randomisation to the first exit, with destination and censoring."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from jobeval.endpoints.weekly import followed_weeks, number_runs
from jobeval.panel.build import Panel
from jobeval.panel.engine import collect_frame
from jobeval.panel.states import NEVER
from jobeval.plan.endpoints import AT_ONCE, ExitEndpoint
from jobeval.plan.parts import State


def derive_exits(panel: Panel, endpoint: ExitEndpoint) -> pd.DataFrame:
    """The first exit of every person who is followed, or the week of censoring.

    An exit is the first run of at least ``min_weeks`` consecutive weeks in one and the same
    destination state (from its first week for ``disability_pension`` and
    ``out_of_population``). A run that begins in week ``k`` since randomisation has duration
    ``k + 1``.

    A run needs ``min_weeks`` weeks to be told from a passing one. So a person followed for
    ``F`` weeks is at risk for ``F − (min_weeks − 1)`` weeks only, whatever the destination:
    a run that begins later can never be confirmed, so it is neither an event nor a reason
    for being censored, and censoring stays independent of what happens.

    Returns
    -------
    pandas.DataFrame
        One row for each person at risk for at least one week, sorted by ``person_id``:
        ``person_id``; ``duration`` (weeks, integer ≥ 1); ``destination`` (text, ``None`` for
        censored). ``attrs`` holds the counts of those left out: ``not_observed`` (no week at
        risk) and ``out_of_population`` (``on_leaving = "exclude"`` and left before the end
        of their time at risk, where leaving is not itself a destination).
    """
    confirming = max(_required(state, endpoint) for state in endpoint.destinations) - 1
    persons = panel.persons.select(
        "person_id", "leaving_week", at_risk=followed_weeks(panel, endpoint) - confirming
    )
    frame = collect_frame(
        persons.join(_first_runs(panel, endpoint), on="person_id", how="left"), "person_id"
    )
    observed = (frame["at_risk"] > 0).to_numpy()
    left = (frame["leaving_week"] < frame["at_risk"]).to_numpy()
    if endpoint.on_leaving == "zero" or "out_of_population" in endpoint.destinations:
        left = np.zeros_like(left)
    exits = _censor(frame[observed & ~left], endpoint.destinations)
    exits.attrs = {
        "not_observed": int((~observed).sum()),
        "out_of_population": int((observed & left).sum()),
    }
    return exits


def _required(state: State, endpoint: ExitEndpoint) -> int:
    return 1 if state in AT_ONCE else endpoint.min_weeks


def _first_runs(panel: Panel, endpoint: ExitEndpoint) -> nw.LazyFrame[Any]:
    """Each person's first run that is long enough: ``person_id`` and ``run_code``.

    ``run_code`` is the week in which the run begins times the number of destinations, plus
    the place of its state among them; so the smallest is the first run.
    """
    codes = nw.lit(0)
    for place, state in enumerate(endpoint.destinations):
        codes = nw.when(nw.col("state") == state).then(nw.lit(place)).otherwise(codes)
    inside = panel.weeks.filter(nw.col("state").is_in(endpoint.destinations))
    runs = (
        number_runs(inside.select("person_id", "week", "state"), ["person_id", "state"])
        .group_by("person_id", "state", "run")
        .agg(start=nw.col("week").min(), length=nw.len())
    )
    counted = runs.filter(
        nw.col("state").is_in(AT_ONCE) | (nw.col("length") >= endpoint.min_weeks)
    ).with_columns(run_code=nw.col("start") * len(endpoint.destinations) + codes)
    return counted.group_by("person_id").agg(nw.col("run_code").min())


def _censor(frame: pd.DataFrame, destinations: tuple[State, ...]) -> pd.DataFrame:
    """Events where the run begins while at risk, else censored at the end of the risk."""
    at_risk = frame["at_risk"].to_numpy(dtype=np.int64)
    code = frame["run_code"].fillna(NEVER).to_numpy(dtype=np.int64)
    start, place = np.divmod(code, len(destinations))
    names = np.array([*destinations, None], dtype=object)
    event = start < at_risk
    return pd.DataFrame(
        {
            "person_id": frame["person_id"].to_numpy(),
            "duration": np.where(event, start + 1, at_risk),
            "destination": pd.Series(names[np.where(event, place, -1)], dtype=object),
        }
    )
