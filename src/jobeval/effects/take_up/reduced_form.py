"""The lottery's effect as a function of the outcome, as ``estimate_itt`` measures it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.analysed import Analysed
from jobeval.effects.itt.contrast import (
    TREATMENT,
    Contrast,
    Model,
    build_model,
    estimate_contrast,
    has_closed_form,
    read_contrast,
)
from jobeval.effects.itt.options import IttOptions
from jobeval.effects.itt.small_blocks import Estimator, choose_estimator
from jobeval.inference.instrument import Effect
from jobeval.regression.least_squares import LeastSquaresFit, fit_least_squares, refit

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ReducedForm:
    """One estimator on one set of persons; made by ``choose_reduced_form``.

    All methods take values of shape ``(n,)`` in the place of the outcome. Effects and means
    are linear in them; a regression is factorised once for all of them.
    """

    data: Analysed
    options: IttOptions
    estimator: Estimator
    regression: tuple[Model, LeastSquaresFit] | None = None

    def contrast(self, values: Floats) -> Contrast:
        """Effect, error, means of the arms and notes."""
        data = replace(self.data, outcome=values)
        if self.regression is None:
            return self.estimator(data, self.options)
        model, fit = self.regression
        return read_contrast(refit(fit, values), model, data, self.options)

    def measure(self, values: Floats) -> Effect:
        """The effect with its error."""
        return Effect(*self.contrast(values)[:3])

    def effect_on(self, values: Floats) -> float:
        """The effect alone."""
        if self.regression is None:
            return self.contrast(values).estimate
        return float(refit(self.regression[1], values).coef[TREATMENT])


def choose_reduced_form(data: Analysed, options: IttOptions) -> ReducedForm:
    """The estimator that ``estimate_itt`` uses for these persons and options.

    Raises
    ------
    DesignError
        When the persons cannot be compared.
    """
    estimator = choose_estimator(data, options)
    if estimator is not estimate_contrast or has_closed_form(data, options):
        return ReducedForm(data, options, estimator)
    model = build_model(data, options)
    fit = fit_least_squares(model.design, data.outcome, model.weights)
    return ReducedForm(data, options, estimator, (model, fit))
