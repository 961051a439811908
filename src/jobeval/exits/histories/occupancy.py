"""The share of each arm in each state, week by week, and how the arms differ."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.curves.contrast import curve_difference
from jobeval.exits.histories.arm_occupancy import (
    ArmOccupancy,
    OccupancyMethod,
    estimate_arms_occupancy,
)
from jobeval.exits.histories.histories import Histories, read_histories
from jobeval.inference.bands import largest_normal
from jobeval.inference.intervals import log_log_interval
from jobeval.inference.redraw import SEED, require_seed
from jobeval.plan.lottery import Lottery
from jobeval.results import Curve, CurveTable

Floats = NDArray[np.float64]
SMALLEST = 1e-15
"""What rounding leaves where a variance is 0; one person of a million gives 1e-12."""


def estimate_occupancy(
    frame: Any,
    person: str,
    start: str,
    stop: str,
    state: str,
    lottery: Lottery,
    *,
    states: Sequence[str] | None = None,
    gap_state: str | None = None,
    absorbing: Collection[str] = (),
    method: OccupancyMethod = "aalen-johansen",
    horizon_weeks: int | None = None,
    conf_level: float = 0.95,
    standardise: bool | None = None,
    band: bool = False,
    seed: int = SEED,
) -> CurveTable:
    """The probability of being in each state, by weeks since randomisation.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row a spell.
    person, start, stop, state
        Columns of ids, of whole weeks ``[start, stop)`` since randomisation, and of texts.
        Observation begins with a person's first spell and ends with the last.
    lottery
        The names of the lottery's columns, which hold the same on all rows of a person.
    states
        All states in the order in which they shall come; alphabetical when left out.
    gap_state
        The state of weeks between two spells of a person, which are refused when left out.
    absorbing
        The states that nobody leaves.
    method
        ``"aalen-johansen"``: the product integral, which needs no Markov assumption to give
        occupation, as long as the end of observation has nothing to do with the history
        (Datta & Satten 2001). With late entries that is true only when moves depend on the
        present state alone. ``"observed"``: the plain share among those observed in the week,
        right whenever who is observed then has nothing to do with the states.
    horizon_weeks
        Show this many weeks; all when left out.
    conf_level
        Level of the pointwise intervals, ``p^exp(± z se / (p log p))`` for an arm and normal
        for a difference.
    standardise
        Whether an arm's share is ``Σ_s (n_s / N) p_s(t)`` over the lottery's strata. Left out,
        it is so exactly when the lottery has strata.
    band
        Whether differences also get a band that holds for all weeks of a state at once (sup-t).
    seed
        Of the simulation behind the band.

    Returns
    -------
    CurveTable
        For each state (``cause``) the curves of control, treatment and their difference, with
        ``measure="occupancy"``. The shares of an arm add up to 1 and the differences to 0.
        Standard errors are those of the infinitesimal jackknife over persons, or clusters when
        these were drawn, and need no Markov assumption. ``at_risk`` are the persons observed in
        the week, ``events`` those in the state. Where nobody of a stratum is observed in a
        state, its share stays as it is; from where that concerns more than a twentieth of the
        arm, or nobody of a stratum is observed at all, values are ``nan``.

    Raises
    ------
    DataError
        For broken spells (``read_histories``) and a lottery that cannot be read.
    DesignError
        Where the chance of treatment differs within strata.

    Examples
    --------
    >>> import pandas as pd
    >>> spells = pd.DataFrame({"id": [1, 2, 2, 3, 4], "arm": list("tttcc"),
    ...     "from": [0, 0, 1, 0, 0], "to": [3, 1, 3, 3, 3],
    ...     "state": ["benefit", "benefit", "work", "benefit", "benefit"]})
    >>> curves = estimate_occupancy(spells, "id", "from", "to", "state",
    ...     Lottery(arm="arm", treatment="t", control="c"))
    >>> curves.one(arm="t - c", cause="work").values.tolist()
    [0.0, 0.5, 0.5]
    """
    histories = read_histories(
        frame, person=person, start=start, stop=stop, state=state, lottery=lottery,
        states=states, gap_state=gap_state, absorbing=absorbing,
    )  # fmt: skip
    return occupancy_from_histories(
        histories.until(horizon_weeks), endpoint=state, method=method, conf_level=conf_level,
        standardise=standardise, band=band, seed=seed,
    )  # fmt: skip


def occupancy_from_histories(
    histories: Histories,
    *,
    endpoint: str = "state",
    method: OccupancyMethod = "aalen-johansen",
    conf_level: float = 0.95,
    standardise: bool | None = None,
    band: bool = False,
    seed: int = SEED,
) -> CurveTable:
    """As ``estimate_occupancy``, from histories that were read or collected before."""
    require_seed(seed)
    arms = estimate_arms_occupancy(histories, method, standardise)
    return draw_occupancy(arms, Shown(endpoint, conf_level=conf_level, band=band, seed=seed))


@dataclass(frozen=True, slots=True)
class Shown:
    """What the curves carry, and which are wanted."""

    endpoint: str
    subgroup: str = ""
    first_week: int = 0
    conf_level: float = 0.95
    contrast: bool = True
    band: bool = False
    seed: int = SEED
    notes: tuple[str, ...] = ()


def draw_occupancy(arms: ArmOccupancy, shown: Shown) -> CurveTable:
    """For each state the curves of control and treatment and, where wanted, the difference."""
    histories = arms.histories
    covariance = arms.covariance() if shown.band and shown.contrast else None
    variance = arms.variance() if covariance is None else np.einsum("aktt->atk", covariance).copy()
    std_error = np.sqrt(np.where(variance > SMALLEST, variance, 0.0))
    curves: list[Curve] = []
    for code in range(len(histories.labels)):
        pair = [_draw_arm(arms, arm, code, std_error[arm, :, code], shown) for arm in (0, 1)]
        curves += pair
        if shown.contrast:
            difference = curve_difference(pair[1], pair[0], histories.lottery.contrast)
            if covariance is not None:
                difference = _add_band(difference, covariance[:, code].sum(axis=0), shown.seed)
            curves.append(difference)
    return CurveTable(tuple(curves))


def _draw_arm(arms: ArmOccupancy, arm: int, code: int, std_error: Floats, shown: Shown) -> Curve:
    values, occupied = arms.values[arm, :, code], arms.grid.occupied[arm].sum(axis=0)
    std_error = np.where(np.isnan(values), np.nan, std_error)
    low, high = log_log_interval(values, std_error, shown.conf_level)
    return Curve(
        endpoint=shown.endpoint,
        measure="occupancy",
        arm=arms.histories.arms[arm],
        cause=arms.histories.labels[code],
        subgroup=shown.subgroup,
        times=shown.first_week + np.arange(len(values)),
        values=values,
        at_risk=occupied.sum(axis=-1),
        events=occupied[:, code],
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        unit="share",
        conf_level=shown.conf_level,
        notes=(*shown.notes, *arms.notes(), *arms.end_notes(arm, shown.first_week)),
    )


def _add_band(difference: Curve, covariance: Floats, seed: int) -> Curve:
    """A band over the weeks in which the difference has an interval."""
    known = ~np.isnan(difference.conf_low)
    largest = largest_normal(covariance[np.ix_(known, known)], seed=seed)
    critical = largest.critical_value(difference.conf_level)
    half = np.where(known, critical * difference.std_error, np.nan)
    low, high = difference.values - half, difference.values + half
    return replace(difference, band_low=low, band_high=high)
