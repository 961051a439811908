"""The plan of a trial: everything that is decided before the data are seen.

The classes mirror ``trial.toml`` table by table. Unknown keys are errors. Nothing here
touches data, and no text of a plan is ever run as code: covariates are structured terms.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from jobeval.errors import did_you_mean
from jobeval.plan.lottery import Lottery

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
STATES: tuple[State, ...] = State.__args__  # type: ignore[attr-defined]  # order = default priority
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Weeks = Annotated[int, Field(ge=0, le=1040)]


class PlanPart(BaseModel):
    """Base of every table of the plan: frozen, no unknown keys, no coercion of types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Label(PlanPart):
    """A name for people, in both languages of the reports."""

    da: str = Field(min_length=1, max_length=120)
    en: str = Field(min_length=1, max_length=120)


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


Window = Annotated[tuple[Weeks, Weeks], Field(strict=False)]


class _Endpoint(PlanPart):
    label: Label
    priority: Literal["primary", "secondary", "exploratory"] = "secondary"
    on_leaving: Literal["zero", "exclude"] = "zero"
    """Weeks out of the population count as zero, or the person is left out of the analysis."""


class WindowEndpoint(_Endpoint):
    """A value per person over a window of weeks since randomisation, ``[from, to)``.

    ``window_weeks`` is one window, or one for each look.
    """

    kind: Literal[
        "any_hours",
        "mean_hours",
        "any_hours_without_benefit",
        "mean_hours_without_benefit",
        "weeks_in_state",
        "longest_spell",
    ]
    window_weeks: Window | dict[LookName, Window]
    states: tuple[State, ...] = Field(default=(), strict=False)
    min_hours_per_week: float = Field(default=0.0, ge=0, le=168)
    """``any_hours``: hours must be above 0, or at least this many in a week."""

    @model_validator(mode="after")
    def _complete(self) -> WindowEndpoint:
        for start, stop in self.windows:
            if start >= stop:
                raise ValueError(f"window_weeks [{start}, {stop}) is empty: from must be below to")
        needs_states = self.kind in {"weeks_in_state", "longest_spell"}
        if needs_states != bool(self.states):
            verb = "needs" if needs_states else "takes no"
            raise ValueError(f'kind = "{self.kind}" {verb} "states"')
        if self.min_hours_per_week and not self.kind.startswith("any_hours"):
            raise ValueError('"min_hours_per_week" belongs to the kinds any_hours…')
        return self

    @property
    def windows(self) -> list[tuple[int, int]]:
        """The windows of all looks."""
        both = self.window_weeks
        return list(both.values()) if isinstance(both, dict) else [both]

    def window(self, look: LookName) -> tuple[int, int]:
        """The window ``[from, to)`` of this look; ``KeyError`` when the plan has none."""
        both = self.window_weeks
        return both[look] if isinstance(both, dict) else both


class ExitEndpoint(_Endpoint):
    """Weeks until the first spell of at least ``min_weeks`` in one of ``destinations``.

    ``disability_pension`` and ``out_of_population`` count from their first week.
    """

    kind: Literal["first_exit"]
    destinations: tuple[State, ...] = Field(default=("employment",), min_length=1, strict=False)
    min_weeks: Annotated[int, Field(ge=1, le=52)] = 4


class DeliveredOutcome(_Endpoint):
    """An outcome that was delivered as a column of persons; blank is not observed."""

    kind: Literal["delivered_outcome"]
    column: str
    unit: Label | Literal["share", "hours_per_week", "weeks"]
    horizon_weeks: Weeks | None = None


class DeliveredExit(_Endpoint):
    """Weeks until an exit, delivered as columns of persons.

    ``observed`` is 1 for an exit and 0 for the end of follow-up, when ``duration`` ended.
    """

    kind: Literal["delivered_exit"]
    duration: str
    observed: str


Endpoint = Annotated[
    WindowEndpoint | ExitEndpoint | DeliveredOutcome | DeliveredExit, Field(discriminator="kind")
]


