"""Restricted means that were published, or that other programs give."""

import numpy as np
import pandas as pd
import pytest
import survival.datasets as r_data

from jobeval import Lottery, estimate_rmst
from jobeval.exits.grid.durations import read_durations
from jobeval.exits.means.restricted_mean import restricted_mean, restricted_mean_influence

lifelines_data = pytest.importorskip("lifelines.datasets")
AID = Lottery(arm="fin", treatment=1, control=0)


def arm_mean(frame, duration, observed, lottery, horizon, arm):
    measure = "treatment" if arm else "control"
    mean = estimate_rmst(frame, duration, observed, lottery, horizon_weeks=horizon, measure=measure)
    return mean.estimate, mean.std_error


class TestRossi:
    """TARP, 52 weeks; R's ``survRM2`` and ``survfit(..., rmean = 52)``."""

    frame = lifelines_data.load_rossi()

    def test_means_and_their_errors(self):
        aided = arm_mean(self.frame, "week", "arrest", AID, 52, arm=1)
        control = arm_mean(self.frame, "week", "arrest", AID, 52, arm=0)
        assert aided == pytest.approx((46.875, 0.7933248959), abs=5e-11)
        assert control == pytest.approx((44.8333333333, 0.9176715405), abs=5e-11)

    @pytest.mark.filterwarnings("ignore:The maximum number of subdivisions")
    def test_lifelines_answers_the_spread_of_persons_and_not_the_error_of_their_mean(self):
        """Nobody is censored before week 52, so the variance of a mean is known: s² / n."""
        lifelines = pytest.importorskip("lifelines")
        from lifelines.utils import restricted_mean_survival_time

        aided = self.frame[self.frame["fin"] == 1]
        fitter = lifelines.KaplanMeierFitter().fit(aided["week"], aided["arrest"])
        mean, variance = restricted_mean_survival_time(fitter, t=52, return_variance=True)
        ours = arm_mean(self.frame, "week", "arrest", AID, 52, arm=1)
        weeks = np.minimum(aided["week"], 52)
        assert ours == pytest.approx((weeks.mean(), weeks.std(ddof=0) / np.sqrt(216)), rel=1e-12)
        assert mean == pytest.approx(ours[0])
        assert variance == pytest.approx(216 * ours[1] ** 2, rel=0.001)  # not ours² = .63

    def test_difference(self):
        effect = estimate_rmst(self.frame, "week", "arrest", AID, horizon_weeks=52)
        assert effect.estimate == pytest.approx(2.0416666667, abs=5e-11)
        assert effect.horizon_weeks == 52
        assert effect.unit == "weeks"


def test_freireich():
    """6-MP against placebo to 21 weeks: area under the published curves."""
    frame = lifelines_data.load_leukemia()
    lottery = Lottery(arm="Rx", treatment=0, control=1)
    assert arm_mean(frame, "t", "status", lottery, 21, 1) == pytest.approx(
        (16.74398, 1.35497), abs=5e-6
    )
    assert arm_mean(frame, "t", "status", lottery, 21, 0) == pytest.approx(
        (8.52381, 1.31038), abs=5e-6
    )


