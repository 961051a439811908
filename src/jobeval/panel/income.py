"""Ordinary hours and wage income by month and by week."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from jobeval.panel.sight import Delivery, Sight

Lazy = nw.LazyFrame[Any]
WEEKS_PER_MONTH = 52 / 12
"""Weekly hours are monthly hours × 12 / 52."""


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


def add_income(trial: Delivery, weeks: Lazy, sight: Sight) -> Lazy:
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
