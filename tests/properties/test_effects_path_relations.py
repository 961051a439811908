"""Relations that hold for every weekly path."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.weekly.paths import estimate_path
from jobeval.errors import DesignError
from jobeval.plan.lottery import Lottery
from jobeval.results import CurveTable

QUICK = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = [f"w{week}" for week in range(6)]
SHAPES: dict[str, dict[str, Any]] = {
    "persons": {}, "strata": {"strata": "site"}, "clusters": {"clusters": "office"},
    "odds": {"strata": "site", "probability": "p"},
}  # fmt: skip
OPTIONS: dict[str, dict[str, Any]] = {
    "none": {}, "ancova": {"adjustment": "ancova", "covariates": ["age"]},
    "lin": {"adjustment": "lin", "covariates": ["age"]},
}  # fmt: skip
every_shape = pytest.mark.parametrize("shape", SHAPES)
seeds = st.integers(0, 2**32 - 1)


def lottery(shape: str) -> Lottery:
    return Lottery(arm="arm", treatment="new", control="old", **SHAPES[shape])


def draw(seed: int, n: int = 90) -> pd.DataFrame:
    """Monotone follow-up, from week 3 on."""
    rng = np.random.default_rng(seed)
    site = np.arange(n) % 3
    arm = np.where(rng.permuted(np.arange(n)) % 5 < site + 1, "new", "old")
    for s in range(3):
        arm[np.flatnonzero(site == s)[:12]] = np.repeat(["new", "old"], 6)
    p = np.choose(site, [0.3, 0.5, 0.7]) + rng.choice([-0.1, 0.1], n)
    office = np.char.add(arm, (np.arange(n) // 3 % 6).astype(str))
    frame = pd.DataFrame({"arm": arm, "site": site, "office": office, "p": p,
                          "age": rng.integers(20, 65, n)})  # fmt: skip
    own, ends = rng.normal(4, 8, n), rng.integers(3, 12, n)
    for week, name in enumerate(NAMES):
        hours = np.maximum(own + rng.normal(0, 6, n), 0).round(1)
        frame[name] = np.where(ends < week, np.nan, hours)
    return frame


def effect(found: CurveTable) -> pd.DataFrame:
    return found.curves[2].to_frame()[["value", "std_error", "conf_low", "band_low", "at_risk"]]


@every_shape
@pytest.mark.parametrize("adjustment", OPTIONS)
@QUICK
@given(seed=seeds)
def test_each_week_is_the_analysis_of_that_week(shape: str, adjustment: str, seed: int) -> None:
    frame, options = draw(seed), OPTIONS[adjustment]
    found = effect(estimate_path(frame, NAMES, lottery(shape), **options))
    for week, name in enumerate(NAMES):
        try:
            alone = estimate_itt(frame, name, lottery(shape), **options)
        except DesignError:
            assert found["value"][week:].isna().all()
            break
        if np.isnan(found["value"][week]):  # a stratum is down to one person
            break
        assert found["value"][week] == pytest.approx(alone.estimate, rel=1e-7, abs=1e-9)
        assert found["std_error"][week] == pytest.approx(alone.std_error, rel=1e-7)
        low = alone.confidence_interval().low
        assert found["conf_low"][week] == pytest.approx(low, rel=1e-6, abs=1e-8)


@every_shape
@QUICK
@given(seed=seeds)
def test_bands_hold_the_intervals_and_the_joint_test(shape: str, seed: int) -> None:
    found = estimate_path(draw(seed), NAMES, lottery(shape), accumulate=True)
    for curve in found.curves[2:]:
        known = curve.std_error > 0
        assert (curve.band_low[known] <= curve.conf_low[known] + 1e-9).all()
        assert (curve.band_high[known] >= curve.conf_high[known] - 1e-9).all()
    path = found.curves[2]
    smallest = min(found.tests[0].p_value, 1)
    assert 0 <= smallest <= 1
    outside = bool(((path.band_low > 0) | (path.band_high < 0)).any())
    assert outside == (smallest < 0.05) or abs(smallest - 0.05) < 1e-4
