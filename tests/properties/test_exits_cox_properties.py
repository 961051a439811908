"""Cox's model on the grid against a twin that goes through persons one at a time.

Ties, late entries, rows that follow one another, strata without an exit, weeks of nobody.
"""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from jobeval import Lottery, logrank_test
from jobeval.exits.hazards.cox import estimate_hazard_ratio, fit_cox
from jobeval.exits.hazards.cox_arrange import arrange
from jobeval.exits.hazards.cox_exact import exact_point, risk_sets
from jobeval.exits.hazards.cox_firth import penalised_point
from jobeval.exits.hazards.cox_fit import fit_partial_likelihood
from jobeval.exits.hazards.cox_likelihood import build_likelihood, weighted_by
from jobeval.exits.hazards.piecewise_hazards import estimate_piecewise_hazard_ratios

SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
PLAIN = Lottery(arm="arm", treatment="new", control="old")
quick = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def spells(draw, persons=(8, 30), longest=8):
    """Rows of persons in three strata, of which one may be without an exit."""
    n = draw(st.integers(*persons))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frame = pd.DataFrame(
        {
            "arm": np.where(np.arange(n) % 4 < 2, "new", "old"),
            "site": np.array(["east", "north", "south"])[rng.integers(0, 3, n)],
            "age": rng.integers(20, 60, n),
            "week": rng.integers(1, longest + 1, n),
            "left": rng.random(n) < draw(st.sampled_from([0.2, 0.6, 1.0])),
        }
    )
    frame["entry"] = np.where(rng.random(n) < 0.4, rng.integers(0, frame["week"]), -1)
    frame.loc[frame["site"] == "south", "left"] &= draw(st.booleans())
    return frame


def arrays(frame, late=True):
    x = np.column_stack([frame["arm"] == "new", frame["age"]]).astype(float)
    stratum = frame["site"].map({"east": 0, "north": 1, "south": 2}).to_numpy()
    entry = frame["entry"].to_numpy() if late else np.full(len(frame), -1)
    return x, frame["week"].to_numpy(), frame["left"].to_numpy(), stratum, entry


def risk_sets_of(weeks, left, stratum, entry):
    """Who is at risk and who leaves, stratum by stratum and week by week."""
    for site in np.unique(stratum):
        for week in np.unique(weeks[left & (stratum == site)]):
            risk = (stratum == site) & (weeks >= week) & (entry < week)
            yield week, risk, risk & left & (weeks == week)


def twin(x, weeks, left, stratum, entry, beta, ties, time=lambda week: 1.0):
    """Log-likelihood, score, information and the score residual of everybody.

    A residual is the derivative of the score by the weight of a person: Lin & Wei (1989), where
    each of ``d`` tied exits is taken from the risk set in turn, by parts (Efron).
    """
    w = np.exp(x @ beta)
    loglik, score = 0.0, np.zeros(x.shape[1])
    information, residuals = np.zeros((x.shape[1],) * 2), np.zeros(x.shape)
    for week, risk, dead in risk_sets_of(weeks, left, stratum, entry):
        d, g = int(dead.sum()), time(week)
        loglik += np.log(w[dead]).sum()
        score += g * x[dead].sum(axis=0)
        residuals[dead] += g * x[dead]
        for step in range(d):
            share = risk - (step / d if ties == "efron" else 0) * dead
            total = (share * w).sum()
            mean = (share * w) @ x / total
            loglik -= np.log(total)
            score -= g * mean
            apart = x - mean
            information += g * (share * w / total * apart.T) @ apart
            residuals[dead] -= g * mean / d
            residuals -= g * (share * w / total)[:, None] * apart
    return loglik, score, information, residuals


@quick
@given(spells(), st.sampled_from(["efron", "breslow"]), st.booleans(), st.floats(-1, 1))
def test_likelihood_and_derivatives(frame, ties, late, level):
    assume(frame["left"].any())
    x, weeks, left, stratum, entry = arrays(frame, late)
    likelihood = build_likelihood(x, arrange(weeks, left, stratum, entry, ties=ties))
    scale = likelihood.scale
    beta = np.array([level, level / 20])
    for time in (lambda week: 1.0, lambda week: week - 3.0):
        sums = likelihood.sums(beta * scale)
        if time(0) != 1:
            sums = weighted_by(sums, time(likelihood.cells.weeks))
        found = twin(x, weeks, left, stratum, entry, beta, ties, time)
        assert sums.loglik == pytest.approx(found[0], rel=1e-10, abs=1e-9)
        np.testing.assert_allclose(likelihood.score(sums) * scale, found[1], atol=1e-8)
        information = likelihood.information(sums) * np.outer(scale, scale)
        np.testing.assert_allclose(information, found[2], rtol=1e-8, atol=1e-6)
        residuals = np.zeros(x.shape)
        residuals[likelihood.cells.order] = (likelihood.score_residuals(sums) * scale[:, None]).T
        np.testing.assert_allclose(residuals, found[3], atol=1e-7)


