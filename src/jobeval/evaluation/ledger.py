"""Kroner a person as outcomes of the lottery: what is asked of them, estimated and drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from jobeval.economics.flows import Weighing
from jobeval.economics.periods import MONTHS, count_months
from jobeval.economics.sides import SIDES, divide_amount
from jobeval.effects.itt.analysed import Analysed, read_analysed, require_comparable
from jobeval.effects.itt.options import IttOptions
from jobeval.effects.weekly.weekly import RowBlocks
from jobeval.effects.weekly.weekly_effects import estimate_weekly_effects
from jobeval.evaluation.look import TrialAtLook
from jobeval.evaluation.person_flows import Money, count_money
from jobeval.inference.bootstrap import bootstrap_effects
from jobeval.plan.cost_benefit import CostBenefitPlan
from jobeval.registers.frames import read_columns

Floats = NDArray[np.float64]
CONF_LEVEL = 0.95
DECIMALS = 9
"""Transfers cancel but for rounding beyond these."""
OUTCOME = "kroner"
HOURS, STARTED = -2, -1
"""Columns of the ledger after the kroner."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Effects and the ends of their intervals, shape ``(K,)``."""

    estimate: Floats
    conf_low: Floats
    conf_high: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """Persons × columns, their lottery, and how questions weigh the columns.

    Attributes
    ----------
    weeks
        Weeks of the window.
    observed
        Share of everyone drawn who is observed in all of it.
    persons
        These ``n`` persons.
    matrix
        Shape ``(n, F + 2)``: the columns of ``PersonFlows.to_matrix``, the mean hours a week, and
        whether the effort was started (0 where that is not known).
    items
        Names of the items.
    gain
        What each side gains by one more ordinary hour when benefits stay as they are; shape
        ``(4,)``.
    """

    plan: CostBenefitPlan
    weeks: int
    observed: float
    persons: Analysed
    matrix: Floats
    items: tuple[str, ...]
    weighing: Weighing
    gain: Floats

    def ask(self, weights: Sequence[Floats]) -> Answers:
        """The effect on each weighted sum of columns, with the interval of ``estimate_itt``.

        ``weights`` are those of ``Weighing``, or of all columns. A sum that nobody has is 0.
        """
        asked = np.zeros((len(weights), self.matrix.shape[1]))
        for row, weight in zip(asked, weights, strict=True):
            row[: len(weight)] = weight
        outcomes = self.matrix @ asked.T
        found = estimate_weekly_effects(
            RowBlocks(outcomes), self.persons, IttOptions(), len(weights)
        )
        half = stdtrit(found.df[2], 0.5 + CONF_LEVEL / 2) * found.std_error[2]
        half[np.abs(outcomes).max(axis=0) < 10.0**-DECIMALS] = 0.0
        _, _, effect = found.values
        numbers = (effect, effect - half, effect + half)
        return Answers(*(_settle(number) for number in numbers))

    def column(self, index: int, minus: Floats | None = None) -> Floats:
        """Weights that pick a column, less those of ``minus``."""
        weights = np.zeros(self.matrix.shape[1])
        if minus is not None:
            weights[: len(minus)] = -minus
        weights[index] += 1.0
        return weights

    @property
    def take_up(self) -> float:
        """The effect of the lottery on having started; ``nan`` where there is none."""
        share = float(self.ask([self.column(STARTED)]).estimate[0])
        return share if share > 0 else float("nan")

    def fewest_with(self) -> dict[str, float]:
        """Item → persons with an amount, in the arm with fewer of them who has any."""
        assigned = self.persons.assignment.assigned
        fewest: dict[str, float] = {}
        for index, item in enumerate(self.items):
            start = len(SIDES) * (self.weighing.months + 1 + index)
            has = (self.matrix[:, start : start + len(SIDES)] != 0).any(axis=1)
            counts = np.bincount(assigned[has], minlength=2)
            fewest[item] = float(min((n for n in counts.tolist() if n), default=0))
        return fewest


def _settle(kroner: Floats) -> Floats:
    """Without rounding errors and without −0."""
    return np.round(kroner, DECIMALS) + 0.0


def read_ledger(plan: CostBenefitPlan, at_look: TrialAtLook) -> Ledger:
    """Price the registers of a look, for those who are observed over the whole window."""
    money = count_money(plan, at_look)
    lottery, weeks = at_look.plan.lottery_columns, plan.window_weeks[at_look.look]
    columns = read_columns(at_look.persons, lottery.columns)
    known = np.where(money.observed, 0.0, np.nan)
    persons = read_analysed({**columns, OUTCOME: known}, OUTCOME, lottery, IttOptions())
    require_comparable(persons, IttOptions())
    months, years = count_months(weeks), plan.horizon_years
    return Ledger(
        plan=plan,
        weeks=weeks,
        observed=float(money.observed.sum() / at_look.assignment.rows.sum()),
        persons=persons,
        matrix=np.hstack([money.flows.to_matrix(), _beside(money, at_look)]),
        items=money.flows.items,
        weighing=Weighing(len(money.flows.items), months, MONTHS * years, plan.discount_rate),
        gain=_gain_of_an_hour(plan),
    )


def _beside(money: Money, at_look: TrialAtLook) -> Floats:
    """Mean hours a week, and who started; shape ``(n, 2)``."""
    started = np.zeros(len(money.observed)) if at_look.started is None else at_look.started
    return np.column_stack([money.hours, started[money.observed].astype(float)])


def _gain_of_an_hour(plan: CostBenefitPlan) -> Floats:
    """What each side gains by one more hour, when benefits stay as they are; shape ``(4,)``."""
    gain = np.zeros(4)
    nothing = np.array(0.0)
    for price in plan.prices:
        if price.kind != "earnings":
            continue
        share = plan.displacement if price.displaced else 0.0
        wage = np.array(plan.in_price_year(price))
        options = {"displacement": share, "net_tax_factor": plan.net_tax_factor}
        gain += divide_amount("earnings", wage, nothing, **options)
        if plan.tax is not None:
            tax = plan.tax.earnings_rate * wage
            gain += divide_amount("tax", tax, plan.tax.state_share * tax, **options)
    gain[1] += plan.tax_distortion * (gain[2] + gain[3])
    return gain


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """The effects on the columns of months and level.

    ``estimate`` has shape ``(F,)``, ``drawn`` has ``(B, F)``.
    """

    estimate: Floats
    drawn: Floats

    def values(self, weights: Sequence[Floats]) -> tuple[Floats, Floats]:
        """The weighted sums, shapes ``(K,)`` and ``(B, K)``; transfers that cancel are 0."""
        asked = np.array([weight[: len(self.estimate)] for weight in weights]).T
        return _settle(self.estimate @ asked), _settle(self.drawn @ asked)


def draw_again(ledger: Ledger, at_look: TrialAtLook) -> Draws:
    """The persons drawn again: one set of draws for all questions."""
    size = len(SIDES) * (ledger.weighing.months + 1)
    flows = ledger.matrix[:, :size]
    resampling = at_look.plan.resampling
    drawn = bootstrap_effects(
        flows, ledger.persons.assignment, draws=resampling.draws, seed=resampling.seed
    )
    found = estimate_weekly_effects(RowBlocks(flows), ledger.persons, IttOptions(), size)
    _, _, estimate = found.values
    return Draws(estimate, drawn - drawn.mean(axis=0) + estimate)