class TestPrimaryBiliaryCirrhosis:
    """The vignette of R's survRM2: 312 patients, τ = 10 years of 365.25 days.

    The horizon falls on half a day, so time is counted in half days.
    """

    frame = pd.DataFrame(r_data.load_pbc()).iloc[:312]
    lottery = Lottery(arm="trt", treatment=1, control=2)
    halves = 730.5
    covariates = ("age", "bili", "albumin")

    def read(self, per_day=2, censored_earlier=0):
        died = self.frame["status"] == 2
        ticks = self.frame["time"] * per_day - censored_earlier * ~died
        return self.frame.assign(ticks=ticks, died=died)

    def estimate(self, **options):
        return estimate_rmst(
            self.read(), "ticks", "died", self.lottery, horizon_weeks=7305, **options
        )

    def test_means(self):
        treated, control = self.estimate(measure="treatment"), self.estimate(measure="control")
        assert treated.estimate / self.halves == pytest.approx(7.146493, abs=5e-7)
        assert treated.std_error / self.halves == pytest.approx(0.282775, abs=5e-7)
        assert control.estimate / self.halves == pytest.approx(7.283416, abs=5e-7)
        assert control.std_error / self.halves == pytest.approx(0.295478, abs=5e-7)

    def test_difference(self):
        effect = self.estimate()
        interval = np.array(effect.confidence_interval()) / self.halves
        assert effect.estimate / self.halves == pytest.approx(-0.136923, abs=5e-7)
        assert interval == pytest.approx((-0.938519, 0.664674), abs=5e-7)
        assert effect.p_value == pytest.approx(0.737786, abs=5e-7)

    def test_ratios(self):
        assert self.estimate(measure="ratio").ratio == pytest.approx(0.981201, abs=5e-7)
        assert self.estimate(measure="lost_ratio").ratio == pytest.approx(1.050403, abs=5e-7)

    def test_regression_weighted_for_censoring(self):
        """survRM2 counts a censoring on the day of a death before the death; here it comes after.

        Moved a quarter of a day ahead, the censored are before the deaths of their day, and its
        numbers come out.
        """
        frame = self.read(per_day=4, censored_earlier=1)

        def estimate(measure, frame=frame, horizon=14_610):
            return estimate_rmst(
                frame, "ticks", "died", self.lottery, horizon_weeks=horizon, measure=measure,
                covariates=self.covariates, adjustment="weighting",
            )  # fmt: skip

        effect = estimate("difference")
        assert effect.estimate / 1461 == pytest.approx(-0.2102945, abs=5e-8)
        assert effect.std_error / 1461 == pytest.approx(0.343269, abs=5e-7)
        interval = np.array(effect.confidence_interval()) / 1461
        assert interval == pytest.approx((-0.883090, 0.462501), abs=5e-7)
        assert effect.p_value == pytest.approx(0.540126, abs=5e-7)
        assert estimate("ratio").ratio == pytest.approx(0.967819, abs=5e-7)
        ours = estimate("difference", self.read(), 7305)
        assert ours.estimate / self.halves == pytest.approx(-0.209803, abs=5e-7)

    def test_pseudo_values_adjust_likewise_with_a_smaller_error(self):
        plain, adjusted = self.estimate(), self.estimate(covariates=self.covariates)
        weighted = self.estimate(covariates=self.covariates, adjustment="weighting")
        assert abs(adjusted.estimate - weighted.estimate) < 0.1 * weighted.std_error
        assert adjusted.std_error < weighted.std_error < plain.std_error


class TestLung:
    """R: ``survival::pseudo(survfit(Surv(time, status) ~ 1, lung), ...)`` and ``lm``."""

    frame = pd.DataFrame(r_data.load_lung())

    def read(self):
        frame = self.frame.assign(died=self.frame["status"] == 2)
        frame["arm"] = np.arange(len(frame)) % 2
        lottery = Lottery(arm="arm", treatment=1, control=0)
        return read_durations(frame, "time", "died", lottery)

    def test_regression_of_the_restricted_mean(self):
        durations = self.read()
        grid = durations.grid(Lottery(arm="arm", treatment=1, control=0))
        counts = (grid.at_risk.sum(axis=(0, 1)), grid.leavers.sum(axis=(0, 1)))
        influence = restricted_mean_influence(*counts, 365)
        own = influence.of((), durations.weeks, durations.cause > 0)
        values = restricted_mean(*counts, 365).values + len(own) * own
        x = self.frame[["age", "sex", "ph.ecog"]].to_numpy(float)
        known = ~np.isnan(x).any(axis=1)
        design = np.column_stack([np.ones(known.sum()), x[known]])
        slopes = np.linalg.lstsq(design, values[known])[0][1:]
        assert slopes == pytest.approx((-0.747734, 51.395773, -44.445613), abs=5e-7)
