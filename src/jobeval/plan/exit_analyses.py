"""Analyses of exits, and of the ways between states."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from jobeval.plan.asked import Asked, OneEndpoint, Stratified
from jobeval.plan.parts import Label, LookName, Name, PlanPart, State, Term, Weeks

Horizon = Weeks | dict[LookName, Weeks]
Ties = Literal["efron", "breslow", "exact"]
Drawn = Literal["model", "lottery"]
Power = Annotated[float, Field(ge=0, allow_inf_nan=False)]
RhoGamma = Annotated[tuple[Power, Power], Field(strict=False)]
Terms = Annotated[tuple[Term, ...], Field(strict=False)]
Distribution = Literal[
    "exponential",
    "weibull",
    "log-normal",
    "log-logistic",
    "piecewise-exponential",
    "cloglog",
    "logit",
]


def horizon_at(horizon: Horizon, look: LookName) -> int:
    """The horizon of this look; ``KeyError`` when the plan has none."""
    return horizon[look] if isinstance(horizon, dict) else horizon


def rising_weeks(value: tuple[int, ...]) -> tuple[int, ...]:
    """The weeks; ``ValueError`` unless they rise from 1 on."""
    if any(later <= earlier for earlier, later in pairwise((0, *value))):
        raise ValueError("must be rising weeks, from 1 on")
    return value


class ExitAnalysis(Stratified):
    """Base of the analyses of an exit endpoint."""

    cause: State | None = None
    """The destination that counts as the event, others being censored; ``None`` = any of them."""
    family: Name | None = None


class AdjustedAnalysis(ExitAnalysis):
    """Base of those that can be adjusted for what was known before the draw."""

    covariates: Terms = ()


class CurveAnalysis(AdjustedAnalysis):
    """Kaplan–Meier curves of both arms."""

    estimator: Literal["kaplan_meier"]
    band: Literal["equal-precision", "hall-wellner"] | None = None
    """Also a band for all weeks at once."""
    at_weeks: tuple[Weeks, ...] = Field(default=(), strict=False)
    """Also the difference of the arms after these weeks."""

    @model_validator(mode="after")
    def _one_of_them(self) -> CurveAnalysis:
        if self.band == "hall-wellner" and self.covariates:
            raise ValueError('"covariates" go with band = "equal-precision"')
        return self


class LogRankAnalysis(AdjustedAnalysis):
    """A test of whether the arms leave equally fast."""

    estimator: Literal["logrank"]
    weights: Literal["max-combo"] | RhoGamma | None = None
    """Fleming–Harrington's (rho, gamma), or the largest of four of them."""
    inference: Drawn = "model"


class CoxAnalysis(AdjustedAnalysis):
    """How many times faster the treatment arm leaves."""

    estimator: Literal["cox"]
    ties: Ties = "efron"
    penalty: Literal["firth"] | None = None
    periods: tuple[Weeks, ...] = Field(default=(), strict=False)
    """Weeks at which periods end: also one ratio for each period."""
    over_time: bool = False
    """Also test whether the ratio is the same in all weeks, and follow it over them."""

    _rising = field_validator("periods")(rising_weeks)


class MeanWeeksAnalysis(AdjustedAnalysis):
    """Mean weeks until the exit, within a horizon (restricted mean survival time)."""

    estimator: Literal["rmst"]
    horizon_weeks: Horizon
    measure: Literal["difference", "ratio", "lost_ratio"] = "difference"
    adjustment: Literal["pseudo", "weighting"] | None = None
    inference: Drawn = "model"

    @model_validator(mode="after")
    def _fits_together(self) -> MeanWeeksAnalysis:
        if self.adjustment is not None and not self.covariates:
            raise ValueError('"adjustment" needs "covariates"')
        return self


class ExitQuantilesAnalysis(ExitAnalysis):
    """Differences of the weeks until given shares have left, such as the median."""

    estimator: Literal["exit_quantiles"]
    probabilities: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        default=(0.5,), strict=False, min_length=1
    )


