"""Counts and moments per stratum × arm × week, made in the engine.

They are all that paths and state shares need, so that what follows does not grow with the
number of persons. Cells in which nobody is observed have no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import pandas as pd

from jobeval.endpoints.weekly import DIGITS, followed_weeks, weekly_value
from jobeval.panel.build import Panel
from jobeval.panel.engine import build_table, collect_frame
from jobeval.plan.endpoints import WindowEndpoint


def count_path(
    panel: Panel, endpoint: WindowEndpoint, strata_columns: Sequence[str] = ()
) -> pd.DataFrame:
    """Week by week, who is observed and what the endpoint's weekly quantity sums to.

    Parameters
    ----------
    panel
        What the look sees.
    endpoint
        Any kind but ``"longest_spell"``. The window does not matter: the quantity is that
        of a single week (hours, any hours, or in the states), over all followed weeks.
    strata_columns
        Columns of persons within which is counted.

    Returns
    -------
    pandas.DataFrame
        The strata columns, ``arm``, ``week``, ``n`` (persons observed), ``total`` and
        ``total_sq`` (sums of the quantity and of its square) and ``positive`` (persons with
        more than 0 of it), sorted by those keys. With
        ``on_leaving = "exclude"`` a person counts until the week of leaving.

    Raises
    ------
    ValueError
        For ``"longest_spell"``, which is no quantity of a week.
    """
    if endpoint.kind == "longest_spell":
        raise ValueError('"longest_spell" has no weekly quantity: ask for "weeks_in_state"')
    keys = [*dict.fromkeys([*strata_columns, "arm"]), "week"]
    weeks = _weeks_of_persons(panel, keys[:-1], followed_weeks(panel, endpoint))
    if endpoint.on_leaving == "exclude":
        weeks = weeks.filter((nw.col("week") < nw.col("leaving_week")).fill_null(True))
    value = nw.col("value")
    positive = nw.when(value > 0).then(nw.lit(1)).otherwise(nw.lit(0)).sum()
    frame = collect_frame(
        weeks.select(*keys, value=weekly_value(endpoint))
        .group_by(*keys)
        .agg(n=nw.len(), total=value.sum(), total_sq=(value * value).sum(), positive=positive),
        *keys,
    )
    return frame.round({"total": DIGITS - 3, "total_sq": DIGITS - 3})


def count_states(panel: Panel, strata_columns: Sequence[str] = ()) -> pd.DataFrame:
    """Persons in each state: the strata columns, ``arm``, ``week``, ``state`` and ``n``."""
    keys = [*dict.fromkeys([*strata_columns, "arm"]), "week", "state"]
    weeks = _weeks_of_persons(panel, keys[:-2], nw.col("followed_weeks_state"))
    return collect_frame(weeks.group_by(*keys).agg(n=nw.len()), *keys)


def count_follow_up(panel: Panel) -> pd.DataFrame:
    """Persons whose delivered registers are all observed: ``arm``, ``week`` and ``n``.

    One row for each arm and each week of the plan's horizon, also where ``n`` is 0.
    """
    weeks = build_table(panel.persons, {"week": range(panel.horizon_weeks)})
    followed = nw.when(nw.col("week") < nw.col("followed_weeks")).then(nw.lit(1))
    counts = (
        panel.persons.select("arm", "followed_weeks")
        .join(weeks, how="cross")
        .select("arm", "week", n=followed.otherwise(nw.lit(0)))
        .group_by("arm", "week")
        .agg(nw.col("n").sum())
    )
    return collect_frame(counts, "arm", "week").astype({"n": "int64"})


def _weeks_of_persons(panel: Panel, columns: list[str], followed: nw.Expr) -> nw.LazyFrame[Any]:
    """The observed weeks, with columns of their persons."""
    persons = panel.persons.select("person_id", "leaving_week", *columns, followed=followed)
    weeks = panel.weeks.join(persons, on="person_id", how="inner")
    return weeks.filter(nw.col("week") < nw.col("followed"))
