"""Stratum indicators and covariates as the columns of a design that has full rank."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.analysed import Analysed
from jobeval.effects.itt.options import Adjustment
from jobeval.errors import DesignError
from jobeval.inference.assignment import Assignment
from jobeval.regression.least_squares import independent_columns

Floats = NDArray[np.float64]


class Adjusters(NamedTuple):
    """Linearly independent columns, shape ``(n, p)``, and notes on what was left out."""

    values: Floats
    notes: tuple[str, ...]


def read_adjusters(data: Analysed, adjustment: Adjustment) -> Adjusters:
    """Stratum indicators, and the covariates that neither these nor earlier ones imply.

    Raises
    ------
    DesignError
        When the columns leave the effect unidentified, or outnumber the persons.
    """
    strata = stratum_indicators(data.assignment)
    covariates = data.covariates
    ones = np.ones((len(strata), 1))
    design = np.hstack([ones, strata, covariates.values])
    keep = independent_columns(design)[1 + strata.shape[1] :]
    kept = np.hstack([strata, covariates.values[:, keep]])
    _require_identified(kept, data.assignment.assigned, adjustment)
    notes = tuple(
        f"covariate {name!r} follows from the strata and the other covariates and is left out"
        for name, stays in zip(covariates.names, keep, strict=True)
        if not stays
    )
    return Adjusters(kept, notes)


def stratum_indicators(assignment: Assignment) -> Floats:
    """One column a stratum but the first, shape ``(n, S − 1)``."""
    return (assignment.stratum[:, None] == np.arange(1, assignment.n_strata)).astype(float)


def _require_identified(
    adjusters: Floats, assigned: NDArray[np.int64], adjustment: Adjustment
) -> None:
    """Refuse too many columns, and a treatment (ANCOVA) or an arm's slopes (Lin) aliased."""
    design = np.hstack([np.ones((len(adjusters), 1)), adjusters])
    if adjustment == "ancova":
        columns, what = design.shape[1] + 1, "the arms"
        parts = [np.hstack([design, assigned[:, None]])]
    else:
        columns, what = 2 * design.shape[1], "an arm alone"
        parts = [design[assigned == arm] for arm in (0, 1)]
    if columns >= len(design):
        raise DesignError(
            f"{columns} coefficients for {len(design)} persons. Mend: name fewer covariates."
        )
    if not all(independent_columns(part).all() for part in parts):
        raise DesignError(
            f"a combination of covariates is constant within {what}, so that the effect is "
            "not identified. Mend: name fewer covariates or merge their rare categories."
        )
