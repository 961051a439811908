"""The cost-benefit of a plan: what is counted, at which price, from which source, for how long."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from jobeval.plan.parts import ActivityKind, Label, LookName, Name, PlanPart, Weeks

if TYPE_CHECKING:
    from jobeval.plan.model import TrialPlan

Share = Annotated[float, Field(ge=0, le=1)]
Year = Annotated[int, Field(ge=1990, le=2100)]
Source = Annotated[str, Field(min_length=1, max_length=200)]
FadeOut = Literal["ends", "fades", "lasts"]
WEEKS_PER_YEAR = 52
RESERVED = ("tax", "tax_distortion", "net")
"""Rows that stand beside those of the prices."""


class Price(PlanPart):
    """What one unit of an item costs or is worth, in kroner of a year, from a source.

    ``kind``: ``"cost"`` of the effort (public, one for each person who started or for each week
    with one of ``activities``); ``"benefit"`` (from the public to the citizen, for each week
    with a code of one of ``groups``); ``"earnings"`` (for each ordinary hour).
    """

    name: Name
    label: Label
    kind: Literal["cost", "benefit", "earnings"]
    amount_dkk: Annotated[float, Field(ge=0, le=1e9)]
    per: Literal["participant", "week", "month", "hour"]
    year: Year
    """The year whose prices the amount is in."""
    source: Source
    """Where the amount stands; ``"illustrative assumption"`` where it stands nowhere."""
    groups: tuple[str, ...] = Field(default=(), strict=False)
    """Groups of the benefit register's code list."""
    activities: tuple[ActivityKind, ...] = Field(default=(), strict=False)
    state_share: Share | Literal["ladder"] = 0.0
    """What the state bears; the municipality bears the rest. ``"ladder"``: by
    ``[cost_benefit.reimbursement]``."""
    displaced: bool = True
    """Whether displacement counts: those who are displaced lose the earnings, and get the
    benefit, that participants gain and leave. Never for costs."""
    reduced_by_earnings: Share = 0.0
    """How much of each krone earned in a week is taken off a benefit, down to nothing."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Price:
        problems = list(_misfits(self))
        if problems:
            raise ValueError("\n".join(problems))
        return self


def _misfits(price: Price) -> Iterator[str]:
    units = {"cost": ("participant", "week"), "benefit": ("week", "month"), "earnings": ("hour",)}
    allowed = units[price.kind]
    if price.per not in allowed:
        yield f'kind = "{price.kind}" goes with per = {" or ".join(map(repr, allowed))}'
    if bool(price.groups) != (price.kind == "benefit"):
        yield 'name "groups" when, and only when, kind = "benefit"'
    if bool(price.activities) != (price.kind == "cost" and price.per == "week"):
        yield 'name "activities" when, and only when, a "cost" is per "week"'
    if price.reduced_by_earnings and price.kind != "benefit":
        yield '"reduced_by_earnings" belongs to a "benefit"'
    if price.state_share == "ladder" and price.kind != "benefit":
        yield 'state_share = "ladder" belongs to a "benefit"'


class Tax(PlanPart):
    """Average tax of what is gained or lost, and the state's part of it."""

    earnings_rate: Share
    benefit_rate: Share = 0.0
    """Of benefits; 0 where their amounts are after tax."""
    state_share: Share = 0.0
    source: Source


class Step(PlanPart):
    """The state's share up to and including so many weeks on benefit."""

    weeks: Weeks
    share: Share


class Reimbursement(PlanPart):
    """The state's share of a benefit, by how many weeks a person has been on one."""

    steps: tuple[Step, ...] = Field(default=(), strict=False)
    """In ascending order."""
    after: Share
    """The share after the last step."""
    weeks_before: Weeks | str
    """Weeks that count before the lottery: a number, or a column of persons or the baseline."""
    source: Source

    @model_validator(mode="after")
    def _ascending(self) -> Reimbursement:
        weeks = [step.weeks for step in self.steps]
        if any(later <= earlier for earlier, later in pairwise(weeks)):
            raise ValueError("steps: the weeks must ascend")
        return self


