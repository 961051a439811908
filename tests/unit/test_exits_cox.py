"""Cox models at their edges: what is infinite, unknown, refused or said."""

import numpy as np
import pandas as pd
import pytest

from jobeval import DataError, DesignError, Lottery
from jobeval.exits.hazards.cox import estimate_hazard_ratio, fit_cox
from jobeval.exits.hazards.cox_design import independent_columns
from jobeval.exits.hazards.hazard_ratio_over_time import hazard_ratio_over_time
from jobeval.exits.hazards.piecewise_hazards import estimate_piecewise_hazard_ratios
from jobeval.exits.hazards.proportional_hazards import (
    proportional_hazards_test,
    proportional_hazards_tests,
)
from jobeval.results import DurationModel

PLAIN = Lottery(arm="arm", treatment="new", control="old")
CLUSTERS = Lottery(arm="arm", treatment="new", control="old", clusters="cluster")


def trial(n=60, seed=3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    arm = np.where(np.arange(n) % 2, "new", "old")
    return pd.DataFrame(
        {
            "arm": arm,
            "cluster": [f"{name}{k}" for name, k in zip(arm, rng.integers(0, 6, n), strict=True)],
            "person": np.arange(n),
            "age": rng.integers(20, 60, n),
            "week": rng.integers(1, 30, n),
            "left": rng.random(n) < 0.7,
        }
    )


def nobody_new_leaves() -> pd.DataFrame:
    return trial().assign(left=lambda f: f["left"] & (f["arm"] == "old"))


class TestMonotone:
    def test_a_ratio_of_zero_is_infinite_and_firth_is_offered(self):
        effect = estimate_hazard_ratio(nobody_new_leaves(), "week", "left", PLAIN)
        assert np.isnan(effect.estimate)
        assert np.isnan(effect.p_value)
        assert effect.notes[0].startswith("not estimable (infinite)")
        assert 'penalty="firth"' in effect.notes[0]

    def test_firth_is_finite_and_its_interval_open_to_common_sense(self):
        effect = estimate_hazard_ratio(nobody_new_leaves(), "week", "left", PLAIN, penalty="firth")
        low, high = effect.confidence_interval()
        assert low < effect.estimate < high < 0
        assert effect.estimate - low > high - effect.estimate  # longer towards zero hazard
        assert effect.p_value < 0.001
        assert effect.estimator == "Cox (Efron, Firth)"

    def test_firth_with_one_exit_by_hand(self):
        """A treated person leaves, of 3 treated and 2 controls at risk, and nobody else.

        With p = 3r / (3r + 2) the penalised score 1 − p + ½ (1 − 2p) is 0 at p = 3/4: r = 2.
        """
        frame = pd.DataFrame({"arm": ["new"] * 3 + ["old"] * 2, "week": [4, 9, 9, 9, 9]})
        frame["left"] = frame["week"] == 4
        effect = estimate_hazard_ratio(frame, "week", "left", PLAIN, penalty="firth")
        assert effect.estimate == pytest.approx(np.log(2), rel=1e-8)
        assert effect.std_error == pytest.approx((3 / 16) ** -0.5, rel=1e-8)

    def test_no_exit(self):
        model = fit_cox(trial().assign(left=False), "week", "left", PLAIN, covariates=["age"])
        assert np.isnan(model.effect.estimate)
        assert np.isnan(model.loglik)
        assert [row.name for row in model.coefficients] == ["treatment", "age"]
        assert model.effect.notes == ("not estimable: no exit was seen",)

    def test_one_arm_at_risk(self):
        frame = trial().assign(left=lambda f: f["left"] & (f["week"] > 20))
        frame = frame[(frame["arm"] == "new") | (frame["week"] < 20)]
        effect = estimate_hazard_ratio(frame, "week", "left", PLAIN)
        assert effect.notes == ("not estimable: no exit with both arms at risk",)

    def test_a_covariate_that_no_exit_sees_leaves_the_rest_alone(self):
        frame = trial().assign(early=lambda f: (f["week"] == 1) & ~f["left"])
        frame.loc[0, ["week", "left", "early"]] = (1, False, True)
        frame.loc[frame["week"] == 1, "left"] = False
        model = fit_cox(frame, "week", "left", PLAIN, covariates=["age", "early"])
        without = fit_cox(frame, "week", "left", PLAIN, covariates=["age"])
        assert np.isnan(model["early"].estimate)
        assert model["treatment"] == without["treatment"]
        assert "covariate 'early' does not vary at any exit and is left out" in model.notes

    def test_columns_that_those_at_risk_cannot_tell_apart(self):
        frame = trial().assign(twin=lambda f: f["age"])
        frame.loc[0, ["week", "left", "twin"]] = (1, False, 99)
        frame.loc[frame["week"] == 1, "left"] = False
        effect = estimate_hazard_ratio(frame, "week", "left", PLAIN, covariates=["age", "twin"])
        assert np.isnan(effect.estimate)
        assert effect.notes == ("not estimable: the likelihood has no single maximum",)


class TestRowsOfPersons:
    rows = pd.DataFrame(
        {
            "arm": ["new"] * 3 + ["old"] * 3 + ["new", "old"],
            "person": list("aabccdef"),
            "entry": [0, 4, 0, 0, 2, 0, 0, 0],
            "week": [4, 9, 7, 2, 8, 6, 5, 9],
            "left": [1, 1, 0, 1, 1, 1, 0, 0],
        }
    )

    def test_sizes_are_of_persons(self):
        effect = estimate_hazard_ratio(
            self.rows, "week", "left", PLAIN, entry="entry", person="person"
        )
        assert (effect.n_treatment, effect.n_control) == (3, 3)
        assert (effect.n_apart_treatment, effect.n_apart_control) == (1, 2)

    def test_errors_are_robust_when_a_person_leaves_again(self):
        of = {"entry": "entry", "person": "person"}
        again = estimate_hazard_ratio(self.rows, "week", "left", PLAIN, **of)
        assert again.notes == ("robust standard error (Lin–Wei) over persons",)
        once = self.rows.assign(left=self.rows["left"] * [0, 1, 1, 0, 1, 1, 1, 1])
        assert estimate_hazard_ratio(once, "week", "left", PLAIN, **of).notes == ()

    def test_entry_in_the_week_of_an_exit_is_not_at_risk(self):
        """Three weeks, one exit each: e enters in week 2 and so only meets the exit of week 5."""
        frame = pd.DataFrame(
            {"arm": ["new", "old", "old", "new"], "entry": [0, 0, 2, 0], "week": [2, 5, 6, 6],
             "left": [1, 1, 0, 0]}
        )  # fmt: skip
        effect = estimate_hazard_ratio(frame, "week", "left", PLAIN, entry="entry")
        # log(r/(2r+1)) + log(1/(r+2)) is largest at 2r² = 2 (with e at risk in week 2: r² = 2)
        assert effect.estimate == pytest.approx(0, abs=1e-10)

    def test_rows_need_their_entry(self):
        with pytest.raises(ValueError, match="entry"):
            estimate_hazard_ratio(self.rows, "week", "left", PLAIN, person="person")

    def test_rows_may_not_overlap(self):
        with pytest.raises(DataError, match="overlap"):
            estimate_hazard_ratio(
                self.rows.assign(entry=0), "week", "left", PLAIN, entry="entry", person="person"
            )


class TestOptions:
    @pytest.mark.parametrize(
        ("option", "value", "hint"),
        [("ties", "efrn", '"efron"'), ("penalty", "frith", '"firth"'),
         ("interval", "profil", '"profile"')],
    )  # fmt: skip
    def test_words_are_known(self, option, value, hint):
        with pytest.raises(ValueError, match=hint):
            estimate_hazard_ratio(trial(), "week", "left", PLAIN, **{option: value})

    def test_firth_has_no_exact_ties(self):
        with pytest.raises(ValueError, match="firth"):
            fit_cox(trial(), "week", "left", PLAIN, ties="exact", penalty="firth")

    @pytest.mark.parametrize(
        "option", [{"ties": "exact"}, {"penalty": "firth"}, {"interval": "profile"}]
    )
    def test_what_has_no_errors_over_clusters_is_refused_with_the_mend(self, option):
        with pytest.raises(DesignError, match="robust=False"):
            estimate_hazard_ratio(trial(), "week", "left", CLUSTERS, **option)
        effect = estimate_hazard_ratio(trial(), "week", "left", CLUSTERS, robust=False, **option)
        assert np.isfinite(effect.estimate)
        assert "as if persons were independent" in effect.notes[-1]

    def test_a_model_survives_json(self):
        model = fit_cox(trial(), "week", "left", PLAIN, covariates=["age"], penalty="firth")
        assert DurationModel.from_dict(model.to_dict()) == model

    def test_the_profile_interval_is_where_the_likelihood_ratio_is(self):
        """Fixing treatment at a bound loses half the quantile of chi-square in log-likelihood."""
        frame = trial()
        model = fit_cox(frame, "week", "left", PLAIN, interval="profile", conf_level=0.9)
        for bound in model.effect.confidence_interval():
            assert model.loglik - loglik_at(frame, bound) == pytest.approx(2.705543 / 2, abs=1e-6)


def loglik_at(frame, beta) -> float:
    """Efron's log partial likelihood of the arm alone."""
    x = (frame["arm"] == "new").to_numpy()
    weeks, left, total = frame["week"].to_numpy(), frame["left"].to_numpy(), 0.0
    for week in np.unique(weeks[left]):
        dead, risk = left & (weeks == week), weeks >= week
        total += beta * x[dead].sum()
        for k in range(dead.sum()):
            share = risk - k / dead.sum() * dead
            total -= np.log(share @ np.exp(beta * x))
    return total


class TestOverTime:
    def test_parts_are_named(self):
        tests = proportional_hazards_tests(trial(), "week", "left", PLAIN, covariates=["age"])
        assert [test.part for test in tests] == ["treatment", "age", "global"]
        with pytest.raises(ValueError, match='"age"'):
            proportional_hazards_test(
                trial(), "week", "left", PLAIN, covariates=["age"], part="agee"
            )

    def test_week_0_has_no_logarithm(self):
        frame = trial().assign(week=lambda f: f["week"] - f["week"].min(), left=True)
        with pytest.raises(DesignError, match="week 0"):
            proportional_hazards_test(frame, "week", "left", PLAIN, transform="log")

    @pytest.mark.parametrize(
        ("frame", "said"),
        [
            (trial().assign(left=False), "no exit"),
            (nobody_new_leaves(), "no finite fit"),
            (trial().assign(week=5), "one week"),
        ],
    )
    def test_what_cannot_be_tested_is_nan(self, frame, said):
        test = proportional_hazards_test(frame, "week", "left", PLAIN)
        assert np.isnan(test.statistic)
        assert np.isnan(test.p_value)
        assert said in test.notes[0]

    @pytest.mark.parametrize(
        ("frame", "said"),
        [
            (trial().assign(left=False), "no exit"),
            (nobody_new_leaves(), "no finite fit"),
            (trial().assign(week=lambda f: 1 + f["week"] % 2), "too few weeks"),
        ],
    )
    def test_what_cannot_be_smoothed_is_nan(self, frame, said):
        curve = hazard_ratio_over_time(frame, "week", "left", PLAIN)
        assert np.isnan(curve.values).all()
        assert np.isnan(curve.band_low).all()
        assert said in curve.notes[-1]

    def test_a_line_is_the_test_against_the_week(self):
        """With df = 2 the curve is a line, whose slope by its error squared is the test."""
        frame = trial(200)
        curve = hazard_ratio_over_time(frame, "week", "left", PLAIN, df=2)
        test = proportional_hazards_test(frame, "week", "left", PLAIN, transform="identity")
        np.testing.assert_allclose(np.diff(curve.values, 2), 0, atol=1e-12)
        effect = estimate_hazard_ratio(frame, "week", "left", PLAIN)
        apart = curve.values - effect.estimate
        variance = curve.std_error**2 - effect.std_error**2  # the slope's part
        far = np.abs(apart) > 0.05
        np.testing.assert_allclose(apart[far] ** 2 / variance[far], test.statistic, rtol=1e-6)

    def test_ties_and_df_are_validated(self):
        with pytest.raises(ValueError, match="ties"):
            proportional_hazards_test(trial(), "week", "left", PLAIN, ties="exact")
        with pytest.raises(ValueError, match="df"):
            hazard_ratio_over_time(trial(), "week", "left", PLAIN, df=1)


class TestPeriods:
    def test_periods_without_an_exit_are_unknown_and_leave_the_others_alone(self):
        ratios = estimate_piecewise_hazard_ratios(
            trial(), "week", "left", PLAIN, periods=(0, 10, 29, 60)
        )
        assert [effect.part for effect in ratios.effects] == [
            "weeks 1–10", "weeks 11–29", "weeks 30–60",
        ]  # fmt: skip
        assert ratios.effects[2].notes == ("not estimable: no exit was seen",)
        short = estimate_piecewise_hazard_ratios(
            trial(), "week", "left", PLAIN, periods=(0, 10, 29)
        )
        assert short.effects[1].estimate == pytest.approx(ratios.effects[1].estimate, rel=1e-12)
        assert short.equality.statistic == pytest.approx(ratios.equality.statistic, rel=1e-12)
        assert ratios.equality.df == 1

    def test_without_covariates_each_period_is_a_model_of_its_own(self):
        frame = trial(200)
        ratios = estimate_piecewise_hazard_ratios(frame, "week", "left", PLAIN, periods=(0, 10, 29))
        first = frame.assign(left=frame["left"] & (frame["week"] <= 10))
        second = frame[frame["week"] > 10].assign(began=10)
        alone = [
            estimate_hazard_ratio(first.assign(week=first["week"].clip(upper=10)), "week",
                                  "left", PLAIN),
            estimate_hazard_ratio(second, "week", "left", PLAIN, entry="began"),
        ]  # fmt: skip
        for piece, own in zip(ratios.effects, alone, strict=True):
            assert piece.estimate == pytest.approx(own.estimate, rel=1e-9)
            assert piece.std_error == pytest.approx(own.std_error, rel=1e-9)
            assert (piece.n_treatment, piece.n_control) == (own.n_treatment, own.n_control)

    def test_an_infinite_period(self):
        frame = trial(200)
        frame.loc[(frame["arm"] == "new") & (frame["week"] > 20), "left"] = False
        ratios = estimate_piecewise_hazard_ratios(
            frame, "week", "left", PLAIN, periods=(0, 10, 20, 29)
        )
        assert ratios.effects[2].notes[0].startswith("not estimable (infinite)")
        assert ratios.equality.df == 1
        assert ratios.equality.notes == ("1 periods without an estimate take no part",)

    @pytest.mark.parametrize("periods", [(13, 0), (0,), (0, 1.5), (-1, 4)])
    def test_periods_are_validated(self, periods):
        with pytest.raises(ValueError, match="periods"):
            estimate_piecewise_hazard_ratios(trial(), "week", "left", PLAIN, periods=periods)


def test_columns_are_judged_within_strata_whatever_their_size():
    rng = np.random.default_rng(1)
    stratum = rng.integers(0, 3, 400)
    year, noise = 2024 + rng.random(400) / 10, rng.normal(size=400)
    x = np.column_stack([year, stratum * 1e6, 3 * year + noise, noise, noise - year])
    assert independent_columns(x, stratum).tolist() == [True, False, True, False, False]
    assert independent_columns(np.empty((400, 0)), stratum).tolist() == []
