"""Relations of the effect on compliers that hold for every trial."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.take_up.late import estimate_late
from jobeval.plan.lottery import Lottery
from jobeval.results import Estimate

QUICK = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])

ANCOVA = {"adjustment": "ancova", "covariates": ["age", "benefit"]}
LIN = {"adjustment": "lin", "covariates": ["age"]}
SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("persons", {}), ("strata", {}), ("clusters", {}), ("hajek", {}),
    ("strata", ANCOVA), ("clusters", ANCOVA), ("strata", LIN), ("persons", {"weights": "weight"}),
]  # fmt: skip
every_shape = pytest.mark.parametrize("shape, options", SHAPES)
seeds = st.integers(0, 2**32 - 1)


def lottery(shape: str) -> Lottery:
    columns: dict[str, Any] = {
        "persons": {},
        "strata": {"strata": "site"},
        "clusters": {"clusters": "office"},
        "hajek": {"strata": "site", "probability": "p_new"},
    }[shape]
    return Lottery(arm="arm", treatment="new", control="old", **columns)


def draw_trial(seed: int, n: int = 72) -> pd.DataFrame:
    """Zero-inflated hours, unequal allocation, take-up of about 70 % against 15 %."""
    rng = np.random.default_rng(seed)
    site = np.arange(n) % 3
    arm = np.where(rng.permuted(np.arange(n)) % 5 < site + 1, "new", "old")
    for s in range(3):
        arm[np.flatnonzero(site == s)[:12]] = np.repeat(["new", "old"], 6)
    started = rng.random(n) < np.where(arm == "new", 0.7, 0.15)
    hours = np.maximum(rng.normal(5 * site + 6 * started, 12), 0).round(1)
    p = np.choose(site, [0.3, 0.5, 0.7]) + rng.choice([-0.1, 0.1], n)
    office = np.char.add(arm, (np.arange(n) // 3 % 6).astype(str))
    return pd.DataFrame({
        "arm": arm, "site": site, "hours": hours, "started": started, "office": office,
        "age": rng.integers(20, 65, n), "benefit": rng.choice(["cash", "sickness"], n),
        "p_new": p, "weight": rng.uniform(0.5, 2, n),
    })  # fmt: skip


def late(frame: pd.DataFrame, drawn: Lottery, **options: Any) -> Estimate:
    found = estimate_late(frame, "hours", drawn, treated="started", **options)
    assert found.take_up is not None
    assume(found.take_up.f_statistic > 1 and found.std_error > 0)
    return found


def numbers(found: Estimate) -> list[float]:
    low, high = found.confidence_interval()
    return [found.estimate, found.std_error, low, high, found.p_value]


def same(one: list[float], two: list[float]) -> bool:
    return two == pytest.approx(one, rel=1e-6, abs=1e-7)


@every_shape
@QUICK
@given(seed=seeds)
def test_staying_away_has_the_opposite_effect(
    shape: str, options: dict[str, Any], seed: int
) -> None:
    frame = draw_trial(seed)
    one = late(frame, lottery(shape), **options)
    two = late(frame.assign(started=1 - frame["started"]), lottery(shape), **options)
    low, high = one.confidence_interval()
    assert same([-one.estimate, one.std_error, -high, -low, one.p_value], numbers(two))


@every_shape
@QUICK
@given(seed=seeds)
def test_ratio_of_two_itts_and_difference_of_two_means(
    shape: str, options: dict[str, Any], seed: int
) -> None:
    frame = draw_trial(seed)
    found = late(frame, lottery(shape), **options)
    hours = estimate_itt(frame, "hours", lottery(shape), **options)
    started = estimate_itt(frame, "started", lottery(shape), **options)
    assert found.estimate == pytest.approx(hours.estimate / started.estimate, rel=1e-9)
    assert found.mean_treatment - found.mean_control == pytest.approx(found.estimate, abs=1e-8)
    assert found.take_up is not None
    assert found.take_up.first_stage_std_error == pytest.approx(started.std_error, rel=1e-9)
    assert found.take_up.share_control == pytest.approx(started.mean_control, abs=1e-12)


@every_shape
@QUICK
@given(seed=seeds)
def test_the_order_of_rows_does_not_matter(shape: str, options: dict[str, Any], seed: int) -> None:
    frame = draw_trial(seed)
    one = late(frame, lottery(shape), profile=["age", "benefit"], **options)
    other = frame.sample(frac=1, random_state=seed % 1000)
    two = late(other, lottery(shape), profile=["age", "benefit"], **options)
    assert same(numbers(one), numbers(two))
    assert one.take_up is not None and two.take_up is not None
    for (name, own, everyone), row in zip(one.take_up.profile, two.take_up.profile, strict=True):
        assert row == (name, pytest.approx(own, rel=1e-6), pytest.approx(everyone))
    shares = [own for name, own, _ in one.take_up.profile if name.startswith("benefit[")]
    assert sum(shares) == pytest.approx(1, rel=1e-9)
