"""The size of the tests of exits: how often they reject at 5 % when nothing has an effect.

A stratified lottery with unequal shares, strata that differ in their hazard, in how long they
are followed and in a covariate, weekly ties and two exits. Rule: within 4 Monte-Carlo errors
of 5 % at 2,000 trials, ± .0195.
"""

import numpy as np
import pandas as pd
import pytest

import jobeval as je

TRIALS = 2_000
ALPHA = 0.05
LOTTERY = je.Lottery(arm="arm", treatment=1, control=0, strata="site")
CLUSTERED = je.Lottery(arm="arm", treatment=1, control=0, strata="site", clusters="cluster")
SIZES, SHARES = (90, 60, 90), (0.2, 0.5, 0.7)


def draw_trial(rng: np.random.Generator) -> pd.DataFrame:
    site = np.repeat(np.arange(3), SIZES)
    pairs = [rng.permutation(n // 2) < round(n // 2 * p)
             for n, p in zip(SIZES, SHARES, strict=True)]  # fmt: skip
    frame = pd.DataFrame({"site": site, "arm": np.repeat(np.concatenate(pairs), 2).astype(int)})
    cluster = np.arange(len(frame)) // 2
    age = rng.normal(size=len(frame)) + 0.5 * site
    shared = rng.gamma(4, 0.25, len(pairs) * 100)[cluster]
    hazard = 0.03 * (1 + site) * np.exp(0.7 * age) * shared
    leaving = np.ceil(rng.exponential(1 / hazard))
    follow = rng.integers(10, 20 + 15 * site)
    week = np.minimum(leaving, follow).astype(int)
    to = np.where(rng.random(len(frame)) < 0.6, "job", "pension").astype(object)
    to[leaving > follow] = None
    return frame.assign(cluster=cluster, age=age, week=week, left=leaving <= follow, to=to)


def draw_persons(rng: np.random.Generator) -> pd.DataFrame:
    """The same, with persons drawn one by one."""
    frame = draw_trial(rng)
    arms = [rng.permutation(n) < round(n * p) for n, p in zip(SIZES, SHARES, strict=True)]
    return frame.assign(arm=np.concatenate(arms).astype(int))


def logrank(frame, lottery, **options):
    return je.logrank_test(frame, "week", "left", lottery, **options).p_value


def gray(frame, lottery, **options):
    return je.gray_test(frame, "week", "to", lottery, cause="job", **options).p_value


DRAWN = {"inference": "lottery", "draws": 399}
CASES = {
    "plain": (draw_persons, LOTTERY, logrank, {}),
    "early": (draw_persons, LOTTERY, logrank, {"weights": (1, 0)}),
    "late": (draw_persons, LOTTERY, logrank, {"weights": (0, 1)}),
    "max_combo": (draw_persons, LOTTERY, logrank, {"weights": "max-combo"}),
    "adjusted": (draw_persons, LOTTERY, logrank, {"covariates": ["age"]}),
    "drawn": (draw_persons, LOTTERY, logrank, DRAWN),
    "max_combo_drawn": (draw_persons, LOTTERY, logrank, {"weights": "max-combo", **DRAWN}),
    "adjusted_drawn": (draw_persons, LOTTERY, logrank, {"covariates": ["age"], **DRAWN}),
    "gray": (draw_persons, LOTTERY, gray, {}),
    "gray_drawn": (draw_persons, LOTTERY, gray, {"inference": "lottery", "draws": 99}),
    "clusters": (draw_trial, CLUSTERED, logrank, {}),
    "clusters_adjusted": (draw_trial, CLUSTERED, logrank, {"covariates": ["age"]}),
    "clusters_drawn": (draw_trial, CLUSTERED, logrank, DRAWN),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_size(name):
    draw, lottery, test, options = CASES[name]
    rng = np.random.default_rng(20160301)
    rejected = sum(test(draw(rng), lottery, **options) <= ALPHA for _ in range(TRIALS))
    error = np.sqrt(ALPHA * (1 - ALPHA) / TRIALS)
    assert abs(rejected / TRIALS - ALPHA) <= 4 * error


@pytest.mark.slow
def test_the_adjusted_ratio_covers():
    """Its own limit when nothing has an effect: a log hazard ratio of 0."""
    rng = np.random.default_rng(20160302)
    covered = 0
    for _ in range(TRIALS):
        effect = je.estimate_adjusted_hazard_ratio(
            draw_persons(rng), "week", "left", LOTTERY, covariates=["age"]
        )
        interval = effect.confidence_interval()
        covered += interval.low <= 0 <= interval.high
    assert abs(covered / TRIALS - 0.95) <= 4 * np.sqrt(0.95 * 0.05 / TRIALS)
