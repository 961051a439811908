"""What every table of a plan is made of."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

LookName = Literal["midterm", "final"]
State = Literal[
    "out_of_population",
    "disability_pension",
    "flexjob",
    "education",
    "employment",
    "wage_subsidy",
    "benefit_with_hours",
    "placement",
    "sickness_benefit",
    "benefit",
    "self_supporting",
]
STATES: tuple[State, ...] = get_args(State)  # in the order of the default priority
ActivityKind = Literal[
    "snusepraktik", "virksomhedspraktik", "loentilskud", "mentor", "contact", "education"
]
ACTIVITY_KINDS: tuple[ActivityKind, ...] = get_args(ActivityKind)
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Weeks = Annotated[int, Field(ge=0, le=1040)]


class PlanPart(BaseModel):
    """Base of every table of the plan: frozen, no unknown keys, no coercion of types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Label(PlanPart):
    """A name for people, in both languages of the reports."""

    da: str = Field(min_length=1, max_length=120)
    en: str = Field(min_length=1, max_length=120)


class Term(PlanPart):
    """A covariate: one column of persons or of the derived baseline, and how to code it."""

    column: str
    type: Literal["number", "category"] = "number"
    unknown: Literal["refuse", "indicator"] = "refuse"
    """An unknown value is an error, or the mean (a level "unknown") with an indicator beside it."""
