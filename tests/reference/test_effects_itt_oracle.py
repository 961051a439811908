"""Pairs, sampling weights and cluster errors against estimatr and clubSandwich, and by hand."""

import json
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.itt.small_blocks import between_variance, totals_variance
from jobeval.plan.lottery import Lottery
from jobeval.regression.least_squares import (
    bell_mccaffrey_df,
    estimate_vcov,
    fit_least_squares,
    imbens_kolesar_df,
)

HERE = Path(__file__).parent
ORACLE: dict[str, dict[str, float]] = json.loads((HERE / "effects_oracle_itt.json").read_text())

PAIRS = Lottery(arm="z", treatment=1, control=0, strata="pair")
PERSONS = Lottery(arm="z", treatment=1, control=0)
STRATA = Lottery(arm="z", treatment=1, control=0, strata="region")
CHANCE = Lottery(arm="z", treatment=1, control=0, probability="chance")
OFFICES = Lottery(arm="treated", treatment=1, control=0, clusters="office")
OFFICE_PAIRS = Lottery(arm="treated", treatment=1, control=0, clusters="office", strata="site")
OFFICE_STRATA = Lottery(arm="treated", treatment=1, control=0, clusters="office", strata="region")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.read_csv(HERE / "effects_oracle_itt.csv").assign(chance=lambda f: f["age"] / 100)


def cases() -> list[tuple[str, Lottery, dict[str, Any]]]:
    age = {"covariates": ["age"], "adjustment": "ancova"}
    lin = {"covariates": ["age"], "adjustment": "lin"}
    weight = {"weights": "weight"}
    person = {"df": "bell-mccaffrey"}
    found = [
        ("pairs", PAIRS, {}),
        ("cluster_pairs", OFFICE_PAIRS, {}),
        ("weighted_difference", PERSONS, weight),
        ("weighted_blocked_lin_HC2", STRATA, {**lin, **weight}),
        ("weighted_hajek", CHANCE, weight),
        ("weighted_cluster_CR0", OFFICES, {**weight, "vcov": "CR0"}),
        ("weighted_cluster_stata", OFFICES, {**weight, "vcov": "CR1"}),
        ("weighted_cluster_CR2", OFFICES, weight),
        ("club_blocked_CR2", OFFICE_STRATA, {}),
        ("club_blocked_CR3", OFFICE_STRATA, {"vcov": "CR3"}),
        ("person_plain", PERSONS, person),
        ("person_ancova", PERSONS, {**age, **person}),
    ]
    for kind in ("HC0", "HC1", "HC2", "HC3"):
        found += [
            (f"weighted_{kind}", PERSONS, {**weight, "vcov": kind}),
            (f"weighted_ancova_{kind}", PERSONS, {**age, **weight, "vcov": kind}),
            (f"weighted_lin_{kind}", PERSONS, {**lin, **weight, "vcov": kind}),
            (f"weighted_blocked_{kind}", STRATA, {**weight, "vcov": kind}),
        ]
    for kind, name in (("CR0", "CR0"), ("CR1", "CR1S"), ("CR2", "CR2"), ("CR3", "CR3")):
        robust = {"vcov": kind, "df": "bell-mccaffrey"}
        found += [
            (f"club_plain_{name}", OFFICES, robust),
            (f"club_ancova_{name}", OFFICES, {**age, **robust}),
            (f"club_weighted_{name}", OFFICES, {**weight, **robust}),
            (f"club_weighted_ancova_{name}", OFFICES, {**age, **weight, **robust}),
        ]
    return found


@pytest.mark.parametrize("name, lottery, options", cases(), ids=[case[0] for case in cases()])
def test_equals_r(
    frame: pd.DataFrame, name: str, lottery: Lottery, options: dict[str, Any]
) -> None:
    effect, expected = estimate_itt(frame, "hours", lottery, **options), ORACLE[name]
    assert effect.estimate == pytest.approx(expected["estimate"], rel=1e-10)
    assert effect.std_error == pytest.approx(expected["std_error"], rel=1e-9)
    assert effect.df == pytest.approx(expected["df"], rel=1e-8)


def test_blocked_clusters_equal_estimatr(frame: pd.DataFrame) -> None:
    """estimatr counts clusters less two a block as degrees of freedom, ours are CR2's own."""
    effect, expected = estimate_itt(frame, "hours", OFFICE_STRATA), ORACLE["cluster_blocks"]
    assert effect.estimate == pytest.approx(expected["estimate"], rel=1e-10)
    assert effect.std_error == pytest.approx(expected["std_error"], rel=1e-10)
    assert effect.df < expected["df"]


@pytest.mark.parametrize("name, covariates", [("plain", []), ("ancova", ["age"])])
def test_imbens_kolesar(frame: pd.DataFrame, name: str, covariates: list[str]) -> None:
    options: dict[str, Any] = {"covariates": covariates, "adjustment": "ancova"}
    options = options if covariates else {}
    effect = estimate_itt(frame, "hours", OFFICES, df="imbens-kolesar", **options)
    assert effect.df == pytest.approx(ORACLE[f"imbens_kolesar_{name}"]["df"], rel=1e-9)
    assert effect.std_error == estimate_itt(frame, "hours", OFFICES, **options).std_error


