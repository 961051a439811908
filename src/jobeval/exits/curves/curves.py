"""What survival and incidence curves share: their intervals and where they end."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import require_one_of

Floats = NDArray[np.float64]
IntervalType = Literal["log-log", "log", "linear"]
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


def after_end(at_risk: NDArray[np.int64], survival: Floats) -> NDArray[np.bool_]:
    """From which week on a curve is unknown, along the last axis; shape as given.

    From the first week on in which nobody is at risk although not everybody has left. Before
    the first late entry the curve is 1; it stays unknown when others enter after a gap, since
    nobody tells how many left in it.

    >>> after_end(np.array([0, 2, 1, 0, 3]), np.array([1.0, 0.5, 0.5, 0.5, 0.5])).tolist()
    [False, False, False, True, True]
    """
    present = at_risk > 0
    awaited = ~np.logical_or.accumulate(present, axis=-1) & present.any(axis=-1, keepdims=True)
    return np.logical_or.accumulate(~present & ~awaited & (survival > 0), axis=-1)


def end_notes(times: NDArray[np.int64], values: Floats, arm: str, n_strata: int) -> list[str]:
    """Say from which week on a curve is unknown, and why."""
    unknown = np.flatnonzero(np.isnan(values))
    if not len(unknown):
        return []
    where = "a stratum of " if n_strata > 1 else ""
    rule = f"unknown from week {times[unknown[0]]} on: nobody in {where}arm {arm!r} is at risk"
    return [rule + (" (standardise=False ignores strata)" if n_strata > 1 else "")]


def entry_notes(at_risk: NDArray[np.int64], survival: Floats, arm: str) -> list[str]:
    """What late entry does to the curves of the strata of an arm: shapes ``(S, T)``.

    A curve that starts after week 0 is that of those who had not left before. A stratum in
    which the only ones at risk leave has a curve of 0 for good, as in R, although others
    enter it later.
    """
    notes: list[str] = []
    start = int((at_risk > 0).argmax(axis=-1).max())
    if start > 0:
        notes.append(f"arm {arm!r}: shares of those who had not left before week {start}")
    if ((survival == 0) & (at_risk > 0) & _fallen_before(survival)).any():
        notes.append(
            f"arm {arm!r}: everybody at risk left before others entered, and the curve stays at 0; "
            "count from a later week to use those others"
        )
    return notes


def _fallen_before(survival: Floats) -> NDArray[np.bool_]:
    earlier = np.zeros(survival.shape, dtype=bool)
    earlier[..., 1:] = survival[..., :-1] == 0
    return earlier
