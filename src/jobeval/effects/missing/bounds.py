"""What missing outcomes leave of an effect: the front door of the bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.hours.linearised import ArmOutcomes
from jobeval.effects.itt.analysed import Columns, read_analysed
from jobeval.effects.itt.itt import columns_needed
from jobeval.effects.itt.options import IttOptions, validate_options
from jobeval.effects.missing.lee import bound_selected
from jobeval.effects.missing.manski import bound_worst_case
from jobeval.errors import DataError, DesignError, Problem, did_you_mean
from jobeval.inference.covariates import covariate_names, read_covariates
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.results import Bounds, Estimate, Interval

Method = Literal["lee", "manski"]


def bound_attrition(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    *,
    method: Method = "lee",
    covariates: Sequence[str | Term] = (),
    limits: tuple[float, float] | None = None,
    weights: str | None = None,
    conf_level: float = 0.95,
) -> Bounds:
    """Bound the effect when outcomes are missing, perhaps not by chance.

    Parameters
    ----------
    frame, lottery, weights, conf_level
        As for ``estimate_itt``.
    outcome
        Column of numbers, missing where it is not observed.
    method
        ``"lee"``: the effect on those who would be observed in both arms, if treatment
        moves everyone's being observed in one direction (monotonicity). ``"manski"``: the
        effect on everyone drawn, whatever the reason for missing.
    covariates
        Categories known before the draw; Lee's trimming is then done in each combination of
        them, which tightens the bounds. Few and large ones, and no numbers with many values.
    limits
        The lowest and the highest possible outcome, in its unit; for ``"manski"`` only.

    Returns
    -------
    Bounds
        ``lower`` and ``upper`` with errors of their own, and the interval that covers the
        effect itself (Imbens & Manski 2004, eq. 6–7). Where monotonicity visibly fails, or
        an arm has no outcomes, ``nan`` with a note.

    Raises
    ------
    DataError, DesignError
        As ``estimate_itt``, and when an outcome lies outside ``limits``.
    ValueError
        When the options contradict each other.

    Notes
    -----
    Lee's bounds trim the distribution over everyone drawn, in which each stratum weighs as
    its size (and persons by inverse probability where that varies). A value at the cut
    counts in part, so that the mass is exact and ties need no rule. Errors are analytic
    (Lee 2009, Proposition 3), with strata blocked and CR2 where clusters were drawn. No
    random numbers are used. Monotonicity counts as refuted when treatment raises the share
    observed in one stratum or cell and lowers it in another, both significant at 5 % after
    Bonferroni's adjustment.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> nan = float("nan")
    >>> frame = pd.DataFrame({"arm": list("ccccctttt") + ["t"],
    ...     "hours": [0, 2, 4, 6, nan, 1, 3, 5, 7, 9]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> bounds = bound_attrition(frame, "hours", lottery)
    >>> round(bounds.lower.estimate, 9), round(bounds.upper.estimate, 9)  # 4 - 3, 6 - 3
    (1.0, 3.0)
    """
    options = validate_options(outcome, lottery, (), "none", None, conf_level, weights=weights)
    _validate_method(method, covariates, limits)
    names = (*columns_needed(outcome, lottery, options), *covariate_names(covariates))
    columns = read_columns(frame, names)
    arms, observed = read_everyone(columns, outcome, lottery, options)
    told: tuple[str, ...] = ()
    if method == "lee":
        cell, told = _read_cells(columns, covariates, arms) if covariates else (None, ())
        lower, upper = bound_selected(arms, observed, "would be observed in both arms", cell)
    else:
        lower, upper = bound_worst_case(arms, observed, _checked(limits, arms, observed))
    notes = ("no outcome is missing: the bounds are the effect",) if observed.all() else ()
    return Bounds(
        method=method,
        lower=lower,
        upper=upper,
        interval=interval_of_effect(lower, upper),
        notes=(*told, *notes),
    )


def interval_of_effect(lower: Estimate, upper: Estimate) -> Interval:
    """The interval that covers the effect, not the whole range, at ``conf_level``.

    ``[l − c sₗ, u + c sᵤ]`` with ``F(c + (u − l)/max(sₗ, sᵤ)) − F(−c) = conf_level``
    (Imbens & Manski 2004, eq. 6–7), ``F`` being t with the smaller degrees of freedom: two
    tails where the bounds meet, one tail where they lie far apart. ``nan`` when a bound is.

    Examples
    --------
    >>> from dataclasses import replace
    >>> lower = Estimate(endpoint="y", estimand="itt", estimator="Lee bounds", contrast="t - c",
    ...     estimate=0.0, std_error=1.0, n_treatment=9, n_control=9)
    >>> [round(bound, 3) for bound in interval_of_effect(lower, lower)]
    [-1.96, 1.96]
    >>> [round(bound, 3) for bound in interval_of_effect(lower, replace(lower, estimate=50.0))]
    [-1.645, 51.645]
    """
    from scipy.optimize import brentq
    from scipy.special import ndtr, stdtr

    low, high = lower.std_error, upper.std_error
    if not min(low, high) > 0 or math.isnan(lower.estimate + upper.estimate):
        return Interval(math.nan, math.nan)
    df = min(lower.df, upper.df)
    gap = max(0.0, upper.estimate - lower.estimate) / max(low, high)

    def surplus(c: float) -> float:
        ends = (ndtr(c + gap), ndtr(-c)) if math.isinf(df) else (stdtr(df, c + gap), stdtr(df, -c))
        return float(ends[0] - ends[1]) - lower.conf_level

    if surplus(0.0) >= 0:  # a low level, which the range alone holds
        return Interval(lower.estimate, upper.estimate)
    edge = 1.0
    while surplus(edge) < 0:
        edge *= 2
    c: Any = brentq(surplus, 0.0, edge, xtol=1e-13)
    return Interval(lower.estimate - float(c) * low, upper.estimate + float(c) * high)


def read_everyone(
    columns: Columns, outcome: str, lottery: Lottery, options: IttOptions
) -> tuple[ArmOutcomes, NDArray[np.bool_]]:
    """Everyone drawn, with outcome 0 where it is missing, and who is observed, shape ``(n,)``.

    Raises
    ------
    DesignError
        When an arm has no outcome at all.
    """
    values = columns[outcome]
    observed = ~np.isnan(values) if values.dtype.kind == "f" else np.ones(len(values), bool)
    filled = np.where(observed, values, 0.0) if values.dtype.kind == "f" else values
    data = read_analysed({**columns, outcome: filled}, outcome, lottery, options)
    observed = observed[data.assignment.rows]
    if len(np.unique(data.assignment.assigned[observed])) < 2:
        raise DesignError(
            "an arm has no outcome at all, so that nothing can be compared. Mend: find the "
            "outcomes, or name another endpoint."
        )
    return ArmOutcomes(data, outcome, lottery, options), observed


def _validate_method(
    method: str, covariates: Sequence[str | Term], limits: tuple[float, float] | None
) -> None:
    if method not in get_args(Method):
        hint = did_you_mean(str(method), get_args(Method))
        raise ValueError(f"method {method!r} is unknown; {hint}")
    if isinstance(covariates, str):
        raise ValueError('covariates is a sequence of columns, such as ["benefit"]')
    if method == "lee" and limits is not None:
        raise ValueError('limits belong to method="manski"; Lee\'s bounds need none')
    if method == "manski" and covariates:
        raise ValueError('covariates tighten Lee\'s bounds only; leave them out of "manski"')
    if method == "manski" and not _are_limits(limits):
        raise ValueError(
            'method="manski" needs limits=(lowest, highest) possible outcome, such as (0, 37)'
        )


def _are_limits(limits: Any) -> bool:
    """Whether these are two finite numbers, the lower first."""
    return (
        isinstance(limits, Sequence)
        and len(limits) == 2
        and all(isinstance(limit, int | float) for limit in limits)
        and -math.inf < limits[0] < limits[1] < math.inf
    )


def _checked(
    limits: tuple[float, float] | None, arms: ArmOutcomes, observed: NDArray[np.bool_]
) -> tuple[float, float]:
    assert limits is not None  # _validate_method
    values = arms.data.outcome[observed]
    outside = int(((values < limits[0]) | (values > limits[1])).sum())
    if outside:
        rule = f"lies outside the limits {limits[0]:g} to {limits[1]:g} for {outside} persons."
        raise DataError("outcome", [Problem(f"outcome {arms.outcome!r}", rule, "Widen them.")])
    return float(limits[0]), float(limits[1])


def _read_cells(
    columns: Columns, covariates: Sequence[str | Term], arms: ArmOutcomes
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Codes of the combinations of the covariates' levels, shape ``(n,)``, and notes."""
    terms = [
        term if isinstance(term, Term) else Term(column=term, type="category")
        for term in covariates
    ]
    coded = read_covariates(columns, terms, arms.data.assignment.rows)
    cell = np.unique(coded.values, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    sizes = np.bincount(cell * 2 + arms.data.assignment.assigned, minlength=2 * (cell.max() + 1))
    lonely = int((sizes.reshape(-1, 2) == 0).any(axis=1).sum())
    if lonely:
        raise DesignError(
            f"{lonely} of {cell.max() + 1} combinations of the covariates hold one arm only. "
            "Mend: name fewer covariates or merge their rare levels."
        )
    return cell, coded.notes
