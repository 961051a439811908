"""One value per person over a window of weeks since randomisation."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd

from jobeval.endpoints.weekly import DIGITS, followed_weeks, number_runs, weekly_value
from jobeval.panel.build import Panel
from jobeval.panel.engine import collect_frame
from jobeval.plan.endpoints import WindowEndpoint
from jobeval.plan.parts import LookName


def derive_outcome(
    panel: Panel, endpoint: WindowEndpoint, look: LookName | None = None
) -> pd.DataFrame:
    """The value of a window endpoint for every person of the panel.

    Parameters
    ----------
    panel
        What the look sees.
    endpoint
        A window endpoint of the plan. Its window ``[from, to)`` must be wholly observed:
        a person who is not followed to its end has no value, even if an event was already
        seen, so that who is observed never depends on what happened.
    look
        Whose window is meant, when the endpoint has one for each look; by default the
        panel's own.

    Returns
    -------
    pandas.DataFrame
        One row a person, sorted by ``person_id``: ``person_id``; ``value`` (float; weeks,
        hours a week, or 0/1 by the kind; ``nan`` unless observed); ``status``:
        ``"observed"``, ``"not_observed"``, or, where the plan says
        ``on_leaving = "exclude"``, ``"out_of_population"`` for who left the population
        before the window's end. With ``on_leaving = "zero"`` weeks out of the population
        are known and count as zero.
    """
    start, stop = endpoint.window(look or panel.look)
    weeks = panel.weeks.filter(nw.col("week") >= start, nw.col("week") < stop)
    if endpoint.kind == "longest_spell":
        values = _longest_runs(weeks, endpoint)
    else:
        values = _sums(weeks, endpoint, stop - start)
    frame = collect_frame(
        panel.persons.select(
            "person_id", status=_status(followed_weeks(panel, endpoint), endpoint, stop)
        ).join(values, on="person_id", how="left"),
        "person_id",
    )
    values = frame["value"].astype(float).fillna(0.0).round(DIGITS)
    frame["value"] = values.where(frame["status"] == "observed")
    return frame[["person_id", "value", "status"]]


def _status(followed: nw.Expr, endpoint: WindowEndpoint, stop: int) -> nw.Expr:
    status = nw.lit("observed")
    if endpoint.on_leaving == "exclude":
        left = nw.col("leaving_week") < stop
        status = nw.when(left).then(nw.lit("out_of_population")).otherwise(status)
    return nw.when(followed < stop).then(nw.lit("not_observed")).otherwise(status)


def _sums(weeks: nw.LazyFrame[Any], endpoint: WindowEndpoint, length: int) -> nw.LazyFrame[Any]:
    """Any, mean or number of the weeks' values."""
    value = nw.col("value")
    by_kind = value.sum() if endpoint.kind == "weeks_in_state" else value.sum() / length
    total = value.max() if endpoint.kind.startswith("any_hours") else by_kind
    valued = weeks.select("person_id", value=weekly_value(endpoint))
    return valued.group_by("person_id").agg(value=total)


def _longest_runs(weeks: nw.LazyFrame[Any], endpoint: WindowEndpoint) -> nw.LazyFrame[Any]:
    """Longest run of consecutive weeks in any of the states; no row for who has none."""
    inside = weeks.filter(nw.col("state").is_in(endpoint.states)).select("person_id", "week")
    runs = number_runs(inside, ["person_id"]).group_by("person_id", "run").agg(length=nw.len())
    return runs.group_by("person_id").agg(value=nw.col("length").max())
