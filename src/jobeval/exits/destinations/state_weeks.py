"""Expected weeks in each state until a horizon: at every destination, and not yet left."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DataError, Problem
from jobeval.exits.destinations.drawn_state_weeks import redraw_state_counts, redraw_state_persons
from jobeval.exits.destinations.incidence_area import area_influence, state_areas
from jobeval.exits.drawn.drawn_cells import DRAWS, Inference, validate_inference
from jobeval.exits.drawn.drawn_contrast import LotteryResult, conclude
from jobeval.exits.grid.durations import Durations, read_destinations, validate_horizon
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.grid.strata import WeightedStrata, weigh_grid, weigh_strata
from jobeval.exits.means.arm_means import (
    ArmMeans,
    Contrast,
    contrast_means,
    describe_gaps,
    influence_parts,
    means_of_counts,
    persons,
    places,
)
from jobeval.exits.means.restricted_mean import RestrictedMean
from jobeval.inference.intervals import normal_quantile
from jobeval.inference.redraw import SEED
from jobeval.plan.lottery import Lottery
from jobeval.results import EffectTable, Estimate

Counts = NDArray[np.int64]
REMAINING = "remaining"
"""The state of those who have not left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateWeeksOptions:
    """What ``estimate_state_weeks`` is asked for; it says what they mean."""

    horizon: int
    inference: Inference = "model"
    draws: int = DRAWS
    seed: int = SEED
    conf_level: float = 0.95


class _Fitted(NamedTuple):
    """The difference of one state, and the weeks of both arms."""

    contrast: Contrast
    means: ArmMeans
    cells: RestrictedMean


def estimate_state_weeks(
    frame: Any,
    duration: str,
    destination: str,
    lottery: Lottery,
    *,
    horizon_weeks: int,
    inference: Inference = "model",
    draws: int = DRAWS,
    seed: int = SEED,
    standardise: bool | None = None,
    entry: str | None = None,
    conf_level: float = 0.95,
) -> EffectTable:
    """Estimate how many more weeks the treatment arm spends at each destination, to a horizon.

    The expected weeks at a destination are the area under its cumulative incidence: who left
    for it in week ``t`` is there for ``horizon − t`` weeks. Destinations are for good here;
    for moves between states see ``estimate_occupancy_weeks``.

    Parameters
    ----------
    frame, duration, destination, lottery, standardise, entry
        As in ``cumulative_incidence``.
    horizon_weeks
        Whole weeks from randomisation, at least 1. There is no default: the effect belongs to
        its horizon.
    inference
        ``"model"``: standard errors and a normal reference (t for clusters). ``"lottery"``:
        the lottery drawn again, as in ``estimate_rmst``.
    draws, seed
        Re-drawn lotteries and the origin of their stream. With late entries or clusters each
        draw is computed from the persons, which takes milliseconds.
    conf_level
        Level of the intervals.

    Returns
    -------
    EffectTable
        In weeks, one row a state (``part``): the destinations in alphabetical order, and then
        ``"remaining"``, those who have not left, whose row is that of ``estimate_rmst``. The
        estimates add up to 0, the means of an arm to the horizon. ``nan`` with a note when an
        arm, or a stratum of it, was not followed to the horizon. ``n_apart_treatment`` and
        ``n_apart_control`` count exits into the state before the horizon, all exits for
        ``"remaining"``.

    Raises
    ------
    DataError
        As in ``cumulative_incidence``, and for a destination named ``"remaining"``.
    ValueError
        For options that are unknown.

    Notes
    -----
    Areas under Aalen–Johansen curves (Andersen 2013, Statistics in Medicine 32, 5278–5285). The
    variance is that of the whole area, covariances of the weeks included, in each arm and
    stratum. Clusters: persons' influences (infinitesimal jackknife) summed over them, squared
    and multiplied by ``G / (G − 1)``, with Satterthwaite's degrees of freedom.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttcccc"), "week": [1, 2, 4, 1, 2, 3, 4],
    ...     "to": ["job", "job", None, "pension", None, "job", None]})
    >>> weeks = estimate_state_weeks(frame, "week", "to",
    ...     Lottery(arm="arm", treatment="t", control="c"), horizon_weeks=4)
    >>> [(e.part, round(e.estimate, 3), round(e.mean_treatment, 3)) for e in weeks]
    [('job', 1.292, 1.667), ('pension', -0.75, 0.0), ('remaining', -0.542, 2.333)]
    """
    options = validate_state_weeks(
        horizon_weeks=horizon_weeks,
        inference=inference,
        draws=draws,
        seed=seed,
        conf_level=conf_level,
    )
    durations = read_destinations(frame, duration, destination, lottery, entry=entry)
    _refuse_remaining(destination, durations.causes)
    strata = weigh_strata(durations, lottery, standardise)
    fitted, drawn = _fit(strata, options.horizon), list[LotteryResult]()
    if options.inference == "lottery":
        drawn = _redraw(strata, durations, lottery, fitted, options)
    return _describe(strata, duration, fitted, drawn, options)


def state_weeks_from_grid(
    grid: ExitGrid,
    *,
    endpoint: str,
    horizon_weeks: int,
    inference: Inference = "model",
    draws: int = DRAWS,
    seed: int = SEED,
    standardise: bool | None = None,
    conf_level: float = 0.95,
) -> EffectTable:
    """``estimate_state_weeks`` from counts of control and treatment: no clusters.

    ``DesignError`` where the lottery is to be drawn again with late entries, as counts do not
    tell whose they were.
    """
    options = validate_state_weeks(
        horizon_weeks=horizon_weeks,
        inference=inference,
        draws=draws,
        seed=seed,
        conf_level=conf_level,
    )
    _refuse_remaining("the exits", grid.causes)
    strata = weigh_grid(grid, standardise)
    fitted, drawn = _fit(strata, options.horizon), list[LotteryResult]()
    if options.inference == "lottery":
        drawn = _redraw_grid(weigh_grid(grid).grid, len(strata.weights) == 1, fitted, options)
    return _describe(strata, endpoint, fitted, drawn, options)


