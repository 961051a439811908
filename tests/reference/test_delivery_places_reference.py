"""Places side by side against statsmodels, published intervals and textbook formulas."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import binom, t
from statsmodels.stats.proportion import proportions_ztest

import jobeval as je
from jobeval.delivery.places_funnel import AREAS, funnel_of_shares
from jobeval.regression.correlated_effects import shrink_correlated_effects
from jobeval.regression.random_effects import fit_random_effects, shrink_effects

SCHOOLS = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
ERRORS = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])


@pytest.fixture(scope="module")
def persons():
    """Five places of unlike size, case mix and spread."""
    rng = np.random.default_rng(5)
    site = rng.choice(list("abcde"), 300, p=[0.35, 0.3, 0.2, 0.1, 0.05])
    age = rng.normal(40, 8, 300) + 4 * (site == "b")
    woman = rng.random(300) < 0.3 + 0.3 * (site == "c")
    hours = 5 + 0.2 * age + 2 * woman + 3 * (site == "d")
    hours += rng.normal(0, np.where(site == "a", 6, 2))
    work = rng.random(300) < 1 / (1 + np.exp(4 - 0.08 * age - 0.6 * woman))
    return pd.DataFrame({"site": site, "age": age, "woman": woman.astype(float),
                         "hours": hours, "work": work.astype(float)})  # fmt: skip


@pytest.fixture(scope="module")
def fitted(persons):
    """Least squares with indicators of all places, and each place's weights against others."""
    places = pd.get_dummies(persons["site"], dtype=float)
    design = pd.concat([places, persons[["age", "woman"]]], axis=1)
    n = places.sum().to_numpy()
    weights = np.zeros((5, design.shape[1]))
    for j in range(5):
        weights[j, :5] = -n / (n.sum() - n[j])
        weights[j, j] = 1
    return sm.OLS(persons["hours"], design), weights


class TestMeans:
    def test_difference_and_robust_error(self, persons, fitted):
        """HC2 with the whole covariance; the degrees of freedom are not statsmodels'."""
        model, weights = fitted
        test = model.fit(cov_type="HC2").t_test(weights)
        found = je.compare_places(persons, "hours", "site", covariates=["age", "woman"]).table
        assert found["difference"].to_numpy() == pytest.approx(test.effect)
        errors, df = test.sd.ravel(), bell_mccaffrey(model.exog, weights)
        assert found["p_value"].to_numpy() == pytest.approx(2 * t.sf(abs(test.tvalue.ravel()), df))
        for bound, sign in (("conf_low", -1), ("conf_high", 1)):
            limit = test.effect + sign * t.ppf(0.975, df) * errors
            assert found[bound].to_numpy() == pytest.approx(limit)

    def test_expected_is_a_regression_without_places(self, persons):
        design = sm.add_constant(persons[["age", "woman"]])
        fit = sm.OLS(persons["hours"], design).fit()
        means = fit.fittedvalues.groupby(persons["site"]).mean()
        found = je.compare_places(persons, "hours", "site", covariates=["age", "woman"])
        assert found.table["expected"].to_numpy() == pytest.approx(means.to_numpy())


def bell_mccaffrey(design, weights):
    """``tr(G)² / tr(G²)`` of the HC2 variance as a quadratic form, with the matrices formed."""
    inverse = np.linalg.inv(design.T @ design)
    left = np.eye(len(design)) - design @ inverse @ design.T
    loads = weights @ inverse @ design.T / np.sqrt(np.diag(left))
    forms = [load[:, None] * left * load for load in loads]
    return np.array([np.trace(g) ** 2 / np.trace(g @ g) for g in forms])