def test_clustered_worked_example() -> None:
    """Bell–McCaffrey and Imbens–Kolesár degrees of freedom of one slope."""
    y = np.concatenate([np.cos(np.arange(10)), np.tan(np.arange(1, 11))])
    x = np.concatenate([np.sin(np.arange(1, 11)), np.sin(np.arange(2, 12))])
    cluster = np.array([2, 1, 3, 2, 2, 3, 3, 1, 1, 2] * 2) - 1
    fit, slope = fit_least_squares(np.column_stack([np.ones(20), x]), y), np.array([0.0, 1])
    assert bell_mccaffrey_df(fit, cluster, slope) == pytest.approx(1.797370325, abs=5e-10)
    assert imbens_kolesar_df(fit, cluster, slope) == pytest.approx(1.783242385, abs=5e-10)


def test_cr3_leaves_clusters_out() -> None:
    """The jackknife: the sum of squares of what leaving a cluster out does to the slope."""
    rng = np.random.default_rng(3)
    cluster = np.repeat(np.arange(7), [2, 3, 4, 5, 6, 4, 8])
    x, y = rng.normal(size=32) + cluster, rng.normal(size=32)
    design = np.column_stack([np.ones(32), x])
    fit = fit_least_squares(design, y)
    away = [
        fit_least_squares(design[cluster != g], y[cluster != g]).coef - fit.coef for g in range(7)
    ]
    expected = sum(np.outer(change, change) for change in away)
    np.testing.assert_allclose(estimate_vcov(fit, "CR3", cluster), expected, rtol=1e-9)


def test_cr3_of_a_coefficient_that_hangs_on_one_cluster() -> None:
    design = np.column_stack([np.ones(6), [0, 0, 0, 0, 1, 1]])
    fit = fit_least_squares(design, np.array([1.0, 2, 4, 3, 9, 7]))
    assert np.isnan(estimate_vcov(fit, "CR3", np.array([0, 0, 1, 1, 2, 2]))).all()


# --- the variance between strata, over every lottery that was possible --------------------


def every_lottery(
    blocks: list[tuple[np.ndarray, np.ndarray, int]],
) -> tuple[np.ndarray, np.ndarray]:
    """The strata's differences under all assignments, shape (lotteries, J), and their sizes.

    A block is (outcomes under control, effect of treatment, number treated).
    """
    options = []
    for control, gain, treated in blocks:
        found = []
        for drawn in combinations(range(len(control)), treated):
            z = np.isin(np.arange(len(control)), drawn)
            found.append((control + gain)[z].mean() - control[~z].mean())
        options.append(found)
    return np.array(list(product(*options))), np.array([float(len(b[0])) for b in blocks])


@pytest.mark.parametrize("variance", [between_variance, totals_variance])
def test_pairs_are_never_understated(variance: Any) -> None:
    """Unbiased where the pairs' effects are the same, above the truth where they differ."""
    rng = np.random.default_rng(8)
    control = [rng.normal(5, 3, 2) for _ in range(6)]
    for spread in (0.0, 2.0):
        gains = spread * np.arange(6) + 1
        effects, mass = every_lottery(
            [(c, np.full(2, g), 1) for c, g in zip(control, gains, strict=True)]
        )
        truth = (effects @ mass / mass.sum()).var()
        mean = np.mean([variance(effect, mass) for effect in effects])
        excess = gains.var(ddof=1) / 6
        assert mean == pytest.approx(truth + excess, rel=1e-10)


def test_small_strata_of_mixed_size_are_unbiased() -> None:
    """Pashley & Miratrix 2021: exact in the mean where the strata's mean effects are the same."""
    rng = np.random.default_rng(9)
    sizes, treated = [2, 3, 3, 4], [1, 1, 2, 3]
    blocks = []
    for n, t in zip(sizes, treated, strict=True):
        gain = rng.normal(0, 2, n)
        blocks.append((rng.normal(5, 3, n), gain - gain.mean() + 1.5, t))
    effects, mass = every_lottery(blocks)
    truth = (effects @ mass / mass.sum()).var()
    assert np.mean([between_variance(e, mass) for e in effects]) == pytest.approx(truth, rel=1e-10)
    assert np.mean([totals_variance(e, mass) for e in effects]) > truth


def test_equal_strata_have_one_formula() -> None:
    effect, mass = np.array([1.0, 4, 2, 8, 5]), np.full(5, 3.0)
    expected = effect.var(ddof=1) / 5
    assert between_variance(effect, mass) == pytest.approx(expected, rel=1e-13)
    assert totals_variance(effect, mass) == pytest.approx(expected, rel=1e-13)
