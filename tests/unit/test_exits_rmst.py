"""Restricted means by hand, what is refused, and what cannot be estimated."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from jobeval import DataError, DesignError, Lottery, estimate_rmst
from jobeval.exits.destinations.state_weeks import state_weeks_from_grid
from jobeval.exits.drawn.drawn_contrast import conclude
from jobeval.exits.grid.durations import read_durations
from jobeval.exits.grid.strata import weigh_strata
from jobeval.exits.means.arm_means import cell_means, contrast_means, means_of_counts
from jobeval.exits.means.drawn_rmst import redraw_counts, redraw_persons
from jobeval.exits.means.rmst import rmst_from_grid
from jobeval.inference.redrawn import Redrawn

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
OFFICES = Lottery(arm="arm", treatment="new", control="old", clusters="office")


def trial(rows, columns=("arm", "site", "week", "left")) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))


def late(rows) -> pd.DataFrame:
    return trial(rows, ("arm", "from", "week", "left"))


def rmst(frame, lottery=PLAIN, horizon=4, **options):
    return estimate_rmst(frame, "week", "left", lottery, horizon_weeks=horizon, **options)


# New: exits in weeks 1 and 3, one censored in 2, one in 5. S = 1, 3/4, 3/4, 3/8, 3/8, 3/8.
# Old: exits in 1, 1, 2 and one censored in 5. S = 1, 1/2, 1/4, 1/4, 1/4, 1/4.
SMALL = trial(
    [("new", "x", week, left) for week, left in [(1, 1), (2, 0), (3, 1), (5, 0)]]
    + [("old", "x", week, left) for week, left in [(1, 1), (1, 1), (2, 1), (5, 0)]]
)


class TestByHand:
    def test_means(self):
        effect = rmst(SMALL)
        assert effect.mean_treatment == pytest.approx(1 + 3 / 4 + 3 / 4 + 3 / 8)
        assert effect.mean_control == pytest.approx(1 + 1 / 2 + 1 / 4 + 1 / 4)
        assert effect.estimate == pytest.approx(0.875)
        assert effect.contrast == "new - old"
        assert (effect.n_treatment, effect.n_control) == (4, 4)
        assert (effect.n_apart_treatment, effect.n_apart_control) == (2, 3)

    def test_variance(self):
        """New: A(1) = 15/8, 1 of 4 leaves; A(3) = 3/8, 1 of 2. Old: A(1) = 1, A(2) = 1/2."""
        new = (15 / 8) ** 2 * 1 / (4 * 3) + (3 / 8) ** 2 * 1 / (2 * 1)
        old = 1 * 2 / (4 * 2) + (1 / 2) ** 2 * 1 / (2 * 1)
        assert rmst(SMALL).std_error == pytest.approx(math.sqrt(new + old))
        assert rmst(SMALL, measure="treatment").std_error == pytest.approx(math.sqrt(new))
        assert rmst(SMALL, measure="control").std_error == pytest.approx(math.sqrt(old))

    def test_ratios(self):
        new, old = 2.875, 2.0
        means = [rmst(SMALL, measure=arm).std_error for arm in ("treatment", "control")]
        ratio, lost = rmst(SMALL, measure="ratio"), rmst(SMALL, measure="lost_ratio")
        assert ratio.ratio == pytest.approx(new / old)
        assert ratio.std_error == pytest.approx(math.hypot(means[0] / new, means[1] / old))
        assert lost.ratio == pytest.approx((4 - new) / (4 - old))
        errors = math.hypot(means[0] / (4 - new), means[1] / (4 - old))
        assert lost.std_error == pytest.approx(errors)
        assert ratio.unit == lost.unit == "ratio"
        assert (ratio.mean_treatment, lost.mean_control) == (new, old)

    def test_an_arm_alone_carries_its_name(self):
        assert rmst(SMALL, measure="treatment").contrast == "new"
        assert rmst(SMALL, measure="control").contrast == "old"

    def test_the_horizon_cuts(self):
        assert rmst(SMALL, horizon=1).estimate == 0
        assert rmst(SMALL, horizon=2).estimate == pytest.approx(0.25)

    def test_an_exit_in_week_zero_loses_all_weeks(self):
        frame = trial([("new", "x", 0, 1), ("new", "x", 4, 0), ("old", "x", 4, 0)] * 2)
        assert rmst(frame).mean_treatment == pytest.approx(2)


class TestStrata:
    # In the north everybody leaves after 1 week, in the south nobody; no effect anywhere.
    frame = trial(
        [("new", "north", 1, 1)] * 8
        + [("old", "north", 1, 1)] * 2
        + [("new", "south", 4, 0)] * 5
        + [("old", "south", 4, 0)] * 15
    )

    def test_standardised_over_everyone_drawn(self):
        """10 and 20 persons, means 1 and 4: (10 · 1 + 20 · 4) / 30 in both arms."""
        effect = rmst(self.frame, SITES)
        assert effect.mean_treatment == pytest.approx(3)
        assert effect.estimate == pytest.approx(0)
        assert "standardised over 2 strata" in effect.notes
        assert rmst(self.frame, SITES, standardise=False).estimate == pytest.approx(
            (8 + 5 * 4) / 13 - (2 + 15 * 4) / 17
        )

    def test_weeks_that_do_not_vary_have_no_error(self):
        effect = rmst(self.frame, SITES)
        assert math.isnan(effect.std_error)
        assert any("do not vary" in note for note in effect.notes)

    def test_one_person_in_a_cell_tells_no_error(self):
        one = trial([("new", "north", 2, 1), *[("old", "north", w, 1) for w in (1, 2, 3)]])
        effect = rmst(pd.concat([one, SMALL]), SITES)
        assert math.isfinite(effect.estimate)
        assert math.isnan(effect.std_error)
        assert any("too few drawn" in note for note in effect.notes)


class TestHorizon:
    def test_beyond_follow_up_names_the_largest_usable(self):
        """Censored in week 5: nobody is known to stay beyond it, and week 5 itself is."""
        assert math.isfinite(rmst(SMALL, horizon=6).estimate)
        effect = rmst(SMALL, horizon=7)
        assert math.isnan(effect.estimate)
        assert math.isnan(effect.p_value)
        assert any("the largest usable horizon is 6" in note for note in effect.notes)

    def test_an_arm_that_has_left_has_no_end(self):
        frame = trial([("new", "x", w, 1) for w in (1, 2)] + [("old", "x", w, 1) for w in (2, 4)])
        effect = rmst(frame, horizon=50)
        assert (effect.mean_treatment, effect.mean_control) == (1.5, 3)

    def test_the_other_arm_stays_readable(self):
        frame = SMALL[(SMALL["arm"] == "old") | (SMALL["week"] < 3)]
        effect = rmst(frame, horizon=6, measure="control")
        whole = rmst(SMALL, horizon=6, measure="control")
        assert (effect.estimate, effect.std_error) == (whole.estimate, whole.std_error)
        assert math.isnan(effect.mean_treatment)
        assert any(note.startswith("mean of the other arm") for note in effect.notes)
        assert math.isnan(rmst(frame, horizon=6).estimate)

    @pytest.mark.parametrize("horizon", [0, -1, 2.5, True, None, "52", 40_000])
    def test_must_be_whole_weeks(self, horizon):
        with pytest.raises(ValueError, match="horizon_weeks"):
            rmst(SMALL, horizon=horizon)

    def test_has_no_default(self):
        with pytest.raises(TypeError, match="horizon_weeks"):
            estimate_rmst(SMALL, "week", "left", PLAIN)


class TestLateEntry:
    def test_at_risk_only_after_entry(self):
        """Old: entries after weeks 0, 0 and 2, exits 2, 4, 4: S = 1, 1, 1/2, 1/2, 0."""
        rows = [("old", 0, 2, 1), ("old", 0, 4, 1), ("old", 2, 4, 1)]
        frame = trial(
            [*rows, *[("new", *row[1:]) for row in rows]], ("arm", "from", "week", "left")
        )
        effect = rmst(frame, horizon=4, entry="from")
        assert effect.mean_control == pytest.approx(3)
        assert effect.estimate == 0

    def test_weighting_refuses(self):
        with pytest.raises(ValueError, match="late entry"):
            rmst(SMALL, covariates=["site"], adjustment="weighting", entry="from")


class TestClusters:
    def frame(self, size=3):
        weeks = {"a": 1, "b": 2, "c": 4, "d": 1, "e": 3}
        rows = [("new" if office in "abc" else "old", office, week, 1)
                for office, week in weeks.items() for _ in range(size)]  # fmt: skip
        return trial(rows, ("arm", "office", "week", "left"))

    def test_equal_clusters_are_a_t_test_of_their_means(self):
        """Means 1, 2, 4 and 1, 3: variances 7/3 / 3 and 2 / 2, Welch's degrees of freedom."""
        effect = rmst(self.frame(), OFFICES)
        first, second = 7 / 3 / 3, 2 / 2
        assert effect.estimate == pytest.approx(7 / 3 - 2)
        assert effect.std_error == pytest.approx(math.sqrt(first + second))
        assert effect.df == pytest.approx((first + second) ** 2 / (first**2 / 2 + second**2 / 1))
        assert effect.n_clusters == 5

    def test_their_size_does_not_matter(self):
        small, large = rmst(self.frame(2), OFFICES), rmst(self.frame(20), OFFICES)
        assert small.std_error == pytest.approx(large.std_error)

    def test_by_the_lottery_all_ten(self):
        effect = rmst(self.frame(), OFFICES, inference="lottery")
        assert effect.inference == "lottery"
        assert effect.p_value * 10 == pytest.approx(round(effect.p_value * 10))

    def test_one_cluster_in_an_arm_of_a_stratum(self):
        frame = self.frame().assign(site=lambda f: np.where(f["office"].isin(["c", "e"]), "s", "n"))
        strata = Lottery(
            arm="arm", treatment="new", control="old", strata="site", clusters="office"
        )
        effect = rmst(frame, strata)
        assert math.isfinite(effect.estimate)
        assert math.isnan(effect.std_error)
        assert any("too few drawn" in note for note in effect.notes)


