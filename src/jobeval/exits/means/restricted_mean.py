"""Restricted mean weeks: the area under a survival curve up to a horizon."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.grid.grid import remaining
from jobeval.inference.kaplan_meier import after_end

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


class RestrictedMean(NamedTuple):
    """Mean weeks until the exit or the horizon, of the shape of the counts without weeks.

    ``longest`` is the largest horizon up to which the curve is known; infinite once everybody
    has left.
    """

    values: Floats
    variance: Floats
    longest: Floats


class ExitInfluence(NamedTuple):
    """What a person adds to an estimate that is made of one Kaplan–Meier curve.

    Who is at risk in the weeks ``e + 1 … t`` adds ``staying(t) − staying(e)``, less
    ``leaving(t)`` when the exit is seen; ``staying`` is 0 before the first week. Shape
    ``(…, T)``.
    """

    staying: Floats
    leaving: Floats

    def of(
        self,
        cell: tuple[Counts, ...],
        weeks: Counts,
        left: NDArray[np.bool_],
        entry: Counts | None = None,
    ) -> Floats:
        """The influence of persons, shape ``(n,)``, ``cell`` being the place of their curve."""
        added = self.staying[(*cell, weeks)] - left * self.leaving[(*cell, weeks)]
        if entry is None:
            return added
        return added - np.where(entry >= 0, self.staying[(*cell, np.maximum(entry, 0))], 0.0)


def restricted_mean(at_risk: Counts, events: Counts, horizon: int) -> RestrictedMean:
    """``Σ_{t < τ} S(t)`` with variance ``Σ_u A(u)² d / (n (n − d))``.

    ``A(u) = Σ_{u ≤ t < τ} S(t)`` is the area beyond ``u`` (Irwin 1949; Karrison 1987). Weeks are
    whole, so the sum *is* the area under the right-continuous steps, and the mean of
    ``min(T, τ)`` when nobody is censored. (The variance of an estimated mean is not the
    variance of ``min(T, τ)`` itself.)

    Parameters
    ----------
    at_risk, events
        Shape ``(…, T)``.
    horizon
        ``τ``, whole weeks from 1.

    Returns
    -------
    RestrictedMean
        ``nan`` where the curve is not known up to the horizon.

    Examples
    --------
    >>> mean = restricted_mean(np.array([4, 4, 2]), np.array([0, 1, 1]), 3)
    >>> float(mean.values), float(mean.variance), float(mean.longest)
    (2.125, 0.17578125, 3.0)
    """
    survival, longest = _known_survival(at_risk, events)
    beyond = _area_beyond(survival, horizon)
    n = np.maximum(at_risk, 1)
    variance = (beyond**2 * events / (n * np.maximum(n - events, 1))).sum(axis=-1)
    known = longest >= horizon
    mean = np.where(known, beyond[..., 0], np.nan)
    return RestrictedMean(mean, np.where(known, variance, np.nan), longest)


def restricted_mean_influence(at_risk: Counts, events: Counts, horizon: int) -> ExitInfluence:
    """Persons' influence on the restricted mean (infinitesimal jackknife), shape ``(…, T)``.

    The derivative of the mean by the weight of a person, in closed form:
    ``Σ_{e < u ≤ t} A(u) h(u) / (n − d)``, less ``A(t) / (n − d)`` for an exit. Its squares add
    up to the variance of ``restricted_mean``; ``nan`` where that is. The mean and ``n`` times
    the influence is the pseudo-value of a person (Andersen, Klein & Rosthøj 2003; Parner,
    Andersen & Overgaard 2023), as in R's ``survival::pseudo``.
    """
    survival, longest = _known_survival(at_risk, events)
    lost = np.where((longest >= horizon)[..., None], _area_beyond(survival, horizon), np.nan)
    n = np.maximum(at_risk, 1)
    leaving = lost / np.maximum(n - events, 1)
    return ExitInfluence(np.cumsum(leaving * events / n, axis=-1), leaving)


def _known_survival(at_risk: Counts, events: Counts) -> tuple[Floats, Floats]:
    """The curve, and in how many of its first weeks it is known (infinite when it ends at 0)."""
    share: Floats = 1 - events / np.maximum(at_risk, 1)
    survival = np.cumprod(share, axis=-1, out=share)
    known = (~after_end(at_risk, survival)).sum(axis=-1)
    ended = (survival[..., -1] == 0) & (known == at_risk.shape[-1])
    return survival, np.where(ended, np.inf, known.astype(np.float64))


def _area_beyond(survival: Floats, horizon: int) -> Floats:
    """``A(u)``, 0 from the horizon on."""
    return remaining(np.where(np.arange(survival.shape[-1]) < horizon, survival, 0.0))
