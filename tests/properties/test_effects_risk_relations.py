"""Relations of risk differences and ratios that hold for every trial."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.shares.risk import estimate_risk_difference
from jobeval.plan.lottery import Lottery
from jobeval.results import Estimate

QUICK = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
METHODS: list[dict[str, Any]] = [
    {"method": "newcombe"},
    {"method": "newcombe", "stratum_weights": "mantel-haenszel"},
    {"method": "mantel-haenszel"},
    {"method": "g-computation", "covariates": ["age", "benefit"], "std_error": "ge"},
    {"method": "g-computation", "covariates": ["age", "benefit"], "std_error": "ye"},
]
every_method = pytest.mark.parametrize("options", METHODS)
every_measure = pytest.mark.parametrize("measure", ["difference", "ratio"])
seeds = st.integers(0, 2**32 - 1)
BOTH_ARMS = Lottery(arm="arm", treatment="new", control="old")
STRATA = Lottery(arm="arm", treatment="new", control="old", strata="site")


def draw_trial(seed: int, n: int = 120) -> pd.DataFrame:
    """Two sites with unequal allocation; nearly always some events in each arm."""
    rng = np.random.default_rng(seed)
    site = np.repeat(["A", "B"], [n // 3, n - n // 3])
    new = np.concatenate([rng.permutation(np.arange(k) < k * p) for k, p in ((40, 0.3), (80, 0.6))])
    age = rng.integers(20, 65, n)
    benefit = np.array(["cash", "sickness", "resource"])[rng.integers(0, 3, n)]
    risk = 0.25 + 0.15 * new + 0.004 * (age - 40) + 0.1 * (site == "A")
    return pd.DataFrame({
        "arm": np.where(new, "new", "old"), "site": site, "age": age, "benefit": benefit,
        "any_hours": (rng.random(n) < risk).astype(int),
    })  # fmt: skip


def bounds(effect: Estimate) -> list[float]:
    return [effect.estimate, *effect.confidence_interval()]


@every_measure
@every_method
@QUICK
@given(seed=seeds)
def test_swapped_arms_flip_the_sign(measure: str, options: dict[str, Any], seed: int) -> None:
    frame, turned = (
        draw_trial(seed), Lottery(arm="arm", treatment="old", control="new", strata="site")
    )  # fmt: skip
    one = estimate_risk_difference(frame, "any_hours", STRATA, measure=measure, **options)
    two = estimate_risk_difference(frame, "any_hours", turned, measure=measure, **options)
    estimate, low, high = bounds(one)
    assert bounds(two) == pytest.approx([-estimate, -high, -low], rel=1e-7, abs=1e-9)
    assert two.p_value == pytest.approx(one.p_value, rel=1e-6, abs=1e-12)


@every_method
@QUICK
@given(seed=seeds)
def test_yes_and_no_flip_the_difference(options: dict[str, Any], seed: int) -> None:
    frame = draw_trial(seed)
    one = estimate_risk_difference(frame, "any_hours", STRATA, **options)
    no = frame.assign(any_hours=1 - frame["any_hours"])
    two = estimate_risk_difference(no, "any_hours", STRATA, **options)
    estimate, low, high = bounds(one)
    assert bounds(two) == pytest.approx([-estimate, -high, -low], rel=1e-7, abs=1e-9)


@every_measure
@every_method
@QUICK
@given(seed=seeds, level=st.sampled_from([0.8, 0.95, 0.99]))
def test_interval_and_p_agree(
    measure: str, options: dict[str, Any], seed: int, level: float
) -> None:
    effect = estimate_risk_difference(
        draw_trial(seed), "any_hours", STRATA, measure=measure, conf_level=level, **options
    )
    low, high = effect.confidence_interval()
    assume(abs(effect.p_value - (1 - level)) > 1e-9)
    assert (effect.p_value < 1 - level) == (low > 0 or high < 0)


@every_method
@QUICK
@given(seed=seeds)
def test_order_names_and_units_do_not_matter(options: dict[str, Any], seed: int) -> None:
    frame = draw_trial(seed)
    one = estimate_risk_difference(frame, "any_hours", STRATA, **options)
    other = frame.sample(frac=1, random_state=seed % 1000).assign(
        site=lambda f: f["site"].map({"A": "Ærø", "B": "Brøndby"}),
        age=lambda f: 1e5 - 365.25 * f["age"],
        benefit=lambda f: f["benefit"].map({"cash": "z", "sickness": "y", "resource": "x"}),
    )
    two = estimate_risk_difference(other, "any_hours", STRATA, **options)
    assert bounds(two) == pytest.approx(bounds(one), rel=1e-8)


@every_method
@QUICK
@given(seed=seeds)
def test_one_stratum_is_no_stratum(options: dict[str, Any], seed: int) -> None:
    frame = draw_trial(seed).assign(site="only")
    one = estimate_risk_difference(frame, "any_hours", BOTH_ARMS, **options)
    assert bounds(estimate_risk_difference(frame, "any_hours", STRATA, **options)) == bounds(one)


@QUICK
@given(seed=seeds)
def test_without_covariates_all_are_the_difference_in_means(seed: int) -> None:
    """And g-computation with Ye's error has its standard error, Neyman's."""
    frame = draw_trial(seed)
    itt = estimate_itt(frame, "any_hours", BOTH_ARMS)
    for method in ("newcombe", "mantel-haenszel", "g-computation"):
        found = estimate_risk_difference(frame, "any_hours", BOTH_ARMS, method=method)
        assert found.estimate == pytest.approx(itt.estimate, rel=1e-8, abs=1e-12)
        if method != "mantel-haenszel":
            assert found.std_error == pytest.approx(itt.std_error, rel=1e-8)


@QUICK
@given(seed=seeds)
def test_under_strata_newcombe_and_ye_are_the_blocked_difference(seed: int) -> None:
    """Whatever allocation the strata have: the estimand is everyone drawn."""
    frame = draw_trial(seed)
    blocked = estimate_itt(frame, "any_hours", STRATA)
    newcombe = estimate_risk_difference(frame, "any_hours", STRATA)
    assert newcombe.estimate == pytest.approx(blocked.estimate, rel=1e-10, abs=1e-12)
    assert newcombe.std_error == pytest.approx(blocked.std_error, rel=1e-10)
    ye = estimate_risk_difference(frame, "any_hours", STRATA, method="g-computation")
    assert ye.estimate == pytest.approx(blocked.estimate, rel=1e-7, abs=1e-9)
    assert ye.std_error == pytest.approx(blocked.std_error, rel=1e-7)
