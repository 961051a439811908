"""The plan of a monitoring: what is told about suppliers, decided before the data are read.

The classes mirror ``monitor.toml`` table by table, in the manner of ``trial.toml``: unknown
keys are errors, and no text of a plan is run as code. There is no control group here, so
nothing of a monitoring is ever an effect.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from jobeval.errors import did_you_mean
from jobeval.monitoring.contracts.terms import ContractTerms
from jobeval.monitoring.percents import read_percent
from jobeval.plan.files import ActivitiesFile, BenefitsFile, HoursFile, InputFile
from jobeval.plan.parts import Label, PlanPart, Term
from jobeval.plan.read import PlanKind, read_kind

StatusName = Literal[
    "intake",
    "active",
    "ended",
    "ordinary",
    "flexjob",
    "subsidised",
    "hours_beside_benefit",
    "any_work",
    "full_time",
    "education",
    "work_or_education",
    "placement",
]
Days = Annotated[int, Field(ge=0, le=3660)]


class Supplier(PlanPart):
    """Somebody who runs courses; ``name`` is the value in the participants table."""

    name: str = Field(min_length=1, max_length=64)
    label: Label


class Targets(PlanPart):
    """Days from the start of a course within which something should have happened."""

    company: Days | None = None
    placement: Days | None = None
    paid_hour: Days | None = None
    job: Days | None = None

    def days(self, event: str) -> int | None:
        """The target of an event, where the plan has one."""
        return getattr(self, event)


class Retention(PlanPart):
    """When a job counts as kept."""

    gap_days: Days = 14
    """Days without a job, at most, after which the next job goes on with the same work."""


class Claim(PlanPart):
    """A percentage that somebody published, to be held against its count."""

    label: Label
    supplier: str
    percent: str = Field(max_length=40)
    """As it was published, such as ``"40 pct."``; its decimals tell how it was rounded."""
    of: StatusName
    """The status whose count is the denominator."""
    status: StatusName | None = None
    """The status whose count is the numerator, where the plan knows it."""

    @field_validator("percent")
    @classmethod
    def _a_percent(cls, value: str) -> str:
        read_percent(value)
        return value


class HandOver(PlanPart):
    """Persons go from one programme to the next, and are to stay in view."""

    from_programme: str = Field(min_length=1, max_length=64)
    to_programme: str = Field(min_length=1, max_length=64)
    gap_days: Days = 182
    """Days after which who has not arrived is lost, where no register tells who is still seen."""
    end_reasons: tuple[str, ...] = Field(default=(), strict=False)
    """Ends of the first programme that are hand-overs; by default all are."""


class MonitorFiles(PlanPart):
    """The delivery. Only participants are required; what is absent is not observed.

    ``jobs`` are spells of jobs; ``hours`` are the monthly rows of BFL instead of them.
    """

    participants: InputFile
    jobs: InputFile | None = None
    hours: HoursFile | None = None
    activities: ActivitiesFile | None = None
    benefits: BenefitsFile | None = None
    invoices: InputFile | None = None


class MonitorPlan(PlanPart):
    """A whole monitoring, as declared in ``monitor.toml``.

    ``files`` is optional: a plan used with data frames needs none.
    """

    name: str = Field(min_length=1, max_length=120)
    title: Label
    municipality: str = Field(min_length=1, max_length=120)
    begins: dt.date
    """First day on which a course may start to be followed here."""
    cut_off: dt.date
    """Last day that is seen, unless an earlier one is asked for."""
    programme: str | None = None
    """The programme that is monitored, where participants of several are delivered."""
    suppliers: tuple[Supplier, ...] = Field(min_length=1, strict=False)
    full_time_hours: Annotated[float, Field(gt=0, le=60)] = 37.0
    """Hours a week, at least, of a full-time job."""
    education_hours: Annotated[float, Field(ge=0, le=60)] = 20.0
    """Planned hours a week, at least, of a full-time education."""
    grace_days: Days = 31
    """A job or an education that begins so soon after the course belongs to the course."""
    small_number: Annotated[int, Field(ge=0, le=100)] = 5
    """Numbers below this are marked, for they say little."""
    targets: Targets = Targets()
    retention: Retention = Retention()
    case_mix: tuple[Term, ...] = Field(default=(), strict=False)
    """Columns of participants in which suppliers may differ."""
    claims: tuple[Claim, ...] = Field(default=(), strict=False)
    contracts: tuple[ContractTerms, ...] = Field(default=(), strict=False)
    hand_over: tuple[HandOver, ...] = Field(default=(), strict=False)
    files: MonitorFiles | None = None
    acknowledged: dict[str, str] = Field(default_factory=dict)
    """Rule id of a warning → the reason why it is accepted."""

    @property
    def supplier_names(self) -> tuple[str, ...]:
        """The suppliers, in the order of the plan."""
        return tuple(supplier.name for supplier in self.suppliers)

    @model_validator(mode="after")
    def _consistent(self) -> MonitorPlan:
        problems = list(_find_inconsistencies(self))
        if problems:
            raise ValueError("\n".join(problems))
        return self


def _find_inconsistencies(plan: MonitorPlan) -> Iterator[str]:
    """What does not fit together, a line each: ``place: rule; mend``."""
    if plan.cut_off < plan.begins:
        yield "cut_off: lies before begins; name the last day that is seen"
    yield from _named_twice("suppliers", plan.supplier_names)
    yield from _named_twice("case_mix", (term.column for term in plan.case_mix))
    yield from _named_twice("contracts", (contract.name for contract in plan.contracts))
    named = [(f"claims.{number}", claim.supplier) for number, claim in enumerate(plan.claims, 1)]
    named += [(f"contracts.{one.name}", one.supplier) for one in plan.contracts]
    for place, supplier in named:
        if supplier not in plan.supplier_names:
            hint = did_you_mean(supplier, plan.supplier_names)
            yield f"{place}.supplier: is no supplier of the plan; {hint}"
    for number, step in enumerate(plan.hand_over, 1):
        if step.from_programme == step.to_programme:
            yield f"hand_over.{number}: goes to the programme it comes from; name two programmes"
    files = plan.files
    if files is not None and files.jobs is not None and files.hours is not None:
        yield "files.hours: stands beside files.jobs; deliver jobs as spells or as months"


def _named_twice(place: str, names: Iterable[str]) -> Iterator[str]:
    for name, times in Counter(names).items():
        if times > 1:
            yield f'{place}: name "{name}" {times} times; name each once'


MONITORING = PlanKind(MonitorPlan, "monitor.toml", "monitoring")


def read_monitor_plan(folder: str | Path) -> MonitorPlan:
    """Read the plan of a monitoring.

    Parameters
    ----------
    folder
        The folder of the monitoring, or its ``monitor.toml``: UTF-8, at most 1 MiB.

    Raises
    ------
    PlanError
        With every problem of the file, each with its place, a plain rule and a mend.

    Examples
    --------
    >>> read_monitor_plan("no_such_folder")
    Traceback (most recent call last):
        ...
    jobeval.errors.PlanError: monitor.toml: 1 problem
      - no_such_folder: there is no such monitoring folder or file. Mend: Give the monitoring \
folder, or the path of its monitor.toml.
    """
    return read_kind(folder, MONITORING)
