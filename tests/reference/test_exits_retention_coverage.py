"""Jobs kept and jobs started again, in trials drawn from a known truth.

Two sites with unequal chances of treatment, and follow-up that ends at different weeks.
"""

import numpy as np
import pandas as pd
import pytest

import jobeval as je
from jobeval import Lottery
from jobeval.exits.curves.contrast import curve_difference

LOTTERY = Lottery(arm="arm", treatment=1, control=0, strata="site")
SHARE_TREATED = np.array([0.3, 0.7])
START, LOSS = np.array([0.01, 0.03]), np.array([0.01, 0.03])  # a week, by site
HELPED_START, HELPED_KEEP = 1.8, 0.7
WEEKS, HORIZON = 13, 40
LOG_RATE_RATIO = np.log(1.5)
RATE = np.array([0.02, 0.05])
JOBS = {"started": "started", "followed": "followed", "weeks": [WEEKS], "horizon_weeks": HORIZON}


def draw_lottery(rng: np.random.Generator, per_site: int) -> tuple[np.ndarray, np.ndarray]:
    treated = [rng.permutation(np.arange(per_site) < share * per_site) for share in SHARE_TREATED]
    return np.repeat([0, 1], per_site), np.concatenate(treated).astype(int)


def draw_jobs(rng: np.random.Generator, per_site: int) -> pd.DataFrame:
    """Each week without a job it may start, each week in it but the first it may be lost."""
    site, arm = draw_lottery(rng, per_site)
    started = rng.geometric(START[site] * HELPED_START**arm) - 1
    end = started + rng.geometric(LOSS[site] * HELPED_KEEP**arm)
    followed = rng.integers(30, 61, len(site))
    has = started < followed
    return pd.DataFrame(
        {
            "site": site,
            "arm": arm,
            "started": np.where(has, started, np.nan),
            "kept": np.where(has, np.minimum(end, followed) - started, np.nan),
            "lost": has & (end < followed),
            "followed": followed,
        }
    )


def share_kept(arm: int) -> float:
    """Started by week ``HORIZON − WEEKS`` and kept ``WEEKS``, sites of equal size."""
    start, loss = START * HELPED_START**arm, LOSS * HELPED_KEEP**arm
    kept = (1 - loss) ** (WEEKS - 1) * (1 - (1 - start) ** (HORIZON - WEEKS + 1))
    return float(kept.mean())


def draw_events(rng: np.random.Generator, per_site: int) -> pd.DataFrame:
    """At most one event a week; some persons have many more than others, in all weeks."""
    site, arm = draw_lottery(rng, per_site)
    frailty = rng.gamma(2, 1 / 2, len(site))
    chance = RATE[site] * np.exp(LOG_RATE_RATIO * arm) * frailty
    followed = rng.integers(20, 41, len(site))
    week = np.arange(1, 41)
    happens = (rng.random((len(site), 40)) < chance[:, None]) & (week <= followed[:, None])
    person, column = np.nonzero(happens | (week == followed[:, None]))
    stop = week[column]
    again = np.concatenate([[False], person[1:] == person[:-1]])
    rows = {
        "id": person,
        "site": site[person],
        "arm": arm[person],
        "start": np.where(again, np.roll(stop, 1), 0),
        "stop": stop,
        "event": happens[person, column],
    }
    return pd.DataFrame(rows)


def covers(interval, truth: float) -> bool:
    return interval[0] < truth < interval[1]


def covered_jobs(frame: pd.DataFrame) -> bool:
    table = je.estimate_retention(frame, "kept", "lost", LOTTERY, **JOBS)
    effect = table.one(estimand="itt")
    return covers(effect.confidence_interval(), share_kept(1) - share_kept(0))


def covered_events(frame: pd.DataFrame) -> list[bool]:
    """LWYY, the difference of mean numbers, and the model's error."""
    names, rows = ("stop", "event", LOTTERY), {"entry": "start", "person": "id"}
    lwyy, model = (
        je.estimate_recurrence(frame, *names, **rows, method=method)
        for method in ("lwyy", "andersen-gill")
    )
    curves = je.mean_cumulative_events(frame, *names, **rows)
    curve = curve_difference(curves[str(LOTTERY.treatment)], curves[str(LOTTERY.control)], "")
    truth = 20 * RATE.mean() * (np.exp(LOG_RATE_RATIO) - 1)
    return [
        covers(lwyy.confidence_interval(), LOG_RATE_RATIO),
        covers((curve.conf_low[20], curve.conf_high[20]), truth),
        covers(model.confidence_interval(), LOG_RATE_RATIO),
    ]


def test_a_large_trial_finds_the_share_that_kept_a_job():
    frame = draw_jobs(np.random.default_rng(21), per_site=20_000)
    starters, everyone = je.estimate_retention(frame, "kept", "lost", LOTTERY, **JOBS)
    for arm, said in ((1, everyone.mean_treatment), (0, everyone.mean_control)):
        assert abs(said - share_kept(arm)) < 4 * everyone.std_error
    assert 0.002 < everyone.std_error < 0.006
    # neither way is mistaken for the other
    assert abs(starters.estimate - (share_kept(1) - share_kept(0))) > 10 * starters.std_error


def test_a_large_trial_finds_the_rate_ratio():
    frame = draw_events(np.random.default_rng(22), per_site=5_000)
    effect = je.estimate_recurrence(
        frame, "stop", "event", LOTTERY, entry="start", person="id", ties="breslow"
    )
    assert abs(effect.estimate - LOG_RATE_RATIO) < 4 * effect.std_error
    assert effect.std_error < 0.03


@pytest.mark.slow
def test_intervals_of_jobs_cover():
    rng, trials = np.random.default_rng(23), 2000
    hits = np.array([covered_jobs(draw_jobs(rng, per_site=200)) for _ in range(trials)])
    assert abs(hits.mean() - 0.95) <= 4 * np.sqrt(0.95 * 0.05 / trials)


@pytest.mark.slow
def test_intervals_of_rates_cover_and_those_of_the_model_do_not():
    rng, trials = np.random.default_rng(24), 2000
    hits = np.array([covered_events(draw_events(rng, per_site=150)) for _ in range(trials)])
    *robust, model = hits.mean(axis=0)
    error = 4 * np.sqrt(0.95 * 0.05 / trials)
    assert (np.abs(np.array(robust) - 0.95) <= error).all()
    assert model < 0.95 - error
