"""The plan of a trial: everything that is decided before the data are seen.

The classes mirror ``trial.toml`` table by table. Unknown keys are errors. Nothing here
touches data, and no text of a plan is ever run as code: covariates are structured terms.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from jobeval.plan.analyses import Analysis
from jobeval.plan.consistency import find_inconsistencies
from jobeval.plan.endpoints import Endpoint
from jobeval.plan.files import Files
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import STATES, Label, LookName, Name, PlanPart, State, Term, Weeks


class Arm(PlanPart):
    """One arm of the lottery; ``name`` is the value in the persons table."""

    name: str = Field(min_length=1, max_length=64)
    role: Literal["control", "treatment"]
    label: Label


class LotteryPlan(PlanPart):
    """How was drawn. ``probability`` of treatment is a number or a column of persons."""

    unit: Literal["person", "cluster"] = "person"
    strata: tuple[str, ...] = Field(default=(), strict=False)
    clusters: str | None = None
    probability: float | str | None = None

    @field_validator("probability")
    @classmethod
    def _between(cls, value: float | str | None) -> float | str | None:
        if isinstance(value, float) and not 0 < value < 1:
            raise ValueError("must lie between 0 and 1")
        return value

    @model_validator(mode="after")
    def _clusters_named(self) -> LotteryPlan:
        if (self.unit == "cluster") != (self.clusters is not None):
            raise ValueError('name "clusters" when, and only when, unit = "cluster"')
        return self


class Sites(PlanPart):
    """Where the trial ran: a column of persons, and how to call it."""

    column: str = "site"
    label: Label = Label(da="Jobcenter", en="Job centre")


class LagWeeks(PlanPart):
    """Weeks before a cut-off in which a register is not yet complete."""

    benefits: Weeks = 0
    hours: Weeks = 0
    activities: Weeks = 0


class FollowUp(PlanPart):
    """Weeks followed from the week of randomisation (week 0), and before it."""

    horizon_weeks: Annotated[int, Field(ge=1, le=1040)]
    baseline_weeks: tuple[Weeks, ...] = Field(default=(52, 156), strict=False)
    lag_weeks: LagWeeks = LagWeeks()


class Look(PlanPart):
    """A planned analysis. Nothing after ``cut_off`` is seen by it."""

    cut_off: dt.date


class Family(PlanPart):
    """Tests that are adjusted together."""

    method: Literal["bonferroni", "holm", "benjamini-hochberg"] = "holm"


class StatesPlan(PlanPart):
    """Which state wins when several hold in a week: the first of ``priority``."""

    priority: tuple[State, ...] = Field(default=STATES, strict=False)

    @field_validator("priority")
    @classmethod
    def _all_once(cls, value: tuple[State, ...]) -> tuple[State, ...]:
        if sorted(value) != sorted(STATES):
            missing = sorted(set(STATES) - set(value))
            raise ValueError(f"must name every state once; missing: {missing}")
        return value


class TrialPlan(PlanPart):
    """A whole trial, as declared in ``trial.toml``.

    ``files`` is optional: a plan used with data frames needs none.
    """

    name: str = Field(min_length=1, max_length=120)
    title: Label
    purpose: Label | None = None
    arms: tuple[Arm, ...] = Field(min_length=2, max_length=2, strict=False)
    lottery: LotteryPlan
    sites: Sites | None = None
    follow_up: FollowUp
    looks: dict[LookName, Look] = Field(min_length=1)
    states: StatesPlan = StatesPlan()
    endpoints: dict[Name, Endpoint] = Field(min_length=1)
    analyses: tuple[Analysis, ...] = Field(min_length=1, strict=False)
    families: dict[Name, Family] = Field(default_factory=dict)
    balance: tuple[Term, ...] = Field(default=(), strict=False)
    """Covariates of the balance test; by default those of all analyses."""
    files: Files | None = None
    acknowledged: dict[str, str] = Field(default_factory=dict)
    """Rule id of a warning → the reason why it is accepted."""

    @property
    def treatment(self) -> Arm:
        """The arm that was offered the effort."""
        return next(arm for arm in self.arms if arm.role == "treatment")

    @property
    def control(self) -> Arm:
        """The arm with the ordinary service."""
        return next(arm for arm in self.arms if arm.role == "control")

    @property
    def lottery_columns(self) -> Lottery:
        """The lottery as columns of the persons table."""
        return Lottery(
            arm="arm",
            treatment=self.treatment.name,
            control=self.control.name,
            strata=self.lottery.strata,
            clusters=self.lottery.clusters,
            probability=self.lottery.probability,
        )

    @model_validator(mode="after")
    def _consistent(self) -> TrialPlan:
        problems = find_inconsistencies(self)
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def due_at(self, look: LookName) -> tuple[Analysis, ...]:
        """The analyses that the plan asks for at a look, in their order."""
        return tuple(a for a in self.analyses if look in (a.looks or self.looks))