def validate_state_weeks(
    *,
    horizon_weeks: object,
    inference: Inference = "model",
    draws: int = DRAWS,
    seed: int = SEED,
    conf_level: float = 0.95,
) -> StateWeeksOptions:
    """Return the options, or raise ``ValueError`` for what makes no sense."""
    validate_inference(inference, draws, seed)
    normal_quantile(conf_level)
    return StateWeeksOptions(
        horizon=validate_horizon(horizon_weeks),
        inference=inference,
        draws=draws,
        seed=seed,
        conf_level=conf_level,
    )


def _refuse_remaining(where: str, causes: tuple[str, ...]) -> None:
    if REMAINING in causes:
        rule = f"names a destination {REMAINING!r}, which is the state of those who have not left."
        raise DataError("durations", [Problem(f"column {where!r}", rule, "Give it another name.")])


def _fit(strata: WeightedStrata, horizon: int) -> list[_Fitted]:
    """State by state, the destinations first."""
    grid = strata.grid
    areas = state_areas(grid.at_risk, grid.events, horizon)
    cells = [
        RestrictedMean(areas.values[..., state], areas.variance[..., state], areas.longest)
        for state in range(areas.values.shape[-1])
    ]
    if strata.n_clusters is None:
        means = [means_of_counts(one, grid.sizes, strata.weights) for one in cells]
    else:
        means = _means_of_clusters(strata, cells, horizon)
    return [
        _Fitted(contrast_means(mean, "difference", horizon), mean, one)
        for mean, one in zip(means, cells, strict=True)
    ]


def _means_of_clusters(
    strata: WeightedStrata, cells: list[RestrictedMean], horizon: int
) -> list[ArmMeans]:
    """The same of a lottery of clusters: persons' influences are summed over clusters."""
    arm, stratum = places(strata)
    means: list[ArmMeans] = []
    influences = area_influence(strata.grid.at_risk, strata.grid.events, horizon)
    for state, (cell, table) in enumerate(zip(cells, influences, strict=True)):
        own = table.of((arm, stratum), persons(strata), state + 1)
        influence = np.zeros((len(arm), 2))
        influence[np.arange(len(arm)), arm] = strata.weights[stratum] * own
        means.append(ArmMeans(cell.values @ strata.weights, *influence_parts(influence, strata)))
    return means


def _redraw(
    strata: WeightedStrata,
    durations: Durations,
    lottery: Lottery,
    fitted: list[_Fitted],
    options: StateWeeksOptions,
) -> list[LotteryResult]:
    """From counts where nothing but counts matters, else from the persons."""
    drawn, pooled = durations.assignment, len(strata.weights) == 1
    if drawn.cluster is None and durations.entry is None:
        return _redraw_grid(durations.grid(lottery), pooled, fitted, options)

    def statistic(arms: Counts) -> list[Contrast]:
        again = replace(durations, assignment=replace(drawn, assigned=arms))
        return [one.contrast for one in _fit(weigh_strata(again, lottery, not pooled),
                                             options.horizon)]  # fmt: skip

    observed = [one.contrast for one in fitted]
    redrawn = redraw_state_persons(statistic, observed, drawn, options.draws, options.seed)
    return [conclude(one, options.conf_level) for one in redrawn]


def _redraw_grid(
    grid: ExitGrid, pooled: bool, fitted: list[_Fitted], options: StateWeeksOptions
) -> list[LotteryResult]:
    redrawn = redraw_state_counts(
        grid,
        [one.contrast for one in fitted],
        options.horizon,
        standardise=not pooled,
        draws=options.draws,
        seed=options.seed,
    )
    return [conclude(one, options.conf_level) for one in redrawn]


def _describe(
    strata: WeightedStrata,
    endpoint: str,
    fitted: list[_Fitted],
    drawn: list[LotteryResult],
    options: StateWeeksOptions,
) -> EffectTable:
    rows = [_row(strata, endpoint, fitted, state, options) for state in range(len(fitted))]
    results = drawn or [None] * len(rows)
    return EffectTable(
        tuple(
            row if one is None or not row.std_error > 0 else one.said_of(row)
            for row, one in zip(rows, results, strict=True)
        )
    )


def _row(
    strata: WeightedStrata,
    endpoint: str,
    fitted: list[_Fitted],
    state: int,
    options: StateWeeksOptions,
) -> Estimate:
    grid, (contrast, means, cells) = strata.grid, fitted[state]
    sizes = grid.sizes.sum(axis=1).tolist()
    exits = grid.leavers if state == len(grid.causes) else grid.events[..., state]
    apart = exits[..., : options.horizon].sum(axis=(1, 2)).tolist()
    return Estimate(
        endpoint=endpoint,
        estimand="itt",
        estimator="area under Aalen–Johansen",
        contrast=f"{grid.arms[1]} - {grid.arms[0]}",
        part=(*grid.causes, REMAINING)[state],
        estimate=contrast.estimate,
        std_error=contrast.std_error,
        df=contrast.df,
        unit="weeks",
        conf_level=options.conf_level,
        horizon_weeks=options.horizon,
        n_treatment=sizes[1],
        n_control=sizes[0],
        n_clusters=strata.n_clusters,
        n_apart_treatment=apart[1],
        n_apart_control=apart[0],
        mean_treatment=float(means.values[1]),
        mean_control=float(means.values[0]),
        notes=(
            *strata.notes(),
            *describe_gaps(cells, means, contrast, grid, options.horizon),
        ),
    )