class CostBenefitPlan(PlanPart):
    """Who gains and who pays, in kroner a person drawn to the effort.

    All amounts are brought to the prices of ``price_year`` by ``price_index``, and discounted
    from the month of the lottery on.
    """

    price_year: Year
    window_weeks: dict[LookName, Annotated[int, Field(ge=13, le=1040)]] = Field(min_length=1)
    """Weeks from the lottery that are counted from the registers, at each look that tells of
    money: whole quarters (multiples of 13), wholly observed for everyone there."""
    prices: tuple[Price, ...] = Field(min_length=1, strict=False)
    tax: Tax | None = None
    reimbursement: Reimbursement | None = None
    price_index: dict[Annotated[str, Field(pattern=r"^\d{4}$")], Annotated[float, Field(gt=0)]] = (
        Field(default_factory=dict)
    )
    """Year → index, for prices of another year than ``price_year``."""
    discount_rate: Annotated[float, Field(ge=0, le=0.2)] = 0.035
    discount_source: Source = (
        "Finansministeriet: Vejledning i samfundsøkonomiske konsekvensvurderinger, 2023"
    )
    horizon_years: Annotated[int, Field(ge=1, le=40)] = 5
    fade_out: tuple[FadeOut, ...] = Field(
        default=("ends", "fades", "lasts"), min_length=1, strict=False
    )
    """What becomes of the effect after the data: it ends with them, fades linearly to nothing at
    the horizon, or lasts to it. The first is the main one."""
    level_months: Annotated[int, Field(ge=3, le=60)] = 6
    """Last months observed whose mean effect is carried on: whole quarters."""
    displacement: Share = 0.0
    """Share of the jobs gained that others would have had."""
    tax_distortion: Annotated[float, Field(ge=0, le=2)] = 0.0
    """Loss to society of each krone that the public must raise."""
    net_tax_factor: Annotated[float, Field(ge=1, le=2)] = 1.0
    """From factor prices to consumer prices, for society's costs and production."""

    @model_validator(mode="after")
    def _consistent(self) -> CostBenefitPlan:
        problems = [*_price_problems(self), *_horizon_problems(self)]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def in_price_year(self, price: Price) -> float:
        """The amount of a price, in kroner of ``price_year``."""
        if price.year == self.price_year:
            return price.amount_dkk
        now, then = (self.price_index[str(year)] for year in (self.price_year, price.year))
        return price.amount_dkk * now / then


def _price_problems(plan: CostBenefitPlan) -> Iterator[str]:
    names = [price.name for price in plan.prices]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"prices: the name {name!r} stands twice"
    for name in RESERVED:
        if name in names:
            yield f'prices: "{name}" is the name of a row of its own; choose another'
    groups = [group for price in plan.prices for group in price.groups]
    for group in sorted({group for group in groups if groups.count(group) > 1}):
        yield f"prices: the group {group!r} has two prices"
    for price in plan.prices:
        if price.state_share == "ladder" and plan.reimbursement is None:
            yield f"prices.{price.name}.state_share: needs [cost_benefit.reimbursement]"
        if price.reduced_by_earnings and not any(p.kind == "earnings" for p in plan.prices):
            yield f"prices.{price.name}.reduced_by_earnings: needs a price of earnings"
        years = {price.year, plan.price_year}
        missing = sorted(year for year in years if str(year) not in plan.price_index)
        if len(years) > 1 and missing:
            told = ", ".join(map(str, missing))
            yield f"prices.{price.name}.year: price_index lacks {told}"


def _horizon_problems(plan: CostBenefitPlan) -> Iterator[str]:
    if len(set(plan.fade_out)) < len(plan.fade_out):
        yield "fade_out: a scenario is named twice"
    if plan.level_months % 3:
        yield "level_months: must be whole quarters, a multiple of 3"
    for look, weeks in plan.window_weeks.items():
        if weeks % 13:
            yield f"window_weeks.{look}: must be whole quarters, a multiple of 13"
        if weeks > WEEKS_PER_YEAR * plan.horizon_years:
            yield f"window_weeks.{look}: ends after horizon_years = {plan.horizon_years}"
        if plan.level_months > weeks * 12 // WEEKS_PER_YEAR:
            yield f"level_months: are more than the months of window_weeks.{look}"


def find_cost_benefit_problems(plan: TrialPlan) -> Iterator[str]:
    """What of a plan's cost-benefit does not fit the rest of the plan."""
    if plan.cost_benefit is None:
        return
    for look, weeks in plan.cost_benefit.window_weeks.items():
        if look not in plan.looks:
            yield f"cost_benefit.window_weeks: {look!r} is not among the plan's looks"
        if weeks > plan.follow_up.horizon_weeks:
            yield (
                f"cost_benefit.window_weeks.{look}: ends after follow_up.horizon_weeks = "
                f"{plan.follow_up.horizon_weeks}"
            )