class TestAdjusted:
    def frame(self, n=400, seed=3):
        rng = np.random.default_rng(seed)
        age, new = rng.normal(size=n), rng.permutation(n) < n // 2
        week = np.minimum(np.ceil(rng.exponential(np.exp(2 + age))), 30).astype(int)
        return pd.DataFrame(
            {"arm": np.where(new, "new", "old"), "site": rng.integers(0, 2, n), "age": age,
             "twice": 2 * age, "week": week, "left": week < 30}
        )  # fmt: skip

    @pytest.mark.parametrize("adjustment", ["pseudo", "weighting"])
    def test_a_covariate_that_foretells_narrows_the_interval(self, adjustment):
        frame = self.frame()
        plain = rmst(frame, horizon=26)
        adjusted = rmst(frame, horizon=26, covariates=["age"], adjustment=adjustment)
        assert adjusted.std_error < 0.85 * plain.std_error
        means = adjusted.mean_treatment - adjusted.mean_control
        assert adjusted.estimate == pytest.approx(means)

    @pytest.mark.parametrize("adjustment", ["pseudo", "weighting"])
    def test_a_collinear_covariate_changes_nothing(self, adjustment):
        one, two = (
            rmst(self.frame(), SITES, 26, covariates=names, adjustment=adjustment)
            for names in (["age"], ["age", "twice"])
        )
        assert two.estimate == pytest.approx(one.estimate)
        assert two.std_error == pytest.approx(one.std_error)

    def test_without_censoring_it_is_the_interacted_regression(self):
        """Lin (2013): y on the arm, the centred covariate and their product."""
        frame = self.frame()
        new, age = (frame["arm"] == "new").to_numpy(), frame["age"] - frame["age"].mean()
        design = np.column_stack([np.ones(len(new)), new, age, new * age])
        y = np.minimum(frame["week"], 26)
        effect = rmst(frame, horizon=26, covariates=["age"])
        assert effect.estimate == pytest.approx(np.linalg.lstsq(design, y)[0][1])

    def test_a_constant_covariate_is_left_out(self):
        frame = self.frame().assign(same=1)
        effect = rmst(frame, horizon=26, covariates=["same"])
        assert effect.estimate == rmst(frame, horizon=26).estimate
        assert any("does not vary" in note for note in effect.notes)

    def test_more_covariates_than_persons(self):
        frame = SMALL.assign(**{f"x{i}": np.eye(8)[i] for i in range(4)})
        effect = rmst(frame, covariates=[f"x{i}" for i in range(4)])
        assert math.isnan(effect.std_error)
        assert any("standard error not estimable" in note for note in effect.notes)

    def test_a_regression_without_a_solution(self):
        """The covariate varies among the censored alone, whose weight is 0."""
        frame = trial([("new", "x", w, w < 3) for w in (1, 2, 1, 4)]
                      + [("old", "x", w, w < 3) for w in (1, 2, 2, 4)])  # fmt: skip
        frame["z"] = 0
        frame = pd.concat([frame, trial([("new", "x", 1, 0)]).assign(z=1)])
        effect = rmst(frame, covariates=["z"], adjustment="weighting")
        assert math.isnan(effect.estimate)
        assert any("no solution" in note for note in effect.notes)

    def test_missing_covariates_are_refused(self):
        frame = self.frame().assign(age=np.nan)
        with pytest.raises(DataError, match="age"):
            rmst(frame, horizon=26, covariates=["age"])

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"adjustment": "weighting"}, "name them"),
            ({"adjustment": "weighting", "covariates": ["age"], "measure": "control"}, "one"),
            ({"adjustment": "weighting", "covariates": ["age"], "inference": "lottery"}, "drawn"),
            ({"adjustment": "weight"}, "weighting"),
            ({"measure": "diff"}, "difference"),
            ({"inference": "lotery"}, "lottery"),
            ({"inference": "lottery", "measure": "control"}, "compares arms"),
            ({"inference": "lottery", "draws": 0}, "draws"),
            ({"inference": "lottery", "seed": -1}, "seed"),
            ({"conf_level": 1.0}, "conf_level"),
        ],
    )
    def test_options_that_make_no_sense(self, options, said):
        with pytest.raises(ValueError, match=said):
            rmst(self.frame(), horizon=26, **options)


