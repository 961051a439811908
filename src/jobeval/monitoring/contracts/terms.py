"""What a results contract pays for: milestones, prices, and the rules that tell them.

One table ``[[contracts]]`` of ``monitor.toml``. Nothing of it is fixed in code: a milestone is
the day on which a citizen has been so long in work of such a kind, and the contract says what
counts as work, what breaks it, and what is paid.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from jobeval.monitoring.contracts.money import split_oere, to_oere
from jobeval.plan.parts import Label, Name, PlanPart

JobKind = Literal["ordinary", "flexjob", "subsidised", "education"]
ReachedBy = Literal["start", "first_paid_hour", "job", "kept"]
RELAPSE_GROUPS = (
    "dagpenge",
    "feriedagpenge",
    "kontanthjaelp_job_ready",
    "kontanthjaelp",
    "kontanthjaelp_integration",
    "uddannelseshjaelp",
    "integrationsydelse",
    "saerlig_uddannelsesydelse",
    "arbejdsmarkedsydelse",
    "ledighedsydelse",
    "jobafklaring",
    "ressourceforloeb",
)
"""Groups of the DREAM list that mean a return to support; sick pay during a job is not one."""


def _whole_oere(value: float) -> float:
    to_oere(value)
    return value


Dkk = Annotated[float, Field(ge=0, le=1e10), AfterValidator(_whole_oere)]
Days = Annotated[int, Field(ge=0, le=3650)]
ContractWeeks = Annotated[int, Field(ge=1, le=520)]
HoursPerWeek = Annotated[float, Field(ge=0, le=168)]
Share = Annotated[float, Field(gt=0, le=1)]
JobKinds = Annotated[tuple[JobKind, ...], Field(min_length=1, strict=False)]


class ClawBack(PlanPart):
    """The price, or a share of it, goes back when the job is lost soon after the milestone.

    Lost within ``weeks`` means that the first day without the job is at most ``7 × weeks`` days
    after the day of the milestone. A gap that the contract allows is no loss.
    """

    weeks: ContractWeeks
    share: Share = 1.0


class Gaps(PlanPart):
    """Days without work in the middle of a job.

    A gap of at most ``max_days`` days does not break the job. Its days are kept days when
    ``count`` is true, though only once the citizen is back at work.
    """

    max_days: Days = 0
    count: bool = False


class Relapse(PlanPart):
    """Days on benefit that break a job: more than ``max_days`` of them since it began.

    ``groups`` are groups of the DREAM code list. A week in subsidised work is no relapse,
    whatever the code of its benefit.
    """

    max_days: Days = 0
    groups: tuple[str, ...] = Field(default=RELAPSE_GROUPS, strict=False)


class Caps(PlanPart):
    """The most that is paid for one citizen, and in all, before anything is clawed back."""

    per_citizen_dkk: Dkk | None = None
    per_contract_dkk: Dkk | None = None


class Milestone(PlanPart):
    """One thing that is paid for.

    ``reached_by`` is ``"start"`` (the course begins), ``"first_paid_hour"`` (the first day of a
    job that counts, with any paid hours), ``"job"`` (the first day of a job of at least
    ``min_hours_per_week``) or ``"kept"`` (the last day of ``weeks`` weeks of 7 kept days).
    ``job_kinds`` and ``min_hours_per_week`` are the contract's where left out.

    ``within_weeks``: nothing is paid when it is reached later than so many weeks after the
    start of the course. ``max_paid``: the most times that it is paid in the contract.
    """

    name: Name
    label: Label
    reached_by: ReachedBy
    weeks: ContractWeeks | None = None
    price_dkk: Dkk | None = None
    share: Share | None = None
    min_hours_per_week: HoursPerWeek | None = None
    job_kinds: JobKinds | None = None
    within_weeks: ContractWeeks | None = None
    max_paid: Annotated[int, Field(ge=0)] | None = None
    claw_back: ClawBack | None = None

    @property
    def days(self) -> int:
        """Kept days until it is reached: 1 for the first day of a job, 91 for 13 weeks."""
        return 7 * self.weeks if self.weeks is not None else 1


class ContractTerms(PlanPart):
    """A results contract with one supplier.

    Covers the courses of ``supplier`` that start from ``start`` until the day before ``end``.
    Prices stand either at each milestone (``price_dkk``), or as ``total_price_dkk`` of the
    contract and a ``share`` at each milestone; shares add up to 1 and are split to the øre.

    Parameters
    ----------
    job_kinds
        Kinds of jobs that count.
    min_hours_per_week
        Hours a week of a job, all employers together. 0: any paid hours.
    employer_change
        Whether a job goes on at another employer. If not, each employer is looked at alone.
    subsidised
        What subsidised months in the middle of a job do, where they are no kind that counts:
        ``"break"`` it like any gap, ``"pause"`` it (they neither count nor break), or
        ``"count"``, as long as the hours suffice.
    earlier_jobs
        Whether jobs that began before the start of the course count, from its first day.
    after_course_weeks
        A job counts when it begins at most so many weeks after the end of the course; left out,
        whenever it begins. Never after the citizen's next course has begun, whoever's it is:
        then it is that course's.
    due_days
        Days from the day that a milestone is reached, and known, until its price is due.
    reached_before_end
        Whether only milestones reached before the ``end`` of the contract are paid.
    once_per
        Whether a milestone is paid once for each citizen, or once for each course.
    """

    name: Name
    label: Label | None = None
    supplier: str = Field(min_length=1, max_length=120)
    start: dt.date
    end: dt.date | None = None
    total_price_dkk: Dkk | None = None
    job_kinds: JobKinds = ("ordinary",)
    min_hours_per_week: HoursPerWeek = 0.0
    employer_change: bool = True
    subsidised: Literal["break", "pause", "count"] = "break"
    earlier_jobs: Literal["exclude", "count"] = "exclude"
    after_course_weeks: Annotated[int, Field(ge=0, le=520)] | None = None
    gaps: Gaps = Gaps()
    relapse: Relapse | None = None
    caps: Caps = Caps()
    due_days: Days = 0
    reached_before_end: bool = False
    once_per: Literal["citizen", "course"] = "citizen"
    milestones: tuple[Milestone, ...] = Field(min_length=1, strict=False)

    @property
    def prices(self) -> tuple[int, ...]:
        """The price of each milestone in whole øre; those of a split add up to the total."""
        if self.total_price_dkk is None:
            return tuple(to_oere(one.price_dkk or 0) for one in self.milestones)
        shares = [one.share or 0 for one in self.milestones]
        return split_oere(to_oere(self.total_price_dkk), shares)

    @model_validator(mode="after")
    def _consistent(self) -> ContractTerms:
        problems = [*_contract_problems(self), *_price_problems(self)]
        for milestone in self.milestones:
            problems += _milestone_problems(milestone)
        if problems:
            raise ValueError("\n".join(problems))
        return self


def _contract_problems(terms: ContractTerms) -> Iterator[str]:
    names = [one.name for one in terms.milestones]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f'the milestone "{name}" stands twice; give each a name of its own'
    if terms.end is not None and terms.end <= terms.start:
        yield "end must be after start; end is the day after the last"
    if terms.reached_before_end and terms.end is None:
        yield "reached_before_end needs an end; add end = …"


def _price_problems(terms: ContractTerms) -> Iterator[str]:
    priced = [one for one in terms.milestones if one.price_dkk is not None]
    shares = [one.share for one in terms.milestones if one.share is not None]
    if terms.total_price_dkk is None:
        if shares:
            yield "share is one of a total price; add total_price_dkk, or write price_dkk"
        if len(priced) + len(shares) < len(terms.milestones):
            yield "every milestone needs price_dkk, or total_price_dkk and a share; write 0 if free"
        return
    if priced:
        yield "price_dkk and total_price_dkk exclude each other; write a share of the total price"
    if sum((Decimal(str(share)) for share in shares), Decimal(0)) != 1:
        yield "the shares of the total price must add up to exactly 1; mend the shares"


def _milestone_problems(one: Milestone) -> Iterator[str]:
    if one.reached_by == "kept" and one.weeks is None:
        yield f'{one.name}: reached_by = "kept" needs weeks; add weeks = …'
    if one.reached_by != "kept" and one.weeks is not None:
        yield f'{one.name}: weeks belongs to reached_by = "kept"; leave it out'
    if one.reached_by == "start" and one.job_kinds is not None:
        yield f"{one.name}: the start of a course knows no job_kinds; leave them out"
    if one.reached_by in {"start", "first_paid_hour"} and one.min_hours_per_week is not None:
        yield f'{one.name}: min_hours_per_week belongs to "job" and "kept"; leave it out'
    if one.reached_by == "start" and one.claw_back is not None:
        yield f"{one.name}: the start of a course cannot be lost; leave claw_back out"
