"""The front door of tests by the lottery: options, missing outcomes, what cannot be had."""

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.itt.options import IttOptions
from jobeval.effects.redrawn.lottery_draws import prepare_draws
from jobeval.effects.redrawn.randomisation import randomisation_test
from jobeval.errors import DesignError
from jobeval.plan.lottery import Lottery
from jobeval.results import RandomisationTest

ONE = Lottery(arm="z", treatment=1, control=0)
STRATA = Lottery(arm="z", treatment=1, control=0, strata="s")
PAIRS = Lottery(arm="z", treatment=1, control=0, strata="pair")
OFFICES = Lottery(arm="z", treatment=1, control=0, strata="s", clusters="office")
ODDS = Lottery(arm="z", treatment=1, control=0, probability="p")


@pytest.fixture
def trial() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 96
    s = np.repeat([0, 1], [36, 60])
    z = np.concatenate([rng.permutation(np.arange(36) < 9), rng.permutation(np.arange(60) < 36)])
    x = rng.normal(size=n)
    y = np.maximum(10 * x + 8 * z + rng.normal(0, 10, n), 0)
    frame = {"z": z.astype(int), "s": s, "x": x, "y": y, "p": rng.uniform(0.3, 0.7, n)}
    return pd.DataFrame(frame)


@pytest.fixture
def offices() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    office = np.repeat(np.arange(16), rng.integers(2, 9, 16))
    z, s = (np.arange(16) % 2)[office], (np.arange(16) // 8)[office]
    y = rng.normal(size=16)[office] + rng.normal(size=len(z)) + z
    return pd.DataFrame({"z": z, "s": s, "office": office, "y": y, "x": rng.normal(size=len(z))})


@pytest.mark.parametrize("statistic", ["studentised", "difference"])
@pytest.mark.parametrize("adjustment", ["none", "ancova", "lin"])
def test_the_estimate_and_error_of_estimate_itt(trial, adjustment: str, statistic: str) -> None:
    given = {} if adjustment == "none" else {"covariates": ["x"], "adjustment": adjustment}
    for lottery in (ONE, STRATA, ODDS):
        own = randomisation_test(trial, "y", lottery, statistic=statistic, draws=128, **given)
        itt = estimate_itt(trial, "y", lottery, **given)
        assert own.estimate == pytest.approx(itt.estimate, rel=1e-11)
        assert own.name.startswith(itt.estimator)
        if statistic == "studentised":
            weighted_cells = lottery is ODDS and adjustment == "none"  # HC1 and not HC2
            error = own.estimate / own.statistic
            assert error == pytest.approx(itt.std_error, rel=0.01 if weighted_cells else 1e-10)


@pytest.mark.parametrize("adjustment", ["none", "ancova", "lin"])
def test_the_estimate_of_clusters(offices, adjustment: str) -> None:
    given = {} if adjustment == "none" else {"covariates": ["x"], "adjustment": adjustment}
    own = randomisation_test(offices, "y", OFFICES, draws=128, **given)
    itt = estimate_itt(offices, "y", OFFICES, **given)
    assert own.estimate == pytest.approx(itt.estimate, rel=1e-11)
    assert own.estimate / own.statistic == pytest.approx(itt.std_error, rel=0.25)


def test_clusters_by_brute_force(offices) -> None:
    """All C(8,4)² lotteries of the offices by a loop of estimate_itt's own definition."""
    test = randomisation_test(offices, "y", OFFICES, statistic="difference")
    assert (test.exact, test.draws) == (True, 70**2)
    totals = offices.groupby(["s", "office"])["y"].agg(["sum", "size"])
    share = offices["s"].value_counts(normalize=True)
    by_stratum = []
    for code in (0, 1):
        sums, sizes = totals.loc[code, "sum"].to_numpy(), totals.loc[code, "size"].to_numpy()
        picks = [p for p in product([0, 1], repeat=8) if sum(p) == 4]
        masks = np.array(picks, dtype=bool)
        treated = masks @ sums / (masks @ sizes)
        control = ~masks @ sums / (~masks @ sizes)
        by_stratum.append(share[code] * (treated - control))
    every = np.add.outer(*by_stratum)
    hits = (np.abs(every) >= abs(test.estimate) - 1e-12).sum()
    assert test.p_value == pytest.approx(hits / 70**2, rel=1e-12)


def test_pairs_by_hand() -> None:
    """Differences 3, 1, 4, −2: mean 1.5; of 16 sign vectors 4 (+1.5, 2.5 and mirrored)."""
    frame = pd.DataFrame(
        {"pair": np.repeat(range(4), 2), "z": [1, 0] * 4, "y": [3.0, 0, 1, 0, 4, 0, 0, 2]}
    )
    test = randomisation_test(frame, "y", PAIRS, statistic="difference")
    signs = np.array(list(product([1, -1], repeat=4))) @ np.array([3, 1, 4, -2]) / 4
    assert (test.exact, test.draws) == (True, 16)
    assert test.p_value == pytest.approx((np.abs(signs) >= 1.5).mean())
    studentised = randomisation_test(frame, "y", PAIRS)
    error = np.std([3, 1, 4, -2], ddof=1) / 2
    assert studentised.statistic == pytest.approx(1.5 / error, rel=1e-12)


@pytest.mark.parametrize("statistic", ["studentised", "difference"])
@pytest.mark.parametrize("adjustment", ["none", "ancova", "lin"])
def test_interval_and_p_value_agree(trial, adjustment: str, statistic: str) -> None:
    """The bounds are where the p-value of the shifted outcome crosses α, by testing anew."""
    given = {"statistic": statistic, "draws": 192, "seed": 8}
    if adjustment != "none":
        given |= {"covariates": ["x"], "adjustment": adjustment}
    test = randomisation_test(trial, "y", STRATA, conf_level=0.9, **given)
    assert test.conf_low < test.estimate < test.conf_high
    width = test.conf_high - test.conf_low
    for bound, out in ((test.conf_low, -1), (test.conf_high, 1)):
        for step, rejected in ((1e-6, True), (-1e-6, False)):
            shifted = trial.assign(y=trial["y"] - (bound + out * step * width) * trial["z"])
            again = randomisation_test(shifted, "y", STRATA, conf_level=0.9, **given)
            assert (again.p_value <= 0.1 + 1e-12) == rejected
            assert (again.conf_low > 0 or again.conf_high < 0) == rejected


def test_few_lotteries_never_reject() -> None:
    frame = pd.DataFrame({"z": [1, 1, 0, 0], "y": [5.0, 6, 1, 2]})
    test = randomisation_test(frame, "y", ONE, statistic="difference")
    assert test.p_value == pytest.approx(2 / 6)
    assert (test.conf_low, test.conf_high) == (-math.inf, math.inf)
    assert test.p_value_greater == pytest.approx(1 / 6)
    again = RandomisationTest.from_dict(test.to_dict())
    assert again == test


def test_missing_outcomes_are_left_out_with_a_note(trial) -> None:
    trial.loc[[0, 5, 90], "y"] = np.nan
    test = randomisation_test(trial, "y", STRATA, draws=300)
    itt = estimate_itt(trial, "y", STRATA)
    assert test.estimate == pytest.approx(itt.estimate)
    assert (test.n_treatment, test.n_control) == (itt.n_treatment, itt.n_control)
    assert test.notes == itt.notes
    assert 0 < test.p_value < 1


@pytest.mark.parametrize("statistic", ["studentised", "difference"])
def test_a_constant_outcome_has_no_test(trial, statistic: str) -> None:
    test = randomisation_test(trial.assign(y=0.1), "y", STRATA, statistic=statistic, draws=64)
    unknown = [test.p_value, test.p_value_greater, test.statistic, test.conf_low, test.conf_high]
    assert np.isnan(unknown).all()
    assert "the same for everyone" in test.notes[-1]


def test_no_variation_within_arms(trial) -> None:
    given = trial.assign(y=0.1 * trial["z"])
    test = randomisation_test(given, "y", ONE, draws=64)
    assert math.isnan(test.p_value)
    assert 'statistic="difference"' in test.notes[-1]
    plain = randomisation_test(given, "y", ONE, draws=64, statistic="difference")
    assert plain.p_value == pytest.approx(1 / 65)


def test_a_person_with_leverage_one_has_no_studentised_test(trial) -> None:
    trial["alone"] = (np.arange(len(trial)) == 3).astype(float)
    given = {"covariates": ["alone"], "adjustment": "ancova", "draws": 64}
    test = randomisation_test(trial, "y", ONE, **given)
    assert math.isnan(test.p_value)
    assert "no standard error" in test.notes[-1]
    plain = randomisation_test(trial, "y", ONE, statistic="difference", **given)
    assert 0 < plain.p_value < 1


def test_lost_arms_under_known_probabilities_count_as_hits() -> None:
    frame = pd.DataFrame({"z": [1, 0, 1, 0], "y": [1.0, 2, 4, 3], "p": [0.5, 0.5, 0.4, 0.6]})
    test = randomisation_test(frame, "y", ODDS, statistic="difference", draws=500)
    assert "cannot be computed" in test.notes[-1]
    assert not test.exact


def test_a_stratum_without_one_arm_is_refused(trial) -> None:
    trial.loc[(trial["s"] == 0) & (trial["z"] == 1), "y"] = np.nan
    with pytest.raises(DesignError, match="do not hold both arms"):
        randomisation_test(trial, "y", STRATA, draws=64)


def test_a_function_gets_the_persons_in_their_order(trial) -> None:
    seen: list[np.ndarray] = []

    def rank_sum(outcome: np.ndarray, assigned: np.ndarray) -> float:
        seen.append(outcome)
        ranks = np.argsort(np.argsort(outcome))
        return float(ranks[assigned == 1].mean() - ranks[assigned == 0].mean())

    shuffled = trial.sample(frac=1, random_state=1)
    test = randomisation_test(shuffled, "y", STRATA, statistic=rank_sum, draws=64)
    assert (seen[0] == shuffled["y"].to_numpy()).all()
    assert test.name == "rank_sum"
    assert test.conf_low < test.conf_high


def test_a_function_that_cannot_be_inverted(trial) -> None:
    test = randomisation_test(
        trial, "y", ONE, statistic=lambda y, z: float(z[0] == trial["z"][0]), draws=64
    )
    assert test.p_value > 0.3
    count = iter(range(10**6))
    decreasing = randomisation_test(
        trial, "y", ONE, statistic=lambda y, z: 1.0 / (1 + next(count)), draws=64, workers=1
    )
    assert math.isnan(decreasing.conf_low)
    assert "gives no interval" in decreasing.notes[-1]


@pytest.mark.parametrize(
    "given, message",
    [
        ({"statistic": "studentized"}, 'did you mean "studentised"'),
        ({"draws": 0}, "draws must be at least 1"),
        ({"workers": 0}, "workers must be at least 1"),
        ({"adjustment": "anova"}, 'did you mean "ancova"'),
        ({"conf_level": 95}, "between 0 and 1"),
        ({"statistic": lambda y, z: 0.0, "adjustment": "lin", "covariates": ["x"]}, "as it is"),
    ],
)
def test_options_that_make_no_sense(trial, given: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        randomisation_test(trial, "y", ONE, **given)


def test_sampling_weights_are_not_taken_for_those_of_the_lottery(trial) -> None:
    options = IttOptions(weights="x")
    columns = {name: trial[name].to_numpy() for name in trial.assign(x=1.0)}
    with pytest.raises(DesignError, match="knows no sampling weights"):
        prepare_draws(columns, "y", ONE, options)


def test_the_frame_is_not_changed(trial) -> None:
    before = trial.copy()
    randomisation_test(trial, "y", STRATA, draws=64)
    pd.testing.assert_frame_equal(trial, before)
