"""Restricted means in trials drawn from a known truth: two sites, unequal allocation, censoring.

Half to seven tenths of a site take part because of the lottery, a tenth always, the others
never. Taking part raises the weekly hazard by half; a covariate moves it too. Follow-up lasts
26 to 65 weeks, so that three in ten may be censored before the horizon of 40 weeks.
"""

import numpy as np
import pandas as pd
import pytest

from jobeval import Lottery, estimate_late_rmst, estimate_rmst
from jobeval.exits.curves.simultaneous import sup_t
from jobeval.exits.take_up.complier_curves import EFFECT, complier_curves
from jobeval.exits.take_up.take_up_data import read_take_up

LOTTERY = Lottery(arm="arm", treatment=1, control=0, strata="site")
SHARE_TREATED = np.array([0.3, 0.7])
COMPLIERS, ALWAYS = np.array([0.5, 0.7]), 0.1
HAZARD = np.array([0.02, 0.05])
FACTOR, SLOPE = 1.5, 0.7
HORIZON, WEEK = 40, 20


def hazard(site, x, part):
    return HAZARD[site] * np.exp(SLOPE * x) * FACTOR**part


def draw(rng: np.random.Generator, per_site: int) -> pd.DataFrame:
    site = np.repeat([0, 1], per_site)
    arm = np.concatenate(
        [rng.permutation(np.arange(per_site) < share * per_site) for share in SHARE_TREATED]
    ).astype(int)
    kind, x = rng.random(len(site)), rng.standard_normal(len(site))
    always = kind < ALWAYS
    took = np.where(always, 1, arm * (kind < ALWAYS + COMPLIERS[site]))
    exit = np.ceil(rng.exponential(1 / hazard(site, x, took))).astype(int)
    follow = rng.integers(39, 66, len(site)) - 13 * (rng.random(len(site)) < 0.3)
    return pd.DataFrame(
        {"site": site, "arm": arm, "x": x, "took": took, "week": np.minimum(exit, follow),
         "left": exit <= follow}
    )  # fmt: skip


def survival(site: int, part: int) -> np.ndarray:
    """Averaged over the standard normal covariate, weeks 0 to the horizon."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    rates = hazard(site, nodes, part)
    return np.exp(-np.outer(np.arange(HORIZON + 1), rates)) @ weights / weights.sum()


def truth() -> dict[str, float]:
    gains = [survival(site, 1) - survival(site, 0) for site in (0, 1)]
    weeks = np.array([gain[:HORIZON].sum() for gain in gains])
    share = COMPLIERS / COMPLIERS.sum()
    late = -(share @ np.array(gains))
    return {"itt": float(COMPLIERS @ weeks / 2), "late": float(share @ weeks), "curve": late}


TRUTH = truth()


def test_a_large_trial_finds_the_truth():
    frame = draw(np.random.default_rng(21), per_site=30_000)
    for options in ({}, {"covariates": ["x"]}):
        effect = estimate_rmst(frame, "week", "left", LOTTERY, horizon_weeks=HORIZON, **options)
        assert abs(effect.estimate - TRUTH["itt"]) < 4 * effect.std_error
        assert effect.std_error < 0.15
    late = estimate_late_rmst(
        frame, "week", "left", LOTTERY, treated="took", horizon_weeks=HORIZON, interval="wald"
    )
    assert abs(late.estimate - TRUTH["late"]) < 4 * late.std_error
    plain = estimate_rmst(frame, "week", "left", LOTTERY, horizon_weeks=HORIZON, standardise=False)
    assert abs(plain.estimate - TRUTH["itt"]) > 10 * plain.std_error


def covered(frame: pd.DataFrame, seed: int) -> list[bool]:
    def rmst(**options):
        return estimate_rmst(frame, "week", "left", LOTTERY, horizon_weeks=HORIZON, **options)

    effects = [rmst(), rmst(covariates=["x"]),
               rmst(inference="lottery", draws=199, seed=seed)]  # fmt: skip
    hits = [low < TRUTH["itt"] < high for low, high in (e.confidence_interval() for e in effects)]
    late = estimate_late_rmst(frame, "week", "left", LOTTERY, treated="took", horizon_weeks=HORIZON)
    low, high = late.confidence_interval()
    hits.append(low < TRUTH["late"] < high)
    data = read_take_up(frame, "week", "left", LOTTERY, "took", None)
    curves = complier_curves(data.moves(HORIZON), data.influences(HORIZON))
    error = np.sqrt(np.diag(curves.covariance[EFFECT]))
    away = np.abs(curves.values[EFFECT] - TRUTH["curve"])
    hits.append(away[WEEK] < 1.959964 * error[WEEK])
    return hits


@pytest.mark.slow
def test_intervals_cover():
    rng, trials = np.random.default_rng(22), 2000
    hits = np.array([covered(draw(rng, per_site=200), seed) for seed in range(trials)])
    assert (np.abs(hits.mean(axis=0) - 0.95) <= 4 * np.sqrt(0.95 * 0.05 / trials)).all()


@pytest.mark.slow
def test_bands_of_complier_curves_cover_all_weeks():
    rng, trials, last = np.random.default_rng(23), 1000, 24
    hits = 0
    for _ in range(trials):
        data = read_take_up(draw(rng, per_site=300), "week", "left", LOTTERY, "took", None)
        curves = complier_curves(data.moves(last), data.influences(last))
        covariance = curves.covariance[EFFECT][1:, 1:]
        away = np.abs(curves.values[EFFECT] - TRUTH["curve"][: last + 1])[1:]
        hits += (away < sup_t(covariance, 1).critical_value() * np.sqrt(np.diag(covariance))).all()
    assert abs(hits / trials - 0.95) <= 4 * np.sqrt(0.95 * 0.05 / trials)


@pytest.mark.slow
def test_the_lottery_rejects_a_true_null_as_often_as_it_says():
    """Nobody's weeks change, though the sites differ; censoring and few persons."""
    rng, trials = np.random.default_rng(24), 2000
    rejected = 0
    for seed in range(trials):
        frame = draw(rng, per_site=30)
        for site in (0, 1):
            rows = frame.index[frame["site"] == site]
            frame.loc[rows, "arm"] = rng.permutation(frame.loc[rows, "arm"])
        effect = estimate_rmst(
            frame, "week", "left", LOTTERY, horizon_weeks=24, inference="lottery", draws=199,
            seed=seed,
        )  # fmt: skip
        rejected += effect.p_value <= 0.05
    assert abs(rejected / trials - 0.05) <= 4 * np.sqrt(0.95 * 0.05 / trials)