class IncidenceAnalysis(ExitAnalysis):
    """The share that has left to each destination."""

    estimator: Literal["aalen_johansen"]
    at_weeks: tuple[Weeks, ...] = Field(default=(), strict=False)
    """Also the differences of the arms after these weeks."""


class GrayAnalysis(ExitAnalysis):
    """A test of whether equally many leave to one destination."""

    estimator: Literal["gray"]
    inference: Drawn = "model"


class FineGrayAnalysis(AdjustedAnalysis):
    """The ratio of subdistribution hazards of one destination."""

    estimator: Literal["fine_gray"]
    ties: Literal["efron", "breslow"] = "breslow"


class StateWeeksAnalysis(ExitAnalysis):
    """Expected weeks at each destination and before any of them, within a horizon."""

    estimator: Literal["state_weeks"]
    horizon_weeks: Horizon
    inference: Drawn = "model"


class ExitTakeUpAnalysis(ExitAnalysis):
    """The effect on the exits of those who take part because of the lottery."""

    estimator: Literal["exit_late"]
    horizon_weeks: Horizon
    treated: str | None = None
    """Column that is 1 for who took part; left out: who had started by the look's cut-off."""


class ParametricAnalysis(AdjustedAnalysis):
    """Parametric and discrete-time models of the exit, side by side."""

    estimator: Literal["parametric"]
    distributions: tuple[Distribution, ...] = Field(
        default=("weibull", "log-normal", "log-logistic", "cloglog"), strict=False, min_length=1
    )


class StateGroup(PlanPart):
    """A state of a history: one or several of the panel's, under one name."""

    name: Name
    label: Label
    states: tuple[State, ...] = Field(min_length=1, strict=False)


class RelapseState(PlanPart):
    """A state of those who return: what they are in depends on where they have been."""

    name: Name = "relapse"
    label: Label
    after: Name
    """The group that they have left, such as work."""
    into: tuple[Name, ...] = Field(min_length=1, strict=False)
    """The groups whose weeks count as this state afterwards."""


class OccupancyAnalysis(Asked):
    """The ways between states: shares, expected weeks and transitions."""

    estimator: Literal["occupancy"]
    groups: tuple[StateGroup, ...] = Field(min_length=2, strict=False)
    """The last one orders the histories that are shown, such as work."""
    relapse: RelapseState | None = None
    horizon_weeks: Horizon

    @property
    def endpoints_needed(self) -> tuple[str, ...]:
        """None: it reads the states."""
        return ()

    @model_validator(mode="after")
    def _disjoint(self) -> OccupancyAnalysis:
        states = [state for group in self.groups for state in group.states]
        names = [group.name for group in self.groups]
        if len(set(states)) < len(states) or len(set(names)) < len(names):
            raise ValueError("a name or a state stands in two groups")
        return self

    @model_validator(mode="after")
    def _relapse_between_groups(self) -> OccupancyAnalysis:
        names = [group.name for group in self.groups]
        if self.relapse is not None:
            named = (self.relapse.after, *self.relapse.into)
            if unknown := sorted(set(named) - set(names)):
                raise ValueError(f"relapse names the group {unknown[0]!r}, which is not there")
            if self.relapse.name in names or self.relapse.after in self.relapse.into:
                raise ValueError("a relapse has a name of its own and leads out of a group")
        return self


class RetentionAnalysis(OneEndpoint):
    """Whether a job is kept: among those who started one, and of everyone drawn."""

    estimator: Literal["retention"]
    kept_weeks: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(13, 26), strict=False, min_length=1
    )
    _rising = field_validator("kept_weeks")(rising_weeks)
    horizon_weeks: Horizon | None = None


class RecurrenceAnalysis(OneEndpoint):
    """How many times more often the treatment arm starts (or loses) a job, again and again."""

    estimator: Literal["recurrence"]
    method: Literal["lwyy", "andersen-gill"] = "lwyy"
    covariates: Terms = ()


ON_THE_GRID = (ExitAnalysis, OccupancyAnalysis, RetentionAnalysis, RecurrenceAnalysis)
"""Analyses whose estimates know their own unit and horizon."""
