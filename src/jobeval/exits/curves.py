"""What survival and incidence curves share: their intervals and where they end."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FEW_CLUSTERS = 40
"""Below this many clusters, errors summed over clusters tend to be too small."""


def normal_quantile(level: float) -> float:
    """``z`` with ``P(|Z| ≤ z) = level``; ``ValueError`` for a level outside (0, 1)."""
    from scipy.special import ndtri

    if not 0 < level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, not {level!r}")
    return float(ndtri(0.5 + level / 2))


def log_log_interval(share: Floats, std_error: Floats, level: float) -> tuple[Floats, Floats]:
    """``p^exp(± z se / (p log p))``: an interval that stays within (0, 1).

    Kalbfleisch & Prentice (2002), section 1.4; ``conf.type = "log-log"`` in R's survival.
    ``nan`` where the share is 0 or 1, or has no error: nothing is known of it there, as in R.

    >>> low, high = log_log_interval(np.array([0.75, 1.0]), np.array([0.2165, 0.0]), 0.95)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.128, nan], [0.961, nan])
    """
    inside = (share > 0) & (share < 1) & (std_error > 0)
    log = np.log(share, out=np.full_like(share, np.nan), where=inside)
    power = np.exp(-normal_quantile(level) * std_error / (share * np.abs(log) + ~inside))
    return np.exp(log / power), np.exp(log * power)


def after_end(at_risk: NDArray[np.int64], survival: Floats) -> NDArray[np.bool_]:
    """Where nobody is left at risk although not everybody has left; shape as given."""
    return (at_risk == 0) & (survival > 0)


def end_notes(times: NDArray[np.int64], values: Floats, arm: str, n_strata: int) -> list[str]:
    """Say from which week on a curve is unknown, and why."""
    unknown = np.flatnonzero(np.isnan(values))
    if not len(unknown):
        return []
    where = "a stratum of " if n_strata > 1 else ""
    rule = f"unknown from week {times[unknown[0]]} on: nobody in {where}arm {arm!r} is at risk"
    return [rule + (" (standardise=False ignores strata)" if n_strata > 1 else "")]
