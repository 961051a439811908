"""Every likelihood written out one person and one week at a time, under Hypothesis."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from jobeval import Lottery, fit_parametric
from jobeval.exits.grid.durations import read_durations
from jobeval.exits.models.parametric import parametric_from_grid

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
quick = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
AFT = ("exponential", "weibull", "log-normal", "log-logistic")
TAILS = {
    "exponential": lambda z: np.exp(-np.exp(z)),
    "weibull": lambda z: np.exp(-np.exp(z)),
    "log-normal": stats.norm.sf,
    "log-logistic": stats.logistic.sf,
}
DENSITIES = {
    "exponential": lambda z: np.exp(z - np.exp(z)),
    "weibull": lambda z: np.exp(z - np.exp(z)),
    "log-normal": stats.norm.pdf,
    "log-logistic": stats.logistic.pdf,
}
HAZARDS = {
    "cloglog": lambda eta: 1 - np.exp(-np.exp(eta)),
    "logit": lambda eta: 1 / (1 + np.exp(-eta)),
}

SLOPES = {  # of the log likelihood of a week at risk, by its linear predictor
    "cloglog": lambda eta, out: (
        np.where(out, np.exp(-np.exp(eta)), np.expm1(-np.exp(eta)))
        * np.exp(eta)
        / -np.expm1(-np.exp(eta))
    ),
    "logit": lambda eta, out: out - HAZARDS["logit"](eta),
}


@st.composite
def trials(draw, longest=9):
    """Two sites, two arms, ties, late entries, weeks and now and then a site without exits."""
    n = draw(st.integers(16, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    week = rng.integers(1, longest + 1, n)
    left = rng.random(n) < draw(st.sampled_from([0.3, 0.7]))
    site = np.where(np.arange(n) % 2, "north", "south")
    if draw(st.booleans()) and draw(st.booleans()):
        left &= site == "north"
    return pd.DataFrame(
        {
            "arm": np.where(np.arange(n) % 4 < 2, "new", "old"),
            "site": site,
            "age": rng.integers(20, 60, n),
            "week": week,
            "left": left,
            "began": rng.integers(0, week),
        }
    )


def fit(frame, lottery=SITES, entry="began", **options):
    """The model, where it has a finite maximum."""
    assume(frame["left"].any())
    model = fit_parametric(
        frame, "week", "left", lottery, covariates=["age"], entry=entry, **options
    )
    assume(np.isfinite(model.to_frame()[["estimate", "std_error"]].to_numpy()).all())
    return model


def linear_predictor(frame, model, theta):
    """``xβ`` of each person, without what the baseline adds."""
    known = dict(zip([c.name for c in model.coefficients], theta, strict=True))
    eta = known["treatment"] * (frame["arm"] == "new") + known["age"] * frame["age"]
    for name, value in known.items():
        if name.startswith("stratum["):
            eta = eta + value * (frame["site"] == name[8:-1])
    return eta.to_numpy(float), known


def aft_loglik(frame, model, theta, distribution, grouped, entry):
    eta, known = linear_predictor(frame, model, theta)
    scale = np.exp(known.get("log_scale", 0.0))
    total = 0.0
    for i, person in enumerate(frame.itertuples()):
        place = eta[i] + known["intercept"]

        def survival(t, place=place):
            return TAILS[distribution]((np.log(t) - place) / scale) if t > 0 else 1.0

        if person.left and grouped:
            total += np.log(survival(person.week - 1) - survival(person.week))
        elif person.left:
            z = (np.log(person.week) - place) / scale
            total += np.log(DENSITIES[distribution](z) / (scale * person.week))
        else:
            total += np.log(survival(person.week))
        if entry:
            total -= np.log(survival(person.began))
    return total


def slopes(loglik, theta):
    """Central differences."""
    step = 1e-5 * np.diag(np.maximum(np.abs(theta), 1e-2))
    return np.array([(loglik(theta + h) - loglik(theta - h)) / (2 * h.sum()) for h in step])


def is_the_maximum(loglik, model):
    """The value agrees, and no coefficient moves uphill by more than a sliver of its error."""
    theta, error = model.to_frame()[["estimate", "std_error"]].to_numpy().T
    assert model.loglik == pytest.approx(loglik(theta), rel=1e-8, abs=1e-8)
    assert np.abs(slopes(loglik, theta) * error).max() < 1e-3


@quick
@given(trials(), st.sampled_from(AFT), st.booleans(), st.booleans())
def test_accelerated_failure_times(frame, distribution, grouped, late):
    entry = "began" if late else None
    model = fit(frame, distribution=distribution, grouped=grouped, entry=entry)
    frame = frame[frame.groupby("site")["left"].transform("any")]
    eta, known = linear_predictor(frame, model, [c.estimate for c in model.coefficients])
    place = (np.log(frame["week"]) - eta - known["intercept"]) / np.exp(known.get("log_scale", 0))
    assume((TAILS[distribution](place) > 1e-8).all())  # what the twin can tell from 0
    is_the_maximum(
        lambda theta: aft_loglik(frame, model, theta, distribution, grouped, entry), model
    )


def expanded(frame, entry):
    """A row for each person and week at risk."""
    start = frame["began"] if entry else 0 * frame["week"]
    rows = frame.loc[frame.index.repeat(frame["week"] - start)].copy()
    spans = zip(start + 1, frame["week"] + 1, strict=True)
    rows["t"] = np.concatenate([np.arange(*span) for span in spans])
    rows["out"] = rows["left"] & (rows["t"] == rows["week"])
    return rows


@quick
@given(trials(), st.sampled_from(["cloglog", "logit"]), st.booleans())
def test_weekly_hazards_with_a_trend(frame, link, late):
    entry = "began" if late else None
    model = fit(frame, distribution=link, baseline="linear", entry=entry)
    rows = expanded(frame[frame.groupby("site")["left"].transform("any")], entry)

    def loglik(theta):
        eta, known = linear_predictor(rows, model, theta)
        hazard = HAZARDS[link](eta + known["intercept"] + known["week"] * rows["t"].to_numpy())
        return np.log(np.where(rows["out"], hazard, 1 - hazard)).sum()

    is_the_maximum(loglik, model)


@quick
@given(trials(), st.booleans(), st.booleans())
def test_constant_hazards_by_period(frame, late, grouped):
    """With weeks as units: ``−λ`` for each week at risk, ``log λ`` for an exit."""
    entry = "began" if late else None
    model = fit(
        frame, distribution="piecewise-exponential", breaks=(3,), entry=entry, grouped=grouped
    )
    levels = [c.name for c in model.coefficients if c.name.startswith("baseline")]
    rows = expanded(frame[frame.groupby("site")["left"].transform("any")], entry)
    rows = rows[rows["t"].le(3) if levels == ["baseline[1-3]"] else rows["t"] > 0]
    assume(len(levels) == 2)

    def loglik(theta):
        eta, known = linear_predictor(rows, model, theta)
        own = np.where(rows["t"] <= 3, known[levels[0]], known[levels[1]])
        rate = np.exp(eta + own)
        gone = np.log(1 - np.exp(-rate)) if grouped else np.log(rate) - rate
        return np.where(rows["out"], gone, -rate).sum()

    is_the_maximum(loglik, model)


@quick
@given(trials(), st.sampled_from(["cloglog", "logit"]), st.booleans(), st.booleans())
def test_a_free_level_for_each_week(frame, link, late, own_baseline):
    """Levels found one by one, in each week and stratum; then no slope is left."""
    entry = "began" if late else None
    strata = "baseline" if own_baseline else "indicators"
    model = fit(frame, distribution=link, strata=strata, entry=entry)
    rows = expanded(frame[frame.groupby("site")["left"].transform("any")], entry)
    cells = [cell for _, cell in rows.groupby(["site", "t"] if own_baseline else "t")]
    cells = [cell for cell in cells if cell["out"].any() and not cell["out"].all()]

    def loglik(theta):
        total = 0.0
        for cell in cells:
            eta, _ = linear_predictor(cell, model, theta)
            out = cell["out"].to_numpy()
            low, high = -eta.max() - 12, -eta.min() + 6
            for _ in range(70):  # fitted exits = exits, by bisection
                level = (low + high) / 2
                slope = SLOPES[link](level + eta, out).sum()
                low, high = (level, high) if slope > 0 else (low, level)
            hazard = HAZARDS[link](level + eta)
            total += np.log(np.where(out, hazard, 1 - hazard)).sum()
        return total

    is_the_maximum(loglik, model)


@quick
@given(trials(), st.booleans())
def test_counts_are_enough_without_covariates(frame, late):
    assume(frame["left"].any())
    entry = "began" if late else None
    grid = read_durations(frame, "week", "left", SITES, entry=entry).grid(SITES)
    for distribution in (*AFT, "piecewise-exponential", "cloglog", "logit"):
        options = {"distribution": distribution, "grouped": True}
        counted = parametric_from_grid(grid, endpoint="week", **options)
        one = frame.assign(same=1)
        person = fit_parametric(
            one, "week", "left", SITES, covariates=["same"], entry=entry, **options
        )
        if late and not np.isfinite(counted.effect.estimate + person.effect.estimate):
            continue  # with late entries the likelihood may run flat to infinity on many ways
        assert counted.loglik == pytest.approx(person.loglik, rel=1e-9, nan_ok=True)
        np.testing.assert_allclose(
            [counted.effect.estimate, counted.effect.std_error],
            [person.effect.estimate, person.effect.std_error], rtol=1e-5, atol=1e-7,
        )  # fmt: skip


@quick
@given(trials())
def test_swapping_the_arms_turns_the_sign(frame):
    swapped = Lottery(arm="arm", treatment="old", control="new", strata="site")
    for distribution in ("weibull", "cloglog", "logit", "piecewise-exponential"):
        one = fit(frame, distribution=distribution, entry=None).effect
        other = fit(frame, swapped, distribution=distribution, entry=None).effect
        assert one.estimate == pytest.approx(-other.estimate, rel=1e-6, abs=1e-8)
        assert one.p_value == pytest.approx(other.p_value, rel=1e-6)


@quick
@given(trials())
def test_an_exponential_is_one_period(frame):
    """Log time ratio = − log hazard ratio when the hazard is constant."""
    alone = {"entry": None, "breaks": (100,), "distribution": "piecewise-exponential"}
    for grouped in (False, True):
        hazard = fit(frame, grouped=grouped, **alone)
        time = fit(frame, distribution="exponential", entry=None, grouped=grouped)
        assert time.loglik == pytest.approx(hazard.loglik, rel=1e-10)
        assert time.effect.estimate == pytest.approx(-hazard.effect.estimate, rel=1e-6, abs=1e-8)