class TestLottery:
    def test_all_lotteries_by_hand(self):
        """Weeks 1, 2, 3 against 4, 5, 6, nobody censored: 2 of 20 lotteries are as extreme."""
        frame = trial([("new" if week > 3 else "old", "x", week, 1) for week in range(1, 7)])
        effect = rmst(frame, horizon=6, inference="lottery", conf_level=0.8)
        assert effect.p_value == pytest.approx(2 / 20)
        low, high = effect.confidence_interval()
        assert low > 0
        assert low + high == pytest.approx(2 * effect.estimate)

    def test_zero_is_in_the_interval_exactly_when_it_is_not_rejected(self):
        rng = np.random.default_rng(5)
        for size in np.linspace(0, 1.2, 25):
            drawn = rng.standard_normal((199, 1))
            ones = np.ones_like(drawn)
            redrawn = Redrawn(estimate=np.array([3 * size]), std_error=ones[0],
                              drawn_estimate=drawn, drawn_std_error=ones, studentised=True,
                              exact=False)  # fmt: skip
            found = conclude(redrawn, 0.95)
            assert (found.interval.low <= 0 <= found.interval.high) == (found.p_value > 0.05 + 1e-9)

    def test_draws_that_fail_count_as_extreme(self):
        drawn = np.array([[1.0], [np.nan], [0.5]])
        redrawn = Redrawn(estimate=np.array([2.0]), std_error=np.ones(1), drawn_estimate=drawn,
                          drawn_std_error=np.ones((3, 1)), studentised=True,
                          exact=False)  # fmt: skip
        found = conclude(redrawn, 0.5)
        assert found.p_value == 2 / 4
        assert found.interval == (1.0, 3.0)
        assert "1 of 3 draws" in found.notes[1]

    @pytest.mark.parametrize("lottery", [PLAIN, SITES])
    def test_persons_and_counts_give_the_same_in_every_lottery(self, lottery):
        frame = pd.concat([SMALL, SMALL.assign(week=lambda f: f["week"] + 1, site="y")])
        frame = frame.iloc[[0, 1, 4, 5, 8, 9, 12, 13]]
        durations = read_durations(frame, "week", "left", lottery)
        strata = weigh_strata(durations, lottery, None)

        def statistic(arms):
            again = replace(durations, assignment=replace(durations.assignment, assigned=arms))
            strata = weigh_strata(again, lottery, None)
            means = means_of_counts(cell_means(strata.grid, 3), strata.grid.sizes, strata.weights)
            return contrast_means(means, "ratio", 3)

        observed = statistic(durations.assignment.assigned)
        one = redraw_persons(statistic, observed, durations.assignment, 100, seed=1)
        other = redraw_counts(
            strata.grid, observed, 3, "ratio", standardise=True, draws=100, seed=1
        )
        assert one.exact
        assert other.exact
        assert one.draws == (70 if lottery is PLAIN else 36)
        for name in ("drawn_estimate", "drawn_std_error"):
            values = [np.sort(getattr(redrawn, name)[:, 0]) for redrawn in (one, other)]
            np.testing.assert_allclose(*values, rtol=1e-9, atol=1e-12)

    def test_counts_do_not_tell_who_entered_late(self):
        rows = [("old", 0, 2, 1), ("old", 0, 4, 1), ("old", 2, 4, 0)]
        frame = trial(
            [*rows, *[("new", *row[1:]) for row in rows]], ("arm", "from", "week", "left")
        )
        grid = read_durations(frame, "week", "left", PLAIN, entry="from").grid(PLAIN)
        with pytest.raises(DesignError, match="entered late"):
            rmst_from_grid(grid, endpoint="x", horizon_weeks=4, inference="lottery")
        effect = rmst(frame, entry="from", inference="lottery")
        assert effect.p_value == 1


