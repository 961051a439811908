"""Spells and months to person × week: one lazy expression over integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from jobeval.panel.engine import build_table
from jobeval.panel.sight import Delivery, Sight, Span
from jobeval.panel.states import NEVER, activity_rank, state_expression, tabulate_codes
from jobeval.plan.model import State
from jobeval.schemas.calendar import month_of_week

Lazy = nw.LazyFrame[Any]
WEEKS_PER_MONTH = 52 / 12
"""Weekly hours are monthly hours × 12 / 52."""


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
    priority = trial.plan.states.priority
    weeks = _grid(persons, trial.plan.follow_up.horizon_weeks).join(
        calendar, on="calendar_week", how="left"
    )
    traits = _traits_by_week(trial, persons, sight, priority)
    if traits is None:
        weeks = weeks.with_columns(
            rank=nw.lit(NEVER), on_benefit=nw.lit(False), is_out=nw.lit(False)
        )
    else:
        weeks = weeks.join(traits, on=["person_id", "week"], how="left").with_columns(
            nw.col("on_benefit", "is_out").fill_null(False)
        )
    weeks = _with_income(trial, weeks, sight).with_columns(state=state_expression(priority))
    return weeks.select("person_id", "week", *_where_observed(trial.hours is not None))


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


def _grid(persons: Lazy, horizon_weeks: int) -> Lazy:
    followed = [f"followed_weeks{suffix}" for suffix in ("_benefits", "_hours", "_state")]
    weeks = build_table(persons, {"week": range(horizon_weeks)})
    return (
        persons.select("person_id", "randomised_week", *followed)
        .join(weeks, how="cross")
        .filter(nw.col("week") < nw.max_horizontal(*followed))
        .with_columns(calendar_week=nw.col("randomised_week") + nw.col("week"))
    )


def _traits_by_week(
    trial: Delivery, persons: Lazy, sight: Sight, priority: Sequence[State]
) -> Lazy | None:
    """Smallest rank, benefit and out-of-population by person and week since randomisation."""
    spells: list[Lazy] = []
    if trial.benefits is not None and sight.benefits is not None:
        coded = classify_benefits(trial.benefits, sight.benefits.stop, priority)
        spells.append(coded.select(*_TRAITS))
    if trial.activities is not None and sight.activities is not None:
        spells.append(_classify_activities(trial.activities, sight.activities.stop, priority))
    if not spells:
        return None
    followed = nw.max_horizontal("followed_weeks_benefits", "followed_weeks_hours")
    origins = persons.select("person_id", "randomised_week", last=followed)
    relative = (
        nw.concat(spells)
        .join(origins, on="person_id", how="inner")
        .with_columns(
            start_week=nw.col("start_week") - nw.col("randomised_week"),
            end_week=nw.min_horizontal(nw.col("end_week") - nw.col("randomised_week"), "last"),
        )
        .filter(nw.col("end_week") > 0, nw.col("start_week") < nw.col("end_week"))
    )
    return (
        expand_weeks(relative, 0, trial.plan.follow_up.horizon_weeks)
        .group_by("person_id", "week")
        .agg(nw.col("rank").min(), nw.col("on_benefit").any(), nw.col("is_out").any())
    )


_TRAITS = ("person_id", "start_week", "end_week", "rank", "on_benefit", "is_out")


def expand_weeks(spells: Lazy, first: int, stop: int) -> Lazy:
    """One row for each ``week`` of ``[first, stop)`` that lies in a spell."""
    weeks = build_table(spells, {"week": range(first, stop)})
    return spells.join(weeks, how="cross").filter(
        nw.col("week") >= nw.col("start_week"), nw.col("week") < nw.col("end_week")
    )


def classify_benefits(benefits: Lazy, stop: int, priority: Sequence[State]) -> Lazy:
    """Benefit spells that begin before week ``stop``, cut there, with the traits of their code.

    A spell that outlasts a version of the code list is split where the version ends. Spells
    of those who left the population for good last for ever.
    """
    codes = build_table(benefits, tabulate_codes(priority))
    return (
        benefits.select("person_id", "start_week", "end_week", "code")
        .filter(nw.col("start_week") < stop)
        .join(codes, on="code", how="inner")
        .with_columns(
            start_week=nw.max_horizontal("start_week", "valid_from"),
            end_week=nw.min_horizontal("end_week", "valid_to", nw.lit(stop)),
        )
        .filter(nw.col("start_week") < nw.col("end_week"))
        .with_columns(
            end_week=nw.when(nw.col("lasts")).then(nw.lit(NEVER)).otherwise(nw.col("end_week"))
        )
    )


def _classify_activities(activities: Lazy, stop: int, priority: Sequence[State]) -> Lazy:
    return (
        activities.filter(nw.col("start_week") < stop)
        .with_columns(
            end_week=nw.min_horizontal("end_week", nw.lit(stop)),
            rank=activity_rank(priority),
            on_benefit=nw.lit(False),
            is_out=nw.lit(False),
        )
        .filter(nw.col("rank") < NEVER)
        .select(*_TRAITS)
    )


def ordinary_hours(hours: Lazy, stop_month: int) -> Lazy:
    """Ordinary hours by person and month before ``stop_month``, summed over jobs.

    Hours of supported jobs (wage subsidy, flexjob) are never ordinary.
    """
    reported = nw.when(~nw.col("imputed").fill_null(False)).then(nw.col("hours"))
    return (
        hours.filter(nw.col("month") < stop_month, ~nw.col("supported").fill_null(False))
        .with_columns(reported=reported.otherwise(nw.lit(0.0)))
        .group_by("person_id", "month")
        .agg(nw.col("hours").sum(), hours_without_imputed=nw.col("reported").sum())
    )


def _with_income(trial: Delivery, weeks: Lazy, sight: Sight) -> Lazy:
    """Add weekly ``hours``, ``hours_without_imputed`` and ``has_income``."""
    none = {"hours": nw.lit(0.0), "hours_without_imputed": nw.lit(0.0)}
    if sight.months is None:
        return weeks.with_columns(**none, has_income=nw.lit(False))
    if trial.hours is None:
        assert trial.industries is not None
        paid = trial.industries.filter(nw.col("month") < sight.months.stop)
        paid = paid.select("person_id", "month").unique().with_columns(has_income=nw.lit(True))
        return weeks.join(paid, on=["person_id", "month"], how="left").with_columns(
            nw.col("has_income").fill_null(False), **none
        )
    monthly = ordinary_hours(trial.hours, sight.months.stop)
    weekly = nw.col("hours", "hours_without_imputed").fill_null(0.0) / WEEKS_PER_MONTH
    return (
        weeks.join(monthly, on=["person_id", "month"], how="left")
        .with_columns(weekly)
        .with_columns(has_income=nw.col("hours") > 0)
    )


def build_calendar(like: Lazy, first_week: int, stop_week: int) -> Lazy:
    """Integer weeks ``[first_week, stop_week)`` with the month of their Thursday."""
    weeks = range(first_week, max(stop_week, first_week + 1))
    months = [month_of_week(week) for week in weeks]
    return build_table(like, {"calendar_week": weeks, "month": months})
