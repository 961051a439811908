"""Intervals of shares and hazards, from their linear halves."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import require_one_of

Floats = NDArray[np.float64]
IntervalType = Literal["log-log", "log", "linear"]


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
    return share_bounds(share, normal_quantile(level) * std_error, "log-log")


def share_bounds(share: Floats, half: Floats, kind: IntervalType) -> tuple[Floats, Floats]:
    """The bounds around shares whose linear interval would be ``share ± half``.

    ``"log-log"`` is ``p^exp(± half / (p log p))``, ``"log"`` is ``p exp(± half / p)``; both
    they and ``"linear"`` end at 0 and 1. ``nan`` where the share is 0 or 1, or ``half`` is not
    above 0: nothing is known of it there.

    >>> low, high = share_bounds(np.array([0.75, 1.0]), np.array([0.3, 0.0]), "linear")
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.45, nan], [1.0, nan])
    """
    inside = (share > 0) & (share < 1) & (half > 0)
    if kind == "log-log":
        log = np.log(share, out=np.full_like(share, np.nan), where=inside)
        power = np.exp(-half / (share * np.abs(log) + ~inside))
        return np.exp(log / power), np.exp(log * power)
    low, high = _bounds(np.where(inside, share, np.nan), half, kind)
    return np.maximum(low, 0), np.minimum(high, 1)


def hazard_bounds(hazard: Floats, half: Floats, kind: IntervalType) -> tuple[Floats, Floats]:
    """The same around cumulative hazards, which have no upper end and are not 0.

    >>> low, high = hazard_bounds(np.array([0.5, 0.0]), np.array([0.2, 0.0]), "log")
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.335, nan], [0.746, nan])
    """
    low, high = _bounds(np.where((hazard > 0) & (half > 0), hazard, np.nan), half, kind)
    return np.maximum(low, 0), high


def _bounds(values: Floats, half: Floats, kind: IntervalType) -> tuple[Floats, Floats]:
    if kind == "linear":
        return values - half, values + half
    factor = np.exp(half / values)
    return values / factor, values * factor


def validate_interval(kind: object) -> None:
    """Raise ``ValueError`` for a type of interval that is not known."""
    require_one_of("interval", kind, get_args(IntervalType))
