"""How often people pass from one state to another: rates by time in the state, and their doubt.

A rate is constant within bands of time. Arrays in, arrays out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BAND_DAYS = np.array([0, 28, 91, 182, 364])
"""First day of each band: 4, 13, 26 and 52 weeks in a state."""
_BANDS = np.searchsorted(BAND_DAYS, np.arange(BAND_DAYS[-1] + 1), side="right") - 1
LIKENESS = 4.0
"""How much a band is like the one before it, in events that would have been seen."""


def count_exits(days: NDArray[np.int64], left: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Exits and days at risk in each band.

    Parameters
    ----------
    days
        Days in the state, to its exit or as far as it was seen, shape ``(n,)``.
    left
        Whether the state was left then, shape ``(n,)``.

    Returns
    -------
    two arrays of shape ``(bands,)``: exits, and days at risk.

    Examples
    --------
    >>> exits, at_risk = count_exits(np.array([10, 30]), np.array([True, True]))
    >>> exits.tolist(), at_risk.tolist()
    ([1.0, 1.0, 0.0, 0.0, 0.0], [38.0, 2.0, 0.0, 0.0, 0.0])
    """
    ends = np.append(BAND_DAYS[1:], np.iinfo(np.int64).max)
    at_risk = np.clip(days[:, None], BAND_DAYS, ends) - BAND_DAYS
    exits = np.bincount(band_of(days[left]), minlength=len(BAND_DAYS))
    return exits.astype(float), at_risk.sum(axis=0).astype(float)


def band_of(days: NDArray[np.integer]) -> NDArray[np.intp]:
    """The band of so many days in a state.

    >>> band_of(np.array([0, 27, 28, 91, 5000])).tolist()
    [0, 0, 1, 2, 4]
    """
    return _BANDS[np.minimum(days, BAND_DAYS[-1])]


def draw_rates(
    exits: Floats, at_risk: Floats, draws: int, rng: np.random.Generator, *, like: Floats | None
) -> Floats:
    """Rates a day that the counts allow, shape ``(draws, bands)``.

    The overall rate is drawn from the gamma distribution that Jeffreys' prior gives,
    ``Gamma(d + 1/2, T)`` for ``d`` exits in ``T`` days. The rate of a band is drawn around that
    of the band before it, the first around the overall one, with the weight of ``LIKENESS``
    exits: ``Gamma(a + d_b, a / rate_before + T_b)``. So a band that nobody has been in yet has
    the rate of the one before, with more doubt.

    ``like`` holds drawn overall rates, shape ``(draws,)``, for a state that nobody was ever in.
    """
    overall = draw_overall(exits, at_risk, draws, rng) if at_risk.sum() > 0 else like
    if overall is None:
        raise ValueError("a state that nobody was in needs the rates of another one")
    rates = np.empty((draws, len(exits)))
    before = overall
    for band, (left, days) in enumerate(zip(exits, at_risk, strict=True)):
        rates[:, band] = rng.gamma(LIKENESS + left, 1 / (LIKENESS / before + days))
        before = np.maximum(rates[:, band], 1e-12)
    return rates


def draw_overall(exits: Floats, at_risk: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """The rate a day of all bands together, shape ``(draws,)``, over one day at least."""
    days = max(float(at_risk.sum()), 1.0)
    return np.maximum(rng.gamma(exits.sum() + 0.5, 1 / days, size=draws), 1e-12)
