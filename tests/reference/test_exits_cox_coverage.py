"""Size and coverage of what Cox's model says over time, in unequally allocated strata.

Exits that recur have a person's own speed, so that only errors over persons can cover.
"""

import numpy as np
import pandas as pd
import pytest

from jobeval import Lottery
from jobeval.exits.hazards.cox import estimate_hazard_ratio
from jobeval.exits.hazards.hazard_ratio_over_time import hazard_ratio_over_time
from jobeval.exits.hazards.piecewise_hazards import estimate_piecewise_hazard_ratios
from jobeval.exits.hazards.proportional_hazards import proportional_hazards_tests

LOTTERY = Lottery(arm="arm", treatment=1, control=0, strata="site")
TRUTH, WEEK, TRIALS = np.log(1.4), 15, 2000
HAZARD, SHARE = np.array([0.02, 0.05]), np.array([0.3, 0.7])


def assignment(rng, per_site):
    site = np.repeat([0, 1], per_site)
    arm = [rng.permutation(np.arange(per_site) < share * per_site) for share in SHARE]
    return site, np.concatenate(arm).astype(int)


def draw(rng, per_site=200):
    """One exit a person, late entry for a quarter, a covariate; proportional hazards hold."""
    site, arm = assignment(rng, per_site)
    x = rng.normal(size=len(site))
    exit = np.ceil(rng.exponential(1 / (HAZARD[site] * np.exp(TRUTH * arm + 0.3 * x))) * 4) / 4
    follow = rng.integers(30, 61, len(site))
    entry = np.where(rng.random(len(site)) < 0.25, rng.integers(0, 5, len(site)), 0)
    frame = pd.DataFrame(
        {"site": site, "arm": arm, "x": x, "left": exit <= follow, "entry": 4 * entry,
         "week": (4 * np.minimum(exit, follow)).astype(int)}
    )  # fmt: skip
    return frame[frame["entry"] < frame["week"]]


def draw_recurrent(rng, per_site=100):
    """Exits at a constant rate of the person, gamma distributed, for 30 to 60 weeks."""
    site, arm = assignment(rng, per_site)
    speed = HAZARD[site] * np.exp(TRUTH * arm) * rng.gamma(2, 1 / 2, len(site))
    follow = rng.integers(30, 61, len(site))
    rows = []
    for person, (rate, last) in enumerate(zip(speed, follow, strict=True)):
        exits = np.unique(np.ceil(np.sort(rng.uniform(0, last, rng.poisson(rate * last)))))
        ends = np.append(exits[exits < last], last).astype(int)
        left = np.append(np.ones(len(ends) - 1, bool), last in exits)
        begins = np.append(0, ends[:-1])
        rows += [(person, *row) for row in zip(begins, ends, left, strict=True)]
    frame = pd.DataFrame(rows, columns=["person", "entry", "week", "left"])
    return frame.assign(site=site[frame["person"]], arm=arm[frame["person"]])


def told(frame) -> list[bool]:
    of = ("week", "left", LOTTERY)
    options = {"covariates": ["x"], "entry": "entry"}
    tests = proportional_hazards_tests(frame, *of, **options)
    pieces = estimate_piecewise_hazard_ratios(frame, *of, **options, periods=(0, 40, 100, 240))
    curve = hazard_ratio_over_time(frame, *of, **options, df=3)
    at = int(np.flatnonzero(curve.times == 4 * WEEK)[0])
    return [
        *(test.p_value > 0.05 for test in tests),
        *(e.confidence_interval()[0] < TRUTH < e.confidence_interval()[1] for e in pieces.effects),
        pieces.equality.p_value > 0.05,
        curve.conf_low[at] < TRUTH < curve.conf_high[at],
    ]


def within(hits) -> np.ndarray:
    return np.abs(np.mean(hits, axis=0) - 0.95) <= 4 * np.sqrt(0.95 * 0.05 / TRIALS)


@pytest.mark.slow
def test_size_and_coverage_over_time():
    rng = np.random.default_rng(5)
    hits = [told(draw(rng)) for _ in range(TRIALS)]
    assert within(hits).all(), np.mean(hits, axis=0)


@pytest.mark.slow
def test_errors_over_persons_cover_where_the_models_do_not():
    rng, hits = np.random.default_rng(6), []
    for _ in range(TRIALS):
        frame = draw_recurrent(rng)
        effects = [
            estimate_hazard_ratio(
                frame, "week", "left", LOTTERY, entry="entry", person="person", robust=robust
            )
            for robust in (None, False)
        ]
        bounds = [effect.confidence_interval() for effect in effects]
        hits.append([low < TRUTH < high for low, high in bounds])
    robust, model = np.mean(hits, axis=0)
    assert within(np.array(hits)[:, 0])
    assert robust > model + 0.02
