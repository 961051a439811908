"""The front door on plain numbers: items, who bears them, and what comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.economics.mvpf import mvpf
from jobeval.economics.periods import MONTHS, discount_factors, pay_back_month
from jobeval.errors import did_you_mean

Floats = NDArray[np.float64]
Amount = float | Sequence[float]
BEARERS = ("citizen", "others", "state", "municipality", "public")
SUMS = {"public": ("state", "municipality", "public"), "society": BEARERS}
"""What is shown → whose amounts it holds. A gain of the public need not be divided."""
NET = "net"
ROUNDING = 1e-13
"""Sums below this share of all amounts are rounding."""
SHOWN = ("citizen", "others", "state", "municipality", "public", "society")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CostBenefit:
    """An account of one person: what each side gains (or, below 0, pays).

    Attributes
    ----------
    items
        Names, in the order given.
    flows
        Shape ``(items, 5, periods)``: discounted, by bearer (``citizen``, ``others``, ``state``,
        ``municipality``, and ``public`` where it is not divided).
    """

    items: tuple[str, ...]
    flows: Floats

    def net(self, perspective: str) -> float:
        """Net present value from a perspective: a bearer, ``"public"`` or ``"society"``."""
        return float(self._settle(self._of(perspective).sum()))

    def path(self, perspective: str) -> Floats:
        """The value added up to the end of each period, shape ``(periods,)``."""
        return self._settle(np.cumsum(self._of(perspective).sum(axis=0)))

    def pay_back(self, perspective: str = "public") -> float:
        """The period (1 is the first) in which what was spent has come back; infinite if never."""
        return float(pay_back_month(self.path(perspective)))

    @property
    def net_cost(self) -> float:
        """What it costs the public, when all that comes back is counted."""
        return -self.net("public")

    @property
    def willingness_to_pay(self) -> float:
        """The change of the citizen's disposable income."""
        return self.net("citizen")

    @property
    def mvpf(self) -> float:
        """Willingness to pay for each krone of net cost."""
        return mvpf(self.willingness_to_pay, self.net_cost)

    def to_frame(self) -> pd.DataFrame:
        """One row an item and a last one, ``"net"``; one column a perspective."""
        columns = {name: self._settle(self._of(name).sum(axis=1)) for name in SHOWN}
        frame = pd.DataFrame({"item": list(self.items), **columns})
        total = pd.DataFrame([{"item": NET, **{name: self.net(name) for name in SHOWN}}])
        return pd.concat([frame, total], ignore_index=True)

    def _of(self, perspective: str) -> Floats:
        """Shape ``(items, periods)``."""
        if perspective not in SHOWN:
            hint = did_you_mean(perspective, list(SHOWN))
            raise ValueError(f"{perspective!r} is no perspective; {hint}")
        bearers = SUMS.get(perspective, (perspective,))
        return self.flows[:, [BEARERS.index(name) for name in bearers]].sum(axis=1)

    def _settle(self, sums: Floats) -> Floats:
        """Sums in which all cancels are 0, not what rounding leaves of them."""
        return np.where(np.abs(sums) <= ROUNDING * np.abs(self.flows).sum(), 0.0, sums)

    def __repr__(self) -> str:
        told = ", ".join(f"{name} {self.net(name):,.0f}" for name in ("citizen", "public"))
        return f"CostBenefit({told}, society {self.net('society'):,.0f}; MVPF {self.mvpf:.3g})"

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False, float_format="{:,.0f}".format)


def cost_benefit(
    items: Mapping[str, Mapping[str, Amount]],
    *,
    discount_rate: float = 0.0,
    periods_per_year: float = MONTHS,
) -> CostBenefit:
    """Add up items by who gains and who pays.

    Parameters
    ----------
    items
        Item → bearer → amount a person, in any currency: above 0 what the bearer gains, below
        0 what it pays. Bearers are ``"citizen"``, ``"state"``, ``"municipality"``,
        ``"public"`` (not divided between the two) and ``"others"``. A transfer stands at both.
        An amount is a number (at the start), or a sequence of amounts a period.
    discount_rate
        A year. The first period is not discounted.
    periods_per_year
        Length of a period.

    Returns
    -------
    CostBenefit

    Raises
    ------
    ValueError
        No items, an item called ``"net"``, an unknown bearer, an amount that is no number, or
        a rate of −1 or less.

    Examples
    --------
    Per participant in JobFirst, in dollars, as published:

    >>> account = cost_benefit({
    ...     "programme": {"public": -4560},
    ...     "earnings": {"citizen": 3076},
    ...     "taxes": {"citizen": -493, "public": 493},
    ...     "benefits": {"citizen": -4189, "public": 4189},
    ...     "disability benefits": {"citizen": 2654, "public": -2654},
    ... })
    >>> account.net_cost, account.willingness_to_pay, round(account.mvpf, 1)
    (2532.0, 1048.0, 0.4)
    """
    _validate(items, discount_rate, periods_per_year)
    amounts = {
        (i, BEARERS.index(bearer)): np.atleast_1d(np.asarray(amount, dtype=float))
        for i, sides in enumerate(items.values())
        for bearer, amount in sides.items()
    }
    periods = max(len(amount) for amount in amounts.values())
    flows = np.zeros((len(items), len(BEARERS), periods))
    for place, amount in amounts.items():
        flows[place][: len(amount)] = amount
    flows *= discount_factors(periods, discount_rate, periods_per_year)
    return CostBenefit(items=tuple(items), flows=flows)


def _validate(items: Any, discount_rate: float, periods_per_year: float) -> None:
    named = items.values() if isinstance(items, Mapping) else ()
    if not named or not all(isinstance(sides, Mapping) and sides for sides in named):
        raise ValueError("name at least one item, and for each who bears it: {bearer: amount}")
    if NET in items:
        raise ValueError(f"{NET!r} is the name of the sum; choose another for the item")
    for name, sides in items.items():
        for bearer, amount in sides.items():
            if bearer not in BEARERS:
                hint = did_you_mean(bearer, list(BEARERS))
                raise ValueError(f"{name!r}: {bearer!r} bears nothing; {hint}")
            if not _is_amount(amount):
                raise ValueError(f"{name!r}, {bearer!r}: must be a number, or one a period")
    if not -1 < discount_rate < math.inf or not 0 < periods_per_year < math.inf:
        raise ValueError("discount_rate must be above −1, and periods_per_year above 0")


def _is_amount(amount: object) -> bool:
    """Whether it is a finite number, or a row of them."""
    try:
        values = np.asarray(amount)
    except ValueError:  # rows of different lengths
        return False
    numbers = values.dtype.kind in "iuf" and values.ndim <= 1 and values.size > 0
    return numbers and bool(np.isfinite(values).all())
