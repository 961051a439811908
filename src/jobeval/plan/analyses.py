"""Analyses of a plan: an endpoint, an estimator, and what belongs to them."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from jobeval.plan.asked import Asked, Grouped, OneEndpoint, Stratified
from jobeval.plan.exit_analyses import (
    CoxAnalysis,
    CurveAnalysis,
    ExitQuantilesAnalysis,
    ExitTakeUpAnalysis,
    FineGrayAnalysis,
    GrayAnalysis,
    IncidenceAnalysis,
    LogRankAnalysis,
    MeanWeeksAnalysis,
    OccupancyAnalysis,
    ParametricAnalysis,
    RecurrenceAnalysis,
    RetentionAnalysis,
    StateWeeksAnalysis,
)
from jobeval.plan.parts import Label, Name, PlanPart, Term
from jobeval.plan.place_analyses import PlacesAnalysis

Vcov = Literal["classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR2", "CR3"]
EffectEstimator = Literal["difference", "blocked", "ancova", "lin"]
Inference = Literal["model", "lottery", "wild"]


def _require_adjusting(estimator: EffectEstimator, covariates: tuple[Term, ...]) -> None:
    if covariates and estimator not in {"ancova", "lin"}:
        raise ValueError('covariates need estimator = "ancova" or "lin"')


class EffectAnalysis(Stratified):
    """An effect on a window endpoint."""

    estimator: EffectEstimator
    covariates: tuple[Term, ...] = Field(default=(), strict=False)
    vcov: Vcov | None = None
    inference: Inference = "model"
    """``lottery``: p-value and interval from the lottery drawn again; ``wild``: from a wild
    cluster bootstrap, for few clusters."""
    weights: str | None = None
    """Column of sampling weights."""
    by_site: bool = False
    """Also estimate the effect in each site (shown unranked, with shrinkage)."""
    family: Name | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> EffectAnalysis:
        _require_adjusting(self.estimator, self.covariates)
        if self.inference == "lottery" and self.weights is not None:
            raise ValueError('inference = "lottery" knows no sampling weights')
        return self


class TakeUpAnalysis(OneEndpoint):
    """The effect on those who take part because of the lottery (LATE)."""

    estimator: Literal["late"]
    treated: str | None = None
    """Column that is 1 for who took part; left out: who had started by the look's cut-off."""
    covariates: tuple[Term, ...] = Field(default=(), strict=False)
    interval: Literal["anderson-rubin", "wald"] = "anderson-rubin"
    profile: tuple[str, ...] = Field(default=(), strict=False)
    """Columns to describe the compliers by."""

    @model_validator(mode="after")
    def _take_up_apart(self) -> TakeUpAnalysis:
        if self.treated in {*self.profile, *(term.column for term in self.covariates)}:
            raise ValueError('"treated" is take-up, and belongs to neither covariates nor profile')
        return self


class RiskAnalysis(OneEndpoint):
    """A difference or a ratio of shares."""

    estimator: Literal["risk_difference", "risk_ratio"]
    method: Literal["newcombe", "mantel-haenszel", "g-computation"] = "newcombe"
    covariates: tuple[Term, ...] = Field(default=(), strict=False)
    std_error: Literal["ge", "ye"] = "ye"

    @model_validator(mode="after")
    def _covariates_used(self) -> RiskAnalysis:
        if self.covariates and self.method != "g-computation":
            raise ValueError('covariates need method = "g-computation"')
        return self


class MarginsAnalysis(OneEndpoint):
    """Hours with many zeros: mean, ratio of means, extensive and intensive margin, thresholds."""

    estimator: Literal["margins"]
    thresholds: tuple[float, ...] = Field(default=(0.0, 1.0, 4.0, 10.0, 37.0), strict=False)
    winsorise: Annotated[float, Field(gt=0.5, lt=1)] = 0.99

    @field_validator("thresholds")
    @classmethod
    def _distinct_hours(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(value)) < len(value) or any(not 0 <= level < math.inf for level in value):
            raise ValueError("must be distinct numbers from 0")
        return value


class QuantileAnalysis(OneEndpoint):
    """Effects on quantiles of the outcome."""

    estimator: Literal["quantiles"]
    quantiles: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        default=(0.5, 0.75, 0.9), strict=False, min_length=1
    )

    @field_validator("quantiles")
    @classmethod
    def _distinct(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(value)) < len(value):
            raise ValueError("must be distinct numbers between 0 and 1")
        return value


