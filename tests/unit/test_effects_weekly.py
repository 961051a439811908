"""Many outcomes on one design: against one fit for each, with its covariance matrix."""

from typing import get_args

import numpy as np
import pytest

from jobeval.effects.weekly.weekly import RowBlocks, WeeklyModel, fit_weeks
from jobeval.errors import DesignError
from jobeval.regression.factorised import contrast_loadings, factorise_design
from jobeval.regression.least_squares import Vcov, estimate_vcov, fit_least_squares

N, K, WEEKS = 60, 4, 5


def draw(seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(N), np.arange(N) % 2, rng.normal(size=(N, K - 2))])
    outcomes = rng.normal(size=(N, 1)) + rng.normal(size=(N, WEEKS)) * (1 + design[:, [1]])
    return design, outcomes, rng.uniform(0.5, 2, N), rng.permutation(np.arange(N) % 12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", get_args(Vcov))
def test_every_kind_is_that_of_one_fit_for_each_outcome(kind: Vcov, weighted: bool) -> None:
    design, outcomes, weights, cluster = draw()
    members = cluster if kind.startswith("CR") else None
    mass = weights if weighted else None
    fit = factorise_design(design, mass)
    contrasts = np.array([[1.0, 1, 0, 0], [0, 1, 0, 0]])
    model = WeeklyModel(fit, contrasts, contrast_loadings(fit, contrasts, kind, members))
    found = fit_weeks([model], RowBlocks(outcomes, 7), WEEKS, members)
    for week in range(WEEKS):
        alone = fit_least_squares(design, outcomes[:, week], mass)
        vcov = estimate_vcov(alone, kind, members)
        assert found.estimate[:, week] == pytest.approx(contrasts @ alone.coef, rel=1e-10)
        expected = np.diag(contrasts @ vcov @ contrasts.T)
        assert found.variance[:, week] == pytest.approx(expected, rel=1e-9)
    assert np.diag(found.covariance) == pytest.approx(found.variance[1], rel=1e-12)


@pytest.mark.parametrize("kind", ["HC2", "CR2"])
def test_the_covariance_is_that_of_any_sum_of_outcomes(kind: Vcov) -> None:
    design, outcomes, _, cluster = draw()
    members = cluster if kind == "CR2" else None
    fit, effect = factorise_design(design), np.eye(K)[[1]]
    model = WeeklyModel(fit, effect, contrast_loadings(fit, effect, kind, members))
    found = fit_weeks([model], RowBlocks(outcomes), WEEKS, members)
    mix = np.array([1.0, -2, 0, 3, 0.5])
    alone = fit_least_squares(design, outcomes @ mix)
    expected = estimate_vcov(alone, kind, members)[1, 1]
    assert mix @ found.covariance @ mix == pytest.approx(expected, rel=1e-10)


def test_outcomes_of_other_persons_have_models_of_their_own() -> None:
    design, outcomes, _, _ = draw()
    known = np.arange(N) < 45
    outcomes[~known, 3:] = np.nan
    effect = np.eye(K)[[1]]
    models = []
    for columns, rows in ((np.arange(3), None), (np.array([3]), known)):
        fit = factorise_design(design if rows is None else design[rows])
        loadings = contrast_loadings(fit, effect, "HC2")
        models.append(WeeklyModel(fit, effect, loadings, columns, rows))
    found = fit_weeks(models, RowBlocks(outcomes, 8), WEEKS)
    for week, rows in ((0, slice(None)), (3, known)):
        alone = fit_least_squares(design[rows], outcomes[rows, week])
        assert found.estimate[0, week] == pytest.approx(alone.coef[1], rel=1e-10)
        assert found.variance[0, week] == pytest.approx(estimate_vcov(alone, "HC2")[1, 1])
    assert np.isnan([found.estimate[0, 4], found.variance[0, 4], found.covariance[4, 0]]).all()
    scores = []
    for model, week in zip(models, (0, 3), strict=True):
        rows = slice(None) if model.rows is None else model.rows
        residuals = fit_least_squares(design[rows], outcomes[rows, week]).residuals
        score = np.zeros(N)
        score[rows] = model.loadings[0] * residuals
        scores.append(score)
    assert found.covariance[0, 3] == pytest.approx(scores[0] @ scores[1], rel=1e-9)


def test_an_ill_conditioned_design_goes_to_the_pivoted_qr() -> None:
    """Powers to the ninth of 1 … 1.5: Cholesky alone would keep no digit."""
    x = np.linspace(1, 1.5, 40)
    design = x[:, None] ** np.arange(10)
    outcome = np.sin(9 * x)
    fit, last = factorise_design(design), np.eye(10)[[9]]
    model = WeeklyModel(fit, last, contrast_loadings(fit, last, "HC0"))
    found = fit_weeks([model], [outcome[:, None]], 1)
    alone = fit_least_squares(design, outcome)
    assert found.estimate[0, 0] == pytest.approx(alone.coef[9], rel=1e-12)
    basis = factorise_design(design[:, :4]).basis
    assert basis.T @ basis == pytest.approx(np.eye(4), abs=1e-14)


def test_dependent_columns_are_refused() -> None:
    design = np.column_stack([np.ones(9), np.arange(9), 2 * np.arange(9)])
    for wrong in (design, np.column_stack([design[:, :2], np.zeros(9)]), design[:2]):
        with pytest.raises(DesignError, match="rank"):
            factorise_design(wrong)


def test_a_person_who_alone_sets_a_coefficient_leaves_no_error() -> None:
    design = np.column_stack([np.ones(6), [0, 0, 0, 0, 0, 1.0]])
    fit, effect = factorise_design(design), np.array([[0.0, 1]])
    model = WeeklyModel(fit, effect, contrast_loadings(fit, effect, "HC2"))
    found = fit_weeks([model], [np.arange(6.0)[:, None]], 1)
    assert found.estimate[0, 0] == pytest.approx(3) and np.isnan(found.variance[0, 0])
