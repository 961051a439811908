"""Tests of exits against published numbers and R: survival, cmprsk, coin, RobinCar2.

R's frozen answers (exits_tests.R) carry 14 digits and are compared at 1e-9.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines.datasets import load_leukemia, load_rossi
from survival.datasets import load_aml, load_colon, load_lung, load_mgus2

import jobeval as je

HERE = Path(__file__).parent
R = json.loads((HERE / "exits_tests.json").read_text())
SEX = je.Lottery(arm="sex", treatment=2, control=1)
ARM = je.Lottery(arm="arm", treatment=1, control=0)
SITES = je.Lottery(arm="arm", treatment=1, control=0, strata="site")


@pytest.fixture(scope="module")
def weekly():
    return pd.read_csv(HERE / "exits_weekly.csv")


@pytest.fixture(scope="module")
def lung():
    frame = pd.DataFrame(load_lung())
    return frame.assign(dead=frame["status"] == 2, ecog=frame["ph.ecog"])


class TestPublished:
    @pytest.mark.parametrize(
        ("weights", "statistic"),
        [(None, 10.326742), ((1, 0), 12.714151), ((0, 1), 3.459984), ((1, 1), 7.664783)],
    )
    def test_lung(self, lung, weights, statistic):
        """Also pull request 832 of survminer."""
        test = je.logrank_test(lung, "time", "dead", SEX, weights=weights)
        assert test.statistic == pytest.approx(statistic, abs=5.1e-7)

    def test_lung_within_strata(self, lung):
        within = je.Lottery(arm="sex", treatment=2, control=1, strata="ecog")
        test = je.logrank_test(lung[lung["ecog"] < 3], "time", "dead", within)
        assert test.statistic == pytest.approx(10.795060, abs=5.1e-7)

    def test_lung_max_combo(self, lung):
        """60 million draws of the four statistics gave .000978 ± 4e-6; it is .000984 here."""
        test = je.logrank_test(lung, "time", "dead", SEX, weights="max-combo")
        assert test.statistic == pytest.approx(3.565691, abs=5.1e-7)
        assert test.p_value == pytest.approx(0.000978, abs=8e-6)

    def test_freireich(self):
        """Freireich et al. (1963); weights (1, 0) are Peto & Peto's (1972)."""
        arms = je.Lottery(arm="Rx", treatment=0, control=1)
        plain = je.logrank_test(load_leukemia(), "t", "status", arms)
        peto = je.logrank_test(load_leukemia(), "t", "status", arms, weights=(1, 0))
        assert plain.statistic == pytest.approx(16.79294, abs=5.1e-6)
        assert peto.statistic == pytest.approx(14.45715, abs=5.1e-6)

    def test_other_trials(self):
        fin = je.Lottery(arm="fin", treatment=1, control=0)
        rossi = je.logrank_test(load_rossi(), "week", "arrest", fin)
        assert rossi.statistic == pytest.approx(3.837570, abs=5.1e-7)
        kept = je.Lottery(arm="x", treatment="Maintained", control="Nonmaintained")
        aml = je.logrank_test(pd.DataFrame(load_aml()), "time", "status", kept)
        assert aml.statistic == pytest.approx(3.396389, abs=5.1e-7)

    def test_gray_of_mgus2(self):
        """Therneau's vignette of competing risks: progression, and death before it, by sex."""
        frame = pd.DataFrame(load_mgus2())
        progressed, died = frame["pstat"] == 1, (frame["pstat"] == 0) & (frame["death"] == 1)
        frame["month"] = frame["ptime"].where(progressed, frame["futime"])
        frame["to"] = np.select([progressed, died], ["pcm", "death"], None)
        men = je.Lottery(arm="sex", treatment="M", control="F")
        for cause, statistic, p_value in (
            ("pcm", 1.1945078, 0.274422),
            ("death", 11.651259, 0.000642),
        ):
            test = je.gray_test(frame, "month", "to", men, cause=cause)
            assert test.statistic == pytest.approx(statistic, rel=1e-7)
            assert test.p_value == pytest.approx(p_value, abs=5.1e-7)


