"""The hazard ratio of treatment: Cox's model, stratified as the lottery drew."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError
from jobeval.exits.cox_fit import CoxFit, Ties, fit_cox
from jobeval.exits.curves import FEW_CLUSTERS
from jobeval.exits.durations import Durations, read_durations
from jobeval.inference.covariates import covariate_names, read_covariates
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import Estimate

Floats = NDArray[np.float64]
COLLINEAR = 1e-9
"""A column is a combination of others when less than this share of its squares is its own."""


@dataclass(frozen=True, slots=True, eq=False)
class CoxDesign:
    """The columns of a Cox model: treatment first, then what can be told apart."""

    names: tuple[str, ...]
    x: Floats
    notes: tuple[str, ...]


def estimate_hazard_ratio(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    covariates: Sequence[str | Term] = (),
    ties: Ties = "efron",
    conf_level: float = 0.95,
    robust: bool | None = None,
) -> Estimate:
    """How many times faster the treatment arm leaves, as a log hazard ratio.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row a person. Persons of other arms are left out.
    duration
        Column of whole weeks since randomisation.
    observed
        Column of true/false or 1/0; false is censored at ``duration``.
    lottery
        The names of the lottery's columns. Each stratum has its own baseline hazard.
    covariates
        Baseline columns to adjust for: names, or ``Term`` to say how they are coded. The
        hazard ratio is then conditional on them. What does not vary within strata, or is a
        combination of others, is dropped with a note.
    ties
        ``"efron"`` or ``"breslow"``.
    conf_level
        Level of the interval.
    robust
        Whether the standard error is Lin & Wei's, summed over clusters or persons, instead
        of the model's. Left out, it is so exactly when clusters were drawn.

    Returns
    -------
    Estimate
        On the log scale (``scale="log_ratio"``), with a normal reference. ``nan`` with a note
        when no exit was seen, or when the likelihood is monotone and the ratio infinite.

    Raises
    ------
    DataError
        For missing or broken durations or covariates, and a lottery that cannot be read.
    DesignError
        When the covariates tell the arm of everybody.

    References
    ----------
    Cox (1972); Efron (1977); Lin & Wei (1989).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9],
    ...     "left": [1, 0, 1, 1, 0, 1]})
    >>> effect = estimate_hazard_ratio(frame, "week", "left",
    ...     Lottery(arm="arm", treatment="t", control="c"))
    >>> round(effect.estimate, 6), round(effect.std_error, 6), round(effect.ratio, 3)
    (1.676857, 1.277616, 5.349)
    """
    if ties not in ("efron", "breslow"):
        raise ValueError(f'ties must be "efron" or "breslow", not {ties!r}')
    durations = read_durations(frame, duration, observed, lottery, covariate_names(covariates))
    drawn = durations.assignment
    design = build_design(durations, covariates)
    clustered = drawn.cluster is not None if robust is None else robust
    estimate, std_error, notes = _fit_treatment(durations, design, ties, clustered)
    exits = np.bincount(drawn.assigned[durations.cause > 0], minlength=2).tolist()
    return Estimate(
        endpoint=duration,
        estimand="itt",
        estimator=f"Cox ({ties.capitalize()})",
        contrast=lottery.contrast,
        estimate=estimate,
        std_error=std_error,
        scale="log_ratio",
        unit="hazard_ratio",
        conf_level=conf_level,
        n_treatment=int(drawn.assigned.sum()),
        n_control=int((1 - drawn.assigned).sum()),
        n_clusters=drawn.n_clusters,
        n_apart_treatment=exits[1],
        n_apart_control=exits[0],
        notes=(*design.notes, *notes),
    )


def _fit_treatment(
    durations: Durations, design: CoxDesign, ties: Ties, clustered: bool
) -> tuple[float, float, list[str]]:
    """Coefficient of treatment, its standard error, and what is to be said of them."""
    drawn, left = durations.assignment, durations.cause > 0
    if not left.any():
        return math.nan, math.nan, ["not estimable: no exit was seen"]
    fit = fit_cox(design.x, durations.weeks, left, drawn.stratum, ties=ties, residuals=clustered)
    vcov = fit.robust_vcov(drawn.cluster) if clustered else fit.vcov
    estimate, variance = float(fit.coef[0]), float(vcov[0, 0])
    std_error = math.sqrt(variance) if variance > 0 else math.nan
    notes = [*_fit_notes(fit, design.names), *_error_notes(clustered, drawn.n_clusters)]
    if math.isfinite(estimate) and math.isnan(std_error):
        notes.append("standard error not estimable")
    return estimate, std_error, notes


def build_design(durations: Durations, covariates: Sequence[str | Term]) -> CoxDesign:
    """Treatment and covariates; what cannot be told apart within strata is dropped with a note."""
    drawn = durations.assignment
    read = read_covariates(durations.columns, covariates, drawn.rows)
    x = np.column_stack([read.values, drawn.assigned.astype(np.float64)])
    own = independent_columns(x, drawn.stratum)
    if not own[-1]:
        raise DesignError("the covariates tell the arm of everybody: no effect can be told apart")
    dropped = [
        f"covariate {name!r} adds nothing within the strata and is left out"
        for name, keep in zip(read.names, own, strict=False)
        if not keep
    ]
    kept = [name for name, keep in zip(read.names, own, strict=False) if keep]
    return CoxDesign(("treatment", *kept), np.roll(x[:, own], 1, axis=1), (*read.notes, *dropped))


def independent_columns(x: Floats, stratum: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which columns vary within strata beyond the columns before them, shape ``(p,)``.

    >>> x = np.array([[1.0, 2.0, 5.0], [2.0, 4.0, 5.0], [4.0, 8.0, 5.0]])
    >>> independent_columns(x, np.zeros(3, dtype=int)).tolist()
    [True, False, False]
    """
    size = np.maximum(np.bincount(stratum), 1)
    own = np.zeros(x.shape[1], dtype=bool)
    basis = np.empty((len(x), 0))
    for index, column in enumerate(x.T):
        column = column - column.mean()
        squares = column @ column
        column = column - (np.bincount(stratum, weights=column) / size)[stratum]
        column = column - basis @ (basis.T @ column)
        column = column - basis @ (basis.T @ column)
        length = column @ column
        own[index] = length > COLLINEAR * squares
        if own[index]:
            basis = np.column_stack([basis, column / math.sqrt(length)])
    return own


def _fit_notes(fit: CoxFit, names: tuple[str, ...]) -> list[str]:
    if not fit.converged:
        return ["not estimable: the likelihood has no single maximum"]
    if fit.infinite[0]:
        return ["not estimable (infinite): the likelihood is monotone in the treatment"]
    return [
        f"coefficient of covariate {name!r} is infinite"
        for name, infinite in zip(names, fit.infinite, strict=True)
        if infinite
    ]


def _error_notes(clustered: bool, n_clusters: int | None) -> list[str]:
    if not clustered:
        return []
    if n_clusters is None:
        return ["robust standard error (Lin–Wei)"]
    few = ", too few for a normal reference" if n_clusters < FEW_CLUSTERS else ""
    return [f"robust standard error (Lin–Wei) over {n_clusters} clusters{few}"]
