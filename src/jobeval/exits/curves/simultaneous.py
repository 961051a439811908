"""Bands that hold for all weeks of a curve at once."""

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError, require_one_of
from jobeval.exits.curves.bridge import equal_precision_value, hall_wellner_value
from jobeval.exits.curves.standardised import ArmCurves
from jobeval.inference.bands import LargestNormal, largest_normal

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Band = Literal["equal-precision", "hall-wellner"]
SupT = Literal["sup-t"]
"""Bands of differences."""


class Halves(NamedTuple):
    """Half the width of a linear band, shape ``(T,)``, ``nan`` outside its weeks, and its name."""

    half: Floats
    note: str


def validate_band(band: object) -> None:
    """Raise ``ValueError`` for a band that is not known."""
    if band is not None:
        require_one_of("band", band, get_args(Band))


def band_halves(
    curves: ArmCurves, arm: int, std_error: Floats, band: Band, level: float, seed: int
) -> Halves:
    """How wide a band around the curve of an arm must be to hold for all weeks at once.

    The band holds in the weeks after the first exit in which at least five persons of each
    stratum are at risk (``FEW_AT_RISK``). Around a curve
    of one group of persons, ``"equal-precision"`` (Nair 1984) is proportional to the standard
    error and ``"hall-wellner"`` (1980) to ``(1 + n σ²) S``, by the distribution of the Brownian
    bridge. Around a curve that is put together from strata or adjusted, or whose errors are
    summed over clusters, equal precision comes from the covariance of its weeks (sup-t).

    Raises
    ------
    DesignError
        For Hall & Wellner's band where its theory does not reach.
    """
    at = np.flatnonzero((std_error > 0) & curves.carried(arm))
    half = np.full(len(std_error), np.nan)
    if not len(at):
        return Halves(half, f"no {band} band: no week has an error and enough persons at risk")
    weeks = curves.strata.grid.weeks[at]
    where = f"from week {weeks[0]} to week {weeks[-1]}"
    if curves.plain:
        half[at], value = _around_one_group(curves, arm, at, band, level)
        return Halves(half, f"{band} band {where}, critical value {value:.4g} (Brownian bridge)")
    if band == "hall-wellner":
        raise DesignError(
            "Hall–Wellner bands are made for one group of persons drawn one by one. Mend: "
            'band="equal-precision", which follows the covariance of strata and clusters.'
        )
    value = sup_t(curves.covariance(arm, arm, at), seed).critical_value(level)
    half[at] = value * std_error[at]
    return Halves(half, f"sup-t band {where}, critical value {value:.4g} (from the covariance)")


def _around_one_group(
    curves: ArmCurves, arm: int, at: Places, band: Band, level: float
) -> tuple[Floats, float]:
    """Half-widths and the critical value; ``a = n σ² / (1 + n σ²)`` is the bridge's time."""
    n = int(curves.strata.grid.sizes[arm].sum())
    scale, running = np.abs(curves.expansion.scale[arm, 0, at]), curves.running[arm, 0, at]
    time = n * running / (1 + n * running)
    if band == "equal-precision":
        value = equal_precision_value(time[0], time[-1], level)
        return value * scale * np.sqrt(running), value
    value = hall_wellner_value(time[0], time[-1], level)
    return value * scale * (1 + n * running) / np.sqrt(n), value


def sup_t(covariance: Floats, seed: int) -> LargestNormal:
    """The largest error over the weeks, each in units of its own; weeks that repeat one
    another take part once."""
    correlation = covariance / np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    fresh = np.ones(len(covariance), dtype=bool)
    fresh[1:] = np.diag(correlation, 1) < 1 - 1e-12
    return largest_normal(covariance[np.ix_(fresh, fresh)], seed=seed)
