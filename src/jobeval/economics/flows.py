"""Amounts a person week by week, summed to what every later question asks of them.

Discounting, horizons, fading, displacement and perspectives are all linear in a person's monthly
amounts. So each question about money is a weighted sum of a person's few numbers here, which is
an outcome like any other: its effect is that of the lottery, and so is its error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.economics.periods import FadeOut, discount_factors, fade_weights
from jobeval.economics.sides import PERSPECTIVES, SIDES

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ItemFlow:
    """One item: what each side gains in each month, shape ``(4, n, M)``.

    ``once`` is the part that is not carried on after the data, such as the costs of the effort.
    """

    name: str
    sides: Floats
    once: Floats | float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class PersonFlows:
    """The numbers of ``n`` persons, by side.

    Attributes
    ----------
    items
        Names of the items.
    totals
        Shape ``(n, I, 4)``: each item over the observed months, discounted.
    months
        Shape ``(n, 4, M)``: all items together in each observed month.
    level
        Shape ``(n, 4)``: what a month is worth at the end of the data, of what recurs.
    """

    items: tuple[str, ...]
    totals: Floats
    months: Floats
    level: Floats

    def to_matrix(self) -> Floats:
        """Shape ``(n, 4M + 4 + 4I)``: months, level and totals side by side."""
        n = len(self.level)
        return np.hstack([self.months.reshape(n, -1), self.level, self.totals.reshape(n, -1)])


def sum_items(items: Sequence[ItemFlow], discount: Floats, level_months: int) -> PersonFlows:
    """What the questions need of the items.

    Parameters
    ----------
    items
        At least one.
    discount
        Shape ``(M,)``, of ``discount_factors``.
    level_months
        The last months whose mean is the level.

    Examples
    --------
    >>> paid = np.array([0, 0, -2.0, -8])[:, None, None] * [[[1, 0]]]
    >>> earned = np.array([1.0, 0, 0, 0])[:, None, None] * [[[4, 6]]]
    >>> items = [ItemFlow("cost", paid, once=paid), ItemFlow("pay", earned)]
    >>> flows = sum_items(items, np.array([1.0, 0.5]), 2)
    >>> flows.months[0].tolist(), flows.level[0].tolist(), flows.totals[0].tolist()
    ... # doctest: +NORMALIZE_WHITESPACE
    ([[4.0, 6.0], [0.0, 0.0], [-2.0, 0.0], [-8.0, 0.0]], [5.0, 0.0, 0.0, 0.0],
     [[0.0, 0.0, -2.0, -8.0], [7.0, 0.0, 0.0, 0.0]])
    """
    together = np.sum([item.sides for item in items], axis=0)
    carried = np.sum([item.sides - item.once for item in items], axis=0)
    return PersonFlows(
        items=tuple(item.name for item in items),
        totals=np.stack([(item.sides @ discount).T for item in items], axis=1),
        months=together.transpose(1, 0, 2),
        level=carried[..., -level_months:].mean(axis=-1).T,
    )


@dataclass(frozen=True, slots=True)
class Weighing:
    """Questions as weights on the columns of ``PersonFlows.to_matrix``.

    Parameters
    ----------
    items
        Number of items.
    months, horizon_months
        Months observed, and to the horizon.
    discount_rate
        A year.
    """

    items: int
    months: int
    horizon_months: int
    discount_rate: float

    @property
    def size(self) -> int:
        """Columns of the matrix."""
        return len(SIDES) * (self.months + 1 + self.items)

    @property
    def discount(self) -> Floats:
        """Factors of all months to the horizon."""
        return discount_factors(self.horizon_months, self.discount_rate)

    def value(self, perspective: str, fade_out: FadeOut, month: int | None = None) -> Floats:
        """Weights of the value added up to the end of a month (1 is the first; the horizon)."""
        stop = self.horizon_months if month is None else month
        counted = np.where(np.arange(self.horizon_months) < stop, self.discount, 0.0)
        after = fade_weights(self.horizon_months - self.months, fade_out)
        sides = np.array(PERSPECTIVES[perspective], dtype=float)
        weights = np.zeros(self.size)
        observed = len(SIDES) * self.months
        weights[:observed] = np.outer(sides, counted[: self.months]).ravel()
        weights[observed : observed + len(SIDES)] = sides * (counted[self.months :] @ after)
        return weights

    def item(self, index: int, perspective: str) -> Floats:
        """Weights of one item over the observed months."""
        weights = np.zeros(self.size)
        start = len(SIDES) * (self.months + 1 + index)
        weights[start : start + len(SIDES)] = PERSPECTIVES[perspective]
        return weights

    def observed(self, perspective: str) -> Floats:
        """Weights of all items over the observed months."""
        return self.value(perspective, "ends", self.months)

    def unit_value(
        self, per_month: Floats, gain: Floats, perspective: str, fade_out: FadeOut
    ) -> float:
        """What one more unit of something in all months is worth, carried on as the effect is.

        Parameters
        ----------
        per_month
            Shape ``(M,)``: units in each observed month (hours: its weeks).
        gain
            Shape ``(4,)``: what each side gains by one unit.
        """
        months = np.outer(gain, per_month)
        level = gain * per_month.mean()
        flows = np.concatenate([months.ravel(), level, np.zeros(len(SIDES) * self.items)])
        return float(flows @ self.value(perspective, fade_out))
