"""Poisson pseudo-maximum likelihood: effects as ratios of means, zeros included."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError
from jobeval.regression.least_squares import (
    LeastSquaresFit,
    bell_mccaffrey_df,
    estimate_vcov,
    fit_least_squares,
)

Floats = NDArray[np.float64]
STEPS = 100
TOLERANCE = 1e-10
NOTHING = 1e-9
"""A fitted mean below this share of the overall mean is one that runs off to zero."""


@dataclass(frozen=True, slots=True, eq=False)
class PpmlFit:
    """What a fit leaves behind.

    Attributes
    ----------
    coef
        Shape ``(k,)``.
    fitted
        Shape ``(n,)``, ``exp(Xβ)``.
    working
        The last weighted least squares, with weights ``wᵢμᵢ`` and residuals
        ``(yᵢ − μᵢ)/μᵢ``: ``estimate_vcov`` of it is the sandwich, its ``"classical"`` kind
        the quasi-Poisson covariance, and ``root root'`` that of a Poisson model.
    """

    coef: Floats
    fitted: Floats
    working: LeastSquaresFit

    @property
    def dispersion(self) -> float:
        """Pearson's statistic over ``n − k``: the variance is so many times the mean."""
        squared = self.working.weights @ np.square(self.working.residuals)
        return float(squared / self.working.df_resid)


class LogRatio(NamedTuple):
    """A logarithm of a ratio of standardised means."""

    estimate: float
    std_error: float
    df: float
    mean_treatment: float
    mean_control: float


def fit_ppml(
    design: NDArray[Any], outcome: NDArray[Any], weights: NDArray[Any] | None = None
) -> PpmlFit:
    """Fit ``E[y|x] = exp(xβ)`` by iterated weighted least squares.

    Consistent whatever the distribution of ``y ≥ 0`` (Gourieroux, Monfort & Trognon 1984;
    Santos Silva & Tenreyro 2006). With the arm alone in the design, ``exp(β)`` is the ratio
    of the (weighted) means.

    Parameters
    ----------
    design
        Shape ``(n, k)``, with its own column of ones.
    outcome
        Shape ``(n,)``, not negative.
    weights
        Shape ``(n,)``, positive, or ``None``.

    Raises
    ------
    DesignError
        When the columns are dependent, or when a combination of them is there only where
        the outcome is 0, so that no finite coefficient fits best.

    Examples
    --------
    >>> fit = fit_ppml(np.array([[1, 0], [1, 0], [1, 1], [1, 1]]), np.array([0, 2, 0, 6]))
    >>> float(np.exp(fit.coef[1]).round(9))
    3.0
    """
    outcome = np.asarray(outcome, dtype=float)
    given = np.ones(len(outcome)) if weights is None else np.asarray(weights, dtype=float)
    overall = np.average(outcome, weights=given)
    if not overall > 0:
        raise DesignError("the outcome is 0 for everyone, so that no ratio exists.")
    mean = (outcome + overall) / 2
    predictor = np.log(mean)
    for _ in range(STEPS):
        working = predictor + (outcome - mean) / mean
        fit = fit_least_squares(design, working, given * mean)
        before, predictor = predictor, design @ fit.coef
        mean = np.exp(np.clip(predictor, -700, 700))
        if mean.min() < NOTHING * overall:
            break
        if np.abs(predictor - before).max() < TOLERANCE:
            return PpmlFit(fit.coef, mean, fit)
    raise DesignError(
        "a group that the covariates or strata mark has outcome 0 throughout (or the fit does "
        "not settle), so that no finite ratio fits best. Mend: name fewer covariates."
    )


def standardised_log_ratio(
    fit: PpmlFit,
    treated: Floats,
    control: Floats,
    cluster: NDArray[np.int64] | None = None,
    masses: Floats | None = None,
) -> LogRatio:
    """The ratio of the mean predictions for everyone, as treated and as control.

    Under the canonical link the predictions of an arm average to its mean, so the ratio is
    consistent under randomisation also where the model is wrong (Rosenblum & van der Laan
    2010). Error by the delta method from HC2, or CR2 with Bell–McCaffrey degrees of freedom.

    Parameters
    ----------
    fit
        Of a design with the arm and its products with the covariates.
    treated, control
        Shape ``(n, k)``: the design with everyone in the one arm, and in the other.
    cluster
        Shape ``(n,)`` or ``None``.
    masses
        Shape ``(n,)``: what each person counts in "everyone"; ``None`` for alike.
    """
    masses = np.ones(len(treated)) if masses is None else masses
    predictions = [masses * np.exp(design @ fit.coef) for design in (treated, control)]
    means = [float(prediction.sum() / masses.sum()) for prediction in predictions]
    high, low = (
        prediction @ design / prediction.sum()
        for prediction, design in zip(predictions, (treated, control), strict=True)
    )
    gradient = high - low
    vcov = estimate_vcov(fit.working, "HC2" if cluster is None else "CR2", cluster)
    df = float(fit.working.df_resid)
    if cluster is not None:
        df = bell_mccaffrey_df(fit.working, cluster, gradient)
    error = float(np.sqrt(gradient @ vcov @ gradient))
    return LogRatio(float(np.log(means[0] / means[1])), error, df, means[0], means[1])
