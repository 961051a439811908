"""Relations that every test by the lottery keeps."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobeval.effects.redrawn.randomisation import randomisation_test
from jobeval.inference.assignment import Assignment
from jobeval.inference.redrawn import Redrawn
from jobeval.inference.statistics import redraw_statistics
from jobeval.plan.lottery import Lottery

LOTTERY = Lottery(arm="z", treatment=1, control=0, strata="s")
SWAPPED = Lottery(arm="z", treatment=0, control=1, strata="s")
FEW = settings(max_examples=15, deadline=None)
HOURS = st.lists(st.integers(0, 40), min_size=10, max_size=10)
STATISTICS = st.sampled_from(["studentised", "difference"])


def trial(hours: list[int]) -> pd.DataFrame:
    z = [1, 1, 0, 0, 0, 1, 1, 0, 0, 0]
    return pd.DataFrame({"y": np.array(hours, float), "z": z, "s": [0] * 5 + [1] * 5})


@FEW
@given(HOURS, STATISTICS)
def test_exact_tests_know_no_order_and_no_unit(hours: list[int], statistic: str) -> None:
    frame = trial(hours)
    real = randomisation_test(frame, "y", LOTTERY, statistic=statistic)
    assert real.exact and real.draws == 100
    shuffled = frame.sample(frac=1, random_state=3)
    scaled = frame.assign(y=3 * frame["y"] + 7)
    for other in (shuffled, scaled):
        again = randomisation_test(other, "y", LOTTERY, statistic=statistic)
        assert again.p_value == pytest.approx(real.p_value, nan_ok=True)
    assert again.conf_low == pytest.approx(3 * real.conf_low, rel=1e-6, abs=1e-6, nan_ok=True)


@FEW
@given(HOURS, STATISTICS)
def test_swapping_the_arms_turns_the_sign(hours: list[int], statistic: str) -> None:
    real = randomisation_test(trial(hours), "y", LOTTERY, statistic=statistic)
    turned = randomisation_test(trial(hours), "y", SWAPPED, statistic=statistic)
    assert turned.p_value == pytest.approx(real.p_value, nan_ok=True)
    assert turned.p_value_less == pytest.approx(real.p_value_greater, nan_ok=True)
    bounds = [-turned.conf_high, -turned.conf_low]
    assert bounds == pytest.approx([real.conf_low, real.conf_high], rel=1e-6, abs=1e-6, nan_ok=True)


@FEW
@given(HOURS, STATISTICS, st.sampled_from([0.8, 0.9, 0.95]))
def test_interval_holds_zero_when_not_rejected(hours: list[int], statistic: str, level) -> None:
    test = randomisation_test(trial(hours), "y", LOTTERY, statistic=statistic, conf_level=level)
    if np.isnan(test.conf_low):
        return
    assert (test.conf_low <= 0 <= test.conf_high) == (test.p_value > 1 - level + 1e-12)


@FEW
@given(st.integers(0, 2**32 - 1), st.sampled_from(["none", "ancova", "lin"]))
def test_columns_do_not_depend_on_each_other(seed: int, form: str) -> None:
    """Many outcomes at once are each as if alone, and draws are a prefix of more draws."""
    rng = np.random.default_rng(seed)
    stratum, z = np.repeat([0, 1], 20), np.tile([0, 1], 20)
    lottery = Assignment(np.ones(40, bool), z, stratum, ("a", "b"))
    outcomes, covariates = rng.normal(size=(40, 3)), rng.normal(size=(40, 1))

    def run(y: np.ndarray, draws: int) -> Redrawn:
        return redraw_statistics(
            y, lottery, covariates=covariates, form=form, draws=draws, seed=1, workers=1
        )

    together, alone = run(outcomes, 100), run(outcomes[:, 1:2], 64)
    assert together.drawn[:64, 1:2] == pytest.approx(alone.drawn, rel=1e-9)
    assert together.p_values().min() >= 1 / 101
