"""What an endpoint says of one week, and how far it is observed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from jobeval.panel.build import Panel
from jobeval.plan.endpoints import ExitEndpoint, WindowEndpoint

HOURS_KINDS = frozenset(
    {"any_hours", "mean_hours", "any_hours_without_benefit", "mean_hours_without_benefit"}
)
HALF_DIGIT = 0.005 * 12 / 52
"""Half of the last digit of delivered hours (two decimals a month), as hours a week."""

DIGITS = 9
"""Decimals of derived values: sums of floats depend on row order beyond them."""


def weekly_value(endpoint: WindowEndpoint) -> nw.Expr:
    """The endpoint's quantity in one observed week, as a float.

    Hours (``mean_hours…``), 0 or 1 for hours above 0 or at least the minimum
    (``any_hours…``), 0 or 1 for a week in one of the states. For the kinds of hours, a week
    out of the population counts as zero.
    """
    if endpoint.kind not in HOURS_KINDS:
        return _as_share(nw.col("state").is_in(endpoint.states))
    counts = ~nw.col("is_out").fill_null(False)
    if endpoint.kind.endswith("_without_benefit"):
        counts = counts & ~nw.col("on_benefit")
    counted = endpoint.imputed_hours == "counted"
    hours = nw.col("hours" if counted else "hours_without_imputed")
    if endpoint.kind.startswith("mean_hours"):
        return nw.when(counts).then(hours).otherwise(nw.lit(0.0))
    least = endpoint.min_hours_per_week
    worked = hours >= least - HALF_DIGIT if least else hours > 0
    return _as_share(counts & worked)


def _as_share(holds: nw.Expr) -> nw.Expr:
    return nw.when(holds).then(nw.lit(1.0)).otherwise(nw.lit(0.0))


def followed_weeks(panel: Panel, endpoint: WindowEndpoint | ExitEndpoint) -> nw.Expr:
    """Weeks since randomisation in which the endpoint is observed, from ``panel.persons``.

    Hours need the hours register, and the benefit register when it was delivered, since that
    tells who is out of the population; "without benefit" and ``on_leaving = "exclude"``
    cannot do without it. States need all that states are made of.
    """
    if endpoint.kind not in HOURS_KINDS:
        return nw.col("followed_weeks_state")
    needs_benefits = endpoint.kind.endswith("_without_benefit") or endpoint.on_leaving == "exclude"
    if not panel.has_hours or (needs_benefits and panel.sight.benefits is None):
        return nw.lit(0)
    return nw.col("followed_weeks")


def observed_weeks(panel: Panel, followed: nw.Expr, *columns: str) -> nw.LazyFrame[Any]:
    """The weeks in which persons are followed, with ``leaving_week`` and columns of persons."""
    persons = panel.persons.select("person_id", "leaving_week", *columns, followed=followed)
    weeks = panel.weeks.join(persons, on="person_id", how="inner")
    return weeks.filter(nw.col("week") >= 0, nw.col("week") < nw.col("followed"))


def number_runs(weeks: nw.LazyFrame[Any], by: Sequence[str]) -> nw.LazyFrame[Any]:
    """Add ``run``, the same for all rows of one run of consecutive weeks within ``by``.

    ``weeks`` has at most one row for each ``week`` within ``by``.
    """
    place = nw.col("week").cum_count().over(*by, order_by="week")
    return weeks.with_columns(run=nw.col("week") - place)
