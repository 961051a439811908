"""The programme as it is meant to be delivered, and how its indicators are counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from jobeval.plan.parts import ACTIVITY_KINDS, ActivityKind, PlanPart

if TYPE_CHECKING:
    from jobeval.plan.model import TrialPlan

Kinds = Annotated[tuple[ActivityKind, ...], Field(min_length=1, strict=False)]
CourseWeeks = Annotated[int, Field(ge=1, le=1040)]
Cohort = Literal["month", "quarter", "half_year"]


class Programme(PlanPart):
    """What the programme indicators count.

    Weeks count from the week of the start for participants, and from the week of the lottery
    for everyone who was drawn. A spell that began before is not counted as a beginning.
    """

    tryout: Kinds = ("snusepraktik",)
    """Short visits to try a company out."""
    placement: Kinds = ("virksomhedspraktik",)
    """The placement that is meant to last ``placement_weeks``."""
    company: Kinds = ("snusepraktik", "virksomhedspraktik", "loentilskud")
    """All that brings a citizen to a company."""
    contact: Kinds = ("contact",)
    """Interviews with the job centre."""
    active: Kinds = tuple(kind for kind in ACTIVITY_KINDS if kind != "contact")
    """What fills a week, so that it is no passive gap; an interview does not."""
    course_weeks: CourseWeeks = 39
    placement_weeks: CourseWeeks = 13
    status_weeks: CourseWeeks = 13
    """How long after a placement the state is looked up."""
    gap_weeks: CourseWeeks = 8
    """From how many weeks on a passive gap is a long one."""
    ramp_weeks: CourseWeeks = 26
    """How many weeks the hours are followed from the first paid one."""
    cohort: Cohort = "quarter"
    """The calendar period of the start, or of the lottery."""


def find_programme_problems(plan: TrialPlan) -> Iterator[str]:
    """What of ``[programme]`` does not fit the rest of the plan."""
    programme, horizon = plan.programme, plan.follow_up.horizon_weeks
    if programme is None:
        return
    if programme.course_weeks > horizon:
        yield (
            f"programme.course_weeks: {programme.course_weeks} weeks are more than "
            f"follow_up.horizon_weeks = {horizon}; shorten the course, or follow for longer"
        )
    for key in ("placement_weeks", "gap_weeks"):
        weeks: int = getattr(programme, key)
        if weeks > programme.course_weeks:
            yield (
                f"programme.{key}: {weeks} weeks are more than course_weeks = "
                f"{programme.course_weeks}; write at most as many"
            )
