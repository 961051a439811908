"""Quantile effects by hand, at zeros and with wrong inputs."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from jobeval.effects.hours.quantiles import estimate_quantile_effects, measure_distribution
from jobeval.plan.lottery import Lottery

PERSONS = Lottery(arm="arm", treatment="t", control="c")


def frame_of(control: list[float], treatment: list[float]) -> pd.DataFrame:
    arm = ["c"] * len(control) + ["t"] * len(treatment)
    return pd.DataFrame({"arm": arm, "hours": [*control, *treatment]})


def test_the_interval_by_hand() -> None:
    """99 equal steps an arm, shifted by 30: order statistics of each, put together."""
    steps = np.arange(1.0, 100)
    effect = estimate_quantile_effects(
        frame_of(steps.tolist(), (steps + 30).tolist()), "hours", PERSONS, quantiles=[0.5]
    )[0]
    assert effect.estimate == 30
    # the share 50/99 at or below the median has variance p(1 − p)/98, carried to p = .5
    half = student.ppf(0.975, effect.df) * math.sqrt(0.25 / 98)
    below, above = 50 - math.ceil(99 * (0.5 - half)), math.floor(99 * (0.5 + half)) + 1 - 50
    reach = math.hypot(below, above)
    low, high = 30 - reach, 30 + reach
    assert effect.confidence_interval() == pytest.approx((low, high))
    assert effect.inference == "Woodruff"


def test_strata_weigh_by_their_size() -> None:
    """A holds 4 of 12, its treated 5; B 8, its treated 30 and 40: shares 1/3, 1/3, 1/3."""
    frame = pd.DataFrame(
        {
            "arm": list("ttcc") + list("tt") + list("cccccc"),
            "site": ["A"] * 4 + ["B"] * 8,
            "hours": [5.0, 5, 0, 1, 30, 40, 1, 2, 3, 4, 5, 6],
        }
    )
    lottery = Lottery(arm="arm", treatment="t", control="c", strata="site")
    table = estimate_quantile_effects(frame, "hours", lottery, quantiles=[0.3, 0.5, 0.8])
    assert [effect.mean_treatment for effect in table] == [5, 30, 40]


def test_a_height_hit_exactly_is_the_midpoint() -> None:
    distribution = measure_distribution(np.array([1.0, 2, 3, 4]), np.full(4, 0.25))
    assert [distribution.quantile(share) for share in (0.2, 0.25, 0.5, 0.9)] == [1, 1.5, 2.5, 4]


def test_equal_quantiles_in_the_zeros_have_no_p_value() -> None:
    """Effect 0, but never p = 1: the note says that nothing is told of other heights."""
    hours = [0.0] * 60 + list(range(1, 41))
    effect = estimate_quantile_effects(
        frame_of(hours, [2 * h for h in hours]), "hours", PERSONS, quantiles=[0.1]
    )[0]
    assert effect.estimate == 0
    assert effect.confidence_interval() == (0, 0)
    assert math.isnan(effect.p_value) and math.isnan(effect.std_error)
    assert any("no p-value" in note for note in effect.notes)


def test_near_the_edge_of_the_zeros_the_interval_reaches_over_it() -> None:
    """52 % zeros against 48 %: the median may be above 0 in both."""
    control = [0.0] * 52 + list(range(1, 49))
    treatment = [0.0] * 48 + list(range(1, 53))
    effect = estimate_quantile_effects(
        frame_of(control, treatment), "hours", PERSONS, quantiles=[0.5]
    )[0]
    assert effect.estimate == 2.5  # exactly half are at or below 2
    low, high = effect.confidence_interval()
    assert low < 0 < 2.5 < high
    assert effect.p_value > 0.05


def test_few_persons_leave_the_interval_open() -> None:
    frame = frame_of([1.0, 2, 3, 4], [2.0, 3, 5, 7])
    effect = estimate_quantile_effects(frame, "hours", PERSONS, quantiles=[0.9])[0]
    assert effect.confidence_interval().high == math.inf
    assert math.isnan(effect.std_error)
    assert any("too few" in note for note in effect.notes)


def test_p_value_and_interval_agree() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        frame = frame_of(rng.gamma(2, 5, 40).tolist(), (rng.gamma(2, 5, 50) + 3).tolist())
        level = 1 - 0.05 * rng.random()
        effect = estimate_quantile_effects(
            frame, "hours", PERSONS, quantiles=[0.5], conf_level=level
        )[0]
        low, high = effect.confidence_interval()
        assert (effect.p_value < 1 - level) == (not low <= 0 <= high)


@pytest.mark.parametrize("quantiles", [(0,), (1.2,), (), (0.5, 0.5)])
def test_senseless_quantiles(quantiles: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="quantile"):
        estimate_quantile_effects(
            frame_of([1.0, 2], [3.0, 4]), "hours", PERSONS, quantiles=quantiles
        )
