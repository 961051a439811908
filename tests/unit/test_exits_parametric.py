"""Parametric and discrete-time models at their edges, and what is refused."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from jobeval import DataError, DesignError, Lottery, compare_durations, fit_parametric
from jobeval.exits.grid.durations import read_durations
from jobeval.exits.models.compare_models import compare_durations_from_grid
from jobeval.exits.models.discrete_time import fit_weekly_hazards
from jobeval.exits.models.model_choice import DISTRIBUTIONS
from jobeval.exits.models.parametric import parametric_from_grid
from jobeval.results import DurationComparison, DurationModel

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
CONTINUOUS = DISTRIBUTIONS[:5]


def trial(n=80, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "arm": np.where(np.arange(n) % 2, "new", "old"),
            "site": np.where(np.arange(n) % 4 < 2, "north", "south"),
            "age": rng.integers(20, 60, n),
            "week": rng.integers(1, 12, n),
            "left": rng.random(n) < 0.7,
        }
    )


def fit(frame, distribution="weibull", lottery=PLAIN, **options):
    return fit_parametric(frame, "week", "left", lottery, distribution=distribution, **options)


class TestByHand:
    """Six persons: treated 1+, 1, 6 weeks, controls 6, 8+, 9."""

    six = pd.DataFrame(
        {"week": [1, 1, 6, 6, 8, 9], "left": [1, 0, 1, 1, 0, 1],
         "arm": ["new", "new", "new", "old", "old", "old"]}
    )  # fmt: skip

    def test_exponential(self):
        """2 exits in 8 weeks against 2 in 23: the variance of a log rate is 1 / exits."""
        model = fit(self.six, "exponential")
        assert model.effect.estimate == pytest.approx(np.log(8 / 23), rel=1e-9)
        assert model.effect.std_error == pytest.approx(1, rel=1e-9)
        assert model.loglik == pytest.approx(2 * np.log(2 / 8) + 2 * np.log(2 / 23) - 4)
        assert model.loglik_null == pytest.approx(4 * np.log(4 / 31) - 4)
        assert model.aic == pytest.approx(4 - 2 * model.loglik)

    def test_grouped_exponential_in_one_week(self):
        """In one week, S = exp(−1 / mean): the share that stays tells the mean."""
        frame = pd.DataFrame({"arm": ["new"] * 4 + ["old"] * 4, "week": 1,
                              "left": [1, 0, 0, 0, 1, 1, 0, 0]})  # fmt: skip
        model = fit(frame, "exponential", grouped=True)
        assert np.exp(model["intercept"].estimate) == pytest.approx(-1 / np.log(1 / 2))
        assert model.effect.ratio == pytest.approx(np.log(1 / 2) / np.log(3 / 4))

    def test_piecewise_exponential_of_one_arm_is_exits_over_time(self):
        """Weeks 1–5: 1 exit, 5 + 5 · … persons at risk; the arms alike by construction."""
        frame = pd.concat([self.six.assign(arm="new"), self.six.assign(arm="old")])
        model = fit(frame, "piecewise-exponential", breaks=(5,))
        assert model.effect.estimate == pytest.approx(0, abs=1e-9)
        assert model["baseline[1-5]"].estimate == pytest.approx(np.log(1 / (2 + 4 * 5)))
        assert model["baseline[6-9]"].estimate == pytest.approx(np.log(3 / (2 * 1 + 3 + 4)))

    def test_weekly_odds(self):
        """One week: the log odds ratio of a two by two table."""
        frame = pd.DataFrame({"arm": ["new"] * 5 + ["old"] * 5, "week": 1,
                              "left": [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]})  # fmt: skip
        model = fit(frame, "logit")
        assert model.effect.ratio == pytest.approx((3 / 2) / (1 / 4))
        assert model.effect.std_error == pytest.approx(np.sqrt(1 / 3 + 1 / 2 + 1 + 1 / 4))
        assert model.effect.unit == "odds_ratio"


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"distribution": "weibul"}, 'did you mean "weibull"'),
            ({"distribution": "cloglog", "baseline": "quadratc"}, 'did you mean "quadratic"'),
            ({"strata": "ignore"}, "strata 'ignore' is unknown"),
            ({"breaks": (13,)}, "no baseline of its own"),
            ({"strata": "baseline"}, "no baseline of its own"),
            ({"distribution": "piecewise-exponential", "baseline": "log"}, "do not go with 'log'"),
            ({"distribution": "logit", "breaks": (4, 4)}, "must ascend"),
            ({"distribution": "logit", "breaks": (0, 4)}, "whole weeks from 1 on"),
            ({"distribution": "logit", "breaks": (1.5,)}, "whole weeks from 1 on"),
            ({"distribution": "logit", "breaks": ()}, "whole weeks from 1 on"),
            ({"distribution": "logit", "baseline": "log", "strata": "baseline"}, "alike in all"),
            ({"conf_level": 1.0}, "between 0 and 1"),
        ],
    )
    def test_options(self, options, words):
        with pytest.raises(ValueError, match=words):
            fit(trial(), **options)

    @pytest.mark.parametrize("distributions", [[], ["weibull", "weibull"], "weibull"])
    def test_distributions_to_compare(self, distributions):
        with pytest.raises(ValueError, match="a list of names, each once"):
            compare_durations(trial(), "week", "left", PLAIN, distributions=distributions)

    @pytest.mark.parametrize("distribution", CONTINUOUS)
    def test_exits_in_week_0_in_continuous_time(self, distribution):
        frame = trial()
        frame.loc[:2, ["week", "left"]] = [[0, True], [0, True], [0, False]]
        with pytest.raises(DataError, match=r"2 exits in week 0.*as week 1, or take"):
            fit(frame, distribution)

    @pytest.mark.parametrize("distribution", ["cloglog", "logit"])
    def test_week_0_is_a_week_when_somebody_left_in_it(self, distribution):
        frame = trial()
        frame.loc[:2, ["week", "left"]] = [[0, True], [0, True], [0, False]]
        later = frame.assign(week=frame["week"] + 1)
        now, then = (fit(f, distribution).effect for f in (frame, later))
        assert now.estimate == pytest.approx(then.estimate, rel=1e-9)

    def test_covariates_that_tell_the_arm(self):
        frame = trial().assign(sent=lambda f: (f["arm"] == "new").astype(int))
        with pytest.raises(DesignError, match="arm"):
            fit(frame, covariates=["sent"])


class TestNotEstimable:
    @pytest.mark.parametrize("distribution", DISTRIBUTIONS)
    def test_no_exit(self, distribution):
        model = fit(trial().assign(left=False), distribution, SITES)
        assert np.isnan([model.effect.estimate, model.effect.std_error, model.loglik]).all()
        assert model.effect.notes == ("not estimable: no exit was seen",)

    @pytest.mark.parametrize("grouped", [False, True])
    @pytest.mark.parametrize("distribution", DISTRIBUTIONS)
    def test_an_arm_that_never_leaves_is_infinite_and_said_so(self, distribution, grouped):
        frame = trial().assign(left=lambda f: f["arm"] == "old")
        model = fit(frame, distribution, grouped=grouped)
        assert np.isnan([model.effect.estimate, model.effect.std_error]).all()
        assert model.notes[0].startswith("not estimable (infinite)")

    @pytest.mark.parametrize("distribution", ["weibull", "log-normal", "log-logistic"])
    def test_exits_of_one_week_have_no_spread(self, distribution):
        model = fit(trial().assign(week=5, left=True), distribution)
        assert np.isnan([model.effect.estimate, model["log_scale"].estimate]).all()
        assert "no single maximum" in model.notes[0]

    @pytest.mark.parametrize("options", [{}, {"robust": True}, {"strata": "baseline"}])
    @pytest.mark.parametrize("distribution", ["cloglog", "logit"])
    def test_everybody_leaves_at_once(self, distribution, options):
        frame = trial().assign(week=1, left=True)
        model = fit(frame, distribution, SITES, **options)
        assert np.isnan([model.effect.estimate, model.effect.std_error]).all()
        assert model.notes[0].startswith("not estimable")

    @pytest.mark.parametrize("distribution", DISTRIBUTIONS)
    def test_an_infinite_covariate_leaves_the_treatment_alone(self, distribution):
        frame = trial(200).assign(rare=lambda f: (f.index < 6).astype(int))
        frame.loc[frame["rare"] == 1, "left"] = False
        with_it = fit(frame, distribution, covariates=["rare"])
        without = fit(frame[frame["rare"] == 0], distribution)
        assert with_it.effect.estimate == pytest.approx(without.effect.estimate, abs=1e-4)
        assert with_it.effect.std_error == pytest.approx(without.effect.std_error, rel=1e-3)
        assert "coefficient of 'rare' is infinite" in with_it.notes

    @pytest.mark.parametrize("distribution", DISTRIBUTIONS)
    def test_a_site_without_exits_says_nothing(self, distribution):
        frame = trial(200).assign(only_there=lambda f: f["age"] * (f["site"] == "south"))
        frame.loc[frame["site"] == "south", "left"] = False
        model = fit(frame, distribution, SITES, covariates=["age", "only_there"])
        alone = fit(frame[frame["site"] == "north"], distribution, covariates=["age"])
        assert model.effect.estimate == pytest.approx(alone.effect.estimate, rel=1e-9)
        assert model.effect.std_error == pytest.approx(alone.effect.std_error, rel=1e-9)
        assert (model.n, model.effect.n_treatment) == (200, 100)
        assert model.notes[0] == "1 strata in which nobody left say nothing"
        assert "'only_there' says nothing there" in model.notes[1]

    def test_the_arm_told_where_somebody_left(self):
        frame = trial().assign(sent=lambda f: f["arm"].eq("new") & f["site"].eq("north"))
        frame.loc[frame["site"] == "south", "left"] = False
        frame["sent"] = frame["sent"].astype(int)
        with pytest.raises(DesignError, match="where somebody left"):
            fit(frame, "cloglog", SITES, covariates=["sent"])


class TestWeeks:
    @pytest.mark.parametrize("distribution", ["cloglog", "logit"])
    def test_weeks_in_which_nobody_or_everybody_left_change_nothing(self, distribution):
        frame = trial().assign(week=lambda f: f["week"] * 2)
        last = frame["week"] == 22
        assert last.any()
        frame.loc[last, "left"] = True  # everybody still there leaves in the last week
        told = fit(frame, distribution)
        ended = frame.assign(left=frame["left"] & ~last)
        np.testing.assert_allclose(told.loglik, fit(ended, distribution).loglik, rtol=1e-12)
        assert told.effect.estimate == pytest.approx(fit(ended, distribution).effect.estimate)
        assert told.n_parameters == 1 + 22

    def test_fitted_exits_are_the_observed_ones(self):
        """The score of a level of the complementary log-log."""
        frame = trial(300)
        x = np.column_stack([frame["arm"] == "new", frame["age"]]).astype(float)
        weeks, left = frame["week"].to_numpy(), frame["left"].to_numpy()
        one = np.ones(len(x))
        model = fit_weekly_hazards(x, weeks, left, one, np.zeros(len(x), dtype=int), link="logit")
        hazard = 1 / (1 + np.exp(-(model.alpha[0] + (x @ model.slopes)[:, None])))
        at_risk = weeks[:, None] >= np.arange(12)
        seen = np.bincount(weeks[left], minlength=12)
        np.testing.assert_allclose((hazard * at_risk).sum(axis=0), seen, atol=1e-6)
        model = fit_weekly_hazards(x, weeks, left, one, np.zeros(len(x), dtype=int))
        rate = np.exp(model.alpha[0] + (x @ model.slopes)[:, None])
        gone = left[:, None] & (weeks[:, None] == np.arange(12))
        per_hazard = np.where(gone, rate / np.expm1(rate + ~gone), 0)  # score of an exit
        staying = np.where(at_risk & ~gone, rate, 0)
        np.testing.assert_allclose((per_hazard - staying).sum(axis=0), 0, atol=1e-6)

    @pytest.mark.parametrize("link", ["cloglog", "logit"])
    def test_memory_does_not_grow_with_weeks(self, link):
        rng, n = np.random.default_rng(2), 4000
        x, left = rng.normal(size=(n, 6)), rng.random(n) < 0.6
        weeks, zero = rng.integers(1, 40, n), np.zeros(n, dtype=int)

        def peak(factor):
            tracemalloc.start()
            fit_weekly_hazards(x, factor * weeks, left, np.ones(n), zero, link=link)
            used = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return used

        assert peak(20) < 1.5 * peak(1)  # a row for each week at risk would take 20 times more

    def test_a_level_for_each_period_with_exits(self):
        frame = trial().assign(left=lambda f: f["left"] & ~f["week"].between(4, 6))
        model = fit(frame, "piecewise-exponential", breaks=(3, 6, 30))
        assert [c.name for c in model.coefficients] == [
            "treatment",
            "baseline[1-3]",
            "baseline[7-11]",
        ]
        assert model.n_parameters == 1 + 3

    def test_a_baseline_for_each_stratum(self):
        """Weeks by site as one clock: the levels are those of the sites."""
        frame = trial(300)
        own = fit(frame, "cloglog", SITES, strata="baseline", covariates=["age"])
        shifted = frame.assign(
            began=np.where(frame["site"] == "south", 20, 0),
            week=frame["week"] + np.where(frame["site"] == "south", 20, 0),
        )
        clock = fit(shifted, "cloglog", PLAIN, covariates=["age"], entry="began")
        assert own.loglik == pytest.approx(clock.loglik, rel=1e-12)
        assert own.effect.estimate == pytest.approx(clock.effect.estimate, rel=1e-9)
        assert own.effect.std_error == pytest.approx(clock.effect.std_error, rel=1e-9)
        assert [c.name for c in own.coefficients] == ["treatment", "age"]

    def test_large_covariates_do_not_overflow(self):
        frame = trial().assign(income=lambda f: 5e8 + f["age"] * 1e6)
        for distribution in DISTRIBUTIONS:
            one = fit(frame, distribution, covariates=["income"]).effect
            other = fit(frame, distribution, covariates=["age"]).effect
            assert one.estimate == pytest.approx(other.estimate, rel=1e-6)


class TestRobust:
    @pytest.mark.parametrize("distribution", DISTRIBUTIONS)
    def test_persons_as_clusters_are_persons(self, distribution):
        frame = trial(60).assign(person=range(60), began=0)
        clusters = Lottery(arm="arm", treatment="new", control="old", clusters="person")
        one = fit(frame, distribution, robust=True, entry="began")
        other = fit(frame, distribution, clusters)
        assert one.effect.std_error == pytest.approx(other.effect.std_error, rel=1e-9)
        assert one.notes == ("robust standard error (sandwich)",)
        assert other.effect.n_clusters == 60
        model = fit(frame, distribution, clusters, robust=False)
        assert model.effect.std_error == fit(frame, distribution).effect.std_error
        assert model.notes == ("standard error of the model, as if persons were independent",)

    def test_everybody_twice_in_clusters_of_two(self):
        frame = trial(80).assign(pair=range(80))
        twice = pd.concat([frame, frame])
        pairs = Lottery(arm="arm", treatment="new", control="old", clusters="pair")
        for distribution in DISTRIBUTIONS:
            one = fit(frame, distribution, robust=True, covariates=["age"])
            two = fit(twice, distribution, pairs, covariates=["age"])
            assert two.effect.std_error == pytest.approx(one.effect.std_error, rel=1e-7)


class TestResults:
    def test_a_model_survives_json(self):
        model = fit(trial(), "cloglog", SITES, covariates=["age"], baseline="log")
        assert DurationModel.from_dict(model.to_dict()) == model
        assert model.coefficients[0].name == "treatment"
        assert model["log(week)"].std_error > 0
        assert (model.effect.n_treatment, model.effect.n_control) == (40, 40)
        assert model.effect.n_apart_treatment + model.effect.n_apart_control == model.n_exits

    def test_counts_of_the_engine_are_enough(self):
        frame = trial()
        grid = read_durations(frame, "week", "left", SITES).grid(SITES)
        for distribution in DISTRIBUTIONS:
            counted = parametric_from_grid(grid, endpoint="week", distribution=distribution)
            assert counted == fit(frame, distribution, SITES)
        table = compare_durations_from_grid(grid, endpoint="week")
        told = compare_durations(frame, "week", "left", SITES)
        pd.testing.assert_frame_equal(table.to_frame(), told.to_frame())

    def test_comparison(self):
        table = compare_durations(trial(), "week", "left", SITES, covariates=["age"])
        frame = table.to_frame()
        assert tuple(frame["distribution"]) == DISTRIBUTIONS == table.distributions
        assert frame["aic_difference"].min() == 0
        assert table.best == frame.loc[frame["aic"].idxmin(), "distribution"]
        assert len(table.curves) == 2 + 2 * len(DISTRIBUTIONS)
        assert table.curves.one(arm="old", cause="").notes == ("Kaplan–Meier",)
        again = DurationComparison.from_dict(table.to_dict())
        pd.testing.assert_frame_equal(again.to_frame(), frame)
        pd.testing.assert_frame_equal(again.curves.to_frame(), table.curves.to_frame())
        assert "lowest AIC" in repr(table)
        assert table._repr_html_().startswith("<")

    def test_curves_start_at_one_and_fall(self):
        table = compare_durations(trial(), "week", "left", SITES, covariates=["age"])
        for curve in table.curves:
            assert curve.values[0] == 1
            assert not (np.diff(curve.values) > 1e-15).any()

    def test_free_levels_by_site_and_arm_follow_kaplan_meier(self):
        """With one person in a cell of covariates, the model of an arm alone is Kaplan–Meier."""
        frame = trial(400)
        grid = read_durations(frame, "week", "left", PLAIN).grid(PLAIN)
        table = compare_durations_from_grid(grid, endpoint="week", distributions=["cloglog"])
        assert max(table.distances[0]) < 0.05
        alike = pd.concat([frame.assign(arm="new"), frame.assign(arm="old")])
        table = compare_durations(alike, "week", "left", PLAIN, distributions=["cloglog", "logit"])
        np.testing.assert_allclose(table.distances, 0, atol=1e-9)

    def test_nothing_to_compare(self):
        table = compare_durations(trial().assign(left=False), "week", "left", SITES)
        assert table.best == ""
        assert np.isnan(np.array(table.distances)).all()
        assert np.isnan(table.to_frame()["aic"]).all()
        assert np.isnan(table.curves.one(arm="new", cause="weibull").values).all()

    def test_everybody_leaves(self):
        """The last week's level is infinite: nobody survives it."""
        frame = trial().assign(left=True)
        for lottery in (PLAIN, SITES):
            table = compare_durations(
                frame, "week", "left", lottery, distributions=["cloglog", "logit"]
            )
            assert [c.values[-1] for c in table.curves] == [0] * 6