@quick
@given(spells(persons=(4, 12), longest=4), st.booleans(), st.floats(-1, 1))
def test_the_exact_likelihood_is_that_of_all_sets(frame, late, level):
    assume(frame["left"].any())
    x, weeks, left, stratum, entry = arrays(frame, late)
    cells = arrange(weeks, left, stratum, entry if late else None, ties="exact")
    likelihood = build_likelihood(x, cells)
    beta = np.array([level, level / 20])
    found = exact_point(likelihood.z, beta * likelihood.scale, risk_sets(cells, 2))
    loglik, score, information = 0.0, np.zeros(2), np.zeros((2, 2))
    for _, risk, dead in risk_sets_of(weeks, left, stratum, entry):
        sums = np.array([x[list(s)].sum(axis=0)
                         for s in combinations(np.flatnonzero(risk), int(dead.sum()))])  # fmt: skip
        chance = np.exp(sums @ beta) / np.exp(sums @ beta).sum()
        mean, own = chance @ sums, x[dead].sum(axis=0)
        loglik += own @ beta - np.log(np.exp(sums @ beta).sum())
        score += own - mean
        information += (chance * (sums - mean).T) @ (sums - mean)
    scale = likelihood.scale
    assert found.loglik == pytest.approx(loglik, rel=1e-9, abs=1e-9)
    np.testing.assert_allclose(found.score * scale, score, atol=1e-8)
    np.testing.assert_allclose(
        found.information * np.outer(scale, scale), information, rtol=1e-8, atol=1e-7
    )


@quick
@given(spells(), st.sampled_from(["efron", "breslow"]), st.floats(-1, 1))
def test_the_penalised_score_is_the_slope_of_the_penalised_likelihood(frame, ties, level):
    assume(frame["left"].sum() > 3)
    x, weeks, left, stratum, entry = arrays(frame)
    likelihood = build_likelihood(x, arrange(weeks, left, stratum, entry, ties=ties))
    beta = np.array([level, -level])
    here = penalised_point(likelihood, beta)
    assume(np.isfinite(here.loglik) and np.linalg.cond(likelihood.point(beta).information) < 1e6)
    step = 1e-5
    for k in range(2):
        up, down = (
            penalised_point(likelihood, beta + sign * step * np.eye(2)[k]).loglik
            for sign in (1, -1)
        )
        assert here.score[k] == pytest.approx((up - down) / (2 * step), rel=1e-4, abs=1e-5)


def cut(frame, rng):
    """The same follow-up, each row cut in two wherever chance has it."""
    at = rng.integers(frame["entry"] + 1, frame["week"] + 1)
    first = frame.assign(week=at, left=frame["left"] & (at == frame["week"]))
    second = frame.assign(entry=at)[at < frame["week"]]
    return pd.concat([first, second], ignore_index=True)


def test_an_infinite_ratio_leaves_the_other_coefficients_alone_when_rows_are_cut():
    frame = pd.DataFrame({
        "arm": ["new"] * 8 + ["old"] * 8,
        "site": ["north"] * 4 + ["south"] * 2 + ["east"] * 2 + ["north"] * 2 + ["south"]
        + ["east"] * 5,
        "age": [48, 42, 31, 38, 30, 57, 24, 24, 36, 45, 35, 34, 53, 43, 58, 55],
        "week": [7, 5, 8, 4, 1, 1, 8, 7, 3, 5, 5, 3, 2, 3, 7, 2],
        "left": [1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1],
        "entry": [2, 4, 0, 0, 0, 0, 4, 2, 0, 2, 0, 1, 0, 0, 0, 0],
        "person": range(16),
    })  # fmt: skip
    whole, split = (
        fit_cox(rows, "week", "left", SITES, covariates=["age"], entry="entry", person="person")
        for rows in (frame, cut(frame, np.random.default_rng(0)))
    )
    assert np.isnan(whole.effect.estimate) and "infinite" in whole.effect.notes[0]
    assert np.isfinite(whole["age"].estimate)
    assert split.loglik == pytest.approx(whole.loglik, abs=1e-6)
    np.testing.assert_allclose(
        whole.to_frame()[["estimate", "std_error"]],
        split.to_frame()[["estimate", "std_error"]],
        rtol=1e-4,
    )


