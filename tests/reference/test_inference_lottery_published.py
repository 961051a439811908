"""P-values and intervals by the lottery against published numbers and R's coin."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.redrawn.randomisation import randomisation_test
from jobeval.plan.lottery import Lottery

ONE = Lottery(arm="z", treatment=1, control=0)
BLOCKS = Lottery(arm="z", treatment=1, control=0, strata="block")
COIN = json.loads((Path(__file__).parent / "inference_coin.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def sixteen() -> pd.DataFrame:
    hours = [0, 37, 160.33, 80, 12, 0, 0, 160.33, 95, 44, 20, 150, 10, 0, 60, 130]
    return pd.DataFrame(
        {
            "y": hours,
            "z": [0, 1] * 8,
            "x": [1, 3, 2, 5, 4, 6, 8, 7, 2, 1, 9, 3, 4, 5, 6, 7],
            "block": np.repeat(np.arange(4), 4),
        }
    )


def test_sixteen_persons_exactly(sixteen: pd.DataFrame) -> None:
    test = randomisation_test(sixteen, "y", ONE, draws=20_000)
    assert (test.exact, test.draws) == (True, 12_870)


def test_sampled_lotteries_come_near_the_exact_answer(sixteen: pd.DataFrame) -> None:
    test = randomisation_test(sixteen, "y", ONE, statistic="difference", draws=12_000)
    assert not test.exact
    exact = 4288 / 12_870
    assert abs(test.p_value - exact) < 4 * np.sqrt(exact * (1 - exact) / 12_000)
    assert (test.p_value * 12_001) == pytest.approx(round(test.p_value * 12_001), abs=1e-8)


def test_a_statistic_of_ones_own() -> None:
    """Gerber & Green 2012, table 2.2: 8/21; the acceptance set is [−5, 20]."""
    frame = pd.DataFrame({"z": [1, 0, 0, 0, 0, 0, 1], "y": [15, 15, 20, 20, 10, 15, 30]})

    def difference(outcome: np.ndarray, assigned: np.ndarray) -> float:
        return outcome[assigned == 1].mean() - outcome[assigned == 0].mean()

    own = randomisation_test(frame, "y", ONE, statistic=difference)
    assert own.p_value == pytest.approx(8 / 21, rel=1e-12)
    assert (own.conf_low, own.conf_high) == pytest.approx((-5, 20), abs=0.02)
    assert np.isnan(own.estimate)


@pytest.mark.parametrize("case", sorted(COIN))
def test_against_coin(case: str) -> None:
    oracle = COIN[case]
    frame = pd.DataFrame({"y": oracle["outcome"], "z": oracle["assigned"]})
    lottery = ONE
    if "stratum" in oracle:
        frame["block"], lottery = oracle["stratum"], BLOCKS
    test = randomisation_test(frame, "y", lottery, statistic="difference")
    assert test.exact
    assert test.p_value == pytest.approx(oracle["two_sided"], rel=1e-12)
    assert test.p_value_greater == pytest.approx(oracle["greater"], rel=1e-12)
    assert test.p_value_less == pytest.approx(oracle["less"], rel=1e-12)


@pytest.mark.parametrize("adjustment", ["ancova", "lin"])
def test_estimates_are_those_of_least_squares(sixteen: pd.DataFrame, adjustment: str) -> None:
    """ANCOVA 30.7900221088 (HC2 31.1472251059), Lin 30.4866081495 (30.3704983402): estimatr."""
    test = randomisation_test(sixteen, "y", ONE, covariates=["x"], adjustment=adjustment, draws=200)
    published = {
        "ancova": (30.7900221088, 31.1472251059),
        "lin": (30.4866081495, 30.3704983402),
    }
    found = test.estimate, test.estimate / test.statistic
    assert found == pytest.approx(published[adjustment], rel=1e-10)


# --- size: slow ---------------------------------------------------------------------------


def _offices(rng: np.random.Generator) -> pd.DataFrame:
    office = np.repeat(np.arange(10), rng.integers(3, 12, 10))
    z = rng.permutation(np.arange(10) < 4)[office].astype(int)
    return pd.DataFrame(
        {"y": rng.normal(size=10)[office] + rng.random(len(z)), "z": z, "o": office}
    )


@pytest.mark.slow
def test_the_wrong_lottery_would_not_hold_its_size() -> None:
    """The check can fail: clusters re-drawn as if persons had been drawn."""
    rng = np.random.default_rng(20170106)
    hits = [
        randomisation_test(_offices(rng), "y", ONE, draws=199, seed=t, workers=1).p_value <= 0.05
        for t in range(400)
    ]
    assert np.mean(hits) > 0.2


def test_the_unadjusted_error_is_that_of_estimate_itt(sixteen: pd.DataFrame) -> None:
    own = randomisation_test(sixteen, "y", BLOCKS, draws=2_000)
    itt = estimate_itt(sixteen, "y", BLOCKS)
    assert own.estimate == pytest.approx(itt.estimate, rel=1e-12)
    assert own.estimate / own.statistic == pytest.approx(itt.std_error, rel=1e-12)
    assert itt.std_error == pytest.approx(37.4302304712, rel=1e-10)
