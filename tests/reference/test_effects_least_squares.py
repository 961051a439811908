"""The kernel against certified numbers, exact arithmetic, statsmodels and worked examples."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from jobeval.errors import DesignError
from jobeval.regression.least_squares import (
    bell_mccaffrey_df,
    estimate_vcov,
    fit_least_squares,
    independent_columns,
)

HERE = Path(__file__).parent


def digits(found: np.ndarray, certified: np.ndarray) -> float:
    """Correct digits of the worst coefficient: −log10 of the relative error."""
    error = np.abs(np.asarray(found) / np.asarray(certified) - 1).max()
    return 16.0 if error == 0 else -float(np.log10(error))


# --- NIST Statistical Reference Datasets, certified values -------------------------------


def test_nist_filip() -> None:
    y, x = np.loadtxt(HERE / "nist_filip.csv", delimiter=",", skiprows=1).T
    fit = fit_least_squares(np.vander(x, 11, increasing=True), y)
    certified = [
        -1467.48961422980, -2772.17959193342, -2316.37108160893, -1127.97394098372,
        -354.478233703349, -75.1242017393757, -10.8753180355343, -1.06221498588947,
        -0.670191154593408e-01, -0.246781078275479e-02, -0.402962525080404e-04,
    ]  # fmt: skip
    assert digits(fit.coef, certified) >= 7
    assert np.sqrt(fit.residuals @ fit.residuals / fit.df_resid) == pytest.approx(
        0.334801051324544e-02, rel=1e-8
    )


def test_nist_longley() -> None:
    data = sm.datasets.longley.load_pandas()
    design = np.column_stack([np.ones(16), data.exog.to_numpy()])
    fit = fit_least_squares(design, data.endog.to_numpy())
    certified = [
        -3482258.63459582, 15.0618722713733, -0.358191792925910e-01, -2.02022980381683,
        -1.03322686717359, -0.511041056535807e-01, 1829.15146461355,
    ]  # fmt: skip
    certified_error = [
        890420.383607373, 84.9149257747669, 0.334910077722432e-01, 0.488399681651699,
        0.214274163161675, 0.226073200069370, 455.478499142212,
    ]  # fmt: skip
    assert digits(fit.coef, certified) >= 10.5
    assert digits(np.sqrt(np.diag(estimate_vcov(fit, "classical"))), certified_error) >= 10.5


def test_nist_without_intercept() -> None:
    first = fit_least_squares(np.arange(60.0, 71)[:, None], np.arange(130.0, 141))
    assert first.coef[0] == pytest.approx(2.07438016528926, rel=1e-14)
    error = np.sqrt(estimate_vcov(first, "classical")[0, 0])
    assert error == pytest.approx(0.165289256198347e-01, rel=1e-13)
    second = fit_least_squares(np.array([[4.0], [5], [6]]), np.array([3.0, 4, 4]))
    assert second.coef[0] == pytest.approx(0.727272727272727, rel=1e-14)
    error = np.sqrt(estimate_vcov(second, "classical")[0, 0])
    assert error == pytest.approx(0.420827318078432e-01, rel=1e-13)


NOISE = np.array([
    759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048,
    -2048, 1838, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 759,
])  # fmt: skip


@pytest.mark.parametrize("noise, least", [(0, 9), (1, 8), (100, 7), (10_000, 6)])
def test_nist_wampler_1_3_4_5(noise: int, least: float) -> None:
    x = np.arange(21.0)
    design = np.vander(x, 6, increasing=True)
    fit = fit_least_squares(design, design.sum(axis=1) + noise * NOISE)
    assert digits(fit.coef, np.ones(6)) >= least
    certified_error = noise * np.array([
        2152.32624678170, 2363.55173469681, 779.343524331583,
        101.475507550350, 5.64566512170752, 0.112324854679312,
    ])  # fmt: skip
    found = np.sqrt(np.diag(estimate_vcov(fit, "classical")))
    np.testing.assert_allclose(found, certified_error, rtol=1e-9, atol=1e-7)


def test_nist_wampler_2() -> None:
    x, coef = np.arange(21.0), 0.1 ** np.arange(6)
    design = np.vander(x, 6, increasing=True)
    assert digits(fit_least_squares(design, design @ coef).coef, coef) >= 9


# --- exact rational arithmetic ----------------------------------------------------------


def solve_exactly(matrix: list[list[Fraction]], right: list[list[Fraction]]) -> list:
    """Gauss–Jordan elimination in fractions."""
    size = len(matrix)
    rows = [list(a) + list(b) for a, b in zip(matrix, right, strict=True)]
    for j in range(size):
        pivot = next(i for i in range(j, size) if rows[i][j])
        rows[j], rows[pivot] = rows[pivot], rows[j]
        rows[j] = [value / rows[j][j] for value in rows[j]]
        for i in set(range(size)) - {j}:
            rows[i] = [a - rows[i][j] * b for a, b in zip(rows[i], rows[j], strict=True)]
    return [row[size:] for row in rows]


def fit_exactly(design: np.ndarray, outcome: np.ndarray, weights: np.ndarray) -> tuple:
    """Coefficients and the HC2 covariance as fractions."""
    x = [[Fraction(float(v)) for v in row] for row in design]
    y, w = [Fraction(float(v)) for v in outcome], [Fraction(float(v)) for v in weights]
    k = len(x[0])
    gram = [
        [sum(wi * r[a] * r[b] for wi, r in zip(w, x, strict=True)) for b in range(k)]
        for a in range(k)
    ]
    moment = [[sum(wi * r[a] * yi for wi, r, yi in zip(w, x, y, strict=True))] for a in range(k)]
    identity = [[Fraction(int(a == b)) for b in range(k)] for a in range(k)]
    coef = [row[0] for row in solve_exactly(gram, moment)]
    inverse = solve_exactly(gram, identity)
    vcov = [[Fraction(0)] * k for _ in range(k)]
    for wi, row, yi in zip(w, x, y, strict=True):
        reach = [sum(inverse[a][b] * row[b] for b in range(k)) for a in range(k)]
        left = 1 - wi * sum(row[a] * reach[a] for a in range(k))
        error = yi - sum(c * v for c, v in zip(coef, row, strict=True))
        for a in range(k):
            for b in range(k):
                vcov[a][b] += wi**2 * reach[a] * reach[b] * error**2 / left
    as_floats = [[float(v) for v in row] for row in vcov]
    return np.array([float(c) for c in coef]), np.array(as_floats)


@given(st.integers(0, 2**32 - 1), st.integers(6, 14), st.integers(1, 3))
def test_equals_exact_arithmetic(seed: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), rng.integers(-9, 10, (n, k))])
    if not independent_columns(design).all():
        return
    outcome, weights = rng.integers(0, 161, n).astype(float), rng.integers(1, 9, n) / 4
    fit = fit_least_squares(design, outcome, weights)
    if fit.leverage.max() > 1 - 1e-6:
        return
    coef, vcov = fit_exactly(design, outcome, weights)
    scale = np.abs(coef).max() + 1
    np.testing.assert_allclose(fit.coef, coef, rtol=1e-10, atol=1e-11 * scale)
    np.testing.assert_allclose(
        estimate_vcov(fit, "HC2"), vcov, rtol=1e-7, atol=1e-9 * np.abs(vcov).max()
    )


# --- outside implementations ------------------------------------------------------------


def draw(seed: int, n: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), rng.integers(0, 2, n), rng.normal(size=(n, 2))])
    return design, rng.normal(size=n) ** 3, rng.uniform(0.5, 2, n)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["classical", "HC0", "HC1", "HC2", "HC3"])
def test_covariances_equal_statsmodels(kind: str, weighted: bool) -> None:
    design, outcome, weights = draw(5)
    weights = weights if weighted else np.ones(len(outcome))
    name = "nonrobust" if kind == "classical" else kind
    other = sm.WLS(outcome, design, weights=weights).fit(cov_type=name)
    fit = fit_least_squares(design, outcome, weights if weighted else None)
    np.testing.assert_allclose(fit.coef, other.params, rtol=1e-12)
    np.testing.assert_allclose(estimate_vcov(fit, kind), other.cov_params(), rtol=1e-10)


def test_cr1_equals_statsmodels() -> None:
    design, outcome, weights = draw(6)
    cluster = np.arange(40) % 7
    other = sm.WLS(outcome, design, weights=weights).fit(
        cov_type="cluster", cov_kwds={"groups": cluster}
    )
    fit = fit_least_squares(design, outcome, weights)
    np.testing.assert_allclose(estimate_vcov(fit, "CR1", cluster), other.cov_params(), rtol=1e-10)


def test_clustered_worked_example() -> None:
    """Slope, HC2, Stata's CR1, CR2 and Bell–McCaffrey degrees of freedom."""
    y = np.concatenate([np.cos(np.arange(10)), np.tan(np.arange(1, 11))])
    x = np.concatenate([np.sin(np.arange(1, 11)), np.sin(np.arange(2, 12))])
    cluster = np.array([2, 1, 3, 2, 2, 3, 3, 1, 1, 2] * 2) - 1
    fit = fit_least_squares(np.column_stack([np.ones(20), x]), y)
    error = {
        "HC2": np.sqrt(estimate_vcov(fit, "HC2")[1, 1]),
        "CR1": np.sqrt(estimate_vcov(fit, "CR1", cluster)[1, 1]),
        "CR2": np.sqrt(estimate_vcov(fit, "CR2", cluster)[1, 1]),
    }
    assert fit.coef[1] == pytest.approx(0.3241183110, abs=5e-11)
    assert error["HC2"] == pytest.approx(0.4421048122, abs=5e-11)
    assert error["CR1"] == pytest.approx(0.1814501834, abs=5e-11)
    assert error["CR2"] == pytest.approx(0.2156747769, abs=5e-11)
    df = bell_mccaffrey_df(fit, cluster, np.array([0.0, 1]))
    assert df == pytest.approx(1.797370325, abs=5e-10)


