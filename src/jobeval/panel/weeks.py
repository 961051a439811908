"""Spells and months to person × week: one lazy expression over integers."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from jobeval.panel.engine import build_table
from jobeval.panel.income import add_income
from jobeval.panel.sight import Delivery, Sight, Span
from jobeval.panel.states import NEVER, state_expression
from jobeval.panel.traits import build_traits
from jobeval.schemas.calendar import month_of_week

Lazy = nw.LazyFrame[Any]


def follow_persons(persons: Lazy, sight: Sight, horizon_weeks: int) -> Lazy:
    """Add the number of weeks since randomisation in which each register is observed.

    Returns
    -------
    ``persons`` with ``followed_weeks_benefits``, ``followed_weeks_hours`` (each register by
    itself; 0 when it was not delivered), ``followed_weeks`` (every delivered one of the two)
    and ``followed_weeks_state`` (all that a state is made of), each 0 to ``horizon_weeks``.
    """
    spans = {"benefits": sight.benefits, "hours": sight.income, "activities": sight.activities}
    followed = {name: _followed(span, horizon_weeks) for name, span in spans.items()}
    both = [followed[name] for name in ("benefits", "hours") if spans[name] is not None]
    complete = sight.benefits is not None and sight.income is not None
    made_of = [followed[name] for name, span in spans.items() if span is not None]
    return persons.with_columns(
        followed_weeks_benefits=followed["benefits"],
        followed_weeks_hours=followed["hours"],
        followed_weeks=nw.min_horizontal(*both) if both else nw.lit(0),
        followed_weeks_state=nw.min_horizontal(*made_of) if complete else nw.lit(0),
    )


def _followed(span: Span | None, horizon_weeks: int) -> nw.Expr:
    """Weeks from randomisation on that lie in the span; none when it begins later."""
    if span is None:
        return nw.lit(0)
    start = nw.col("randomised_week")
    weeks = (nw.lit(span.stop) - start).clip(0, horizon_weeks)
    return nw.when(start >= span.first).then(weeks).otherwise(nw.lit(0))


def build_weeks(trial: Delivery, persons: Lazy, sight: Sight, calendar: Lazy) -> Lazy:
    """Every followed week of every person, with state, hours and benefit.

    Parameters
    ----------
    trial
        Registers and plan.
    persons
        With the columns of :func:`follow_persons` and ``randomised_week``.
    sight
        What may be seen.
    calendar
        ``calendar_week`` and its ``month``.

    Returns
    -------
    Lazy frame ``person_id, week, state, hours, hours_without_imputed, on_benefit,
    is_out``; null where the register that tells it is not observed in that week.
    """
    numbers = build_table(persons, {"week": range(trial.plan.follow_up.horizon_weeks)})
    last = nw.max_horizontal("followed_weeks_benefits", "followed_weeks_hours")
    followed = persons.with_columns(last=last)
    weeks = _grid(followed, numbers).join(calendar, on="calendar_week", how="left")
    origins = followed.select("person_id", "randomised_week", "last")
    traits = build_traits(trial, origins, sight, numbers)
    if traits is None:
        weeks = weeks.with_columns(
            rank=nw.lit(NEVER), on_benefit=nw.lit(False), is_out=nw.lit(False)
        )
    else:
        weeks = weeks.join(traits, on=["person_id", "week"], how="left").with_columns(
            nw.col("on_benefit", "is_out").fill_null(False)
        )
    weeks = add_income(trial, weeks, sight)
    weeks = weeks.with_columns(state=state_expression(trial.plan.states.priority))
    return weeks.select("person_id", "week", *_where_observed(trial.hours is not None))


def _grid(persons: Lazy, numbers: Lazy) -> Lazy:
    """Every followed week of every person, with the weeks followed in each register."""
    followed = [f"followed_weeks_{name}" for name in ("benefits", "hours", "state")]
    return (
        persons.select("person_id", "randomised_week", "last", *followed)
        .join(numbers, how="cross")
        .filter(nw.col("week") < nw.col("last"))
        .with_columns(calendar_week=nw.col("randomised_week") + nw.col("week"))
    )


def _where_observed(has_hours: bool) -> list[nw.Expr]:
    """The columns of a week, null from the end of what is observed on."""
    seen_until = {
        "state": "followed_weeks_state",
        "hours": "followed_weeks_hours",
        "hours_without_imputed": "followed_weeks_hours",
        "on_benefit": "followed_weeks_benefits",
        "is_out": "followed_weeks_benefits",
    }
    exprs: list[nw.Expr] = []
    for name, followed in seen_until.items():
        value = nw.col(name)
        if not has_hours and name.startswith("hours"):
            value = nw.lit(None, nw.Float64)
        exprs.append(nw.when(nw.col("week") < nw.col(followed)).then(value).alias(name))
    return exprs


def build_calendar(like: Lazy, first_week: int, stop_week: int) -> Lazy:
    """Integer weeks ``[first_week, stop_week)`` with the month of their Thursday."""
    weeks = range(first_week, max(stop_week, first_week + 1))
    months = [month_of_week(week) for week in weeks]
    return build_table(like, {"calendar_week": weeks, "month": months})
