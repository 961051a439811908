"""Fine & Gray's model against a twin that goes person by person and week by week."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from jobeval import Lottery, estimate_subdistribution_hazard_ratio, fit_fine_gray
from jobeval.exits.destinations.fine_gray import fit_subdistribution
from jobeval.exits.destinations.subdistribution import subdistribution_hazard_ratio_from_grid
from jobeval.exits.grid.durations import read_destinations
from jobeval.exits.hazards.cox_fit import fit_partial_likelihood

quick = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
TIES = ["breslow", "efron"]


@st.composite
def samples(draw, persons=(12, 30), kinds=(0.25, 0.45, 0.3)):
    """Covariates, weeks, kinds, strata and censoring groups of a few persons."""
    n = draw(st.integers(*persons))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = rng.choice(3, n, p=kinds)
    kind[:2] = 1, min(2, 2 * np.ceil(kinds[2]).astype(int))
    x = np.column_stack([rng.integers(0, 2, n), rng.normal(size=n)]).astype(float)
    stratum = rng.integers(0, draw(st.integers(1, 3)), n)
    group = rng.integers(0, draw(st.integers(1, 2)), n)
    return x, rng.integers(0, 7, n), kind, np.unique(stratum, return_inverse=True)[1], group


class Twin:
    """Plain sums over persons at one value of the coefficients."""

    def __init__(self, x, weeks, kind, stratum, group, ties, beta):
        self.x, self.weeks, self.kind, self.stratum, self.group = x, weeks, kind, stratum, group
        self.exits_first = ties == "efron"
        self.w = np.exp(x @ beta)
        self.cells = [
            (s, t, np.flatnonzero((stratum == s) & (weeks == t) & (kind == 1)))
            for s in np.unique(stratum)
            for t in np.unique(weeks)
        ]
        self.cells = [cell for cell in self.cells if len(cell[2])]

    def could(self, group, week):
        """Who could be censored in a week."""
        stays = (self.weeks > week) | ((self.weeks == week) & (self.kind == 0))
        if not self.exits_first:
            stays |= self.weeks == week
        return np.flatnonzero(stays & (self.group == group))

    def censored(self, group, week):
        return np.flatnonzero((self.weeks == week) & (self.kind == 0) & (self.group == group))

    def free(self, group, week):
        """``G(week −)``."""
        share = 1.0
        for u in range(week):
            if len(self.could(group, u)):
                share *= 1 - len(self.censored(group, u)) / len(self.could(group, u))
        return share

    def weight(self, i, week):
        if self.weeks[i] >= week:
            return 1.0
        if self.kind[i] != 2:
            return 0.0
        return self.free(self.group[i], week) / self.free(self.group[i], self.weeks[i])

    def terms(self):
        """For each exit of each tied set: stratum, week, exits, and everybody's weight in it."""
        for s, t, exits in self.cells:
            risk = np.array(
                [self.w[i] * self.weight(i, t) * (self.stratum[i] == s) for i in range(len(self.w))]
            )
            for rank in range(len(exits)):
                less = risk.copy()
                if self.exits_first:  # Efron
                    less[exits] *= 1 - rank / len(exits)
                yield s, t, exits, less

    def score_and_information(self):
        score, information, loglik = 0.0, 0.0, 0.0
        for *_, exits, risk in self.terms():
            total, mean = risk.sum(), risk @ self.x / risk.sum()
            score = score + self.x[exits].mean(axis=0) - mean
            information = information + (self.x * risk[:, None]).T @ self.x / total
            information = information - np.outer(mean, mean)
            loglik += np.log(self.w[exits]).mean() - np.log(total)
        return score, information, loglik

    def residuals(self):
        eta = np.zeros_like(self.x)
        for *_, exits, risk in self.terms():
            mean = risk @ self.x / risk.sum()
            eta[exits] += (self.x[exits] - mean) / len(exits)
            eta -= (risk / risk.sum())[:, None] * (self.x - mean)
        return eta + self.psi()

    def q(self, group, week):
        total = 0.0
        for s, t, _, risk in self.terms():
            mean = risk @ self.x / risk.sum()
            for j in np.flatnonzero((self.kind == 2) & (self.group == group)):
                moved = self.weeks[j] <= week < t if self.exits_first else self.weeks[j] < week <= t
                if moved and self.stratum[j] == s:
                    total = total + risk[j] / risk.sum() * (self.x[j] - mean)
        return total

    def psi(self):
        psi = np.zeros_like(self.x)
        for g in np.unique(self.group):
            for u in np.unique(self.weeks):
                could, censored = self.could(g, u), self.censored(g, u)
                if len(censored):
                    q = self.q(g, u) / len(could)
                    psi[censored] += q
                    psi[could] -= q * len(censored) / len(could)
        return psi