class TestShares:
    def test_expected_is_a_logistic_regression_without_places(self, persons):
        design = sm.add_constant(persons[["age", "woman"]])
        fit = sm.GLM(persons["work"], design, family=sm.families.Binomial()).fit()
        means = fit.fittedvalues.groupby(persons["site"]).mean()
        found = je.compare_places(persons, "work", "site", covariates=["age", "woman"])
        assert found.table["expected"].to_numpy() == pytest.approx(means.to_numpy(), abs=1e-8)

    def test_adjusted_difference(self, persons, fitted):
        model, weights = fitted
        effect = sm.OLS(persons["work"], model.exog).fit().t_test(weights).effect
        found = je.compare_places(persons, "work", "site", covariates=["age", "woman"])
        assert found.table["difference"].to_numpy() == pytest.approx(effect)

    @pytest.mark.parametrize("first, second, low, high", [
        ((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062), ((5, 56), (0, 29), -0.0381, 0.1926),
        ((10, 10), (0, 20), 0.6791, 1.0000), ((10, 10), (0, 10), 0.6075, 1.0000),
    ])  # fmt: skip
    def test_two_places_are_newcombes_method_10(self, first, second, low, high):
        """Newcombe (1998), table II."""
        frame = pd.DataFrame({
            "site": ["a"] * first[1] + ["b"] * second[1],
            "work": np.concatenate([np.arange(n) < k for k, n in (first, second)]),
        })  # fmt: skip
        found = je.compare_places(frame, "work", "site").table.iloc[0]
        assert found["conf_low"] == pytest.approx(low, abs=5.1e-5)
        assert found["conf_high"] == pytest.approx(high, abs=5.1e-5)

    def test_p_value_is_the_score_test_of_a_place_against_the_rest(self, persons):
        found = je.compare_places(persons, "work", "site").table
        for row in found.itertuples():
            own = persons["site"] == row.place
            counts = [persons["work"][own].sum(), persons["work"][~own].sum()]
            _, p = proportions_ztest(counts, [own.sum(), (~own).sum()])
            assert row.p_value == pytest.approx(p)


class TestFunnel:
    @pytest.mark.parametrize("average", [0.02, 0.118, 0.5, 0.9])
    def test_limits_lie_on_the_line_between_two_chances(self, average):
        """Where ``P(R ≤ x)``, drawn as a line from one whole number to the next, meets p."""
        for n in (4, 9, 25, 77, 200):
            counts = np.arange(-1, n + 1)
            chance = binom.cdf(counts, n, average)
            limits = np.maximum(np.interp(AREAS, chance, counts), 0) / n
            found = funnel_of_shares(np.array([n]), average)[0]
            assert found == pytest.approx(limits, abs=1e-9)

    def test_large_places_are_normal(self):
        found = funnel_of_shares(np.array([100_000]), 0.2)[0]
        error = np.sqrt(0.16 / 100_000)
        expected = 0.2 + error * np.array([-1.96, 1.96, -3.09, 3.09])
        assert found == pytest.approx(expected, abs=3e-5)


class TestShrinkage:
    def test_independent_errors_are_shrunken_as_ever(self):
        y, errors = SCHOOLS * 3, ERRORS
        found = shrink_correlated_effects(y, np.diag(errors**2))
        same, error = shrink_effects(y, errors, fit_random_effects(y, errors))
        assert found.tau_squared > 0
        assert found.effects == pytest.approx(same)
        assert np.sqrt(np.diag(found.covariance)) == pytest.approx(error)

    def test_restricted_likelihood_and_prediction_written_out(self):
        """The highest point of the restricted likelihood, and Henderson's prediction."""
        rng = np.random.default_rng(3)
        load = rng.normal(size=(8, 2))
        v = np.diag(ERRORS) + 4 * load @ load.T
        y = 2.0 * SCHOOLS
        ones = np.ones(8)

        def score(tau_squared):
            w = np.linalg.inv(v + tau_squared * np.eye(8))
            mean = ones @ w @ y / (ones @ w @ ones)
            r = y - mean
            likelihood = np.linalg.slogdet(w)[1] - np.log(ones @ w @ ones) - r @ w @ r
            return likelihood, mean + tau_squared * w @ r

        found = shrink_correlated_effects(y, v)
        best, prediction = score(found.tau_squared)
        assert found.tau_squared > 0
        assert best > max(score(found.tau_squared * f)[0] for f in (0.98, 1.02))
        assert found.effects == pytest.approx(prediction)
