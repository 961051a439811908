"""Competing exits: how many have left, and where to, by weeks since randomisation."""

from dataclasses import replace
from typing import Any, NamedTuple, get_args

import numpy as np

from jobeval.errors import require_one_of
from jobeval.exits.curves.contrast import curve_difference
from jobeval.exits.curves.curves import end_notes, entry_notes
from jobeval.exits.curves.simultaneous import SupT
from jobeval.exits.destinations.aalen_johansen import Incidence, aalen_johansen
from jobeval.exits.destinations.incidence_bands import critical_value
from jobeval.exits.grid.durations import read_destinations
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.grid.strata import WeightedStrata, weigh_grid, weigh_strata
from jobeval.inference.intervals import normal_quantile, share_bounds
from jobeval.inference.redraw import SEED, require_seed
from jobeval.plan.lottery import Lottery
from jobeval.results import Curve, CurveTable


def cumulative_incidence(
    frame: Any,
    duration: str,
    destination: str,
    lottery: Lottery,
    *,
    conf_level: float = 0.95,
    standardise: bool | None = None,
    entry: str | None = None,
    band: SupT | None = None,
    remaining: bool = False,
    seed: int = SEED,
) -> CurveTable:
    """The share that has left to each destination, by weeks since randomisation.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row a person. Persons of other arms are left out.
    duration
        Column of whole weeks since randomisation to the exit or the end of follow-up.
    destination
        Column of texts: where the person went; missing (``None``, ``nan``) is censored.
    lottery
        The names of the lottery's columns.
    conf_level
        Level of the pointwise intervals, ``F^exp(± z se / (F log F))``, and of the band.
    standardise
        As in ``survival_curve``: left out, the curves are weighted means over the strata
        exactly when the lottery has strata.
    entry
        Column of whole weeks after which a person came under observation; left out,
        everybody did at once. A person is at risk in the weeks after it.
    band
        ``"sup-t"`` for a band that holds for all weeks at once: the interval with the
        simultaneous value in place of ``z`` (Montiel Olea & Plagborg-Møller 2019).
    remaining
        Whether to add the survival curves, those who have not left: an arm then adds up to 1.
    seed
        Of the simulation of the band.

    Returns
    -------
    CurveTable
        For each destination in alphabetical order, control and treatment; none when nobody
        left. Over the destinations, the values of an arm and its survival add up to 1.
        ``events`` are exits to this destination, ``at_risk`` all who have not left. The
        ``std_error`` is the infinitesimal jackknife's, as ``survfit`` of R's survival gives
        for several states, and with late entries that of the hazards' martingales; it is
        summed over clusters when clusters were drawn.

    Raises
    ------
    DataError
        For missing or broken durations, destinations that are numbers or empty texts, and a
        lottery that cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("ttcccc"), "week": [1, 2, 1, 2, 2, 3],
    ...     "to": ["job", None, "job", "pension", None, "job"]})
    >>> curves = cumulative_incidence(frame, "week", "to",
    ...     Lottery(arm="arm", treatment="t", control="c"), remaining=True)
    >>> curves.one(arm="c", cause="job").values.tolist()
    [0.0, 0.25, 0.25, 0.75]
    >>> curves.one(arm="c", measure="survival").values.tolist()
    [1.0, 0.75, 0.5, 0.0]
    """
    style = _style(duration, conf_level, band, seed)
    durations = read_destinations(frame, duration, destination, lottery, entry=entry)
    return _curves(weigh_strata(durations, lottery, standardise), style, remaining)


def cumulative_incidence_from_grid(
    grid: ExitGrid,
    *,
    endpoint: str,
    conf_level: float = 0.95,
    standardise: bool | None = None,
    band: SupT | None = None,
    remaining: bool = False,
    seed: int = SEED,
) -> CurveTable:
    """``cumulative_incidence`` from counts alone: persons were drawn, not clusters."""
    style = _style(endpoint, conf_level, band, seed)
    return _curves(weigh_grid(grid, standardise), style, remaining)


def estimate_incidence_difference(
    frame: Any,
    duration: str,
    destination: str,
    lottery: Lottery,
    *,
    conf_level: float = 0.95,
    standardise: bool | None = None,
    entry: str | None = None,
    band: SupT | None = "sup-t",
    remaining: bool = False,
    seed: int = SEED,
) -> CurveTable:
    """How much more of the treatment arm has left to each destination, week by week.

    Parameters
    ----------
    frame, duration, destination, lottery, standardise, entry, seed
        As in ``cumulative_incidence``.
    conf_level
        Level of the pointwise normal intervals and of the band.
    band
        ``"sup-t"`` for a band that holds for all weeks of a destination at once, or ``None``.
    remaining
        Whether to add the difference of survival: the differences then add up to 0.

    Returns
    -------
    CurveTable
        One curve a destination, its ``arm`` being ``lottery.contrast``. Intervals and band are
        ``nan`` where the variance of an arm is unknown or 0, such as before its first exit.
        ``at_risk`` is that of the arm with fewer persons, ``events`` those of both.

    Raises
    ------
    DataError
        As in ``cumulative_incidence``.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("ttcccc"), "week": [1, 2, 1, 2, 2, 3],
    ...     "to": ["job", None, "job", "pension", None, "job"]})
    >>> (job, _) = estimate_incidence_difference(frame, "week", "to",
    ...     Lottery(arm="arm", treatment="t", control="c"))
    >>> job.arm, job.values.tolist()
    ('t - c', [0.0, 0.25, 0.25, nan])
    """
    style = _style(duration, conf_level, band, seed)
    durations = read_destinations(frame, duration, destination, lottery, entry=entry)
    return _differences(weigh_strata(durations, lottery, standardise), style, remaining)


