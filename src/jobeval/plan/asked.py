"""What every analysis of a plan has in common."""

from __future__ import annotations

from pydantic import Field

from jobeval.plan.parts import LookName, Name, PlanPart


class Asked(PlanPart):
    name: Name
    looks: tuple[LookName, ...] = Field(default=(), strict=False)
    """Left out: every look of the plan."""
    exploratory: bool = False


class OneEndpoint(Asked):
    endpoint: Name

    @property
    def endpoints_needed(self) -> tuple[str, ...]:
        """The endpoints that the analysis reads."""
        return (self.endpoint,)


class Grouped(OneEndpoint):
    subgroups: tuple[str, ...] = Field(default=(), strict=False)
    """Columns: the analysis is repeated within each of their values."""


class Stratified(Grouped):
    strata: tuple[str, ...] | None = Field(default=None, strict=False)
    """Coarser strata than the lottery's, declared where subgroups would leave them too small.

    Where the chance of treatment differs within them, persons are weighted by its inverse, so
    the lottery must then declare its ``probability`` as a column.
    """
