"""The effects of all weeks and their covariance, each week as ``estimate_itt`` has it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.adjusters import read_adjusters
from jobeval.effects.itt.analysed import Analysed, require_comparable
from jobeval.effects.itt.options import IttOptions
from jobeval.effects.itt.weighting import choose_weights
from jobeval.effects.weekly.week_facts import Pattern, WeekFacts, WeeklyMoments, read_week_facts
from jobeval.effects.weekly.weekly import Blocks, WeeklyModel, fit_weeks
from jobeval.effects.weekly.weekly_cells import measure_weeks
from jobeval.errors import DesignError
from jobeval.inference.covariates import CovariateColumns
from jobeval.regression.ancova import ancova_design
from jobeval.regression.factorised import contrast_loadings, factorise_design
from jobeval.regression.least_squares import LeastSquaresFit, Vcov, bell_mccaffrey_df
from jobeval.regression.lin import lin_design

Floats = NDArray[np.float64]
ARMS_AND_EFFECT = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
"""Of constant and treatment: the means of control and treatment, and the effect."""
FLAT = 1e-13
"""A standard error below this share of the largest value is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class WeeklyEffects:
    """Means and effects of ``T`` weeks; arrays ``(3, T)``: control, treatment, contrast.

    ``covariance``, shape ``(T, T)``, is that of the effects: 0 in weeks in which the outcome
    does not vary, ``nan`` in those that have no value. ``std_error`` is ``nan`` in both.
    """

    values: Floats
    std_error: Floats
    df: Floats
    covariance: Floats
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64]
    notes: tuple[str, ...] = ()


def estimate_weekly_effects(
    blocks: Blocks, persons: Analysed, options: IttOptions, weeks: int
) -> WeeklyEffects:
    """Estimate the arms' means and the effect in each week.

    Parameters
    ----------
    blocks
        Rows of ``persons`` in their order, ``weeks`` columns, ``nan`` where not observed. They
        are read three times, or five when covariates are adjusted for.
    persons
        Everyone drawn; its outcome is not looked at.

    Notes
    -----
    A week's effect is that of ``estimate_itt`` on the persons observed in it. The covariance
    of two weeks sums the products of scores over the persons (clusters) observed in both.
    The means of the arms are never adjusted for covariates.
    """
    facts = read_week_facts(blocks, persons.assignment, weeks)
    plain = replace(options, adjustment="none", covariates=())
    weighted = choose_weights(persons, plain)[0] is not None
    in_cells = persons.assignment.cluster is None and not weighted
    simple = options.adjustment == "none"
    if in_cells and (not simple or options.vcov in {None, "HC2"}):
        found = measure_weeks(blocks, facts, persons.assignment)
    else:
        none = CovariateColumns((), np.empty((len(persons.outcome), 0)))
        found = _from_models(blocks, facts, replace(persons, covariates=none), plain)
    if not simple:
        found = _with_effect(found, _from_models(blocks, facts, persons, options))
    return _finish(found, facts)


def _with_effect(arms: WeeklyMoments, adjusted: WeeklyMoments) -> WeeklyMoments:
    """The arms of one, the effect of the other."""
    values, variance, df = (
        np.vstack([one[:2], two[2:]]) for one, two in zip(arms[:3], adjusted[:3], strict=True)
    )
    notes = tuple(dict.fromkeys((*arms.notes, *adjusted.notes)))
    return WeeklyMoments(values, variance, df, adjusted.covariance, notes)


def _from_models(
    blocks: Blocks, facts: WeekFacts, persons: Analysed, options: IttOptions
) -> WeeklyMoments:
    """A regression for each set of persons who are observed in the same weeks."""
    values, variance, df = np.full((3, 3, facts.weeks), np.nan)
    covariance = np.full((facts.weeks, facts.weeks), np.nan)
    models: list[WeeklyModel] = []
    notes: list[str] = []
    for weeks, rows in facts.patterns():
        try:
            built = _build_model(persons, options, (weeks, rows))
        except DesignError as error:
            notes.append(f"not estimable in {len(weeks)} weeks: {error}")
            continue
        models.append(built.model)
        df[-len(built.df) :, weeks] = built.df[:, None]
        notes += built.notes
    if models:
        found = fit_weeks(models, blocks, facts.weeks, persons.assignment.cluster)
        rows = slice(-len(found.estimate), None)
        values[rows], variance[rows] = found.estimate, found.variance
        covariance = found.covariance if found.covariance is not None else covariance
    return WeeklyMoments(values, variance, df, covariance, tuple(dict.fromkeys(notes)))


class _Built(NamedTuple):
    model: WeeklyModel
    df: Floats
    notes: tuple[str, ...]


def _build_model(persons: Analysed, options: IttOptions, pattern: Pattern) -> _Built:
    columns, rows = pattern
    data = persons if rows is None else persons.subset(rows)
    require_comparable(data, options)
    weights, notes = choose_weights(data, options)
    adjusters = read_adjusters(data, options.adjustment)
    assigned, cluster = data.assignment.assigned, data.assignment.cluster
    if options.adjustment == "ancova":
        design = ancova_design(assigned, adjusters.values)
    else:
        masses = np.ones(len(assigned)) if data.weights is None else data.weights
        centre = masses @ adjusters.values / masses.sum()
        design = lin_design(assigned, adjusters.values, centre)
    fit = factorise_design(design, weights)
    firsts = ARMS_AND_EFFECT if options.adjustment == "none" else ARMS_AND_EFFECT[2:]
    contrasts = np.hstack([firsts, np.zeros((len(firsts), design.shape[1] - 2))])
    kind: Vcov = options.vcov or ("HC2" if cluster is None else "CR2")
    loadings = contrast_loadings(fit, contrasts, kind, cluster)
    model = WeeklyModel(fit, contrasts, loadings, columns, rows)
    return _Built(model, _freedom(data, fit, contrasts, kind), (*adjusters.notes, *notes))


def _freedom(data: Analysed, fit: LeastSquaresFit, contrasts: Floats, kind: Vcov) -> Floats:
    """Degrees of freedom of each contrast: of the arms (where they are asked for), the effect."""
    assigned, cluster = data.assignment.assigned, data.assignment.cluster
    if cluster is None:
        arms = np.bincount(assigned) - data.assignment.n_strata
        return np.array([*arms, fit.df_resid], dtype=float)[-len(contrasts) :]
    if kind == "CR2" or kind == "CR3":
        return np.array([bell_mccaffrey_df(fit, cluster, line, kind) for line in contrasts])
    drawn = [len(np.unique(cluster[assigned == arm])) for arm in (0, 1)]
    return np.array([drawn[0] - 1, drawn[1] - 1, sum(drawn) - 1], dtype=float)[-len(contrasts) :]


def _finish(found: WeeklyMoments, facts: WeekFacts) -> WeeklyEffects:
    """Take out weeks without a value, and errors that are rounding or nothing."""
    error = np.sqrt(found.variance)
    flat = facts.flat | (error <= FLAT * facts.largest)
    covariance = found.covariance.copy()
    covariance[flat[2]] = covariance[:, flat[2]] = 0.0
    persons = facts.n.sum(axis=0)
    return WeeklyEffects(
        values=found.values,
        std_error=np.where(flat, np.nan, error),
        df=found.df,
        covariance=covariance,
        at_risk=np.vstack([persons, persons.sum(axis=0)]).astype(np.int64),
        events=np.vstack([facts.positive, facts.positive.sum(axis=0)]),
        notes=found.notes,
    )