def incidence_difference_from_grid(
    grid: ExitGrid,
    *,
    endpoint: str,
    conf_level: float = 0.95,
    standardise: bool | None = None,
    band: SupT | None = "sup-t",
    remaining: bool = False,
    seed: int = SEED,
) -> CurveTable:
    """``estimate_incidence_difference`` from counts alone: persons were drawn, not clusters."""
    style = _style(endpoint, conf_level, band, seed)
    return _differences(weigh_grid(grid, standardise), style, remaining)


class _Style(NamedTuple):
    """How curves are to be made."""

    endpoint: str
    conf_level: float
    z: float
    band: SupT | None
    seed: int


def _style(endpoint: str, conf_level: float, band: SupT | None, seed: int) -> _Style:
    if band is not None:
        require_one_of("band", band, get_args(SupT))
    require_seed(seed)
    return _Style(endpoint, conf_level, normal_quantile(conf_level), band, seed)


class _State(NamedTuple):
    """A destination, or who ``stay``: all but those who have left to the only cause."""

    strata: WeightedStrata
    estimate: Incidence  # (2, S, T, K)
    cause: int
    stay: bool


def _states(strata: WeightedStrata, remaining: bool) -> list[_State]:
    estimate = _estimate(strata)
    found = [_State(strata, estimate, cause, False) for cause in range(len(strata.grid.causes))]
    if remaining:
        whole = _any_exit(strata)
        found.append(_State(whole, _estimate(whole), 0, True))
    return found


def _estimate(strata: WeightedStrata) -> Incidence:
    values, variance = aalen_johansen(strata.grid.at_risk, strata.grid.events)
    return Incidence(values, strata.as_drawn(variance))


def _any_exit(strata: WeightedStrata) -> WeightedStrata:
    """The same strata with all exits as one cause."""
    grid, durations = strata.grid, strata.durations
    if durations is not None:
        durations = replace(durations, cause=np.minimum(durations.cause, 1), causes=("",))
    grid = replace(grid, events=grid.leavers[..., None], causes=("",))
    return replace(strata, grid=grid, durations=durations)


def _curves(strata: WeightedStrata, style: _Style, remaining: bool) -> CurveTable:
    pairs = (_pair(state, style) for state in _states(strata, remaining))
    return CurveTable(tuple(curve for pair in pairs for curve in pair))


def _pair(state: _State, style: _Style) -> tuple[Curve, Curve]:
    """Control and treatment, with their bands."""
    control, treated = (_banded(_curve(state, arm, style), state, arm, style) for arm in (0, 1))
    return control, treated


def _curve(state: _State, arm: int, style: _Style) -> Curve:
    strata, grid, name = state.strata, state.strata.grid, state.strata.grid.arms[arm]
    values = strata.combine(state.estimate.values[arm, ..., state.cause])
    values = np.maximum(1 - values, 0) if state.stay else values
    std_error = strata.combine_errors(state.estimate.variance[arm, ..., state.cause])
    std_error = np.where((values > 0) | (not state.stay), std_error, np.nan)
    low, high = share_bounds(values, style.z * std_error, "log-log")
    at_risk, survival = grid.at_risk[arm], 1 - state.estimate.values[arm].sum(axis=-1)
    notes = [
        *strata.notes(),
        *end_notes(grid.weeks, values, name, len(strata.weights)),
        *entry_notes(at_risk, survival, name),
    ]
    return Curve(
        endpoint=style.endpoint,
        measure="survival" if state.stay else "cumulative_incidence",
        arm=name,
        cause=grid.causes[state.cause],
        times=grid.weeks,
        values=values,
        at_risk=at_risk.sum(axis=0),
        events=grid.events[arm, ..., state.cause].sum(axis=0),
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        unit="share",
        conf_level=style.conf_level,
        notes=tuple(notes),
    )


def _banded(curve: Curve, state: _State, arm: int, style: _Style) -> Curve:
    if style.band is None:
        return curve
    value = critical_value(state.strata, state.cause, [arm], style.conf_level, style.seed)
    low, high = share_bounds(curve.values, value * curve.std_error, "log-log")
    return replace(curve, band_low=low, band_high=high)


def _differences(strata: WeightedStrata, style: _Style, remaining: bool) -> CurveTable:
    return CurveTable(tuple(_difference(state, style) for state in _states(strata, remaining)))


def _difference(state: _State, style: _Style) -> Curve:
    control, treated = (_curve(state, arm, style) for arm in (0, 1))
    curve = curve_difference(treated, control, f"{treated.arm} - {control.arm}")
    if style.band is None:
        return curve
    value = critical_value(state.strata, state.cause, [0, 1], style.conf_level, style.seed)
    half = np.where(np.isnan(curve.conf_low), np.nan, value * curve.std_error)
    return replace(curve, band_low=curve.values - half, band_high=curve.values + half)
