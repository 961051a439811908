"""Weekly paths from a frame: by hand, against the same weeks one by one, and wrong inputs."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.weekly.paths import estimate_path, estimate_path_from_blocks
from jobeval.effects.weekly.weekly import RowBlocks
from jobeval.errors import DataError
from jobeval.plan.lottery import Lottery
from jobeval.results import Curve, CurveTable

WEEKS = 12
NAMES = [f"w{week}" for week in range(WEEKS)]
PLAIN = Lottery(arm="arm", treatment="new", control="old")
STRATA = Lottery(arm="arm", treatment="new", control="old", strata="site")
CLUSTERS = Lottery(arm="arm", treatment="new", control="old", clusters="office")
ODDS = Lottery(arm="arm", treatment="new", control="old", strata="site", probability="p")
ANCOVA: dict[str, Any] = {"adjustment": "ancova", "covariates": ["age", "benefit"]}
LIN: dict[str, Any] = {"adjustment": "lin", "covariates": ["age", "benefit"]}


def draw(seed: int = 1, n: int = 150, missing: bool = False) -> pd.DataFrame:
    """Zero-inflated hours that hang together over weeks; sites with unequal allocation."""
    rng = np.random.default_rng(seed)
    site = np.arange(n) % 3
    arm = np.where(rng.permuted(np.arange(n)) % 5 < site + 1, "new", "old")
    for s in range(3):
        arm[np.flatnonzero(site == s)[:12]] = np.repeat(["new", "old"], 6)
    office = np.char.add(arm, (np.arange(n) // 3 % 6).astype(str))
    frame = pd.DataFrame({
        "arm": arm, "site": site, "office": office, "age": rng.integers(20, 65, n),
        "benefit": np.array(["cash", "sickness", "resource"])[rng.permuted(np.arange(n)) % 3],
        "p": np.choose(site, [0.3, 0.5, 0.7]) + rng.choice([-0.1, 0.1], n),
        "mass": rng.uniform(0.5, 2, n),
    })  # fmt: skip
    own = rng.normal(4, 8, n) + 2 * site + 0.1 * frame["age"]
    ends = rng.integers(7, WEEKS + 3, n) if missing else np.full(n, WEEKS)
    for week, name in enumerate(NAMES):
        hours = np.maximum(own + rng.normal(0, 6, n) + week * (arm == "new") / 4, 0).round(1)
        frame[name] = np.where(ends <= week, np.nan, hours)
    return frame


def assert_weeks_alone(
    frame: pd.DataFrame, lottery: Lottery, found: CurveTable, **options: Any
) -> None:
    effect = found["new - old"]
    for week, name in enumerate(NAMES):
        alone = estimate_itt(frame, name, lottery, **options)
        assert effect.values[week] == pytest.approx(alone.estimate, rel=1e-8)
        assert effect.std_error[week] == pytest.approx(alone.std_error, rel=1e-8)
        interval = effect.conf_low[week], effect.conf_high[week]
        assert interval == pytest.approx(tuple(alone.confidence_interval()), rel=1e-7)
        assert found["new"].values[week] == pytest.approx(alone.mean_treatment, rel=1e-9)
        assert found["old"].values[week] == pytest.approx(alone.mean_control, rel=1e-9)
        assert effect.at_risk[week] == alone.n_treatment + alone.n_control
        assert found["old"].at_risk[week] == alone.n_control


CASES = [
    (PLAIN, {}), (PLAIN, {"vcov": "HC1"}), (PLAIN, {"vcov": "classical"}), (PLAIN, LIN),
    (PLAIN, {**ANCOVA, "vcov": "HC3"}), (PLAIN, {"weights": "mass"}),
    (STRATA, {}), (STRATA, {"vcov": "HC0"}), (STRATA, ANCOVA), (STRATA, LIN),
    (STRATA, {**LIN, "weights": "mass"}), (CLUSTERS, {}), (CLUSTERS, {"vcov": "CR1"}),
    (CLUSTERS, {"vcov": "CR3"}), (CLUSTERS, ANCOVA), (CLUSTERS, {**ANCOVA, "vcov": "CR0"}),
    (ODDS, {}), (ODDS, LIN),
]  # fmt: skip


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("lottery, options", CASES)
def test_each_week_is_the_effect_of_that_week(
    lottery: Lottery, options: dict[str, Any], missing: bool
) -> None:
    frame = draw(missing=missing)
    found = estimate_path(frame, NAMES, lottery, **options)
    assert_weeks_alone(frame, lottery, found, **options)


@pytest.mark.parametrize("lottery, options", CASES)
def test_the_accumulated_effect_is_that_on_the_sum(
    lottery: Lottery, options: dict[str, Any]
) -> None:
    """What the covariance across weeks is for: the error of a sum, from the weeks alone."""
    frame = draw()
    found = estimate_path(frame, NAMES, lottery, accumulate=True, unit="hours_per_week", **options)
    total = found.one(measure="accumulated")
    assert (total.arm, total.unit) == ("new - old", "hours")
    for last in (0, 4, WEEKS - 1):
        summed = frame.assign(total=frame[NAMES[: last + 1]].sum(axis=1))
        alone = estimate_itt(summed, "total", lottery, **options)
        assert total.values[last] == pytest.approx(alone.estimate, rel=1e-8)
        assert total.std_error[last] == pytest.approx(alone.std_error, rel=1e-8)


@pytest.mark.parametrize("lottery, options", [(STRATA, {}), (CLUSTERS, {}), (STRATA, LIN)])
def test_fading_is_the_effect_on_the_change(lottery: Lottery, options: dict[str, Any]) -> None:
    frame = draw()
    found = estimate_path(frame, NAMES, lottery, fading_weeks=3, **options)
    change = frame[NAMES[9:12]].mean(axis=1) - frame[NAMES[6:9]].mean(axis=1)
    alone = estimate_itt(frame.assign(change=change), "change", lottery, **options)
    fading = next(test for test in found.tests if test.name == "fading")
    assert fading.statistic == pytest.approx(alone.statistic, rel=1e-8)
    assert fading.p_value == pytest.approx(alone.p_value, rel=1e-6)
    assert "weeks 9 to 11 less that in weeks 6 to 8" in fading.notes[0]


PAIRS = Lottery(arm="arm", treatment="new", control="old", strata="pair")


@pytest.mark.parametrize("left_out", [0, 30])
def test_matched_pairs_and_small_strata_have_the_error_of_each_week(left_out: int) -> None:
    """Pairs alone; and 30 persons in one big stratum beside them."""
    frame = draw().sort_values("arm", ignore_index=True)
    frame = pd.concat([frame[:50], frame[-50:]], ignore_index=True)
    frame["pair"] = np.tile(np.maximum(np.arange(50), left_out), 2)
    for options in ({}, ANCOVA):
        found = estimate_path(frame, NAMES, PAIRS, accumulate=True, **options)
        effect, total = found.one(measure="mean", arm="new - old"), found.one(measure="accumulated")
        for week in (0, WEEKS - 1):
            alone = estimate_itt(frame, NAMES[week], PAIRS, **options)
            assert effect.values[week] == pytest.approx(alone.estimate, rel=1e-8)
            assert effect.std_error[week] == pytest.approx(alone.std_error, rel=1e-8)
            assert effect.conf_low[week] == pytest.approx(alone.confidence_interval().low)
        alone = estimate_itt(
            frame.assign(total=frame[NAMES].sum(axis=1)), "total", PAIRS, **options
        )
        assert total.std_error[-1] == pytest.approx(alone.std_error, rel=1e-8)


def test_months_are_means_over_their_weeks() -> None:
    frame = draw(missing=True)
    found = estimate_path(frame, NAMES, STRATA, period="month", accumulate=True)
    effect = found.one(measure="mean", arm="new - old")
    assert effect.times.tolist() == [0, 5]
    assert "3 weeks make no whole month and are left out" in effect.notes
    for place, weeks in enumerate([NAMES[:5], NAMES[5:9]]):
        mean = frame.assign(month=frame[weeks].mean(axis=1, skipna=False))
        alone = estimate_itt(mean, "month", STRATA)
        assert effect.values[place] == pytest.approx(alone.estimate)
        assert effect.std_error[place] == pytest.approx(alone.std_error)
    total = found.one(measure="accumulated").values
    assert total == pytest.approx(
        [5 * effect.values[0], 5 * effect.values[0] + 4 * effect.values[1]]
    )


def test_a_mapping_makes_periods() -> None:
    frame = draw()
    mapping = {week: week // 6 for week in range(WEEKS)}
    effect = estimate_path(frame, NAMES, PLAIN, period=mapping)["new - old"]
    half = frame.assign(half=frame[NAMES[6:]].mean(axis=1))
    assert effect.values[1] == pytest.approx(estimate_itt(half, "half", PLAIN).estimate)


def test_bands_and_tests_leave_out_weeks_before_the_draw() -> None:
    frame = draw()
    weeks = range(-4, WEEKS - 4)
    found = estimate_path(frame, NAMES, STRATA, weeks=weeks, accumulate=True)
    effect = found.one(measure="mean", arm="new - old")
    assert np.isnan(effect.band_low[:4]).all() and np.isfinite(effect.conf_low).all()
    later = estimate_path(frame, NAMES[4:], STRATA)
    assert effect.band_high[4:] == pytest.approx(later["new - old"].band_high)
    assert [test.p_value for test in found.tests] == pytest.approx(
        [test.p_value for test in later.tests]
    )
    total = found.one(measure="accumulated").values
    assert np.isnan(total[:4]).all() and total[4] == pytest.approx(effect.values[4])


def test_the_band_of_one_week_is_its_interval() -> None:
    effect = estimate_path(draw(), NAMES[:1], CLUSTERS)["new - old"]
    assert effect.band_low == pytest.approx(effect.conf_low, rel=1e-6)
    table = estimate_path(draw(), NAMES[:1], CLUSTERS)
    alone = estimate_itt(draw(), "w0", CLUSTERS)
    assert table.tests[0].p_value == pytest.approx(alone.p_value, rel=1e-6)


def test_the_joint_test_rejects_when_a_band_leaves_zero_out() -> None:
    for seed in range(6):
        found = estimate_path(draw(seed), NAMES, CLUSTERS)
        effect = found["new - old"]
        outside = bool(((effect.band_low > 0) | (effect.band_high < 0)).any())
        assert (found.tests[0].p_value < 0.05) == outside


def test_a_curve_ends_where_a_stratum_runs_out() -> None:
    frame = draw()
    gone = (frame["site"] == 0) & (frame["arm"] == "new")
    frame.loc[gone, "w5"] = np.nan
    found = estimate_path(frame, NAMES, STRATA, accumulate=True)
    for curve in found:
        assert np.isnan(curve.values).tolist() == [False] * 5 + [True] * 7
    note = "no value from week 5 on: too few are observed to compare"
    assert note in found["old"].notes
    assert found.tests[0].df == 5
    frame.loc[frame.index[gone][0], "w5"] = 3.0  # one person is too few as well
    assert np.isnan(estimate_path(frame, NAMES, STRATA)["new"].values).tolist()[4:6] == [
        False,
        True,
    ]
    frame.loc[gone, "w5"] = np.nan
    adjusted = estimate_path(frame, NAMES, STRATA, **LIN)["new - old"]
    assert np.isnan(adjusted.values).tolist() == [False] * 5 + [True] * 7
    assert any("strata do not hold both arms" in note for note in adjusted.notes)


@pytest.mark.parametrize("options", [{}, LIN])
def test_a_week_without_variation_has_no_error(options: dict[str, Any]) -> None:
    frame = draw().assign(w3=0.1)
    found = estimate_path(frame, NAMES, STRATA, accumulate=True, **options)
    effect = found.one(measure="mean", arm="new - old")
    assert effect.values[3] == pytest.approx(0, abs=1e-12)
    assert np.isnan([effect.std_error[3], effect.band_low[3], effect.conf_low[3]]).all()
    assert "no interval" in effect.notes[-1]
    assert found.tests[0].df == WEEKS - 1
    total = found.one(measure="accumulated")
    assert total.std_error[3] == pytest.approx(total.std_error[2])


def test_blocks_of_any_size_give_the_same() -> None:
    frame = draw(missing=True)
    columns = {name: frame[name].to_numpy() for name in ("arm", "site", "office")}
    columns["arm"] = columns["arm"].astype(object)
    values = frame[NAMES].to_numpy()
    for lottery in (STRATA, CLUSTERS):
        one = estimate_path_from_blocks(values, columns, lottery, range(WEEKS))
        two = estimate_path_from_blocks(RowBlocks(values, 7), columns, lottery, range(WEEKS))
        pd.testing.assert_frame_equal(one.to_frame(), two.to_frame(), rtol=1e-9)


def test_other_arms_are_left_out() -> None:
    frame = draw()
    more = pd.concat([frame, frame.assign(arm="third")], ignore_index=True)
    pd.testing.assert_frame_equal(
        estimate_path(more, NAMES, STRATA).to_frame(),
        estimate_path(frame, NAMES, STRATA).to_frame(),
    )


@pytest.mark.parametrize(
    "change, message",
    [
        ({"outcomes": "w0"}, "sequence of columns"),
        ({"outcomes": ["w0", "w0"]}, "named twice"),
        ({"weeks": [1]}, "1 weeks for 12 outcomes"),
        ({"weeks": [*range(11), 3]}, "weeks must ascend"),
        ({"period": "moth"}, "month"),
        ({"period": {0: 0}}, "nothing of week 1"),
        ({"conf_level": 95}, "conf_level"),
        ({"adjustment": "lin", "covariates": ["w3"]}, "can be no covariate"),
    ],
)
def test_wrong_options_are_refused(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"outcomes": NAMES, **change}
    with pytest.raises(ValueError, match=message):
        estimate_path(draw(), given.pop("outcomes"), PLAIN, **given)


def test_wrong_data_are_refused() -> None:
    frame = draw().assign(w1="many", w2="few")
    with pytest.raises(DataError) as caught:
        estimate_path(frame, NAMES, PLAIN)
    assert len(caught.value.problems) == 2
    with pytest.raises(DataError, match="infinite in 1 weeks"):
        estimate_path(draw().assign(w1=np.inf), NAMES, PLAIN)
    columns = {"arm": draw()["arm"].to_numpy(object)}
    with pytest.raises(ValueError, match="generator"):
        estimate_path_from_blocks((b for b in [np.ones((1, 1))]), columns, PLAIN, [0])
    with pytest.raises(ValueError, match="149 rows"):
        estimate_path_from_blocks(np.ones((149, 1)), columns, PLAIN, [0])


def test_the_seed_decides_the_band_and_nothing_else() -> None:
    def band(seed: int) -> Curve:
        return estimate_path(draw(), NAMES, STRATA, seed=seed)["new - old"]

    assert (band(1).band_low == band(1).band_low).all()
    assert (band(1).band_low != band(2).band_low).any()
    assert band(1).band_low == pytest.approx(band(2).band_low, abs=0.01)
    assert (band(1).conf_low == band(2).conf_low).all()
