"""A contrast of two arms beside those of the lottery drawn again: p-value and interval."""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.redrawn import TIE, Redrawn
from jobeval.results import Estimate, Interval

Floats = NDArray[np.float64]


class LotteryResult(NamedTuple):
    """What the lottery drawn again says of a contrast."""

    p_value: float
    interval: Interval
    notes: tuple[str, ...]

    def said_of(self, estimate: Estimate) -> Estimate:
        """The estimate with them in the place of the model's."""
        return replace(
            estimate,
            inference="lottery",
            given_p_value=self.p_value,
            given_interval=self.interval,
            notes=(*estimate.notes, *self.notes),
        )


def compare_to_drawn(estimate: float, std_error: float, drawn: Floats, exact: bool) -> Redrawn:
    """An estimate and its error beside those of ``R`` draws, shape ``(R, 2)``."""
    return Redrawn(
        estimate=np.array([estimate]),
        std_error=np.array([std_error]),
        drawn_estimate=drawn[:, :1],
        drawn_std_error=drawn[:, 1:],
        studentised=True,
        exact=exact,
    )


def conclude(redrawn: Redrawn, conf_level: float) -> LotteryResult:
    """The studentised p-value, and the values within its critical distance of the estimate.

    The p-value tests that the lottery changed nobody's weeks, neither exits nor follow-up, and
    is exact for that. The interval holds the values ``δ`` with ``|estimate − δ| / se`` below
    the critical value which that hypothesis gives; for other ``δ`` it rests on the studentised
    statistic having the same distribution in large trials, also where the arms are censored
    unequally (Ditzhaus, Yu & Xu 2023). It holds 0 exactly when ``p > 1 − conf_level``.
    """
    statistic = np.abs(redrawn.drawn[:, 0])
    failed = int(np.isnan(statistic).sum())
    extreme = np.sort(np.where(np.isnan(statistic), np.inf, statistic))[::-1]
    extra = 0 if redrawn.exact else 1
    hits = math.floor((1 - conf_level) * (extra + redrawn.draws) - extra + 1e-9)
    critical = float(extreme[min(hits, len(extreme) - 1)]) if hits >= 0 else math.inf
    own = abs(float(redrawn.observed[0]))
    if own * (1 - TIE) <= critical <= own:  # a tie, but for rounding
        critical = own
    estimate, half = float(redrawn.estimate[0]), critical * float(redrawn.std_error[0])
    which = "all possible lotteries" if redrawn.exact else f"{redrawn.draws} draws of the lottery"
    notes = (f"p-value and interval from {which}, studentised",)
    if failed:
        notes += (
            f"in {failed} of {redrawn.draws} draws the statistic cannot be computed; "
            "they count as at least as extreme",
        )
    known = math.isfinite(estimate) and redrawn.std_error[0] > 0
    low, high = (estimate - half, estimate + half) if known else (math.nan, math.nan)
    return LotteryResult(float(redrawn.p_values()[0]), Interval(low, high), notes)