class Term(PlanPart):
    """A covariate: one column of persons or of the derived baseline, and how to code it."""

    column: str
    type: Literal["number", "category"] = "number"
    unknown: Literal["refuse", "indicator"] = "refuse"
    """An unknown value is an error, or the mean (a level "unknown") with an indicator beside it."""


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


class Family(PlanPart):
    """Tests that are adjusted together."""

    method: Literal["bonferroni", "holm", "benjamini-hochberg"] = "holm"


class InputFile(PlanPart):
    """A file of the delivery, and how it is written."""

    path: str = Field(min_length=1, max_length=400)
    format: Literal["csv", "parquet", "sas", "stata"] = "csv"
    separator: str = Field(default=",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    encoding: Literal["utf-8", "cp1252", "latin-1"] = "utf-8"
    date_format: str = Field(default="%Y-%m-%d", max_length=20)
    missing: tuple[str, ...] = Field(default=("",), strict=False)
    """The only texts that mean "missing"."""
    columns: dict[str, str] = {}
    """Canonical column → the column's name in the file, where they differ."""
    extracted_on: dt.date | None = None
    """Last day that the delivery covers; where it is absent, the last day it speaks of."""

    @field_validator("date_format")
    @classmethod
    def _four_digit_years(cls, value: str) -> str:
        if sorted(re.findall("%.?", value)) != ["%Y", "%d", "%m"]:
            raise ValueError("must hold %Y, %m and %d once each; years have four digits")
        return value

    @field_validator("path")
    @classmethod
    def _inside(cls, value: str) -> str:
        if re.match(r"^([/\\]|[A-Za-z]:)", value) or ".." in re.split(r"[/\\]", value):
            raise ValueError("must be relative to the trial folder and may not leave it")
        return value


class PersonsFile(InputFile):
    """Who was drawn."""


class BenefitsFile(InputFile):
    """Benefit register: DREAM wide (one column a week) or spells."""

    layout: Literal["wide", "spells"] = "wide"


class HoursFile(InputFile):
    """Hours register (BFL): one row a job and month."""

    unit: Literal["hours", "minutes", "full_time_share"] = "hours"
    corrections: bool = False
    """Negative rows are declared corrections of the same job and are summed."""


class ActivitiesFile(InputFile):
    """Activities of the job centre, as spells."""


class Files(PlanPart):
    """The delivery. Only persons are required; what is absent is not observed."""

    persons: PersonsFile
    benefits: BenefitsFile | None = None
    hours: HoursFile | None = None
    activities: ActivitiesFile | None = None


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


def _cause_problems(place: str, analysis: ExitAnalysis, endpoint: Endpoint) -> list[str]:
    if not isinstance(endpoint, ExitEndpoint):
        one_exit = analysis.estimator != "aalen_johansen" and analysis.cause is None
        return [] if one_exit else [f"{place}: a delivered exit has one destination only"]
    if analysis.cause is None:
        return []
    if analysis.cause not in endpoint.destinations:
        hint = did_you_mean(analysis.cause, endpoint.destinations)
        return [f"{place}.cause: {analysis.cause!r} is not a destination of the endpoint; {hint}"]
    if analysis.estimator == "aalen_johansen":
        return [f'{place}.cause: "aalen_johansen" shows every destination; leave "cause" out']
    if analysis.estimator == "kaplan_meier" and len(endpoint.destinations) > 1:
        return [
            f"{place}.cause: a Kaplan–Meier curve that censors other destinations overstates "
            'the exits; use estimator = "aalen_johansen"'
        ]
    return []


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
    families: dict[Name, Family] = {}
    balance: tuple[Term, ...] = Field(default=(), strict=False)
    """Covariates of the balance test; by default those of all analyses."""
    files: Files | None = None
    acknowledged: dict[str, str] = {}
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
        problems = [*self._arm_problems(), *self._analysis_problems(), *self._look_problems()]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def due_at(self, look: LookName) -> tuple[Analysis, ...]:
        """The analyses that the plan asks for at a look, in their order."""
        return tuple(a for a in self.analyses if look in (a.looks or self.looks))

    def _arm_problems(self) -> list[str]:
        roles = sorted(arm.role for arm in self.arms)
        if roles != ["control", "treatment"]:
            return ['arms: one arm must have role = "control" and one role = "treatment"']
        if len({arm.name for arm in self.arms}) != len(self.arms):
            return ["arms: names must differ"]
        return []

    def _analysis_problems(self) -> list[str]:
        problems: list[str] = []
        names = [analysis.name for analysis in self.analyses]
        problems += [
            f"analyses: the name {n!r} stands twice"
            for n in sorted(set(names))
            if names.count(n) > 1
        ]
        for analysis in self.analyses:
            place = f"analyses.{analysis.name}"
            problems += [
                f"{place}.looks: {look!r} is not among the plan's looks"
                for look in analysis.looks
                if look not in self.looks
            ]
            if isinstance(analysis, StateAnalysis):
                continue
            problems += self._endpoint_problems(place, analysis)
            family = getattr(analysis, "family", None)
            if family is not None and family not in self.families:
                known = list(self.families)
                hint = did_you_mean(family, known) if known else f"add [families.{family}]"
                problems.append(f"{place}.family: {family!r} is not declared; {hint}")
            if getattr(analysis, "by_site", False) and self.sites is None:
                problems.append(f"{place}.by_site: the plan declares no [sites]")
            pooled = (
                analysis.estimator == "difference" or getattr(analysis, "strata", None) is not None
            )
            if pooled and self.lottery.strata and self.lottery.probability is None:
                problems.append(
                    f"{place}: leaving the lottery's strata needs lottery.probability, since the "
                    "chance of treatment may differ between them"
                )
        return problems

    def _endpoint_problems(
        self, place: str, analysis: EffectAnalysis | PathAnalysis | ExitAnalysis
    ) -> list[str]:
        endpoint = self.endpoints.get(analysis.endpoint)
        if endpoint is None:
            hint = did_you_mean(analysis.endpoint, list(self.endpoints))
            return [f"{place}.endpoint: {analysis.endpoint!r} is not declared; {hint}"]
        survival = isinstance(analysis, ExitAnalysis)
        path = isinstance(analysis, PathAnalysis)
        if survival != isinstance(endpoint, ExitEndpoint | DeliveredExit) or (
            path and not isinstance(endpoint, WindowEndpoint)
        ):
            return [
                f'{place}.estimator: "{analysis.estimator}" does not fit an endpoint of kind '
                f'"{endpoint.kind}"; survival estimators go with exits, and only they'
            ]
        if isinstance(analysis, ExitAnalysis):
            return _cause_problems(place, analysis, endpoint)
        if not isinstance(endpoint, WindowEndpoint):
            return []
        problems = [
            f"{place}.looks: endpoint {analysis.endpoint!r} has no window for {look!r}"
            for look in analysis.looks or self.looks
            if isinstance(endpoint.window_weeks, dict) and look not in endpoint.window_weeks
        ]
        if path and endpoint.kind == "longest_spell":
            problems.append(f'{place}.estimator: "path" does not fit "longest_spell"')
        return problems

    def _look_problems(self) -> list[str]:
        problems: list[str] = []
        cut_offs = [self.looks[name].cut_off for name in ("midterm", "final") if name in self.looks]
        if len(cut_offs) == 2 and cut_offs[0] >= cut_offs[1]:
            problems.append("looks: the midterm cut_off must come before the final one")
        for name, endpoint in self.endpoints.items():
            if isinstance(endpoint, WindowEndpoint):
                for _, stop in endpoint.windows:
                    if stop > self.follow_up.horizon_weeks:
                        problems.append(
                            f"endpoints.{name}.window_weeks: ends at week {stop}, after "
                            f"follow_up.horizon_weeks = {self.follow_up.horizon_weeks}"
                        )
        return problems
