"""The effect of one analysis as numbers: difference, ANCOVA or Lin, with error and means."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.adjusters import read_adjusters
from jobeval.effects.itt.analysed import Analysed
from jobeval.effects.itt.options import IttOptions
from jobeval.effects.itt.weighting import choose_weights, weighted_arm_means
from jobeval.regression.ancova import ancova_design
from jobeval.regression.blocked import blocked_difference
from jobeval.regression.difference import measure_cells
from jobeval.regression.least_squares import (
    LeastSquaresFit,
    Vcov,
    bell_mccaffrey_df,
    estimate_vcov,
    fit_least_squares,
    imbens_kolesar_df,
)
from jobeval.regression.lin import effects_by_person, lin_design

Floats = NDArray[np.float64]
TREATMENT = 1  # its column in the designs of ANCOVA and Lin


class Contrast(NamedTuple):
    """Treatment minus control; the means are those of the unadjusted effect."""

    estimate: float
    std_error: float
    df: float
    mean_control: float
    mean_treatment: float
    notes: tuple[str, ...] = ()


class Model(NamedTuple):
    """What is fitted; the notes tell of covariates that were dropped and of weights.

    A design, shape ``(n, k)``; Lin's centred adjusters, ``(n, p)``; weights, ``(n,)``.
    """

    design: Floats
    centred: Floats | None
    weights: Floats | None
    notes: tuple[str, ...]


def estimate_contrast(data: Analysed, options: IttOptions) -> Contrast:
    """Estimate as the options say, with two persons or clusters in every cell of the lottery.

    The notes tell of covariates that were dropped and of weights.
    """
    if has_closed_form(data, options):
        return _blocked(data, options)
    model = build_model(data, options)
    fit = fit_least_squares(model.design, data.outcome, model.weights)
    return read_contrast(fit, model, data, options)


def has_closed_form(data: Analysed, options: IttOptions) -> bool:
    """Whether the blocked difference in means needs no regression."""
    plain = options.adjustment == "none" and options.df is None and options.vcov in {None, "HC2"}
    weighted = data.weights is not None or data.assignment.probability_varies
    return plain and not weighted and data.assignment.cluster is None


def read_contrast(
    fit: LeastSquaresFit, model: Model, data: Analysed, options: IttOptions
) -> Contrast:
    """The effect that a fit of ``data.outcome`` on the model found."""
    extra = 0.0
    if model.centred is not None:
        extra = _sampling_variance(data, options, effects_by_person(fit, model.centred))
    means = weighted_arm_means(data.outcome, data.assignment, fit.weights, data.weights)
    variance, df = _error(fit, options, data.assignment.cluster)
    return Contrast(
        float(fit.coef[TREATMENT]),
        math.sqrt(variance + extra),
        df,
        float(means[0]),
        float(means[1]),
        model.notes,
    )


def build_model(data: Analysed, options: IttOptions) -> Model:
    """The design of ANCOVA or Lin; of Lin on the strata alone for ``"none"``."""
    weights, notes = choose_weights(data, options)
    adjusters = read_adjusters(data, options.adjustment)
    notes = (*adjusters.notes, *notes)
    assigned = data.assignment.assigned
    if options.adjustment == "ancova":
        return Model(ancova_design(assigned, adjusters.values), None, weights, notes)
    mass = np.ones(len(assigned)) if data.weights is None else data.weights
    everyone = mass @ adjusters.values / mass.sum()
    design = lin_design(assigned, adjusters.values, everyone)
    return Model(design, adjusters.values - everyone, weights, notes)


def _blocked(data: Analysed, options: IttOptions) -> Contrast:
    drawn = data.assignment
    cells = measure_cells(data.outcome, drawn.assigned, drawn.stratum, drawn.n_strata)
    found = blocked_difference(cells)
    by_stratum = cells.mean[:, 1] - cells.mean[:, 0]
    extra = _sampling_variance(data, options, by_stratum[drawn.stratum])
    return Contrast(
        float(found.estimate),
        math.sqrt(float(found.std_error) ** 2 + extra) if extra else float(found.std_error),
        float(found.df),
        float(found.mean_control),
        float(found.mean_treatment),
    )


def _sampling_variance(data: Analysed, options: IttOptions, effects: Floats) -> float:
    """What drawing the persons from a superpopulation adds: the variance of their mean effect.

    ``effects`` has shape ``(n,)``: each person's effect as the adjusters predict it. Without
    weights and clusters this is ``Var(τ̂(X))/n`` (divisor ``n``).
    """
    if options.population == "sample":
        return 0.0
    masses = np.ones(len(effects)) if data.weights is None else data.weights
    mean = np.average(effects, weights=masses)
    parts = masses * (effects - mean) / masses.sum()
    if data.assignment.cluster is not None:
        parts = np.bincount(data.assignment.cluster, parts)
    return float(parts @ parts)


def _error(
    fit: LeastSquaresFit, options: IttOptions, cluster: NDArray[np.int64] | None
) -> tuple[float, float]:
    """Variance and degrees of freedom of the effect."""
    kind: Vcov = options.vcov or ("HC2" if cluster is None else "CR2")
    variance = float(estimate_vcov(fit, kind, cluster)[TREATMENT, TREATMENT])
    contrast = np.eye(len(fit.coef))[TREATMENT]
    if cluster is None or kind not in ("CR0", "CR1", "CR2", "CR3"):
        asked = options.df is not None
        return variance, bell_mccaffrey_df(fit, None, contrast) if asked else float(fit.df_resid)
    if options.df == "imbens-kolesar":
        return variance, imbens_kolesar_df(fit, cluster, contrast, kind)
    if options.df == "bell-mccaffrey" or kind in ("CR2", "CR3"):
        return variance, bell_mccaffrey_df(fit, cluster, contrast, kind)
    return variance, float(cluster.max())  # clusters − 1
