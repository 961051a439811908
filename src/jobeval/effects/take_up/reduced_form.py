"""The lottery's effect as a function of the outcome, as ``estimate_itt`` measures it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.analysed import Analysed
from jobeval.effects.itt.contrast import TREATMENT, Contrast, build_model, estimate_contrast
from jobeval.effects.itt.options import IttOptions
from jobeval.effects.itt.small_blocks import Estimator, choose_estimator
from jobeval.effects.itt.weighting import choose_weights
from jobeval.effects.regression.least_squares import fit_least_squares
from jobeval.effects.take_up.instrument import Effect

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ReducedForm:
    """One estimator on one set of persons; made by ``choose_reduced_form``.

    All methods take values of shape ``(n,)`` in the place of the outcome. Effects and means
    are linear in them: under a regression the effect is ``loads @ values``.
    """

    data: Analysed
    options: IttOptions
    estimator: Estimator
    loads: Floats | None = None

    def contrast(self, values: Floats) -> Contrast:
        """Effect, error, means of the arms and notes."""
        return self.estimator(replace(self.data, outcome=values), self.options)

    def measure(self, values: Floats) -> Effect:
        """The effect with its error."""
        return Effect(*self.contrast(values)[:3])

    def effect_on(self, values: Floats) -> float:
        """The effect alone."""
        if self.loads is not None:
            return float(self.loads @ values)
        return self.contrast(values).estimate


def choose_reduced_form(data: Analysed, options: IttOptions) -> ReducedForm:
    """The estimator that ``estimate_itt`` uses for these persons and options.

    Raises
    ------
    DesignError
        When the persons cannot be compared.
    """
    estimator = choose_estimator(data, options)
    closed = options.adjustment == "none" and data.assignment.cluster is None
    if closed or estimator is not estimate_contrast:
        return ReducedForm(data, options, estimator)
    return ReducedForm(data, options, estimator, _loads(data, options))


def _loads(data: Analysed, options: IttOptions) -> Floats:
    """What each person's outcome adds to the coefficient of treatment, shape ``(n,)``."""
    weights, _ = choose_weights(data, options)
    fit = fit_least_squares(build_model(data, options).design, data.outcome, weights)
    return (fit.basis @ fit.root[TREATMENT]) * np.sqrt(fit.weights)
