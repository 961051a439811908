"""Relations that must hold for any weekly trial."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from jobeval import (
    Lottery,
    cumulative_incidence,
    estimate_hazard_ratio,
    estimate_survival_difference,
    logrank_test,
    survival_curve,
)
from jobeval.exits.destinations.aalen_johansen import aalen_johansen
from jobeval.exits.grid.grid import build_grid
from jobeval.exits.grid.influence import cluster_variance
from jobeval.exits.hazards.cox_fit import fit_partial_likelihood
from jobeval.inference.kaplan_meier import kaplan_meier

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
SWAPPED = Lottery(arm="arm", treatment="old", control="new", strata="site")
quick = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def trials(draw, persons=(8, 60), longest=12, censored=True):
    """Two sites, two arms, both in each; destinations a and b; weeks with many ties."""
    n = draw(st.integers(*persons))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cause = rng.integers(0 if censored else 1, 3, n)
    return pd.DataFrame(
        {
            "arm": np.where(np.arange(n) % 4 < 2, "new", "old"),
            "site": np.where(np.arange(n) % 2, "north", "south"),
            "age": rng.integers(20, 60, n),
            "week": rng.integers(1, longest + 1, n),
            "left": cause > 0,
            "to": np.array([None, "a", "b"], dtype=object)[cause],
        }
    )


def answers(frame, lottery) -> np.ndarray:
    """Everything that is said of a trial, as one array."""
    test = logrank_test(frame, "week", "left", lottery)
    effect = estimate_hazard_ratio(frame, "week", "left", lottery, covariates=["age"])
    curves = [
        *survival_curve(frame, "week", "left", lottery),
        *cumulative_incidence(frame, "week", "to", lottery),
    ]
    parts = [[test.statistic, test.p_value, effect.estimate, effect.std_error]]
    for curve in curves:
        parts += [curve.values, curve.std_error, curve.conf_low, curve.conf_high, curve.at_risk]
    return np.concatenate(parts)


@quick
@given(trials(), st.integers(0, 1000))
def test_the_order_of_persons_does_not_matter(frame, seed):
    shuffled = frame.sample(frac=1, random_state=seed)
    np.testing.assert_allclose(
        answers(shuffled, SITES), answers(frame, SITES), rtol=1e-6, atol=1e-8
    )


@quick
@given(trials())
def test_one_stratum_is_no_stratum(frame):
    frame["site"] = "north"
    np.testing.assert_allclose(answers(frame, SITES), answers(frame, PLAIN), rtol=1e-12)


@quick
@given(trials())
def test_swapping_the_arms_turns_the_sign(frame):
    one, other = (logrank_test(frame, "week", "left", lot) for lot in (SITES, SWAPPED))
    np.testing.assert_allclose(one.statistic, other.statistic, rtol=1e-9, atol=1e-12)
    one, other = (estimate_hazard_ratio(frame, "week", "left", lot) for lot in (SITES, SWAPPED))
    np.testing.assert_allclose(one.estimate, -other.estimate, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(one.p_value, other.p_value, rtol=1e-7)
    (curve,), (turned,) = (
        estimate_survival_difference(frame, "week", "left", lottery, band=None)
        for lottery in (SITES, SWAPPED)
    )
    np.testing.assert_allclose(curve.values, -turned.values)
    np.testing.assert_allclose(curve.conf_low, -turned.conf_high)


@quick
@given(trials())
def test_persons_who_were_never_followed_change_no_test(frame):
    never = frame.assign(week=0, left=False, to=None)
    more = pd.concat([frame, never.head(5)], ignore_index=True)
    before, after = (logrank_test(f, "week", "left", SITES).statistic for f in (frame, more))
    np.testing.assert_allclose(after, before, rtol=1e-12)
    before, after = (survival_curve(f, "week", "left", PLAIN)["new"] for f in (frame, more))
    np.testing.assert_allclose(after.values, before.values)
    before, after = (
        estimate_hazard_ratio(f, "week", "left", SITES).estimate for f in (frame, more)
    )
    np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-12)


@quick
@given(trials(censored=False))
def test_without_censoring_survival_is_the_share_not_yet_gone(frame):
    curve = survival_curve(frame, "week", "left", PLAIN)["new"]
    weeks = frame.loc[frame["arm"] == "new", "week"].to_numpy()
    share = (weeks[:, None] > curve.times).mean(axis=0)
    np.testing.assert_allclose(curve.values, share, atol=1e-14)
    inside = share > 0
    binomial = np.sqrt(share * (1 - share) / len(weeks))
    np.testing.assert_allclose(curve.std_error[inside], binomial[inside], atol=1e-14)


@quick
@given(trials())
def test_destinations_and_survival_add_up_to_one(frame):
    for lottery in (PLAIN, SITES):
        survival = survival_curve(frame, "week", "left", lottery)
        incidence = cumulative_incidence(frame, "week", "to", lottery)
        for arm in ("new", "old"):
            total = survival[arm].values + sum(c.values for c in incidence.where(arm=arm))
            known = ~np.isnan(survival[arm].values)
            np.testing.assert_allclose(total[known], 1, atol=1e-12)
            assert np.isnan(total[~known]).all()


@quick
@given(trials())
def test_with_one_destination_incidence_mirrors_survival(frame):
    frame["to"] = np.where(frame["left"], "a", None)
    survival = survival_curve(frame, "week", "left", SITES)["new"]
    incidence = cumulative_incidence(frame, "week", "to", SITES).where(arm="new")
    for curve in incidence:
        np.testing.assert_allclose(curve.values, 1 - survival.values, atol=1e-12)
        inside = survival.values > 0
        np.testing.assert_allclose(
            curve.std_error[inside], survival.std_error[inside], rtol=1e-6, atol=1e-8
        )


def grid_of(frame):
    cause = frame["to"].map({"a": 1, "b": 2}).fillna(0).to_numpy().astype(np.int64)
    arm = (frame["arm"] == "new").to_numpy().astype(np.int64)
    labels = {"arms": ("old", "new"), "strata": ("all",), "causes": ("a", "b")}
    return build_grid(frame["week"].to_numpy(), cause, arm, np.zeros_like(arm), **labels)


@quick
@given(trials())
def test_persons_as_clusters_give_the_plain_variance(frame):
    grid = grid_of(frame[frame["arm"] == "new"])
    at_risk, events = grid.at_risk[1, 0], grid.events[1, 0]
    table = np.concatenate([grid.censored[1, 0][:, None], events], axis=1)
    persons = np.repeat(np.eye(table.size, dtype=np.int64), table.ravel(), axis=0)
    own = persons.reshape(-1, *table.shape)
    plain = aalen_johansen(at_risk, events)
    np.testing.assert_allclose(cluster_variance(at_risk, events, own), plain.variance, atol=1e-14)
    greenwood = kaplan_meier(at_risk, events.sum(axis=-1)).variance
    one_cause = np.stack([own[..., 0], own[..., 1:].sum(axis=-1)], axis=-1)
    summed = cluster_variance(at_risk, events.sum(axis=-1, keepdims=True), one_cause)[:, 0]
    np.testing.assert_allclose(summed, greenwood, atol=1e-14)


@quick
@given(trials(persons=(20, 40)))
def test_counts_of_two_halves_add_up_to_the_whole(frame):
    longest = pd.DataFrame({"week": [12], "arm": ["old"], "to": [None]})  # one length of grid
    first, second = (
        grid_of(pd.concat([half[["week", "arm", "to"]], longest]))
        for half in (frame.head(10), frame.tail(len(frame) - 10))
    )
    whole = grid_of(pd.concat([frame[["week", "arm", "to"]], longest, longest]))
    np.testing.assert_array_equal(first.events + second.events, whole.events)
    np.testing.assert_array_equal(first.at_risk + second.at_risk, whole.at_risk)


def fit(frame, ties, factor=1):
    x = np.column_stack([frame["arm"] == "new", frame["age"]]).astype(float)
    stratum = (frame["site"] == "north").to_numpy().astype(int)
    weeks, left = frame["week"].to_numpy() * factor, frame["left"].to_numpy()
    return fit_partial_likelihood(x, weeks, left, stratum, ties=ties)


@quick
@given(trials())
def test_days_or_weeks_give_the_same_hazard_ratio(frame):
    assume(frame["left"].any())
    one, other = fit(frame, "efron"), fit(frame, "efron", factor=7)
    np.testing.assert_array_equal(one.coef, other.coef)
    np.testing.assert_array_equal(one.vcov, other.vcov)
    weeks, days = (
        logrank_test(frame.assign(week=frame["week"] * k), "week", "left", SITES).statistic
        for k in (1, 7)
    )
    assert weeks == pytest.approx(days, rel=1e-12)


@quick
@given(trials())
def test_without_ties_efron_is_breslow_and_the_score_test_is_the_logrank(frame):
    frame["week"] = np.arange(1, len(frame) + 1)
    frame["left"] |= frame["week"] == 1
    efron, breslow = fit(frame, "efron"), fit(frame, "breslow")
    np.testing.assert_array_equal(efron.coef, breslow.coef)
    np.testing.assert_array_equal(efron.vcov, breslow.vcov)
    alone = fit_partial_likelihood(
        (frame[["arm"]] == "new").to_numpy(float), frame["week"].to_numpy(),
        frame["left"].to_numpy(), (frame["site"] == "north").to_numpy().astype(int),
    )  # fmt: skip
    test = logrank_test(frame, "week", "left", SITES)
    assert alone.score_statistic == pytest.approx(test.statistic, rel=1e-9)


def efron_loglik(frame, beta) -> float:
    """Efron's log partial likelihood, person by person as in the paper."""
    total = 0.0
    for _, site in frame.groupby("site"):
        x = np.column_stack([site["arm"] == "new", site["age"]]).astype(float)
        eta, weeks, left = x @ beta, site["week"].to_numpy(), site["left"].to_numpy()
        for week in np.unique(weeks[left]):
            dead, risk = left & (weeks == week), weeks >= week
            d = int(dead.sum())
            total += eta[dead].sum()
            for k in range(d):
                total -= np.log(np.exp(eta[risk]).sum() - k / d * np.exp(eta[dead]).sum())
    return total


@settings(quick, max_examples=20)
@given(trials())
def test_the_fit_maximises_a_likelihood_written_out(frame):
    assume(frame["left"].any())
    model = fit(frame, "efron")
    assume(model.converged and not model.infinite.any())
    assert model.loglik == pytest.approx(efron_loglik(frame, model.coef), rel=1e-10, abs=1e-9)
    step = 1e-4 * np.sqrt(np.diag(model.vcov))
    for index, size in enumerate(step):
        away = np.eye(len(step))[index] * size
        around = [efron_loglik(frame, model.coef + sign * away) for sign in (-1, 0, 1)]
        first, second = pairwise(around)
        slope = (first[1] - first[0]) + (second[1] - second[0])
        assert abs(slope) < 1e-9
