"""Statistics of re-drawn lotteries, computed many at once, are those of fits one by one."""

from typing import NamedTuple

import numpy as np
import pytest

from jobeval.errors import DesignError
from jobeval.inference.assignment import Assignment
from jobeval.inference.redraw import redraw_arms, redraw_lottery
from jobeval.inference.several_arms import ArmContrast, redraw_contrasts
from jobeval.inference.statistics import redraw_statistics
from jobeval.regression.least_squares import estimate_vcov, fit_least_squares

DRAWS, SEED = 70, 3
FORMS = [("none", "none"), ("ancova", "none"), ("ancova", "allocation"), ("lin", "none")]


class Persons(NamedTuple):
    outcome: np.ndarray
    covariates: np.ndarray
    stratum: np.ndarray
    cluster: np.ndarray | None
    probability: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> "Persons":
        return Persons(*(None if part is None else part[rows] for part in self))


def draw_persons(clustered: bool, varying: bool = False) -> Persons:
    rng = np.random.default_rng(8)
    cluster = np.arange(96) // 4
    stratum = cluster // 8
    covariates = rng.normal(size=(96, 2)) + stratum[:, None]
    outcome = covariates[:, 0] + rng.normal(size=96) * (1 + stratum)
    probability = np.repeat(rng.uniform(0.35, 0.65, 24), 4) if varying else None
    return Persons(outcome, covariates, stratum, cluster if clustered else None, probability)


def weigh(persons: Persons, z: np.ndarray, weighing: str) -> np.ndarray:
    if weighing == "allocation":
        same = persons.stratum[:, None] == persons.stratum
        return same.sum(axis=1) / (same & (z[:, None] == z)).sum(axis=1)
    if weighing == "probability":
        return 1 / np.where(z == 1, persons.probability, 1 - persons.probability)
    return np.ones(len(z))


def fit_one(persons: Persons, z: np.ndarray, form: str, weighing: str) -> tuple[float, float]:
    """The effect and its error by one regression, ``nan`` where it is not identified."""
    strata = (persons.stratum[:, None] == np.unique(persons.stratum)).astype(float)
    x = persons.covariates - persons.covariates.mean(axis=0)
    treated, share = z[:, None].astype(float), strata.mean(axis=0)
    if form == "ancova":
        design = np.hstack([treated, strata, x])
        contrast = np.eye(design.shape[1])[0]
    else:  # means of cells are regressors of their own
        x = x[:, :0] if form == "none" else x
        design = np.hstack([treated * strata, (1 - treated) * strata, treated * x, x])
        contrast = np.concatenate([share, -share, np.zeros(2 * x.shape[1])])
    try:
        fit = fit_least_squares(design, persons.outcome, weigh(persons, z, weighing))
    except DesignError:
        return np.nan, np.nan
    if persons.cluster is None:
        covariance = estimate_vcov(fit, "HC2")
    else:
        _, codes = np.unique(persons.cluster, return_inverse=True)
        clusters = codes.max() + 1
        covariance = estimate_vcov(fit, "CR0", codes) * clusters / (clusters - 1)
    return float(contrast @ fit.coef), float(np.sqrt(contrast @ covariance @ contrast))


def fit_all(pairs: list[tuple[Persons, np.ndarray]], form: str, weighing: str) -> np.ndarray:
    return np.array([fit_one(persons, z, form, weighing) for persons, z in pairs])


