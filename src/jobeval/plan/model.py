"""The plan of a trial: everything that is decided before the data are seen.

The classes mirror ``trial.toml`` table by table. Unknown keys are errors. Nothing here
touches data, and no text of a plan is ever run as code: covariates are structured terms.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from jobeval.errors import PlanError, Problem, did_you_mean
from jobeval.plan.analyses import Analysis
from jobeval.plan.consistency import find_inconsistencies
from jobeval.plan.cost_benefit import CostBenefitPlan
from jobeval.plan.endpoints import Endpoint
from jobeval.plan.fidelity import FidelityPlan
from jobeval.plan.files import Files
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import STATES, Label, LookName, Name, PlanPart, State, Term, Weeks
from jobeval.plan.programme import Programme


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

    method: Literal[
        "bonferroni",
        "holm",
        "benjamini-hochberg",
        "sharpened-q",
        "westfall-young",
        "romano-wolf",
    ] = "holm"
    """The last two draw the lottery again for all tests at once."""
    subgroups: bool = False
    """Whether the analyses' subgroups belong to the family, beside the effects on everyone."""

    @property
    def redraws(self) -> bool:
        """Whether the method draws the lottery again."""
        return self.method in {"westfall-young", "romano-wolf"}


class Resampling(PlanPart):
    """How often the lottery is drawn again, and from which seed."""

    draws: Annotated[int, Field(ge=99, le=1_000_000)] = 10_000
    seed: Annotated[int, Field(ge=0)] = 1


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
    arms: tuple[Arm, ...] = Field(min_length=2, strict=False)
    lottery: LotteryPlan
    sites: Sites | None = None
    follow_up: FollowUp
    looks: dict[LookName, Look] = Field(min_length=1)
    states: StatesPlan = StatesPlan()
    endpoints: dict[Name, Endpoint] = Field(min_length=1)
    analyses: tuple[Analysis, ...] = Field(min_length=1, strict=False)
    families: dict[Name, Family] = Field(default_factory=dict)
    resampling: Resampling = Resampling()
    balance: tuple[Term, ...] = Field(default=(), strict=False)
    """Covariates of the balance test; by default those of all analyses."""
    programme: Programme | None = None
    fidelity: FidelityPlan | None = None
    cost_benefit: CostBenefitPlan | None = None
    files: Files | None = None
    acknowledged: dict[str, str] = Field(default_factory=dict)
    """Rule id of a warning → the reason why it is accepted."""

    @property
    def treatments(self) -> tuple[Arm, ...]:
        """The arms that were offered an effort."""
        return tuple(arm for arm in self.arms if arm.role == "treatment")

    @property
    def treatment(self) -> Arm:
        """The only arm that was offered an effort; ``ValueError`` when there are several."""
        [arm] = self.treatments
        return arm

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

    def compare(self, treatment: str | None = None) -> TrialPlan:
        """The plan of one treatment arm against control; ``None`` where there is only one.

        Raises
        ------
        PlanError
            No such arm, or several and none is named.
        """
        names = [arm.name for arm in self.treatments]
        if treatment is None and len(names) == 1:
            return self
        if treatment not in names:
            hint = f"Name one of {', '.join(names)}."
            rule = "must be named: the plan has several treatment arms."
            if treatment is not None:
                rule, hint = f"{treatment!r} is no treatment arm.", did_you_mean(treatment, names)
            raise PlanError("comparison", [Problem("arm", rule, hint)])
        kept = tuple(arm for arm in self.arms if arm.role == "control" or arm.name == treatment)
        return self.model_copy(update={"arms": kept})

    def due_at(self, look: LookName) -> tuple[Analysis, ...]:
        """The analyses that the plan asks for at a look, in their order."""
        return tuple(a for a in self.analyses if look in (a.looks or self.looks))
