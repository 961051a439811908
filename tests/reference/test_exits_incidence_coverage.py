"""Competing exits drawn from a known truth: two strata with unequal allocation."""

import numpy as np
import pandas as pd
import pytest

from jobeval import (
    Lottery,
    estimate_incidence_difference,
    estimate_state_weeks,
    estimate_subdistribution_hazard_ratio,
)

LOTTERY = Lottery(arm="arm", treatment=1, control=0, strata="site")
JOB, PENSION = np.array([0.02, 0.05]), np.array([0.012, 0.006])
FASTER = 1.4
SHARE_TREATED = np.array([0.3, 0.7])
HORIZON = 26


def draw(rng: np.random.Generator, per_site: int) -> pd.DataFrame:
    """Treatment speeds up the way to a job alone; followed for 27 to 60 weeks by calendar."""
    site = np.repeat([0, 1], per_site)
    treated = np.concatenate(
        [rng.permutation(np.arange(per_site) < share * per_site) for share in SHARE_TREATED]
    )
    job = rng.exponential(1 / (JOB[site] * FASTER**treated))
    pension = rng.exponential(1 / PENSION[site])
    exit, follow = np.ceil(np.minimum(job, pension)).astype(int), rng.integers(27, 61, 2 * per_site)
    to = np.where(exit <= follow, np.where(job < pension, "job", "pension"), None)
    return pd.DataFrame(
        {"site": site, "arm": treated.astype(int), "week": np.minimum(exit, follow), "to": to}
    )


def truth(arm: int) -> np.ndarray:
    """Shares in each state after the weeks 0 … HORIZON, shape ``(HORIZON + 1, 3)``."""
    weeks = np.arange(HORIZON + 1)[:, None]
    job = JOB * FASTER**arm
    stay = np.exp(-(job + PENSION) * weeks)
    gone = (1 - stay) / (job + PENSION)
    return np.stack([(job * gone).mean(1), (PENSION * gone).mean(1), stay.mean(1)], axis=1)


DIFFERENCE = truth(1) - truth(0)
WEEKS = DIFFERENCE[:HORIZON].sum(axis=0)


def covered(frame: pd.DataFrame) -> list[bool]:
    table = estimate_state_weeks(frame, "week", "to", LOTTERY, horizon_weeks=HORIZON)
    intervals = [e.confidence_interval() for e in table]
    hits = [low < value < high for (low, high), value in zip(intervals, WEEKS, strict=True)]
    curves = estimate_incidence_difference(frame, "week", "to", LOTTERY, band=None)
    for k, curve in enumerate(curves):
        hits.append(curve.conf_low[HORIZON] < DIFFERENCE[HORIZON, k] < curve.conf_high[HORIZON])
    return hits


def test_a_large_trial_finds_the_truth():
    frame = draw(np.random.default_rng(31), per_site=30_000)
    table = estimate_state_weeks(frame, "week", "to", LOTTERY, horizon_weeks=HORIZON)
    for effect, value in zip(table, WEEKS, strict=True):
        assert abs(effect.estimate - value) < 4 * effect.std_error
        assert 0.02 < effect.std_error < 0.1
    assert WEEKS.sum() == pytest.approx(0)
    for k, curve in enumerate(estimate_incidence_difference(frame, "week", "to", LOTTERY)):
        inside = slice(5, HORIZON + 1)
        assert (curve.band_low[inside] < DIFFERENCE[inside, k]).all()
        assert (curve.band_high[inside] > DIFFERENCE[inside, k]).all()


@pytest.mark.slow
def test_intervals_cover():
    rng, trials = np.random.default_rng(32), 2000
    hits = np.array([covered(draw(rng, per_site=250)) for _ in range(trials)])
    assert (np.abs(hits.mean(axis=0) - 0.95) <= 4 * np.sqrt(0.95 * 0.05 / trials)).all()


@pytest.mark.slow
def test_bands_cover_all_weeks_at_once():
    """Of the weeks 4 … 26, in which every arm and stratum has seen exits."""
    rng, trials, inside = np.random.default_rng(33), 2000, slice(4, HORIZON + 1)
    hits = np.zeros((trials, 2), dtype=bool)
    for trial in range(trials):
        frame = draw(rng, per_site=250)
        frame = frame.assign(to=frame["to"].where(frame["week"] <= HORIZON, None),
                             week=frame["week"].clip(upper=HORIZON))  # fmt: skip
        table = estimate_incidence_difference(frame, "week", "to", LOTTERY, seed=trial)
        for k, curve in enumerate(table):
            low, high = curve.band_low[inside], curve.band_high[inside]
            hits[trial, k] = ((low < DIFFERENCE[inside, k]) & (DIFFERENCE[inside, k] < high)).all()
    # the band takes in the first weeks too, so that it covers these a little more often
    slack = 4 * np.sqrt(0.95 * 0.05 / trials)
    assert (hits.mean(axis=0) > 0.95 - slack).all()
    assert (hits.mean(axis=0) < 0.95 + 2 * slack).all()


@pytest.mark.slow
@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_fine_gray_covers(ties):
    """Subdistributions made proportional within sites, as in Fine & Gray (1999), section 4."""
    rng, trials, log_ratio, hits = np.random.default_rng(34), 2000, np.log(1.5), 0
    for _ in range(trials):
        frame = draw_proportional(rng, 200, log_ratio)
        effect = estimate_subdistribution_hazard_ratio(
            frame, "week", "to", LOTTERY, cause="job", ties=ties
        )
        low, high = effect.confidence_interval()
        hits += low < log_ratio < high
    assert abs(hits / trials - 0.95) <= 4 * np.sqrt(0.95 * 0.05 / trials)


def draw_proportional(rng: np.random.Generator, per_site: int, log_ratio: float) -> pd.DataFrame:
    """``F_job(t) = 1 − (1 − p (1 − e^{−t/20}))^ratio``, ``p`` by site; others as ``e^{−t/15}``."""
    site = np.repeat([0, 1], per_site)
    treated = np.concatenate(
        [rng.permutation(np.arange(per_site) < share * per_site) for share in SHARE_TREATED]
    )
    p, ratio = np.array([0.5, 0.7])[site], np.exp(log_ratio * treated)
    most = 1 - (1 - p) ** ratio
    u = rng.random(2 * per_site)
    job = u < most
    inner = np.where(job, (1 - (1 - np.minimum(u, most)) ** (1 / ratio)) / p, 0.5)
    when = np.where(job, -20 * np.log1p(-np.minimum(inner, 1 - 1e-12)),
                    rng.exponential(15, 2 * per_site))  # fmt: skip
    week, follow = np.ceil(when).astype(int), rng.integers(5, 61, 2 * per_site)
    to = np.where(week <= follow, np.where(job, "job", "pension"), None)
    week = np.minimum(np.maximum(week, 1), follow)
    return pd.DataFrame({"site": site, "arm": treated.astype(int), "week": week, "to": to})
