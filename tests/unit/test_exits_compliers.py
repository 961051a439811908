"""Take-up and durations by hand, and what is refused or cannot be estimated."""

import math

import numpy as np
import pandas as pd
import pytest

from jobeval import (
    CurveTable,
    DataError,
    DesignError,
    Lottery,
    estimate_complier_incidence,
    estimate_late_rmst,
    estimate_rmst,
)

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")


def trial(rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arm", "site", "took", "week", "left"])


def curves(frame, lottery=PLAIN, **options):
    return estimate_complier_incidence(frame, "week", "left", lottery, treated="took", **options)


def late(frame, lottery=PLAIN, horizon=4, **options):
    return estimate_late_rmst(
        frame, "week", "left", lottery, treated="took", horizon_weeks=horizon, **options
    )


# New: 6 of 8 take part. Old: 2 of 8 do. So half are compliers, a quarter always take part.
TWO_SIDED = trial(
    [("new", "x", 1, w, 1) for w in (1, 1, 1, 2, 3, 4)]
    + [("new", "x", 0, w, 1) for w in (3, 4)]
    + [("old", "x", 1, w, 1) for w in (1, 4)]
    + [("old", "x", 0, w, 1) for w in (2, 2, 3, 3, 4, 4)]
)


class TestByHand:
    def test_curves(self):
        """Taking part: (6/8 F₁₁ − 2/8 F₀₁) / (1/2), and without: (6/8 F₀₀ − 2/8 F₁₀) / (1/2)."""
        found = curves(TWO_SIDED)
        taking = [0, (3 - 1) / 4, (4 - 1) / 4, (5 - 1) / 4, (6 - 2) / 4]
        without = [0, 0, (2 - 0) / 4, (4 - 1) / 4, (6 - 2) / 4]
        assert found["new"].values.tolist() == pytest.approx(taking)
        assert found["old"].values.tolist() == pytest.approx(without)
        assert found["new - old"].values.tolist() == pytest.approx(np.subtract(taking, without))
        assert {curve.measure for curve in found} == {"complier_incidence"}

    def test_counts_are_of_those_who_did_as_the_curve_says(self):
        found = curves(TWO_SIDED)
        assert found["new"].at_risk.tolist() == [8, 8, 4, 3, 2]
        assert found["old"].events.tolist() == [0, 0, 2, 3, 3]
        assert found["new - old"].at_risk.tolist() == [8, 8, 4, 3, 2]

    def test_weeks(self):
        """Mean of min(T, 4): compliers under treatment (12 − 5) / 4, without (18 − 7) / 4."""
        effect = late(TWO_SIDED)
        assert effect.mean_treatment == pytest.approx(7 / 4)
        assert effect.mean_control == pytest.approx(11 / 4)
        assert effect.estimate == pytest.approx((19 / 8 - 23 / 8) / 0.5)
        assert effect.take_up.first_stage == 0.5
        assert (effect.take_up.share_treatment, effect.take_up.share_control) == (0.75, 0.25)
        assert effect.take_up.f_statistic == pytest.approx(0.25 / (2 * 0.75 * 0.25 / 8))
        assert (effect.unit, effect.horizon_weeks, effect.estimand) == ("weeks", 4, "late")

    def test_error_is_that_of_weeks_less_the_effect_of_taking_part(self):
        """Without censoring: the variance of the mean of y − τd in each arm, over the share."""
        effect = late(TWO_SIDED, interval="wald")
        y = np.minimum(TWO_SIDED["week"], 4) - effect.estimate * TWO_SIDED["took"]
        variance = sum(y[TWO_SIDED["arm"] == arm].var(ddof=0) / 8 for arm in ("new", "old"))
        assert effect.std_error == pytest.approx(math.sqrt(variance) / 0.5)
        incidence = curves(TWO_SIDED)["new - old"]
        gone = (TWO_SIDED["week"] <= 2) - incidence.values[2] * TWO_SIDED["took"]
        variance = sum(gone[TWO_SIDED["arm"] == arm].var(ddof=0) / 8 for arm in ("new", "old"))
        assert incidence.std_error[2] == pytest.approx(math.sqrt(variance) / 0.5)

    def test_p_value_is_that_of_the_lottery(self):
        effect = late(TWO_SIDED)
        assert effect.inference == "Anderson-Rubin"
        whole = estimate_rmst(TWO_SIDED, "week", "left", PLAIN, horizon_weeks=4)
        assert effect.p_value == pytest.approx(whole.p_value)

    def test_bands_are_wider_than_intervals(self):
        found = curves(TWO_SIDED)["new - old"]
        assert np.nanmax(found.conf_low - found.band_low) > 0
        assert not (found.band_low > found.conf_low + 1e-12).any()

    def test_strata_are_averaged_before_the_ratio(self):
        """All 16 of the north comply and leave a week earlier; none of the 32 in the south."""
        north = trial([("new", "n", 1, 1, 1)] * 8 + [("old", "n", 0, 2, 1)] * 8)
        south = trial([("new", "s", 0, 4, 1)] * 8 + [("old", "s", 0, 4, 1)] * 24)
        effect = late(pd.concat([north, south]), SITES)
        assert effect.take_up.first_stage == pytest.approx(1 / 3)
        assert effect.estimate == pytest.approx(-1)


class TestNonCompliance:
    def test_one_sided(self):
        frame = TWO_SIDED[(TWO_SIDED["arm"] == "new") | (TWO_SIDED["took"] == 0)]
        taking = curves(frame)["new"]
        weeks = frame.loc[frame["took"] == 1, "week"].to_numpy()
        assert taking.values[1:] == pytest.approx([(weeks <= t).mean() for t in range(1, 5)])
        assert any(note.startswith("one-sided") for note in taking.notes)

    def test_the_assumptions_stand_beside_it(self):
        for result in (late(TWO_SIDED), *curves(TWO_SIDED)):
            assert any(note.startswith("assumes") for note in result.notes)
            assert any(note.startswith("two-sided") for note in result.notes)

    def test_who_takes_part_without_being_drawn_may_break_a_curve_and_nothing_is_clipped(self):
        frame = TWO_SIDED.copy()
        frame.loc[(frame["arm"] == "old") & (frame["took"] == 1), "week"] = 1
        frame.loc[(frame["arm"] == "new") & (frame["took"] == 1), "week"] = 3
        taking = curves(frame)["new"]
        assert taking.values[1] == pytest.approx(-0.5)
        assert any("outside 0–1" in note for note in taking.notes)
        assert any("falls" in note for note in taking.notes)

    def test_the_lottery_did_not_move_take_up(self):
        frame = TWO_SIDED.assign(took=[1, 0] * 8)
        for curve in curves(frame):
            assert np.isnan(curve.values).all()
            assert any(note.startswith("not estimable") for note in curve.notes)
        effect = late(frame)
        assert math.isnan(effect.estimate)
        assert math.isnan(effect.mean_control)
        assert effect.take_up.first_stage == 0
        assert any(note.startswith("not estimable") for note in effect.notes)

    def test_a_weak_first_stage_may_leave_everything_open(self):
        frame = TWO_SIDED.assign(took=[1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0])
        effect = late(frame)
        assert effect.take_up.f_statistic < 3.84
        assert effect.confidence_interval() == (-math.inf, math.inf)
        assert any("weak first stage" in note for note in effect.notes)
        assert all(math.isfinite(bound) for bound in late(frame, interval="wald")
                   .confidence_interval())  # fmt: skip
        assert any("weak first stage" in note for note in curves(frame)["new"].notes)


def test_one_person_in_an_arm_of_a_stratum_tells_no_error():
    one = trial([("new", "n", 1, 2, 1), *[("old", "n", 0, w, 1) for w in (1, 2, 4)]])
    frame = pd.concat([one, TWO_SIDED])
    effect, found = late(frame, SITES), curves(frame, SITES)["new - old"]
    assert math.isfinite(effect.estimate)
    assert math.isnan(effect.std_error)
    assert math.isnan(effect.p_value)
    assert np.isnan(found.std_error).all()
    for result in (effect, found):
        assert any("not estimable: too few drawn" in note for note in result.notes)


class TestHorizon:
    censored = TWO_SIDED.assign(left=TWO_SIDED["week"] < 3)

    def test_unknown_beyond_follow_up(self):
        """Nobody is at risk after week 4, where the last are censored."""
        effect = late(self.censored, horizon=6)
        assert math.isnan(effect.estimate)
        assert any("the largest usable horizon is 5" in note for note in effect.notes)
        assert math.isfinite(late(self.censored, horizon=5).estimate)

    def test_curves_end_there(self):
        shorter = self.censored[(self.censored["arm"] == "new") | (self.censored["week"] < 4)]
        found = curves(shorter)["new"]
        assert np.isnan(found.values).tolist() == [False] * 4 + [True]
        assert any("unknown from week 4" in note for note in found.notes)
        assert len(curves(shorter, horizon_weeks=2)["new"].values) == 3

    def test_a_shorter_curve_is_the_beginning_of_the_longer(self):
        for arm in ("new", "old", "new - old"):
            whole, cut = curves(TWO_SIDED)[arm], curves(TWO_SIDED, horizon_weeks=2)[arm]
            assert cut.values == pytest.approx(whole.values[:3])
            assert cut.std_error == pytest.approx(whole.std_error[:3])
            assert cut.at_risk.tolist() == whole.at_risk[:3].tolist()


def test_clusters_of_equal_size_are_compared_by_their_means():
    rng = np.random.default_rng(2)
    office = np.repeat(np.arange(12), 5)
    frame = pd.DataFrame(
        {"arm": np.where(office % 2, "new", "old"), "office": office,
         "week": rng.integers(1, 9, 60), "left": 1}
    )  # fmt: skip
    frame["took"] = (rng.random(60) < np.where(office % 2, 0.8, 0.1)).astype(int)
    lottery = Lottery(arm="arm", treatment="new", control="old", clusters="office")
    effect = late(frame, lottery, 6, interval="wald")
    y = np.minimum(frame["week"], 6) - effect.estimate * frame["took"]
    means = y.groupby(office).mean()
    variance = sum(means[means.index % 2 == arm].var() / 6 for arm in (0, 1))
    assert effect.std_error == pytest.approx(
        math.sqrt(variance) / effect.take_up.first_stage, rel=1e-9
    )
    assert effect.n_clusters == 12
    assert effect.df < 10
    gone = (frame["week"] <= 3).astype(float)
    found = curves(frame, lottery)["new - old"]
    means = (gone - found.values[3] * frame["took"]).groupby(office).mean()
    variance = sum(means[means.index % 2 == arm].var() / 6 for arm in (0, 1))
    assert found.std_error[3] == pytest.approx(math.sqrt(variance) / effect.take_up.first_stage)


class TestRefused:
    def test_take_up_must_be_known_of_everybody(self):
        frame = TWO_SIDED.assign(took=[np.nan, *TWO_SIDED["took"][1:]])
        for estimate in (curves, late):
            with pytest.raises(DataError, match="missing for 1"):
                estimate(frame)

    def test_take_up_is_yes_or_no(self):
        with pytest.raises(DataError, match="neither 0 nor 1"):
            late(TWO_SIDED.assign(took=2))

    @pytest.mark.parametrize("column", ["week", "left", "arm"])
    def test_take_up_is_another_column(self, column):
        with pytest.raises(ValueError, match="not take-up"):
            estimate_complier_incidence(TWO_SIDED, "week", "left", PLAIN, treated=column)

    def test_options(self):
        with pytest.raises(ValueError, match="anderson-rubin"):
            late(TWO_SIDED, interval="anderson")
        with pytest.raises(ValueError, match="horizon_weeks"):
            late(TWO_SIDED, horizon=0)
        with pytest.raises(ValueError, match="horizon_weeks"):
            curves(TWO_SIDED, horizon_weeks=2.5)
        with pytest.raises(ValueError, match="conf_level"):
            curves(TWO_SIDED, conf_level=95)
        with pytest.raises(ValueError, match="seed"):
            curves(TWO_SIDED, seed=-1)

    def test_odds_that_vary_within_strata(self):
        frame = TWO_SIDED.assign(p=np.linspace(0.3, 0.6, 16))
        lottery = Lottery(arm="arm", treatment="new", control="old", probability="p")
        with pytest.raises(DesignError, match="strata"):
            late(frame, lottery)


def test_results_survive_json():
    table = curves(TWO_SIDED)
    again = CurveTable.from_dict(table.to_dict())
    for one, other in zip(table, again, strict=True):
        assert one.to_dict() == other.to_dict()
    effect = late(TWO_SIDED)
    assert type(effect).from_dict(effect.to_dict()) == effect
