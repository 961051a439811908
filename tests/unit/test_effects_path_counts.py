"""Weekly paths from counts: against the same weeks estimated from persons."""

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.weekly.path_counts import PathCounts, estimate_path_from_counts
from jobeval.plan.lottery import Lottery
from jobeval.results import CurveTable

LOTTERY = Lottery(arm="arm", treatment="treatment", control="control", strata="stratum")
WEEKS = np.arange(-1, 5)


def persons(strata: int = 3) -> pd.DataFrame:
    """90 persons; the hours of those drawn late are missing in the last weeks."""
    rng = np.random.default_rng(3)
    stratum = rng.integers(0, strata, 90)
    frame = pd.DataFrame({"stratum": stratum, "arm": "control"})
    frame.loc[rng.random(90) < 0.3 + 0.2 * stratum, "arm"] = "treatment"
    for week in WEEKS:
        hours = np.round(np.maximum(rng.normal(2 * stratum, 9), 0), 2)
        frame[f"w{week}"] = np.where(rng.random(90) < 0.05 * max(week, 0), np.nan, hours)
    return frame


def count(frame: pd.DataFrame, weeks: np.ndarray = WEEKS) -> PathCounts:
    values = frame[[f"w{week}" for week in weeks]].to_numpy()
    strata = sorted(frame["stratum"].unique())
    known = ~np.isnan(values)
    sums = np.zeros((3, len(strata), 2, len(weeks)))
    for s, stratum in enumerate(strata):
        for a, arm in enumerate(["control", "treatment"]):
            mine = ((frame["stratum"] == stratum) & (frame["arm"] == arm)).to_numpy()
            for power in range(3):
                part = np.where(known[mine], values[mine], 0) ** power * known[mine]
                sums[power, s, a] = part.sum(axis=0)
    return PathCounts(weeks, sums[0].astype(int), sums[1], sums[2])


def path(counts: PathCounts) -> CurveTable:
    return estimate_path_from_counts(counts, endpoint="hours", unit="hours a week")


@pytest.mark.parametrize("strata", [1, 3])
def test_each_week_is_the_blocked_effect_of_that_week(strata: int) -> None:
    frame = persons(strata)
    table = path(count(frame))
    contrast = table["treatment - control"]
    for index, week in enumerate(WEEKS):
        effect = estimate_itt(frame, f"w{week}", LOTTERY)
        assert contrast.values[index] == pytest.approx(effect.estimate, rel=1e-10)
        assert contrast.std_error[index] == pytest.approx(effect.std_error, rel=1e-10)
        found = contrast.conf_low[index], contrast.conf_high[index]
        assert found == pytest.approx(effect.confidence_interval(), rel=1e-9)
        assert contrast.at_risk[index] == effect.n_treatment + effect.n_control
        assert table["treatment"].values[index] == pytest.approx(effect.mean_treatment)
        assert table["control"].at_risk[index] == effect.n_control


def test_one_stratum_arm_interval_by_hand() -> None:
    """Four persons with 0, 0, 1, 1: mean .5, s² = 1/3, t(3) = 3.182446."""
    n = np.full((1, 2, 1), 4)
    counts = PathCounts(np.array([0]), n, n / 2, n / 2)
    curve = estimate_path_from_counts(counts, endpoint="any_hours", unit="share")["control"]
    assert curve.std_error[0] == pytest.approx((1 / 12) ** 0.5, rel=1e-12)
    assert curve.conf_high[0] == pytest.approx(0.5 + 3.1824463 * (1 / 12) ** 0.5, rel=1e-7)
    assert (curve.measure, curve.unit) == ("share", "share")


def test_pooled_halves_are_the_whole() -> None:
    frame = persons()
    one, two = count(frame[::2]), count(frame[1::2])
    both = PathCounts(WEEKS, one.n + two.n, one.total + two.total, one.total_sq + two.total_sq)
    whole = path(count(frame)).to_frame()
    pd.testing.assert_frame_equal(path(both).to_frame(), whole, rtol=1e-10)


def test_a_curve_ends_where_a_stratum_runs_out() -> None:
    frame = persons()
    gone = (frame["stratum"] == 0) & (frame["arm"] == "treatment")
    frame.loc[frame.index[gone][1:], "w2"] = np.nan
    frame.loc[gone, "w-1"] = np.nan
    contrast = path(count(frame))["treatment - control"]
    assert np.isnan(contrast.values).tolist() == [True, False, False, True, True, True]
    why = "a stratum has fewer than two observed persons in an arm"
    assert contrast.notes == (
        f"no value in 1 weeks before week 0: {why}",
        f"no value from week 2 on: {why}",
    )
    assert contrast.at_risk[3] > 0


def test_a_week_without_variation_has_no_interval() -> None:
    frame = persons().assign(w1=0.1)
    table = path(count(frame))
    for arm in ("control", "treatment", "treatment - control"):
        assert np.isnan([table[arm].std_error[2], table[arm].conf_low[2]]).all()
    assert table["control"].values[2] == pytest.approx(0.1)
    assert "does not vary" in table["control"].notes[-1]


def test_counts_must_fit_together() -> None:
    n = np.ones((1, 2, 3))
    with pytest.raises(ValueError, match="shape"):
        PathCounts(np.arange(2), n, n, n)
    with pytest.raises(ValueError, match="ascend"):
        PathCounts(np.array([0, 2, 1]), n, n, n)
