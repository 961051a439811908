"""Job centres side by side: an outcome or an indicator, who is compared, and their case mix."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from jobeval.plan.asked import Asked
from jobeval.plan.parts import Name, Term

Indicator = Literal[
    "tried_company",
    "placement",
    "hours_in_course",
    "hours_after_placement",
    "placement_ended_early",
    "adjusted",
    "long_gap",
]


class PlacesAnalysis(Asked):
    """Each job centre of the treatment arm against the average of the others (no effect)."""

    estimator: Literal["places"]
    endpoint: Name | None = None
    """An outcome over a window or delivered with the persons; or else:"""
    indicator: Indicator | None = None
    """A programme indicator, as ``[programme]`` counts it."""
    population: Literal["participants", "treatment"] = "participants"
    """Those who started, from their start; or all who were drawn to the arm, from the lottery."""
    covariates: tuple[Term, ...] = Field(default=(), strict=False)
    """The case mix: what was known of the persons before the draw."""

    @model_validator(mode="after")
    def _one_outcome(self) -> PlacesAnalysis:
        if (self.endpoint is None) == (self.indicator is None):
            raise ValueError('name either an "endpoint" or an "indicator"')
        return self

    @property
    def endpoints_needed(self) -> tuple[str, ...]:
        return () if self.endpoint is None else (self.endpoint,)
