"""Comparisons by what persons did, which no lottery protects: warnings beside the effect."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.adjusters import stratum_indicators
from jobeval.effects.itt.analysed import Analysed, Columns, read_analysed
from jobeval.effects.itt.contrast import TREATMENT
from jobeval.effects.itt.itt import columns_needed, count_sides
from jobeval.effects.itt.options import IttOptions, validate_options
from jobeval.errors import DesignError
from jobeval.inference.instrument import Effect
from jobeval.inference.take_up import read_treated
from jobeval.plan.lottery import Lottery
from jobeval.registers.frames import read_columns
from jobeval.regression.ancova import fit_ancova
from jobeval.regression.least_squares import (
    Vcov,
    bell_mccaffrey_df,
    estimate_vcov,
    independent_columns,
)
from jobeval.results import Estimate

Floats = NDArray[np.float64]
NOT_CAUSAL = (
    "not causal: who takes part differs from who does not, and the lottery does not protect the "
    "comparison"
)


def estimate_as_treated(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    *,
    treated: str,
    weights: str | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """Compare those who took part with those who did not. **Not a causal effect.**

    Who takes part chose to, or was chosen: the groups differ before anything is done. The
    number is for a sensitivity table, to show how far selection alone may lead. Only those
    who did as drawn ("per protocol") are compared by ``estimate_variants``.

    Parameters
    ----------
    frame, outcome, lottery, weights, conf_level
        As for ``estimate_itt``. Strata enter as indicators; errors are HC2, or CR2 where
        clusters were drawn.
    treated
        As for ``estimate_late``.

    Returns
    -------
    Estimate
        Of those who took part (``treatment``) minus those who did not (``control``);
        ``analysis_set``, ``estimand`` and the first note say that it is not causal.

    Raises
    ------
    DataError, ValueError
        As ``estimate_late``.
    DesignError
        When the analysis set does not hold both groups.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("cccctttt"), "hours": [1, 2, 2, 3, 1, 3, 5, 7],
    ...     "started": [0, 0, 0, 0, 0, 1, 1, 1]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> found = estimate_as_treated(frame, "hours", lottery, treated="started")
    >>> round(found.estimate, 9), found.estimand
    (3.2, 'as treated (not causal)')
    """
    if treated in {outcome, lottery.arm}:
        raise ValueError(f"{treated!r} is the outcome or the arm, and not take-up")
    options = validate_options(outcome, lottery, (), "none", None, conf_level, weights=weights)
    columns = read_columns(frame, (*columns_needed(outcome, lottery, options), treated))
    return compare_by_deeds(columns, outcome, lottery, treated, options)


def compare_by_deeds(
    columns: Columns,
    outcome: str,
    lottery: Lottery,
    treated: str,
    options: IttOptions,
) -> Estimate:
    """``estimate_as_treated`` on columns that have been read."""
    data = read_analysed(columns, outcome, lottery, options)
    drawn = read_treated(columns, treated, data.drawn.rows)
    did = drawn[data.assignment.rows[data.drawn.rows]].astype(np.int64)
    _require_both(data, did)
    effect = _compare(data, did)
    known = effect.std_error > 1e-13 * float(np.abs(data.outcome).max())
    means = [float(np.average(data.outcome[did == d], weights=_of(data, did == d))) for d in (0, 1)]
    return Estimate(
        endpoint=outcome,
        estimand="as treated (not causal)",
        estimator="comparison by take-up",
        contrast="took part - did not",
        estimate=effect.estimate,
        std_error=effect.std_error if known else math.nan,
        df=effect.df,
        **count_sides(data.outcome, did),
        n_clusters=data.assignment.n_clusters,
        conf_level=options.conf_level,
        analysis_set="as_treated",
        mean_treatment=means[1],
        mean_control=means[0],
        notes=(
            NOT_CAUSAL,
            *data.notes,
            *(() if known else ("not estimable: there is no variation to learn an error from",)),
        ),
    )


def _require_both(data: Analysed, did: NDArray[np.int64]) -> None:
    if min(did.sum(), (1 - did).sum()) < 2 or (data.assignment.n_clusters or 2) < 2:
        raise DesignError(
            "fewer than two persons took part, or fewer than two did not. Mend: leave the "
            "comparison out."
        )


def _compare(data: Analysed, did: NDArray[np.int64]) -> Effect:
    """Take-up's coefficient beside stratum indicators that it does not imply."""
    strata = stratum_indicators(data.assignment)
    base = np.column_stack([np.ones(len(did)), did])
    keep = independent_columns(np.hstack([base, strata]))[2:]
    fit = fit_ancova(data.outcome, did, strata[:, keep], data.weights)
    cluster = data.assignment.cluster
    vcov: Vcov = "HC2" if cluster is None else "CR2"
    variance = float(estimate_vcov(fit, vcov, cluster)[TREATMENT, TREATMENT])
    df = float(fit.df_resid)
    if cluster is not None:
        df = bell_mccaffrey_df(fit, cluster, np.eye(len(fit.coef))[TREATMENT])
    return Effect(float(fit.coef[TREATMENT]), math.sqrt(variance), df)


def _of(data: Analysed, keep: NDArray[np.bool_]) -> Floats | None:
    return None if data.weights is None else data.weights[keep]
