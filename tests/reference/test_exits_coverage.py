"""Trials drawn from a known truth: two strata with unequal allocation, competing weekly exits."""

import numpy as np
import pandas as pd
import pytest

from jobeval import Lottery, cumulative_incidence, estimate_hazard_ratio, survival_curve
from jobeval.exits.curves.contrast import curve_difference

LOTTERY = Lottery(arm="arm", treatment=1, control=0, strata="site")
LOG_HAZARD_RATIO = np.log(1.4)
JOB_HAZARD, PENSION_HAZARD = np.array([0.02, 0.05]), np.array([0.01, 0.004])
SHARE_TREATED = np.array([0.3, 0.7])
WEEK = 26


def draw(rng: np.random.Generator, per_site: int) -> pd.DataFrame:
    """Exponential times to a job and to a pension, followed for 30 to 60 weeks by calendar."""
    site = np.repeat([0, 1], per_site)
    treated = np.concatenate(
        [rng.permutation(np.arange(per_site) < share * per_site) for share in SHARE_TREATED]
    )
    factor = np.exp(LOG_HAZARD_RATIO * treated)
    job = rng.exponential(1 / (JOB_HAZARD[site] * factor))
    pension = rng.exponential(1 / (PENSION_HAZARD[site] * factor))
    exit = np.ceil(np.minimum(job, pension)).astype(int)
    follow = rng.integers(30, 61, len(site))
    seen = exit <= follow
    to = np.where(seen, np.where(job < pension, "job", "pension"), None)
    return pd.DataFrame(
        {"site": site, "arm": treated.astype(int), "week": np.minimum(exit, follow),
         "left": seen, "to": to}
    )  # fmt: skip


def truth(arm: int) -> tuple[float, float]:
    """Survival after ``WEEK`` weeks and the share gone to a job by then, sites of equal size."""
    factor = np.exp(LOG_HAZARD_RATIO * arm)
    total = (JOB_HAZARD + PENSION_HAZARD) * factor
    survival = np.exp(-total * WEEK)
    job = JOB_HAZARD * factor / total * (1 - survival)
    return float(survival.mean()), float(job.mean())


def covered(frame: pd.DataFrame) -> list[bool]:
    survival = survival_curve(frame, "week", "left", LOTTERY)
    hits = [s.conf_low[WEEK] < truth(int(s.arm))[0] < s.conf_high[WEEK] for s in survival]
    jobs = cumulative_incidence(frame, "week", "to", LOTTERY).where(cause="job")
    hits += [j.conf_low[WEEK] < truth(int(j.arm))[1] < j.conf_high[WEEK] for j in jobs]
    difference = curve_difference(jobs["1"], jobs["0"], LOTTERY.contrast)
    hits.append(difference.conf_low[WEEK] < truth(1)[1] - truth(0)[1] < difference.conf_high[WEEK])
    ratio = estimate_hazard_ratio(frame, "week", "left", LOTTERY).confidence_interval()
    hits.append(ratio.low < LOG_HAZARD_RATIO < ratio.high)
    return hits


def test_a_large_trial_finds_the_truth():
    frame = draw(np.random.default_rng(11), per_site=20_000)
    survival = survival_curve(frame, "week", "left", LOTTERY)
    jobs = cumulative_incidence(frame, "week", "to", LOTTERY).where(cause="job")
    for arm in (0, 1):
        for curve, value in zip((survival[str(arm)], jobs[str(arm)]), truth(arm), strict=True):
            assert abs(curve.values[WEEK] - value) < 4 * curve.std_error[WEEK]
            assert 0.002 < curve.std_error[WEEK] < 0.006
    effect = estimate_hazard_ratio(frame, "week", "left", LOTTERY)
    assert abs(effect.estimate - LOG_HAZARD_RATIO) < 4 * effect.std_error
    plain = survival_curve(frame, "week", "left", LOTTERY, standardise=False)["1"]
    assert abs(plain.values[WEEK] - truth(1)[0]) > 10 * plain.std_error[WEEK]


@pytest.mark.slow
def test_intervals_cover():
    rng, trials = np.random.default_rng(12), 2000
    hits = np.array([covered(draw(rng, per_site=200)) for _ in range(trials)])
    assert (np.abs(hits.mean(axis=0) - 0.95) <= 4 * np.sqrt(0.95 * 0.05 / trials)).all()
