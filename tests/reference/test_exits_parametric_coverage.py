"""Trials drawn from a known truth: two strata with unequal allocation, exits seen by the week."""

import numpy as np
import pandas as pd
import pytest

from jobeval import Lottery, compare_durations, fit_parametric

PLAIN = Lottery(arm="arm", treatment=1, control=0)
SITES = Lottery(arm="arm", treatment=1, control=0, strata="site")
LOG_TIME_RATIO, SCALE = -0.35, 0.8
SHARES = {"plain": np.array([0.5, 0.5]), "sites": np.array([0.3, 0.7])}
MEDIAN_OF_SITE = {"plain": np.array([25.0, 25.0]), "sites": np.array([40.0, 15.0])}
MODELS = {
    "weibull": LOG_TIME_RATIO,
    "cloglog": -LOG_TIME_RATIO / SCALE,  # a Weibull is a proportional hazard too
    "piecewise-exponential": -LOG_TIME_RATIO / SCALE,
}


def draw(rng: np.random.Generator, design: str, per_site: int) -> pd.DataFrame:
    """Weibull times to an exit, followed for 20 to 60 weeks by calendar, late entries for some."""
    site = np.repeat([0, 1], per_site)
    treated = np.concatenate(
        [rng.permutation(np.arange(per_site) < share * per_site) for share in SHARES[design]]
    )
    error = np.log(-np.log(rng.random(2 * per_site)))
    place = np.log(MEDIAN_OF_SITE[design])[site] + LOG_TIME_RATIO * treated
    exit = np.ceil(np.exp(place + SCALE * error)).astype(int)
    follow = rng.integers(20, 61, len(site))
    began = np.where(rng.random(len(site)) < 0.2, rng.integers(0, 6, len(site)), 0)
    frame = pd.DataFrame(
        {"site": site, "arm": treated.astype(int), "week": np.minimum(exit, follow),
         "left": exit <= follow, "began": began}
    )  # fmt: skip
    return frame[frame["began"] < frame["week"]]  # who left before entry is never seen


def models(frame: pd.DataFrame, design: str) -> dict[str, tuple]:
    lottery = SITES if design == "sites" else PLAIN
    effects = {
        name: fit_parametric(
            frame, "week", "left", lottery, distribution=name, grouped=True, entry="began",
            breaks=(2, 4, 8, 12, 18, 26, 36) if name.startswith("piece") else None,
        ).effect
        for name in MODELS
    }  # fmt: skip
    robust = fit_parametric(
        frame, "week", "left", lottery, grouped=True, entry="began", robust=True
    )
    return effects | {"robust weibull": robust.effect}


def truth(name: str) -> float:
    return MODELS[name.removeprefix("robust ")]


@pytest.mark.parametrize("design", SHARES)
def test_a_large_trial_finds_the_truth(design):
    frame = draw(np.random.default_rng(5), design, per_site=10_000)
    for name, effect in models(frame, design).items():
        assert abs(effect.estimate - truth(name)) < 4 * effect.std_error, name
        assert 0.01 < effect.std_error < 0.03
    table = compare_durations(
        frame, "week", "left", SITES, entry="began",
        distributions=["exponential", "weibull", "log-normal", "log-logistic"],
    )  # fmt: skip
    assert table.best == "weibull"
    assert max(table.distances[1]) < 0.02 < max(table.distances[0])


def test_without_strata_an_unequal_lottery_misleads():
    frame = draw(np.random.default_rng(5), "sites", per_site=10_000)
    wrong = fit_parametric(frame, "week", "left", PLAIN, grouped=True, entry="began").effect
    assert abs(wrong.estimate - LOG_TIME_RATIO) > 10 * wrong.std_error


@pytest.mark.slow
@pytest.mark.parametrize("design", SHARES)
def test_intervals_cover(design):
    rng, trials = np.random.default_rng(6), 2000
    hits = []
    for _ in range(trials):
        intervals = {
            name: effect.confidence_interval()
            for name, effect in models(draw(rng, design, per_site=150), design).items()
        }
        hits.append([low < truth(name) < high for name, (low, high) in intervals.items()])
    off = np.abs(np.mean(hits, axis=0) - 0.95)
    assert (off <= 4 * np.sqrt(0.95 * 0.05 / trials)).all(), off
