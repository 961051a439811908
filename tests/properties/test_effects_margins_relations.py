"""Relations that margins, quantile effects and bounds must satisfy on any data."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobeval.effects.hours.margins import estimate_margins
from jobeval.effects.hours.ppml import fit_ppml
from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.missing.bounds import bound_attrition
from jobeval.plan.lottery import Lottery

LOTTERIES = {
    "complete": Lottery(arm="z", treatment=1, control=0),
    "strata": Lottery(arm="z", treatment=1, control=0, strata="stratum"),
    "probability": Lottery(arm="z", treatment=1, control=0, strata="stratum", probability="p"),
    "clusters": Lottery(arm="z", treatment=1, control=0, strata="stratum", clusters="office"),
}
FEW = settings(max_examples=8, deadline=None)
SOME = settings(max_examples=40, deadline=None)
lotteries = st.sampled_from(sorted(LOTTERIES))
seeds = st.integers(0, 2**32 - 1)


def trial(seed: int, *, missing: bool = False) -> pd.DataFrame:
    """120 persons in two strata with shares of treatment of a third and two thirds."""
    rng = np.random.default_rng(seed)
    stratum = np.repeat([0, 1], 60)
    z = np.tile([1, 0, 0] * 20 + [1, 1, 0] * 20, 1)
    hours = (rng.random(120) < 0.6) * rng.gamma(4, 5, 120).round(1)
    hours[:12] = [3, 5, 8, 13, 21, 34] * 2
    frame = pd.DataFrame({"z": z, "stratum": stratum, "hours": hours})
    frame["office"] = stratum * 100 + z * 10 + np.arange(120) % 4
    frame["p"] = np.where(stratum == 0, 1 / 3, 2 / 3) + rng.uniform(-0.2, 0.2, 120)
    frame["age"] = rng.integers(25, 60, 120)
    if missing:
        frame.loc[rng.random(120) < 0.25 - 0.1 * z, "hours"] = np.nan
    return frame


@FEW
@given(seeds, lotteries, st.booleans())
def test_two_parts_add_up_to_the_difference_in_means(seed: int, name: str, adjusted: bool) -> None:
    covariates = ["age"] if adjusted else []
    table = estimate_margins(trial(seed), "hours", LOTTERIES[name], covariates=covariates)
    parts = [table.one(part=f"through {what}").estimate for what in ("starting", "hours")]
    assert sum(parts) == pytest.approx(table.one(part="mean").estimate, rel=1e-9, abs=1e-9)
    extensive = table.one(part="extensive")
    assert replace(extensive, part="hours>0") == table.one(part="hours>0")


@FEW
@given(seeds, lotteries)
def test_ratio_is_the_ratio_of_the_means_and_the_saturated_ppml(seed: int, name: str) -> None:
    frame, lottery = trial(seed), LOTTERIES[name]
    ratio = estimate_margins(frame, "hours", lottery).one(part="ratio")
    mean = estimate_itt(frame, "hours", lottery)
    assert ratio.ratio == pytest.approx(mean.mean_treatment / mean.mean_control, rel=1e-9)
    if name == "complete":
        design = np.column_stack([np.ones(120), frame["z"]])
        assert ratio.estimate == pytest.approx(fit_ppml(design, frame["hours"]).coef[1], abs=1e-9)


@FEW
@given(seeds, st.sampled_from(["complete", "strata"]))
def test_ppml_with_a_useless_covariate_changes_little(seed: int, name: str) -> None:
    """A covariate that is unrelated to everything: the same effect but for chance."""
    frame = trial(seed)
    plain = estimate_margins(frame, "hours", LOTTERIES[name]).one(part="ratio")
    adjusted = estimate_margins(frame, "hours", LOTTERIES[name], covariates=["age"])
    found = adjusted.one(part="ratio")
    assert abs(found.estimate - plain.estimate) < plain.std_error
    assert found.std_error == pytest.approx(plain.std_error, rel=0.2)


@FEW
@given(seeds, lotteries, st.booleans())
def test_bounds_hold_every_filling_that_monotonicity_allows(
    seed: int, name: str, tightened: bool
) -> None:
    """Rows may be permuted; lower ≤ upper; Manski's range holds Lee's."""
    frame, lottery = trial(seed, missing=True), LOTTERIES[name]
    frame["old"] = np.where(frame["age"] > 45, "old", "young")
    options = {"covariates": ["old"]} if tightened else {}
    found = bound_attrition(frame, "hours", lottery, **options)
    assert found.lower.estimate <= found.upper.estimate + 1e-9
    again = bound_attrition(frame.sample(frac=1, random_state=2), "hours", lottery, **options)
    assert again.interval == pytest.approx(found.interval, rel=1e-9)


@FEW
@given(seeds, lotteries)
def test_manski_holds_any_filling(seed: int, name: str) -> None:
    frame, lottery = trial(seed, missing=True), LOTTERIES[name]
    limits = (0.0, float(frame["hours"].max()))
    found = bound_attrition(frame, "hours", lottery, method="manski", limits=limits)
    filling = np.random.default_rng(seed).uniform(*limits, len(frame))
    filled = frame.assign(hours=frame["hours"].fillna(pd.Series(filling)))
    effect = estimate_itt(filled, "hours", lottery).estimate
    assert found.lower.estimate - 1e-9 <= effect <= found.upper.estimate + 1e-9
    assert not math.isnan(found.interval.low)


@SOME
@given(seeds, lotteries)
def test_influence_is_the_derivative_of_the_bound(seed: int, name: str) -> None:
    """Each arm's persons weighed a little more or less: the bound moves as its error says."""
    from jobeval.effects.hours.linearised import standardising_weights
    from jobeval.effects.missing.lee import lee_bounds
    from jobeval.inference.assignment import read_assignment

    frame = trial(seed, missing=True)
    columns = {column: frame[column].to_numpy() for column in frame}
    drawn = read_assignment(columns, LOTTERIES[name])
    rng = np.random.default_rng(seed)
    # uneven weights, so that no cut falls between two persons, where there is no derivative
    weights = standardising_weights(drawn) * rng.uniform(0.9, 1.1, 120)
    weights /= np.bincount(drawn.assigned, weights)[drawn.assigned]
    seen = frame["hours"].notna().to_numpy()
    outcome = frame["hours"].fillna(0).to_numpy()
    cell = (frame["age"] > 45).to_numpy().astype(int)
    step = rng.normal(0, 1, 120)
    for bound in (0, 1):
        found = lee_bounds(outcome, seen, drawn.assigned, weights, cell)[bound]
        ends = []
        for size in (-1e-6, 1e-6):
            moved = weights * (1 + size * step)
            moved /= np.bincount(drawn.assigned, moved)[drawn.assigned]
            ends.append(lee_bounds(outcome, seen, drawn.assigned, moved, cell)[bound].estimate)
        sign = 2 * drawn.assigned - 1
        expected = float((sign * weights * found.influence * step).sum())
        assert (ends[1] - ends[0]) / 2e-6 == pytest.approx(expected, rel=1e-3, abs=1e-3)
