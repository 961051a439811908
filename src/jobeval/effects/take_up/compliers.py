"""Who takes part because of the lottery: shares, means and a profile of the compliers."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.analysed import Columns
from jobeval.inference.covariates import UNKNOWN, read_covariates
from jobeval.plan.parts import Term

Floats = NDArray[np.float64]
EffectOn = Callable[[Floats], float]
"""The lottery's effect on values of shape ``(n,)``, linear in them."""


class Trait(NamedTuple):
    """One line of a profile: ``values`` of shape ``(n,)``, ``nan`` where unknown."""

    name: str
    values: Floats


def read_traits(
    columns: Columns, terms: Sequence[str | Term], rows: NDArray[np.bool_]
) -> tuple[Trait, ...]:
    """The columns of a profile: numbers as they are, each level of a category as 0 and 1.

    Raises
    ------
    DataError
        As ``read_covariates``.

    Examples
    --------
    >>> columns = {"benefit": np.array(["cash", "sickness", "cash"], dtype=object)}
    >>> [(t.name, t.values.tolist()) for t in read_traits(columns, ["benefit"], np.full(3, True))]
    [('benefit[cash]', [1.0, 0.0, 1.0]), ('benefit[sickness]', [0.0, 1.0, 0.0])]
    """
    read_covariates(columns, terms, rows)  # refuses what a covariate may not be
    return tuple(trait for term in terms for trait in _traits(columns, term, rows))


def _traits(columns: Columns, term: str | Term, rows: NDArray[np.bool_]) -> list[Trait]:
    name = term if isinstance(term, str) else term.column
    values = columns[name][rows]
    declared = None if isinstance(term, str) else term.type
    if values.dtype != object and declared != "category":
        return [Trait(name, values.astype(float))]
    labels = np.array([_label(value) for value in values.tolist()])
    levels = np.unique(labels).tolist()
    return [Trait(f"{name}[{level}]", (labels == level).astype(float)) for level in levels]


def _label(value: Any) -> str:
    if value is None or value != value:
        return UNKNOWN
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def complier_means(outcome: Floats, treated: Floats, effect_on: EffectOn) -> tuple[float, float]:
    """Mean outcome of the compliers without and with taking part.

    ``−L(y(1−d)) / L(d)`` and ``L(yd) / L(d)`` (Imbens & Rubin 1997); their difference is
    the effect on the compliers. Both ``nan`` where nobody complies.

    Parameters
    ----------
    outcome, treated
        Shape ``(n,)``.
    effect_on
        ``L``, the estimator of the lottery's effect.

    Examples
    --------
    >>> effect_on = lambda values: float(values[2:].mean() - values[:2].mean())
    >>> complier_means(np.array([2.0, 4, 4, 9]), np.array([0.0, 0, 0, 1]), effect_on)
    (2.0, 9.0)
    """
    share = effect_on(treated)
    if abs(share) < 1e-12:
        return math.nan, math.nan
    control, treatment = -effect_on(outcome * (1 - treated)), effect_on(outcome * treated)
    return control / share, treatment / share


def profile_compliers(
    traits: Sequence[Trait], treated: Floats, effect_on: EffectOn, weights: Floats | None = None
) -> tuple[tuple[str, float, float], ...]:
    """Means of baseline traits among the compliers, ``L(xd) / L(d)``, and among everyone.

    The ratio of the lottery's effect on ``xd`` to that on ``d`` (Abadie 2003; Angrist &
    Pischke 2009, section 4.4.4). Who has an unknown ``x`` is left out of its line.

    Parameters
    ----------
    traits
        Known before the draw.
    treated
        Shape ``(n,)``.
    effect_on
        ``L``, the estimator of the lottery's effect.
    weights
        Sampling weights, shape ``(n,)``, for the mean of everyone.

    Returns
    -------
    Rows ``(name, mean of compliers, mean of everyone)``.

    Examples
    --------
    >>> effect_on = lambda values: float(values[2:].mean() - values[:2].mean())
    >>> age = Trait("age", np.array([30.0, 40, 50, 20]))
    >>> profile_compliers([age], np.array([0.0, 0, 0, 1]), effect_on)
    (('age', 20.0, 35.0),)
    """
    rows: list[tuple[str, float, float]] = []
    for name, values in traits:
        known = ~np.isnan(values)
        filled, counts = np.where(known, values, 0.0), known.astype(float)
        share = effect_on(counts * treated)
        mean = effect_on(filled * treated) / share if abs(share) > 1e-12 else math.nan
        rows.append((name, mean, float(np.average(filled, weights=_times(counts, weights)))))
    return tuple(rows)


def _times(counts: Floats, weights: Floats | None) -> Floats:
    return counts if weights is None else counts * weights