def assigned(persons: Persons, arms: int) -> np.ndarray:
    unit = np.arange(96) if persons.cluster is None else persons.cluster
    return (unit * 7 // 2 + unit // 5) % arms


def lottery(persons: Persons) -> Assignment:
    z = assigned(persons, 2)
    return Assignment(
        np.ones(96, bool), z, persons.stratum, ("a", "b", "c"), persons.cluster, persons.probability
    )


def redrawn_pairs(persons: Persons, known: np.ndarray) -> list[tuple[Persons, np.ndarray]]:
    blocks = redraw_lottery(lottery(persons), DRAWS, np.random.SeedSequence(SEED))
    return [(persons.take(known), z[known]) for block in blocks for z in block]


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize(
    ("form", "weighing"), [*FORMS[1:], ("ancova", "probability"), ("lin", "probability")]
)
def test_many_draws_are_fits_one_by_one(clustered: bool, form: str, weighing: str) -> None:
    persons = draw_persons(clustered, varying=weighing == "probability")
    known = np.arange(96) % 11 > 0  # so that counts by arm differ between draws
    expected = fit_all(redrawn_pairs(persons, known), form, weighing)
    outcomes = np.column_stack([np.where(known, persons.outcome, np.nan)] * 2)
    outcomes[:, 1] *= -3
    found = redraw_statistics(
        outcomes, lottery(persons), covariates=persons.covariates, form=form,
        weighing=weighing, draws=DRAWS, seed=SEED,
    )  # fmt: skip
    assert found.drawn_estimate[:, 0] == pytest.approx(expected[:, 0], rel=1e-9, nan_ok=True)
    assert found.drawn_std_error[:, 0] == pytest.approx(expected[:, 1], rel=1e-9, nan_ok=True)
    assert found.drawn[:, 1] == pytest.approx(-found.drawn[:, 0], rel=1e-9, nan_ok=True)
    assert np.isfinite(expected).mean() > 0.5
    plain = redraw_statistics(
        outcomes, lottery(persons), covariates=persons.covariates, form=form,
        weighing=weighing, draws=DRAWS, seed=SEED, studentised=False,
    )  # fmt: skip
    assert plain.drawn == pytest.approx(found.drawn_estimate, rel=1e-12, nan_ok=True)


# the mean within clusters has a factor in their number in each stratum, which no fit has
@pytest.mark.parametrize(
    ("form", "weighing", "clustered"),
    [(*form, False) for form in FORMS] + [(*form, True) for form in FORMS[1:]],
)
def test_several_arms_are_fits_of_the_pairs(form: str, weighing: str, clustered: bool) -> None:
    persons = draw_persons(clustered)
    arm, known = assigned(persons, 3), np.arange(96) % 11 > 0
    blocks = redraw_arms(
        arm, DRAWS, np.random.SeedSequence(SEED), stratum=persons.stratum, cluster=persons.cluster
    )
    draws = np.concatenate(list(blocks))
    pairs: list[tuple[Persons, np.ndarray]] = []
    for row in [arm, *draws]:
        rows = known & (row != 1)
        pairs.append((persons.take(rows), (row[rows] == 2).astype(int)))
    expected = fit_all(pairs, form, weighing)
    contrast = ArmContrast(
        treatment=2, known=known, outcomes=persons.outcome[:, None],
        covariates=persons.covariates, weighing=weighing,
    )  # fmt: skip
    found = redraw_contrasts(
        [contrast], arm, stratum=persons.stratum, cluster=persons.cluster, form=form,
        draws=DRAWS, seed=SEED,
    )  # fmt: skip
    estimate = np.append(found.estimate, found.drawn_estimate)
    std_error = np.append(found.std_error, found.drawn_std_error)
    assert estimate == pytest.approx(expected[:, 0], rel=1e-9, nan_ok=True)
    assert std_error == pytest.approx(expected[:, 1], rel=1e-9, nan_ok=True)
    assert np.isfinite(expected).mean() > 0.5


def test_draws_without_a_rank_are_not_computed() -> None:
    """A covariate of two persons has no slope in an arm that neither is drawn to."""
    persons = draw_persons(clustered=False)
    rare = np.zeros(96)
    rare[[3, 5]] = 1.0
    persons = persons._replace(covariates=np.column_stack([persons.covariates, rare]))
    expected = fit_all(redrawn_pairs(persons, np.full(96, True)), "lin", "none")[:, 0]
    found = redraw_statistics(
        persons.outcome[:, None], lottery(persons), covariates=persons.covariates, form="lin",
        draws=DRAWS, seed=SEED,
    )  # fmt: skip
    assert 0.2 < np.isnan(expected).mean() < 0.8
    assert found.drawn_estimate[:, 0] == pytest.approx(expected, rel=1e-9, nan_ok=True)
    assert np.isnan(found.drawn[np.isnan(expected)]).all()


def test_an_arm_that_nobody_is_drawn_to_has_no_mean() -> None:
    """Drawn by probabilities: weights of an empty arm are a difference that is never quite 0."""
    rng = np.random.default_rng(2)
    probability = rng.uniform(0.2, 0.8, 12)
    real = Assignment(
        np.ones(12, bool), np.tile([0, 1], 6), np.arange(12) // 3, tuple("abcd"), None, probability
    )
    found = redraw_statistics(
        rng.normal(size=(12, 1)), real, weighing="probability", studentised=False,
        draws=DRAWS, seed=SEED,
    )  # fmt: skip
    draws = np.concatenate(list(redraw_lottery(real, DRAWS, np.random.SeedSequence(SEED))))
    treated = draws.reshape(-1, 4, 3).sum(axis=2)
    empty = ((treated == 0) | (treated == 3)).any(axis=1)
    assert 0.2 < empty.mean() < 1
    assert (np.isnan(found.drawn[:, 0]) == empty).all()
