"""What a lottery drawn again gave: the statistics of one family, draw by draw."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import did_you_mean

Floats = NDArray[np.float64]
Alternative = Literal["two-sided", "greater", "less"]

TIE = 1e-9
"""A drawn statistic within this share of the observed one is a tie, and ties are hits."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Redrawn:
    """Statistics of ``m`` outcomes under the real lottery and under ``R`` re-drawn ones.

    All ``m`` columns come from the same draws, so their dependence is kept. What cannot be
    computed is ``nan``.

    Attributes
    ----------
    estimate, std_error
        Shape ``(m,)``: under the real lottery.
    drawn_estimate, drawn_std_error
        Shape ``(R, m)``: the same with the outcomes as they are and the lottery drawn again;
        the errors are ``nan`` unless ``studentised``.
    studentised
        Whether the test statistic is ``estimate / std_error`` and not ``estimate``.
    exact
        Whether the draws are all the lotteries that were possible, each once.

    Examples
    --------
    >>> drawn = np.array([[1.0], [-3], [2], [0]])
    >>> none = np.full((4, 1), np.nan)
    >>> redrawn = Redrawn(estimate=np.array([2.0]), std_error=none[0], drawn_estimate=drawn,
    ...     drawn_std_error=none, studentised=False, exact=False)
    >>> redrawn.p_values().tolist(), redrawn.p_values("greater").tolist()  # (1 + hits) / 5
    ([0.6], [0.4])
    """

    estimate: Floats
    std_error: Floats
    drawn_estimate: Floats
    drawn_std_error: Floats
    studentised: bool
    exact: bool

    @property
    def draws(self) -> int:
        return len(self.drawn_estimate)

    @property
    def observed(self) -> Floats:
        """The test statistics under the real lottery, shape ``(m,)``."""
        return self._statistic(self.estimate, self.std_error)

    @property
    def drawn(self) -> Floats:
        """The test statistics under the re-drawn lotteries, shape ``(R, m)``."""
        return self._statistic(self.drawn_estimate, self.drawn_std_error)

    def _statistic(self, estimate: Floats, std_error: Floats) -> Floats:
        return studentise(estimate, std_error) if self.studentised else estimate

    def p_values(self, alternative: Alternative = "two-sided") -> Floats:
        """Shape ``(m,)``: ``(1 + hits) / (1 + R)``, or ``hits / R`` where ``exact``.

        Each outcome by itself; ``nan`` where its observed statistic is. A drawn statistic
        that cannot be computed counts as a hit.
        """
        return p_values(self.observed, self.drawn, self.exact, alternative)


def studentise(estimate: Floats, std_error: Floats) -> Floats:
    """``estimate / std_error``: ``nan`` for 0 / 0, infinite where only the error is zero.

    >>> studentise(np.array([2.0, 0.0, 1.0]), np.array([4.0, 0.0, 0.0])).tolist()
    [0.5, nan, inf]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return estimate / std_error


def p_values(
    observed: Floats, drawn: Floats, exact: bool, alternative: Alternative = "two-sided"
) -> Floats:
    """The share of lotteries at least as extreme as the real one.

    Parameters
    ----------
    observed
        Shape ``(m,)``, statistics that are zero without an effect.
    drawn
        Shape ``(R, m)``.
    exact
        Whether ``drawn`` holds every possible lottery; else the real one is counted in
        beside the draws (Phipson & Smyth 2010).
    alternative
        ``"two-sided"`` compares absolute values.
    """
    if alternative not in get_args(Alternative):
        hint = did_you_mean(str(alternative), get_args(Alternative))
        raise ValueError(f"alternative {alternative!r} is unknown; {hint}")
    if alternative == "two-sided":
        observed, drawn = np.abs(observed), np.abs(drawn)
    elif alternative == "less":
        observed, drawn = -observed, -drawn
    slack = TIE * np.where(np.isfinite(observed), np.abs(observed), 0)
    hits = (~(drawn < observed - slack)).sum(axis=0)
    extra = 0 if exact else 1
    return np.where(np.isnan(observed), np.nan, (extra + hits) / (extra + len(drawn)))