@pytest.mark.parametrize("ties", TIES)
@quick
@given(samples())
def test_twin(ties, sample):
    fit = fit_subdistribution(*sample, ties=ties)
    assume(fit.converged and not fit.infinite.any() and np.isfinite(fit.vcov).all())
    twin = Twin(*sample, ties, fit.coef)
    score, information, loglik = twin.score_and_information()
    assume(np.linalg.cond(information) < 1e6)
    np.testing.assert_allclose(score, 0, atol=1e-4)
    np.testing.assert_allclose(np.linalg.inv(fit.vcov), information, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fit.loglik, loglik, rtol=1e-9)
    np.testing.assert_allclose(fit.residuals, twin.residuals(), rtol=1e-6, atol=1e-9)
    null = Twin(*sample, ties, np.zeros(2)).score_and_information()[2]
    np.testing.assert_allclose(fit.loglik_null, null, rtol=1e-9)


@pytest.mark.parametrize("ties", TIES)
@quick
@given(samples(persons=(20, 60), kinds=(0.4, 0.6, 0)))
def test_without_other_destinations_it_is_cox_s_model(ties, sample):
    x, weeks, kind, stratum, group = sample
    cox = fit_partial_likelihood(x, weeks, kind == 1, stratum, ties=ties)
    assume(cox.converged and not cox.infinite.any() and np.isfinite(cox.vcov).all())
    fit = fit_subdistribution(x, weeks, kind, stratum, group, ties=ties)
    np.testing.assert_allclose(fit.coef, cox.coef, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(fit.vcov, cox.vcov, rtol=1e-6)
    np.testing.assert_allclose(fit.robust_vcov(), cox.robust_vcov(), rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("ties", TIES)
@quick
@given(samples(persons=(20, 60), kinds=(0, 0.6, 0.4)))
def test_without_censoring_competitors_stay_at_risk_for_good(ties, sample):
    x, weeks, kind, stratum, group = sample
    for_good = np.where(kind == 2, 99, weeks)
    cox = fit_partial_likelihood(x, for_good, kind == 1, stratum, ties=ties)
    assume(cox.converged and not cox.infinite.any() and np.isfinite(cox.vcov).all())
    fit = fit_subdistribution(x, weeks, kind, stratum, group, ties=ties)
    np.testing.assert_allclose(fit.coef, cox.coef, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(fit.robust_vcov(), cox.robust_vcov(), rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("ties", TIES)
@quick
@given(samples())
def test_rows_may_stand_for_several_persons(ties, sample):
    x, *codes = sample
    x[:, 1] = np.sign(x[:, 1])
    times = np.arange(len(x)) % 3 + 1
    one = fit_subdistribution(x, *codes, counts=times, ties=ties)
    assume(one.converged and not one.infinite.any() and np.isfinite(one.vcov).all())
    assume(np.linalg.cond(one.vcov) < 1e6)
    other = fit_subdistribution(
        np.repeat(x, times, axis=0), *(np.repeat(code, times) for code in codes), ties=ties
    )
    np.testing.assert_allclose(one.coef, other.coef, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(one.robust_vcov(), other.robust_vcov(), rtol=1e-5)


@st.composite
def trials(draw):
    """Two sites, two arms, both in each; destinations a and b; weeks with many ties."""
    n = draw(st.integers(20, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return pd.DataFrame(
        {
            "arm": np.where(np.arange(n) % 4 < 2, "new", "old"),
            "site": np.where(np.arange(n) % 2, "north", "south"),
            "age": rng.integers(20, 60, n),
            "person": np.arange(n),
            "week": rng.integers(1, 12, n),
            "to": np.array([None, "a", "b"], dtype=object)[rng.integers(0, 3, n)],
        }
    )


LOTTERIES = {
    "plain": Lottery(arm="arm", treatment="new", control="old"),
    "sites": Lottery(arm="arm", treatment="new", control="old", strata="site"),
    "swapped": Lottery(arm="arm", treatment="old", control="new", strata="site"),
    "persons": Lottery(arm="arm", treatment="new", control="old", clusters="person"),
}


def effect(frame, lottery, **options):
    return estimate_subdistribution_hazard_ratio(
        frame, "week", "to", LOTTERIES[lottery], cause="a", **options
    )


def close(one, other, sign=1):
    np.testing.assert_allclose(one.estimate, sign * other.estimate, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(one.std_error, other.std_error, rtol=1e-6)


@pytest.mark.parametrize("ties", TIES)
@quick
@given(trials())
def test_relations(ties, frame):
    assume((frame.groupby("arm")["to"].apply(lambda to: (to == "a").sum()) > 1).all())
    first = effect(frame, "sites", ties=ties)
    assume(np.isfinite(first.std_error))
    close(first, effect(frame, "swapped", ties=ties), sign=-1)
    close(first, effect(frame[::-1], "sites", ties=ties))
    grid = read_destinations(frame, "week", "to", LOTTERIES["sites"]).grid(LOTTERIES["sites"])
    counts = subdistribution_hazard_ratio_from_grid(grid, endpoint="week", cause="a", ties=ties)
    assert counts == first
    alone = effect(frame, "persons", ties=ties)
    close(alone, effect(frame, "plain", ties=ties))
    assert alone.n_clusters == len(frame)


@quick
@given(trials())
def test_one_stratum_is_no_stratum(frame):
    assume((frame["to"] == "a").any())
    frame["site"] = "north"
    one, other = (
        fit_fine_gray(frame, "week", "to", LOTTERIES[name], cause="a", covariates=["age"])
        for name in ("sites", "plain")
    )
    assert repr(one.to_frame()) == repr(other.to_frame())