@settings(quick, max_examples=15)
@given(spells(), st.integers(0, 1000))
def test_cutting_follow_up_changes_nothing(frame, seed):
    frame = frame.assign(entry=frame["entry"].clip(lower=0), person=np.arange(len(frame)))
    frame = frame[frame["entry"] < frame["week"]]
    assume(frame["left"].any() and frame.groupby("site")["arm"].nunique().eq(2).all())
    parts = cut(frame, np.random.default_rng(seed))
    for robust in (False, True):
        whole, split = (
            fit_cox(rows, "week", "left", SITES, covariates=["age"], entry="entry",
                    person="person", robust=robust)
            for rows in (frame, parts)
        )  # fmt: skip
        # a likelihood without a maximum ends wherever rounding lets it
        assume(whole.to_frame()["std_error"].between(1e-6, 100).all())
        np.testing.assert_allclose(
            whole.to_frame()[["estimate", "std_error"]],
            split.to_frame()[["estimate", "std_error"]],
            rtol=1e-6, atol=1e-8,
        )  # fmt: skip
        assert whole.effect.n_treatment == split.effect.n_treatment
        assert whole.effect.n_apart_control == split.effect.n_apart_control


@quick
@given(spells())
def test_rows_at_risk_at_no_exit_change_nothing(frame):
    assume(frame["left"].any())
    x, weeks, left, stratum, entry = arrays(frame)
    fit = fit_partial_likelihood(x, weeks, left, stratum, entry=entry)
    last = int(weeks.max())
    idle = 2 * np.ones(3, dtype=int)
    more = fit_partial_likelihood(
        np.vstack([x, np.ones((3, 2)) * 99]),
        np.concatenate([weeks, last + idle]),
        np.concatenate([left, idle < 0]),
        np.concatenate([stratum, [0, 1, 2]]),
        entry=np.concatenate([entry, last + idle - 1]),
    )
    np.testing.assert_array_equal(more.coef, fit.coef)
    np.testing.assert_array_equal(more.vcov, fit.vcov)


@quick
@given(spells())
def test_without_ties_the_three_likelihoods_are_one(frame):
    frame = frame.assign(week=np.arange(1, len(frame) + 1), entry=-1)
    frame.loc[0, "left"] = True
    x, weeks, left, stratum, _ = arrays(frame)
    fits = [fit_partial_likelihood(x, weeks, left, stratum, ties=t)
            for t in ("efron", "breslow", "exact")]  # fmt: skip
    assume(np.isfinite(fits[0].coef).all())  # on the way to infinity they stop apart
    for other in fits[1:]:
        np.testing.assert_allclose(other.coef, fits[0].coef, rtol=1e-6, atol=1e-9)
        assert other.loglik == pytest.approx(fits[0].loglik, rel=1e-9, abs=1e-9)


@quick
@given(spells())
def test_the_exact_score_test_is_the_logrank_test_with_ties(frame):
    """Both have the hypergeometric variance (Kalbfleisch & Prentice 2002, section 4.2.5)."""
    both = frame.groupby("site")["arm"].transform("nunique") == 2
    frame = frame[both].assign(entry=-1)
    assume(frame["left"].any())
    x, weeks, left, stratum, _ = arrays(frame)
    test = logrank_test(frame, "week", "left", SITES)
    fit = fit_partial_likelihood(x[:, :1], weeks, left, stratum, ties="exact")
    if np.isnan(test.statistic):
        assert not fit.score_statistic > 1e-12
    else:
        assert fit.score_statistic == pytest.approx(test.statistic, rel=1e-8, abs=1e-12)


@quick
@given(spells(persons=(20, 40)))
def test_one_period_is_the_hazard_ratio(frame):
    assume(frame["left"].any())
    last = int(frame["week"].max())
    whole = estimate_hazard_ratio(frame, "week", "left", PLAIN, covariates=["age"])
    pieces = estimate_piecewise_hazard_ratios(
        frame, "week", "left", PLAIN, covariates=["age"], periods=(0, last)
    ).effects
    assert pieces[0].estimate == pytest.approx(whole.estimate, rel=1e-9, nan_ok=True)
    assert pieces[0].std_error == pytest.approx(whole.std_error, rel=1e-9, nan_ok=True)
    assert (pieces[0].n_treatment, pieces[0].n_apart_control) == (
        whole.n_treatment, whole.n_apart_control,
    )  # fmt: skip
