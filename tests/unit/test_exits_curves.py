import math
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
import polars as pl
import pytest

from jobeval import Lottery, cumulative_incidence, survival_curve
from jobeval.errors import DesignError
from jobeval.exits.curves.contrast import curve_difference
from jobeval.exits.curves.quantiles import survival_quantile
from jobeval.exits.grid.grid import build_grid

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")


def trial(rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arm", "site", "week", "left"])


def repeat(arm, site, pattern, times):
    return [(arm, site, week, left) for week, left in pattern] * times


# In the north half leave after 1 week and half after 2; in the south a fifth after 2 weeks.
NORTH = [(1, True), (2, True)]
SOUTH = [(2, True), *[(4, False)] * 4]
# No effect anywhere; but in the north 8 of 10 are drawn to the new arm, in the south 5 of 20.
UNEQUAL = trial(
    repeat("new", "north", NORTH, 4)
    + repeat("old", "north", NORTH, 1)
    + repeat("new", "south", SOUTH, 1)
    + repeat("old", "south", SOUTH, 3)
)


class TestUnequalAllocation:
    def test_plain_curves_differ_without_any_effect(self):
        curves = survival_curve(UNEQUAL, "week", "left", SITES, standardise=False)
        assert curves["new"].values.tolist() == pytest.approx([1, 9 / 13, 4 / 13, 4 / 13, 4 / 13])
        assert curves["old"].values.tolist() == pytest.approx([1, 16 / 17, 12 / 17] + [12 / 17] * 2)

    def test_standardised_curves_do_not(self):
        """Weights 10/30 and 20/30: S(1) = (1/2 + 2) / 3, S(2) = (0 + 2 · 4/5) / 3."""
        curves = survival_curve(UNEQUAL, "week", "left", SITES)
        for arm in ("new", "old"):
            expected = [1, 5 / 6, 8 / 15, 8 / 15, 8 / 15]
            assert curves[arm].values.tolist() == pytest.approx(expected)
            assert "standardised over 2 strata" in curves[arm].notes

    def test_standardised_error_by_hand(self):
        """Week 1: north S = 1/2 among 8, so V = (1/9) · (1/4) / 8; nobody left in the south."""
        curve = survival_curve(UNEQUAL, "week", "left", SITES)["new"]
        assert curve.std_error[1] == pytest.approx(math.sqrt(1 / 9 / 4 / 8))
        # week 2: nobody stays in the north (no variance left), S = 4/5 among 5 in the south
        assert curve.std_error[2] == pytest.approx(math.sqrt(4 / 9 * 0.8 * 0.2 / 5))

    def test_plain_counts_stand_beside_them(self):
        curve = survival_curve(UNEQUAL, "week", "left", SITES)["new"]
        assert curve.at_risk.tolist() == [13, 13, 9, 4, 4]
        assert curve.events.tolist() == [0, 4, 5, 0, 0]

    def test_incidence_is_standardised_the_same_way(self):
        frame = UNEQUAL.assign(to=np.where(UNEQUAL["left"], "job", None))
        curves = cumulative_incidence(frame, "week", "to", SITES)
        for arm in ("new", "old"):
            assert curves[arm].values.tolist() == pytest.approx([0, 1 / 6] + [7 / 15] * 3)
        plain = cumulative_incidence(frame, "week", "to", SITES, standardise=False)
        assert plain["new"].values[-1] == pytest.approx(9 / 13)


def test_a_stratum_that_runs_out_ends_the_standardised_curve():
    frame = trial(
        repeat("new", "north", [(1, True), (2, False)], 3)
        + repeat("old", "north", [(1, True), (5, False)], 3)
        + repeat("new", "south", [(3, True), (5, False)], 3)
        + repeat("old", "south", [(3, True), (5, False)], 3)
    )
    curves = survival_curve(frame, "week", "left", SITES)
    assert np.isnan(curves["new"].values).tolist() == [False] * 3 + [True] * 3
    assert np.isnan(curves["new"].std_error).tolist() == [False] * 3 + [True] * 3
    assert any("unknown from week 3 on" in note for note in curves["new"].notes)
    assert not np.isnan(curves["old"].values).any()
    plain = survival_curve(frame, "week", "left", SITES, standardise=False)
    assert not np.isnan(plain["new"].values).any()


def test_log_log_interval_by_hand():
    """One of four leaves: S = 3/4, se² = 3/64, bounds S^exp(± 1.96 se / (S log S))."""
    frame = trial([(arm, "x", week, week == 1) for arm in ("new", "old") for week in (1, 2, 2, 2)])
    curve = survival_curve(frame, "week", "left", PLAIN)["new"]
    power = math.exp(1.959963984540054 * math.sqrt(3 / 64) / (0.75 * -math.log(0.75)))
    assert curve.conf_low[1] == pytest.approx(0.75**power)
    assert curve.conf_high[1] == pytest.approx(0.75 ** (1 / power))
    ninety = survival_curve(frame, "week", "left", PLAIN, conf_level=0.9)["new"]
    assert ninety.conf_level == 0.9
    assert curve.conf_low[1] < ninety.conf_low[1] < ninety.conf_high[1] < curve.conf_high[1]


def test_nothing_is_claimed_where_survival_is_one_or_zero():
    frame = trial([(arm, "x", week, True) for arm in ("new", "old") for week in (2, 2, 3)])
    curve = survival_curve(frame, "week", "left", PLAIN)["new"]
    assert curve.values.tolist() == pytest.approx([1, 1, 1 / 3, 0])
    assert np.isnan(curve.conf_low).tolist() == [True, True, False, True]
    assert np.isnan(curve.std_error).tolist() == [False, False, False, True]


def test_an_arm_in_which_nobody_leaves():
    frame = trial([("new", "x", 3, False)] * 4 + [("old", "x", 2, True)] * 4)
    curve = survival_curve(frame, "week", "left", PLAIN)["new"]
    assert curve.values.tolist() == [1, 1, 1, 1]
    assert np.isnan(curve.conf_high).all()
    assert any("nobody" in note for note in curve.notes)


def test_the_shorter_arm_is_unknown_after_its_last_week():
    frame = trial([("new", "x", 1, True), ("new", "x", 2, False), ("old", "x", 4, False)] * 2)
    curve = survival_curve(frame, "week", "left", PLAIN)["new"]
    assert curve.times.tolist() == [0, 1, 2, 3, 4]
    assert np.isnan(curve.values).tolist() == [False] * 3 + [True] * 2
    assert curve.at_risk.tolist() == [4, 4, 2, 0, 0]


def test_an_exit_in_week_zero_lowers_the_curve_there():
    frame = trial([("new", "x", 0, True), ("old", "x", 1, True), ("new", "x", 1, False)] * 2)
    assert survival_curve(frame, "week", "left", PLAIN)["new"].values.tolist() == [0.5, 0.5]


class TestQuantile:
    def curve(self, weeks):
        frame = trial([(arm, "x", week, True) for arm in ("new", "old") for week in weeks])
        return survival_curve(frame, "week", "left", PLAIN)["new"]

    def test_middle_of_the_flat_stretch(self):
        assert survival_quantile(self.curve([1, 2, 7, 9])).weeks == 4.5

    def test_quartile(self):
        assert survival_quantile(self.curve([1, 2, 3, 7, 9]), 0.25).weeks == 2

    def test_not_reached(self):
        frame = trial([("new", "x", 1, True), ("new", "x", 5, False), ("new", "x", 5, False)])
        frame = pd.concat([frame, frame.assign(arm="old")])
        curve = survival_curve(frame, "week", "left", PLAIN)["new"]
        reached = survival_quantile(curve)
        assert np.isnan([reached.weeks, reached.high]).all()
        assert reached.low == 1  # the lower bound of the curve is below a half at once

    def test_stretch_that_never_ends(self):
        frame = trial([("new", "x", 3, True), ("new", "x", 5, False), ("old", "x", 9, True)])
        assert survival_quantile(survival_curve(frame, "week", "left", PLAIN)["new"]).weeks == 3

    def test_refusals(self):
        curve = self.curve([1, 2])
        with pytest.raises(ValueError, match="probability"):
            survival_quantile(curve, 1.0)
        with pytest.raises(ValueError, match="survival curve"):
            survival_quantile(replace(curve, measure="cumulative_incidence"))


class TestContrast:
    frame = trial(
        [("new", "x", week, week < 4) for week in (1, 2, 3, 4)] * 5
        + [("old", "x", week, week < 4) for week in (2, 4, 4, 4)] * 5
    )
    curves = survival_curve(frame, "week", "left", PLAIN)

    def test_by_hand(self):
        curve = curve_difference(self.curves["new"], self.curves["old"], PLAIN.contrast)
        assert (curve.arm, curve.measure) == ("new - old", "survival")
        assert curve.values.tolist() == pytest.approx([0, -0.25, -0.25, -0.5, -0.5])
        error = math.sqrt(0.5 * 0.5 / 20 + 0.75 * 0.25 / 20)
        assert curve.std_error[2] == pytest.approx(error)
        assert curve.conf_high[2] - curve.conf_low[2] == pytest.approx(2 * 1.95996398 * error)

    def test_no_interval_before_both_arms_have_an_exit(self):
        curve = curve_difference(self.curves["new"], self.curves["old"], PLAIN.contrast)
        assert np.isnan(curve.conf_low).tolist() == [True, True, False, False, False]

    def test_sizes(self):
        curve = curve_difference(self.curves["new"], self.curves["old"], PLAIN.contrast)
        assert curve.at_risk.tolist() == [20, 20, 15, 10, 5]
        assert curve.events.tolist() == [0, 5, 10, 5, 0]

    def test_other_grids_are_refused(self):
        shorter = survival_curve(self.frame[self.frame["week"] < 4], "week", "left", PLAIN)
        with pytest.raises(DesignError, match="weeks"):
            curve_difference(shorter["new"], self.curves["old"], PLAIN.contrast)


def test_nobody_left_gives_no_incidence():
    frame = trial([("new", "x", 3, False), ("old", "x", 3, False)]).assign(to=None)
    assert len(cumulative_incidence(frame, "week", "to", PLAIN)) == 0


def test_other_frames_and_other_arms():
    more = UNEQUAL.astype({"week": "Int64", "left": "boolean", "site": "string"})
    more = more.reindex(range(len(UNEQUAL) + 3)).fillna({"arm": "third"})
    expected = survival_curve(UNEQUAL, "week", "left", SITES).to_frame()
    pd.testing.assert_frame_equal(survival_curve(more, "week", "left", SITES).to_frame(), expected)
    lazy = pl.LazyFrame(UNEQUAL.to_dict("list"))
    pd.testing.assert_frame_equal(survival_curve(lazy, "week", "left", SITES).to_frame(), expected)


class TestGrid:
    labels: ClassVar = {"arms": ("old", "new"), "strata": ("a", "b"), "causes": ("job",)}

    def test_a_table_that_an_engine_counted(self):
        rng = np.random.default_rng(4)
        weeks, cause, arm, stratum = (rng.integers(0, k, 200) for k in (9, 2, 2, 2))
        persons = build_grid(weeks, cause, arm, stratum, **self.labels)
        cells, counts = np.unique(
            np.stack([weeks, cause, arm, stratum]), axis=1, return_counts=True
        )
        table = build_grid(*cells, **self.labels, counts=counts)
        np.testing.assert_array_equal(table.events, persons.events)
        np.testing.assert_array_equal(table.at_risk, persons.at_risk)
        assert persons.at_risk[..., 0].sum() == persons.sizes.sum() == 200
        assert persons.pooled().sizes.tolist() == [[n] for n in persons.sizes.sum(axis=1)]

    def test_exits_come_before_censorings(self):
        one = np.array([0, 0])
        grid = build_grid(np.array([3, 3]), np.array([1, 0]), one, one, **self.labels)
        assert grid.at_risk[0, 0].tolist() == [2, 2, 2, 2]
        assert grid.leavers[0, 0].tolist() == [0, 0, 0, 1]

    @pytest.mark.parametrize(
        ("bad", "name"),
        [
            ({"weeks": np.array([-1, 2])}, "weeks"),
            ({"weeks": np.array([1.0, 2.0])}, "weeks"),
            ({"cause": np.array([0, 2])}, "cause"),
            ({"arm": np.array([0, 2])}, "arm"),
            ({"stratum": np.array([0, 2])}, "stratum"),
        ],
    )
    def test_codes_without_a_label_are_refused(self, bad, name):
        good = {"weeks": [1, 2], "cause": [0, 1], "arm": [0, 1], "stratum": [0, 1]}
        arrays = {key: np.array(value) for key, value in good.items()} | bad
        with pytest.raises(ValueError, match=name):
            build_grid(**arrays, **self.labels)