class BoundsAnalysis(OneEndpoint):
    """The range of an effect where outcomes are missing."""

    estimator: Literal["attrition_bounds"]
    method: Literal["lee", "manski"] = "lee"
    covariates: tuple[str, ...] = Field(default=(), strict=False)
    """Columns whose cells tighten Lee's bounds."""
    limits: tuple[float, float] | None = Field(default=None, strict=False)
    """Lowest and highest possible outcome, for Manski's bounds."""
    weighted: tuple[Term, ...] = Field(default=(), strict=False)
    """Also the effect weighted as if missing depended on these covariates alone."""

    @model_validator(mode="after")
    def _limits_named(self) -> BoundsAnalysis:
        if (self.method == "manski") != (self.limits is not None):
            raise ValueError('name "limits" when, and only when, method = "manski"')
        if self.limits is not None and not -math.inf < self.limits[0] < self.limits[1] < math.inf:
            raise ValueError('"limits" are two finite numbers, the lower first')
        if self.method == "manski" and self.covariates:
            raise ValueError('"covariates" tighten Lee\'s bounds, and do not go with "manski"')
        return self


class FidelityAnalysis(OneEndpoint):
    """The effect of a site against how it carried out the effort (not a causal effect)."""

    estimator: Literal["fidelity"]
    fidelity: str
    """Column of persons that is the same for everyone of a site."""


class SortedGroupsAnalysis(OneEndpoint):
    """Effects in groups sorted by their predicted effect, by honest splits; exploratory."""

    estimator: Literal["sorted_groups"]
    covariates: tuple[Term, ...] = Field(min_length=1, strict=False)
    groups: Annotated[int, Field(ge=2, le=10)] = 4
    splits: Annotated[int, Field(ge=1, le=1001)] = 101
    exploratory: bool = True


class SpilloverAnalysis(OneEndpoint):
    """Direct effect, spillover and total effect of a two-step (saturation) lottery."""

    estimator: Literal["spillover"]
    group: str
    """Column of what was drawn to a saturation in the first step."""
    saturation: str
    """Column of the share of its persons who were offered the effort."""


class IndexAnalysis(Asked):
    """The effect on an index of several endpoints, weighted by their inverse covariance."""

    estimator: Literal["index"]
    endpoints: tuple[Name, ...] = Field(min_length=2, strict=False)
    less_is_better: tuple[Name, ...] = Field(default=(), strict=False)
    label: Label
    family: Name | None = None

    @property
    def endpoints_needed(self) -> tuple[str, ...]:
        return self.endpoints


class Variant(PlanPart):
    """One way to do the analysis of a sensitivity table."""

    name: Name
    label: Label
    endpoint: Name | None = None
    """Left out: that of the analysis."""
    estimator: EffectEstimator = "blocked"
    covariates: tuple[Term, ...] = Field(default=(), strict=False)
    vcov: Vcov | None = None
    inference: Literal["model", "lottery"] = "model"
    analysis_set: Literal["randomised", "per_protocol"] = "randomised"
    """``per_protocol`` compares who did as drawn, which the lottery does not protect."""
    winsorise: Annotated[float, Field(gt=0.5, lt=1)] | None = None
    weights: str | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Variant:
        _require_adjusting(self.estimator, self.covariates)
        if self.inference == "lottery" and (self.weights is not None or self.vcov is not None):
            raise ValueError('inference = "lottery" takes no weights and no vcov')
        if self.inference == "lottery" and self.analysis_set == "per_protocol":
            raise ValueError('inference = "lottery" does not hold for "per_protocol"')
        return self


class SensitivityAnalysis(OneEndpoint):
    """The same question in all declared ways."""

    estimator: Literal["sensitivity"]
    variants: tuple[Variant, ...] = Field(min_length=2, strict=False)

    @property
    def endpoints_needed(self) -> tuple[str, ...]:
        others = (variant.endpoint for variant in self.variants)
        return tuple(dict.fromkeys((self.endpoint, *(name for name in others if name))))


class PathAnalysis(Grouped):
    """Week by week since randomisation: the mean of each arm and the blocked difference."""

    estimator: Literal["path"]
    period: Literal["week", "month"] = "week"
    accumulated: bool = False
    """Also the effect added up from week 0 on."""


class StateAnalysis(Asked):
    """The share of each arm in every state, by week since randomisation."""

    estimator: Literal["state_shares"]

    @property
    def endpoints_needed(self) -> tuple[str, ...]:
        return ()


Analysis = Annotated[
    EffectAnalysis
    | TakeUpAnalysis
    | RiskAnalysis
    | MarginsAnalysis
    | QuantileAnalysis
    | BoundsAnalysis
    | FidelityAnalysis
    | SortedGroupsAnalysis
    | SpilloverAnalysis
    | IndexAnalysis
    | SensitivityAnalysis
    | PathAnalysis
    | PlacesAnalysis
    | CurveAnalysis
    | LogRankAnalysis
    | CoxAnalysis
    | MeanWeeksAnalysis
    | ExitQuantilesAnalysis
    | IncidenceAnalysis
    | GrayAnalysis
    | FineGrayAnalysis
    | StateWeeksAnalysis
    | ExitTakeUpAnalysis
    | ParametricAnalysis
    | OccupancyAnalysis
    | RetentionAnalysis
    | RecurrenceAnalysis
    | StateAnalysis,
    Field(discriminator="estimator"),
]
