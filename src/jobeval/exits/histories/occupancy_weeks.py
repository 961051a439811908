"""Expected weeks in each state until a horizon, when states may be left and entered again."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.endpoints.histories import UNSEEN
from jobeval.exits.grid.durations import validate_horizon
from jobeval.exits.histories.arm_occupancy import (
    ArmOccupancy,
    OccupancyMethod,
    estimate_arms_occupancy,
)
from jobeval.exits.histories.histories import Histories, read_histories
from jobeval.exits.histories.occupancy import SMALLEST
from jobeval.inference.intervals import normal_quantile
from jobeval.plan.lottery import Lottery
from jobeval.results import EffectTable, Estimate

Floats = NDArray[np.float64]


def estimate_occupancy_weeks(
    frame: Any,
    person: str,
    start: str,
    stop: str,
    state: str,
    lottery: Lottery,
    *,
    horizon_weeks: int,
    states: Sequence[str] | None = None,
    gap_state: str | None = None,
    absorbing: Collection[str] = (),
    method: OccupancyMethod = "aalen-johansen",
    conf_level: float = 0.95,
    standardise: bool | None = None,
) -> EffectTable:
    """Expected weeks in each state within the horizon: treatment − control.

    Parameters
    ----------
    frame, person, start, stop, state, lottery, states, gap_state, absorbing
        As in ``estimate_occupancy``.
    horizon_weeks
        The weeks ``0 … horizon_weeks − 1`` are added up.
    method, standardise
        As in ``estimate_occupancy``.
    conf_level
        Level of the normal intervals.

    Returns
    -------
    EffectTable
        One estimate a state (``part``), in weeks. ``mean_treatment`` and ``mean_control`` are
        the arms' expected weeks; over the states these add up to the horizon and the
        differences to 0. The standard error is that of the integrated influence of persons,
        or of clusters when these were drawn. ``nan`` with a note where occupation is not known
        until the horizon.

    Raises
    ------
    DataError, DesignError
        As ``estimate_occupancy``.

    References
    ----------
    Grand & Putter (2016), Statistics in Medicine 35, 1177–1192 (expected length of stay).

    Examples
    --------
    >>> import pandas as pd
    >>> spells = pd.DataFrame({"id": [1, 2, 2, 3, 4, 4], "arm": list("tttccc"),
    ...     "from": [0, 0, 1, 0, 0, 3], "to": [4, 1, 4, 4, 3, 4],
    ...     "state": ["benefit", "benefit", "work", "benefit", "benefit", "work"]})
    >>> effects = estimate_occupancy_weeks(spells, "id", "from", "to", "state",
    ...     Lottery(arm="arm", treatment="t", control="c"), horizon_weeks=4)
    >>> [(effect.part, effect.estimate) for effect in effects]
    [('benefit', -1.0), ('work', 1.0)]
    """
    histories = read_histories(
        frame, person=person, start=start, stop=stop, state=state, lottery=lottery,
        states=states, gap_state=gap_state, absorbing=absorbing,
    )  # fmt: skip
    return occupancy_weeks_from_histories(
        histories, endpoint=state, horizon_weeks=horizon_weeks, method=method,
        conf_level=conf_level, standardise=standardise,
    )  # fmt: skip


def occupancy_weeks_from_histories(
    histories: Histories,
    *,
    horizon_weeks: int,
    endpoint: str = "state",
    method: OccupancyMethod = "aalen-johansen",
    conf_level: float = 0.95,
    standardise: bool | None = None,
) -> EffectTable:
    """As ``estimate_occupancy_weeks``, from histories that were read or collected before."""
    normal_quantile(conf_level)
    weeks = validate_horizon(horizon_weeks)
    arms = estimate_arms_occupancy(histories.until(weeks), method, standardise)
    means, variance, notes = _areas(arms, weeks)
    error = np.sqrt(np.where((variance > SMALLEST).all(axis=0), variance.sum(axis=0), np.nan))
    apart = _persons_apart(arms.histories)
    n_control, n_treatment = histories.sizes
    return EffectTable(
        tuple(
            Estimate(
                endpoint=endpoint,
                estimand="itt",
                estimator=f"expected weeks ({method})",
                contrast=histories.lottery.contrast,
                part=label,
                estimate=float(means[1, code] - means[0, code]),
                std_error=float(error[code]),
                mean_treatment=float(means[1, code]),
                mean_control=float(means[0, code]),
                horizon_weeks=weeks,
                unit="weeks",
                conf_level=conf_level,
                n_treatment=n_treatment,
                n_control=n_control,
                n_clusters=histories.assignment.n_clusters,
                n_apart_treatment=int(apart[1, code]),
                n_apart_control=int(apart[0, code]),
                notes=(*notes, *_error_notes(means[:, code], float(error[code]))),
            )
            for code, label in enumerate(histories.labels)
        )
    )


def _areas(arms: ArmOccupancy, weeks: int) -> tuple[Floats, Floats, list[str]]:
    """Expected weeks and their variance, shape ``(2, K)``, and notes."""
    notes = arms.notes() + [note for arm in (0, 1) for note in arms.end_notes(arm)]
    observed = arms.histories.n_weeks
    if observed < weeks or not arms.known.all():
        last = observed if arms.known.all() else int(np.argmin(arms.known.all(axis=0)))
        unknown = np.full((2, len(arms.histories.labels)), math.nan)
        note = f"not estimable: occupation is known for {last} of {weeks} weeks"
        return unknown, unknown, [note, *notes]
    return arms.values.sum(axis=1), arms.area_variance(weeks), notes


def _error_notes(means: Floats, error: float) -> list[str]:
    if np.isnan(means).any() or error > 0:
        return []
    return ["no interval: in one arm nothing tells how these weeks vary"]


def _persons_apart(histories: Histories) -> NDArray[np.int64]:
    """Persons whose weeks in a state are not the arm's commonest, shape ``(2, K)``."""
    apart = np.zeros((2, len(histories.labels)), dtype=np.int64)
    for arm in (0, 1):
        own = histories.states[histories.assignment.assigned == arm]
        own = own[(own != UNSEEN).any(axis=1)]
        for code in range(len(histories.labels)):
            inside = (own == code).sum(axis=1)
            apart[arm, code] = len(inside) - np.bincount(inside, minlength=1).max()
    return apart