@pytest.mark.parametrize("weighted", [False, True])
def test_cr2_by_its_definition(weighted: bool) -> None:
    """The n × n matrices of Pustejovsky & Tipton (2018), written out."""
    design, outcome, weights = draw(7, 30)
    cluster = np.repeat(np.arange(6), [2, 3, 4, 6, 7, 8])
    w = np.diag(weights if weighted else np.ones(30))
    inverse = np.linalg.inv(design.T @ w @ design)
    maker = np.eye(30) - design @ inverse @ design.T @ w
    adjust = np.zeros((30, 30))
    for code in range(6):
        mine = np.flatnonzero(cluster == code)
        values, vectors = np.linalg.eigh((maker @ maker.T)[np.ix_(mine, mine)])
        adjust[np.ix_(mine, mine)] = vectors @ np.diag(values**-0.5) @ vectors.T
    scores = [
        (design[m].T @ w[np.ix_(m, m)] @ adjust[np.ix_(m, m)] @ (maker @ outcome)[m])
        for m in (np.flatnonzero(cluster == code) for code in range(6))
    ]
    meat = sum(np.outer(score, score) for score in scores)
    fit = fit_least_squares(design, outcome, np.diag(w))
    np.testing.assert_allclose(
        estimate_vcov(fit, "CR2", cluster), inverse @ meat @ inverse, rtol=1e-9
    )
    reach = adjust @ w @ design @ inverse[:, 1]
    parts = np.stack([maker.T @ (reach * (cluster == code)) for code in range(6)])
    gram = parts @ parts.T
    expected = np.trace(gram) ** 2 / np.square(gram).sum()
    assert bell_mccaffrey_df(fit, cluster, np.eye(4)[1]) == pytest.approx(expected, rel=1e-9)