class TestFromGrid:
    def test_is_what_persons_give(self):
        frame = TestAdjusted().frame()
        grid = read_durations(frame, "week", "left", SITES).grid(SITES)
        for options in ({}, {"standardise": False}, {"inference": "lottery", "draws": 300}):
            one = rmst(frame, SITES, 20, **options)
            other = rmst_from_grid(grid, endpoint="week", horizon_weeks=20, **options)
            assert one == other

    def test_a_stratum_without_persons_falls_away(self):
        grid = read_durations(SMALL, "week", "left", SITES).grid(SITES)
        wide = replace(
            grid,
            strata=("x", "empty"),
            **{name: np.pad(values, [(0, 0), (0, 1), *[(0, 0)] * (values.ndim - 2)])
               for name, values in (("events", grid.events), ("censored", grid.censored),
                                    ("entries", grid.entries))},
        )  # fmt: skip
        for options in product(("model", "lottery"), (None, False)):
            given = dict(zip(("inference", "standardise"), options, strict=True))
            one, other = (
                rmst_from_grid(g, endpoint="week", horizon_weeks=4, **given) for g in (grid, wide)
            )
            assert one == other
            assert math.isfinite(one.p_value)
            one, other = (
                state_weeks_from_grid(g, endpoint="week", horizon_weeks=4, **given)
                for g in (grid, wide)
            )
            assert one == other


def test_nobody_left():
    frame = trial([("new", "x", 5, 0), ("old", "x", 5, 0)] * 3)
    effect = rmst(frame)
    assert effect.mean_treatment == effect.mean_control == 4
    assert math.isnan(effect.p_value)
    lost = rmst(frame, measure="lost_ratio")
    assert math.isnan(lost.estimate)
    assert any("ratio" in note for note in lost.notes if note.startswith("not estimable"))


def test_odds_that_vary_within_strata_are_refused():
    frame = SMALL.assign(p=np.linspace(0.3, 0.6, 8))
    with pytest.raises(DesignError, match="strata"):
        rmst(frame, Lottery(arm="arm", treatment="new", control="old", probability="p"))
