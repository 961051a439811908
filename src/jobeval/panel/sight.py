"""What a look may see, as bounds of integer weeks and months; no data."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Protocol

import narwhals as nw

from jobeval.plan.model import TrialPlan
from jobeval.plan.parts import LookName
from jobeval.schemas.calendar import first_week_of_month, month_of, month_of_week, week_of


class Coverage(Protocol):
    """Weeks and months that were delivered, each ``[first, stop)``; ``None`` = no delivery."""

    @property
    def benefits(self) -> tuple[int, int] | None: ...
    @property
    def hours(self) -> tuple[int, int] | None: ...


class Delivery(Protocol):
    """What the panel needs of a trial: the plan, canonical tables and their coverage."""

    @property
    def plan(self) -> TrialPlan: ...
    @property
    def persons(self) -> nw.LazyFrame[Any]: ...
    @property
    def benefits(self) -> nw.LazyFrame[Any] | None: ...
    @property
    def hours(self) -> nw.LazyFrame[Any] | None: ...
    @property
    def industries(self) -> nw.LazyFrame[Any] | None: ...
    @property
    def activities(self) -> nw.LazyFrame[Any] | None: ...
    @property
    def coverage(self) -> Coverage: ...


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive integers ``[first, stop)``."""

    first: int
    stop: int

    def clip(self, stop: int) -> Span:
        """The part before ``stop``."""
        return Span(self.first, min(self.stop, stop))


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look sees.

    Attributes
    ----------
    cut_off
        The last day that is seen.
    benefits, income, activities
        Weeks observed in each register, or ``None`` when it was not delivered. ``income`` is
        the hours register, or the industries of DREAM when there is none.
    months
        Months of income observed.
    """

    cut_off: dt.date
    benefits: Span | None
    income: Span | None
    months: Span | None
    activities: Span | None


def derive_sight(trial: Delivery, look: LookName) -> Sight:
    """Bound what the registers may show at a look.

    A week is seen when its Sunday is not after the cut-off less the lag of the register; a
    month of income when its last day is not. What was not delivered is not observed.

    Raises
    ------
    KeyError
        When the plan has no such look.
    """
    cut_off = trial.plan.looks[look].cut_off
    lag = trial.plan.follow_up.lag_weeks
    months = _months(
        trial, cut_off - dt.timedelta(weeks=lag.hours if trial.hours is not None else lag.benefits)
    )
    return Sight(
        cut_off=cut_off,
        benefits=_weeks(trial.coverage.benefits, cut_off, lag.benefits),
        income=months and Span(first_week_of_month(months.first), first_week_of_month(months.stop)),
        months=months,
        activities=_activities(trial, _stop(cut_off, lag.activities)),
    )


def _stop(cut_off: dt.date, lag_weeks: int) -> int:
    """The first week that is not wholly over at the cut-off less the lag."""
    return week_of(cut_off + dt.timedelta(days=1)) - lag_weeks


def _activities(trial: Delivery, stop: int) -> Span | None:
    """From the first week of all on: what is not registered did not take place."""
    if trial.activities is None:
        return None
    covered: tuple[int, int] | None = getattr(trial.coverage, "activities", None)
    return Span(0, stop if covered is None else min(covered[1], stop))


def _weeks(covered: tuple[int, int] | None, cut_off: dt.date, lag_weeks: int) -> Span | None:
    return None if covered is None else Span(*covered).clip(_stop(cut_off, lag_weeks))


def _months(trial: Delivery, last_day: dt.date) -> Span | None:
    if trial.hours is not None:
        covered = trial.coverage.hours
    elif trial.industries is not None:
        covered = industry_months(trial.coverage)
    else:
        return None
    return covered and Span(*covered).clip(month_of(last_day + dt.timedelta(days=1)))


def industry_months(coverage: Coverage) -> tuple[int, int] | None:
    """Months whose industries were delivered: as stated, else those of the weekly columns."""
    stated: tuple[int, int] | None = getattr(coverage, "industries", None)
    if stated is not None or coverage.benefits is None:
        return stated
    first, stop = coverage.benefits
    return month_of_week(first - 1) + 1, month_of_week(stop)