def test_clusters_of_one_person_are_hc2() -> None:
    design, outcome, _ = draw(8)
    fit = fit_least_squares(design, outcome)
    np.testing.assert_allclose(
        estimate_vcov(fit, "CR2", np.arange(40)), estimate_vcov(fit, "HC2"), rtol=1e-10
    )


# --- refusals ---------------------------------------------------------------------------


def test_many_outcomes_share_one_factorisation() -> None:
    design, outcome, weights = draw(9)
    both = fit_least_squares(design, np.column_stack([outcome, 2 * outcome]), weights)
    one = fit_least_squares(design, outcome, weights)
    np.testing.assert_allclose(both.coef, np.column_stack([one.coef, 2 * one.coef]), rtol=1e-12)
    with pytest.raises(ValueError, match="one outcome"):
        estimate_vcov(both, "HC2")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda x: np.column_stack([x, x[:, 1] + x[:, 2]]),
        lambda x: np.column_stack([x, np.zeros(len(x))]),
        lambda x: x[:3],
    ],
)
def test_dependent_columns_are_refused(spoil: Callable[[np.ndarray], np.ndarray]) -> None:
    design = spoil(draw(10)[0])
    with pytest.raises(DesignError, match="rank"):
        fit_least_squares(design, np.ones(len(design)))


def test_weights_must_be_positive() -> None:
    with pytest.raises(ValueError, match="above zero"):
        fit_least_squares(np.ones((2, 1)), np.ones(2), np.array([1.0, 0]))


@pytest.mark.parametrize("kind, cluster", [("HC2", np.arange(40)), ("CR2", None)])
def test_clusters_go_with_cr(kind: str, cluster: np.ndarray | None) -> None:
    design, outcome, _ = draw(11)
    with pytest.raises(ValueError, match="CR"):
        estimate_vcov(fit_least_squares(design, outcome), kind, cluster)


def test_a_person_with_leverage_one_has_no_hc2() -> None:
    design = np.column_stack([np.ones(5), np.eye(5)[0]])
    fit = fit_least_squares(design, np.array([9.0, 1, 2, 3, 5]))
    assert np.isnan(estimate_vcov(fit, "HC2")).all()
    assert np.isfinite(estimate_vcov(fit, "HC1")).all()


def test_independent_columns_keeps_the_first_of_two() -> None:
    x = np.array([[1.0, 0, 3, 1], [1, 0, 3, 2], [1, 0, 3, 4]])
    assert independent_columns(x).tolist() == [True, False, False, True]
    assert independent_columns(np.ones((1, 2))).tolist() == [True, False]
