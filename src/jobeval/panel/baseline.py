"""Covariates from the registers before randomisation, one row a person."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from jobeval.panel.engine import build_table, collect_frame, materialise
from jobeval.panel.income import ordinary_hours
from jobeval.panel.sight import Delivery, Span
from jobeval.panel.traits import classify_benefits
from jobeval.schemas.calendar import monday_of, month_of

Lazy = nw.LazyFrame[Any]

BASELINE_GROUPS: tuple[str, ...] = (
    "kontanthjaelp",
    "kontanthjaelp_job_ready",
    "uddannelseshjaelp",
    "integrationsydelse",
    "ressourceforloeb",
    "sygedagpenge",
    "ledighedsydelse",
    "dagpenge",
)
"""Groups of the code list whose weeks are counted; ``any_benefit`` comes on top."""


def derive_baseline(trial: Delivery) -> Lazy:
    """What the registers say of every person before the week of randomisation.

    For each number of weeks ``B`` of the plan's ``follow_up.baseline_weeks``:

    - ``weeks_<group>_B``, ``weeks_any_benefit_B``: weeks with such a benefit among the ``B``
      weeks before the week of randomisation;
    - ``hours_per_week_B``: ordinary hours of the last ``B × 12 / 52`` whole months that
      ended before that week, by week; ``any_hours_B``: 1 when there were any, else 0.

    With the longest ``B``: ``weeks_since_last_job``, from the end of the last month with
    ordinary hours, at most ``B``, which stands for "none in B weeks" (``any_hours_B`` tells).
    ``age``: year of randomisation less year of birth, where the year of birth was delivered.

    Unknown is null, never zero: where the register does not reach back that far, and weeks
    on benefits also where the person was not resident in some of the weeks.

    Returns
    -------
    Lazy frame, one row a person: ``person_id`` and the columns above. A register that was
    not delivered gives no columns.
    """
    persons = _with_origin(trial.persons)
    baseline = persons.select("person_id", *_age(persons))
    if trial.benefits is not None and trial.coverage.benefits is not None:
        covered = Span(*trial.coverage.benefits)
        baseline = baseline.join(_benefit_weeks(trial, persons, covered), on="person_id")
    if trial.hours is not None and trial.coverage.hours is not None:
        covered = Span(*trial.coverage.hours)
        baseline = baseline.join(_past_hours(trial, persons, covered), on="person_id")
    return baseline


def _with_origin(persons: Lazy) -> Lazy:
    """Add ``origin_month``: that of the Monday of the week of randomisation.

    All months before it are over when that week begins.
    """
    week = nw.col("randomised_week")
    bounds = collect_frame(persons.select(first=week.min(), last=week.max()))
    if bounds.isna().any(axis=None):
        return persons.with_columns(origin_month=week)
    weeks = range(int(bounds["first"].iloc[0]), int(bounds["last"].iloc[0]) + 1)
    months = [month_of(monday_of(week)) for week in weeks]
    calendar = build_table(persons, {"randomised_week": weeks, "origin_month": months})
    return materialise(persons.join(calendar, on="randomised_week"))


def _age(persons: Lazy) -> list[nw.Expr]:
    if "birth_year" not in persons.collect_schema().names():
        return []
    return [(nw.col("randomised_on").dt.year() - nw.col("birth_year")).alias("age")]


def _benefit_weeks(trial: Delivery, persons: Lazy, covered: Span) -> Lazy:
    windows = trial.plan.follow_up.baseline_weeks
    longest = max(windows, default=0)
    assert trial.benefits is not None
    origins = persons.select("person_id", "randomised_week")
    spells = (
        classify_benefits(trial.benefits, covered.stop, trial.plan.states.priority)
        .join(origins, on="person_id")
        .select(
            "person_id",
            "group",
            "on_benefit",
            start=nw.max_horizontal(
                nw.col("start_week") - nw.col("randomised_week"), nw.lit(-longest)
            ),
            stop=nw.min_horizontal(nw.col("end_week") - nw.col("randomised_week"), nw.lit(0)),
        )
        .filter(nw.col("start") < nw.col("stop"))
    )
    named = spells.filter(nw.col("group").is_in([*BASELINE_GROUPS, "not_resident"]))
    whole = spells.filter(nw.col("on_benefit")).with_columns(group=nw.lit("any_benefit"))
    pieces = materialise(_disjoint(nw.concat([named, whole])))
    groups = [*BASELINE_GROUPS, "any_benefit", "not_resident"]
    counts = pieces.group_by("person_id").agg(
        *(_weeks_in(group, window) for window in windows for group in groups)
    )
    joined = origins.join(counts, on="person_id", how="left")
    return joined.select("person_id", *_known_weeks(windows, groups[:-1], covered))


def _disjoint(spells: Lazy) -> Lazy:
    """Cut from each spell what earlier spells of the same person and group cover."""
    keys = ("person_id", "group")
    reached = nw.col("stop").cum_max().over(*keys, order_by=["start", "stop"])
    before = nw.col("reached").shift(1).over(*keys, order_by=["start", "stop"])
    return (
        spells.with_columns(reached=reached)
        .with_columns(before=before)
        .with_columns(start=nw.max_horizontal("start", "before"))
        .filter(nw.col("start") < nw.col("stop"))
    )


def _weeks_in(group: str, window: int) -> nw.Expr:
    weeks = nw.col("stop") - nw.max_horizontal("start", nw.lit(-window))
    inside = (nw.col("group") == group) & (nw.col("stop") > -window)
    counted = nw.when(inside).then(weeks).otherwise(nw.lit(0))
    return counted.sum().alias(f"weeks_{group}_{window}")


def _known_weeks(windows: tuple[int, ...], groups: list[str], covered: Span) -> list[nw.Expr]:
    week = nw.col("randomised_week")
    exprs: list[nw.Expr] = []
    for window in windows:
        abroad = nw.col(f"weeks_not_resident_{window}").fill_null(0) > 0
        known = (week - window >= covered.first) & (week <= covered.stop) & ~abroad
        for group in groups:
            name = f"weeks_{group}_{window}"
            exprs.append(nw.when(known).then(nw.col(name).fill_null(0)).alias(name))
    return exprs


def _past_hours(trial: Delivery, persons: Lazy, covered: Span) -> Lazy:
    windows = [window for window in trial.plan.follow_up.baseline_weeks if window > 0]
    assert trial.hours is not None
    origins = persons.select("person_id", "randomised_week", "origin_month")
    past = (
        ordinary_hours(trial.hours, covered.stop)
        .join(origins.select("person_id", "origin_month"), on="person_id")
        .with_columns(age=nw.col("origin_month") - nw.col("month"))
        .filter(nw.col("age") > 0)
    )
    sums = [_hours_in(window).alias(f"hours_{window}") for window in windows]
    worked = nw.when(nw.col("hours") > 0).then(nw.col("age"))
    totals = past.group_by("person_id").agg(*sums, last_job=worked.min())
    return origins.join(totals, on="person_id", how="left").select(
        "person_id", *_known_hours(windows, covered), *_last_job(windows, covered)
    )


def months_of(weeks: int) -> int:
    """Whole months that stand for a number of weeks; at least one.

    >>> months_of(52), months_of(156)
    (12, 36)
    """
    return max(1, weeks * 12 // 52)


def _hours_in(window: int) -> nw.Expr:
    recent = nw.col("age") <= months_of(window)
    return nw.when(recent).then(nw.col("hours")).otherwise(nw.lit(0.0)).sum()


def _reaches_back(window: int, covered: Span) -> nw.Expr:
    month = nw.col("origin_month")
    return (month - months_of(window) >= covered.first) & (month <= covered.stop)


def _known_hours(windows: list[int], covered: Span) -> list[nw.Expr]:
    exprs: list[nw.Expr] = []
    for window in windows:
        known = _reaches_back(window, covered)
        hours = nw.col(f"hours_{window}").fill_null(0.0)
        by_week = hours * 12 / 52 / months_of(window)
        exprs.append(nw.when(known).then(by_week).alias(f"hours_per_week_{window}"))
        some = nw.when(hours > 0).then(nw.lit(1)).otherwise(nw.lit(0))
        exprs.append(nw.when(known).then(some).alias(f"any_hours_{window}"))
    return exprs


def _last_job(windows: list[int], covered: Span) -> list[nw.Expr]:
    if not windows:
        return []
    longest = max(windows)
    weeks = ((nw.col("last_job") - 1) * 52 // 12).fill_null(longest).clip(0, longest)
    known = _reaches_back(longest, covered)
    return [nw.when(known).then(weeks).alias("weeks_since_last_job")]
