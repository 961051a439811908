"""Analyses of a plan: an endpoint, an estimator, and what belongs to them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jobeval.plan.parts import LookName, Name, PlanPart, State, Term


class _Analysis(PlanPart):
    name: Name
    endpoint: Name
    looks: tuple[LookName, ...] = Field(default=(), strict=False)
    """Left out: every look of the plan."""
    subgroups: tuple[str, ...] = Field(default=(), strict=False)
    """Columns: the analysis is repeated within each of their values."""
    exploratory: bool = False


class _Stratified(_Analysis):
    strata: tuple[str, ...] | None = Field(default=None, strict=False)
    """Coarser strata than the lottery's, declared where subgroups would leave them too small.

    Where the chance of treatment differs within them, persons are weighted by its inverse, so
    the lottery must then declare its ``probability`` as a column.
    """


class EffectAnalysis(_Stratified):
    """An effect on a window endpoint."""

    estimator: Literal["difference", "blocked", "ancova", "lin"]
    covariates: tuple[Term, ...] = Field(default=(), strict=False)
    vcov: Literal["classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR2"] | None = None
    by_site: bool = False
    """Also estimate the effect in each site (shown unranked, with shrinkage)."""
    family: Name | None = None


class PathAnalysis(_Analysis):
    """Week by week since randomisation: the mean of each arm and the blocked difference."""

    estimator: Literal["path"]


class ExitAnalysis(_Stratified):
    """A survival analysis of an exit endpoint."""

    estimator: Literal["kaplan_meier", "logrank", "cox", "aalen_johansen"]
    covariates: tuple[Term, ...] = Field(default=(), strict=False)
    ties: Literal["efron", "breslow"] = "efron"
    cause: State | None = None
    """The destination that counts as the event, others being censored; ``None`` = any of them."""
    family: Name | None = None


class StateAnalysis(PlanPart):
    """The share of each arm in every state, by week since randomisation."""

    name: Name
    estimator: Literal["state_shares"]
    looks: tuple[LookName, ...] = Field(default=(), strict=False)
    """Left out: every look of the plan."""
    exploratory: bool = False


Analysis = Annotated[
    EffectAnalysis | PathAnalysis | ExitAnalysis | StateAnalysis, Field(discriminator="estimator")
]