class TestR:
    @pytest.mark.parametrize("lottery", [ARM, SITES], ids=["plain", "stratified"])
    @pytest.mark.parametrize("rho", [0, 1, 0.5])
    def test_survdiff(self, weekly, lottery, rho):
        name = "stratified" if lottery.strata else "plain"
        test = je.logrank_test(weekly, "week", "left", lottery, weights=(rho, 0))
        assert test.statistic == pytest.approx(R[f"peto_{rho:g}_{name}"], rel=1e-9)

    @pytest.mark.parametrize("lottery", [ARM, SITES], ids=["plain", "stratified"])
    @pytest.mark.parametrize("rho", [0, 1])
    @pytest.mark.parametrize("cause", ["education", "job", "pension"])
    def test_cuminc(self, weekly, lottery, rho, cause):
        name = "stratified" if lottery.strata else "plain"
        test = je.gray_test(weekly, "week", "to", lottery, cause=cause, rho=rho)
        assert test.statistic == pytest.approx(R[f"gray_{rho}_{name}"][cause], rel=1e-9)

    @pytest.mark.parametrize("lottery", [ARM, SITES], ids=["plain", "stratified"])
    def test_the_moments_of_the_lottery(self, weekly, lottery):
        """coin's conditional test of martingale residuals, blocked by site."""
        name = "stratified" if lottery.strata else "plain"
        test = je.logrank_test(weekly, "week", "left", lottery, inference="lottery", draws=1)
        assert test.statistic == pytest.approx(R[f"lottery_{name}"], rel=1e-9)

    def test_exact(self, weekly):
        few = weekly[(weekly["site"] == 1) & (weekly["week"] > 0)].head(18)
        test = je.logrank_test(few, "week", "left", ARM, inference="lottery")
        assert test.exact
        assert test.draws == 816
        assert test.p_value == pytest.approx(R["exact_first_18"], rel=1e-9)


class TestYeShao:
    """Snapshots of RobinCar2's own tests.

    Its log hazard ratios stop where R's uniroot does, within about 3e-5 of the root.
    """

    def test_lung(self, lung):
        test = je.logrank_test(lung, "time", "dead", SEX, covariates=["age"])
        assert np.sqrt(test.statistic) == pytest.approx(3.06610317830763, rel=1e-12)
        effect = je.estimate_adjusted_hazard_ratio(lung, "time", "dead", SEX, covariates=["age"])
        assert effect.estimate == pytest.approx(-0.5016113861505, abs=3e-5)
        assert effect.std_error == pytest.approx(0.16561813992359, abs=3e-6)

    def test_within_strata(self, lung):
        """RobinCar2 takes one chance for all strata: the share of both."""
        known = lung[lung["ecog"].notna()].assign(one=lambda f: f["ecog"] == 1)
        share = float(known["one"].mean())
        lottery = je.Lottery(
            arm="one", treatment=True, control=False, strata="sex", probability=share
        )
        test = je.logrank_test(known, "time", "dead", lottery, covariates=["age"])
        assert np.sqrt(test.statistic) == pytest.approx(0.0835488066000914, rel=1e-9)
        effect = je.estimate_adjusted_hazard_ratio(
            known, "time", "dead", lottery, covariates=["age"]
        )
        assert effect.estimate == pytest.approx(-0.0136495961352817, abs=3e-5)
        assert effect.std_error == pytest.approx(0.158066245456898, abs=3e-6)

    def test_without_covariates_it_is_the_plain_test(self, lung):
        """A covariate that foretells nothing changes nothing but noise: here it is constant."""
        frame = lung.assign(one=1)
        adjusted = je.logrank_test(frame, "time", "dead", SEX, covariates=["one"])
        assert adjusted.statistic == pytest.approx(10.326742, abs=5.1e-7)
        effect = je.estimate_adjusted_hazard_ratio(frame, "time", "dead", SEX, covariates=["one"])
        breslow = je.estimate_hazard_ratio(lung, "time", "dead", SEX, ties="breslow")
        assert effect.estimate == pytest.approx(breslow.estimate, rel=1e-9)
        assert effect.std_error == pytest.approx(breslow.std_error, rel=1e-9)


def test_two_arms_of_colon():
    """survdiff of R's survival 3.5-3 on Obs and Lev+5FU, deaths: the third arm is left out."""
    frame = pd.DataFrame(load_colon())
    frame = frame[frame["etype"] == 2].astype({"rx": str})
    arms = je.Lottery(arm="rx", treatment="Lev+5FU", control="Obs")
    test = je.logrank_test(frame, "time", "status", arms)
    assert test.statistic == pytest.approx(9.9656657332767, rel=1e-12)
