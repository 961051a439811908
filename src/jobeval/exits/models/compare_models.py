"""Models of durations side by side, on one likelihood and against the weekly curves."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.grid.durations import read_durations
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.models.model_choice import DISTRIBUTIONS, Distribution, ModelChoice, choose_model
from jobeval.exits.models.model_fit import FittedModel, describe_model, fit_model
from jobeval.exits.models.model_sample import Sample, sample_counts
from jobeval.exits.models.parametric import read_sample
from jobeval.inference.covariates import covariate_names
from jobeval.inference.intervals import normal_quantile
from jobeval.inference.kaplan_meier import kaplan_meier
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import Curve, CurveTable, DurationComparison

Floats = NDArray[np.float64]


def compare_durations(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    distributions: Sequence[Distribution] = DISTRIBUTIONS,
    covariates: Sequence[str | Term] = (),
    breaks: Sequence[int] | None = None,
    entry: str | None = None,
    robust: bool | None = None,
    conf_level: float = 0.95,
) -> DurationComparison:
    """Fit several models of the same durations and say which follows the data.

    Parameters
    ----------
    frame, duration, observed, lottery, covariates, entry, robust, conf_level
        As for ``fit_parametric``.
    distributions
        Which, each once; all unless told.
    breaks
        Periods of ``"piecewise-exponential"``; every 13 weeks unless told.

    Returns
    -------
    DurationComparison
        The models, each fitted to the likelihood of weekly intervals: an exit of week ``t`` has
        the probability ``S(t − 1) − S(t)``. Densities of continuous time and probabilities of
        weeks do not compare, and these do: AIC then says which model tells most for its
        parameters. Beside it, the distance from Kaplan–Meier says whether even the best fits.

    Raises
    ------
    ValueError, DataError, DesignError
        As ``fit_parametric``.

    Notes
    -----
    Curves are standardised: the mean over everybody drawn of their survival were they all in
    the arm. Kaplan–Meier is weighted over the lottery's strata likewise, and not adjusted for
    covariates. A free weekly baseline has a parameter for each week with somebody at risk.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9],
    ...     "left": [1, 0, 1, 1, 0, 1]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> table = compare_durations(frame, "week", "left", lottery,
    ...     distributions=["exponential", "weibull"])
    >>> table.to_frame()[["distribution", "n_parameters"]].values.tolist()
    [['exponential', 2], ['weibull', 3]]
    >>> table.best
    'exponential'
    """
    choices = _choose(distributions, breaks)
    extra = covariate_names(covariates)
    durations = read_durations(frame, duration, observed, lottery, extra, entry=entry)
    return _compare(
        choices,
        read_sample(durations, lottery, covariates, robust),
        durations.grid(lottery),
        endpoint=duration,
        conf_level=conf_level,
        n_clusters=durations.assignment.n_clusters,
    )


def compare_durations_from_grid(
    grid: ExitGrid,
    *,
    endpoint: str,
    distributions: Sequence[Distribution] = DISTRIBUTIONS,
    breaks: Sequence[int] | None = None,
    conf_level: float = 0.95,
) -> DurationComparison:
    """``compare_durations`` from counts alone, without covariates or clusters."""
    choices = _choose(distributions, breaks)
    return _compare(choices, sample_counts(grid), grid, endpoint=endpoint, conf_level=conf_level)


def _choose(
    distributions: Sequence[Distribution], breaks: Sequence[int] | None
) -> list[ModelChoice]:
    names = list(distributions)
    if isinstance(distributions, str) or not names or len(set(names)) < len(names):
        raise ValueError(f"distributions must be a list of names, each once, not {distributions!r}")
    return [
        choose_model(name, grouped=True, breaks=breaks if name == "piecewise-exponential" else None)
        for name in names
    ]


def _compare(
    choices: Sequence[ModelChoice],
    sample: Sample,
    grid: ExitGrid,
    *,
    endpoint: str,
    conf_level: float,
    n_clusters: int | None = None,
) -> DurationComparison:
    normal_quantile(conf_level)
    seen = _seen_curves(grid, endpoint)
    fits = [fit_model(choice, sample, endpoint) for choice in choices]
    contrast = f"{grid.arms[1]} - {grid.arms[0]}"
    models = tuple(
        describe_model(
            choice,
            sample,
            fit,
            endpoint=endpoint,
            contrast=contrast,
            conf_level=conf_level,
            n_clusters=n_clusters,
        )
        for choice, fit in zip(choices, fits, strict=True)
    )
    implied = [
        _implied_curve(choice, fit, seen[arm], arm)
        for choice, fit in zip(choices, fits, strict=True)
        for arm in (0, 1)
    ]
    distances = [_distance(curve, seen[k % 2]) for k, curve in enumerate(implied)]
    return DurationComparison(
        models=models,
        distances=tuple(zip(distances[::2], distances[1::2], strict=True)),
        curves=CurveTable((*seen, *implied)),
        distributions=tuple(choice.distribution for choice in choices),
    )


def _seen_curves(grid: ExitGrid, endpoint: str) -> list[Curve]:
    """Kaplan–Meier of control and treatment, weighted over the strata."""
    at_risk, leavers = grid.at_risk, grid.leavers
    sizes = grid.sizes.sum(axis=0)
    survival = kaplan_meier(at_risk, leavers).values
    values = np.einsum("s,ast->at", sizes / sizes.sum(), survival)
    return [
        Curve(
            endpoint=endpoint,
            measure="survival",
            arm=grid.arms[arm],
            times=grid.weeks,
            values=values[arm],
            at_risk=at_risk[arm].sum(axis=0),
            events=leavers[arm].sum(axis=0),
            unit="share",
            notes=("Kaplan–Meier",),
        )
        for arm in (0, 1)
    ]


def _implied_curve(choice: ModelChoice, fit: FittedModel | None, seen: Curve, arm: int) -> Curve:
    known = fit is not None and fit.estimable
    values = fit.survival(arm, seen.times) if fit and known else np.full(len(seen.times), np.nan)
    return Curve(
        endpoint=seen.endpoint,
        measure="survival",
        arm=seen.arm,
        cause=choice.distribution,
        times=seen.times,
        values=values,
        at_risk=seen.at_risk,
        events=seen.events,
        unit="share",
        notes=(f"implied by the {choice.label} model",),
    )


def _distance(implied: Curve, seen: Curve) -> float:
    gaps = np.abs(implied.values - seen.values)
    return float(np.nanmax(gaps)) if np.isfinite(gaps).any() else float("nan")
