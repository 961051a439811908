"""Survival numbers that were published, or worked by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobeval import Lottery, estimate_hazard_ratio, logrank_test, survival_curve
from jobeval.exits.curves.quantiles import survival_quantile
from jobeval.exits.destinations.aalen_johansen import aalen_johansen
from jobeval.exits.grid.grid import build_grid
from jobeval.exits.hazards.cox_fit import fit_partial_likelihood
from jobeval.plan.parts import Term

datasets = pytest.importorskip("lifelines.datasets")
SIX = pd.DataFrame(
    {"week": [1, 1, 6, 6, 8, 9], "left": [1, 0, 1, 1, 0, 1], "x": [1, 1, 1, 0, 0, 0]}
)
MERCAPTOPURINE = Lottery(arm="Rx", treatment=0, control=1)
AID = Lottery(arm="fin", treatment=1, control=0)


def fit(frame: pd.DataFrame, names, duration, observed, ties="efron", stratum=None):
    codes = np.zeros(len(frame), dtype=int) if stratum is None else stratum
    x = frame[list(names)].to_numpy(float)
    seen = frame[observed].to_numpy() == 1
    return fit_partial_likelihood(x, frame[duration].to_numpy().astype(int), seen, codes, ties=ties)


class TestSixPersons:
    """Therneau & Grambsch (2000), appendix E: worked by hand."""

    def test_efron(self):
        six = fit(SIX, ["x"], "week", "left")
        assert six.coef[0] == pytest.approx(1.67685748559, rel=1e-10)
        assert six.vcov[0, 0] == pytest.approx(1.63230156075, rel=1e-10)
        assert six.loglik_null == pytest.approx(-4.27666611902, rel=1e-11)
        assert six.loglik == pytest.approx(-3.35897484026, rel=1e-11)

    def test_logrank(self):
        """E = 3/6 + 2 · 1/4 = 1, V = 1/4 + 1/4 · 3/4 · 2 · 2/3 = 1/2, (2 − 1)² / V = 2."""
        test = logrank_test(SIX, "week", "left", Lottery(arm="x", treatment=1, control=0))
        assert test.statistic == pytest.approx(2, rel=1e-14)


class TestFreireich:
    """Freireich et al. (1963); Cox & Oakes (1984); Kalbfleisch & Prentice (2002)."""

    frame = datasets.load_leukemia()

    def test_survival(self):
        curve = survival_curve(self.frame, "t", "status", MERCAPTOPURINE)["0"]
        at = [6, 7, 10, 13, 16, 22, 23]
        survival = [0.85714, 0.80672, 0.75294, 0.69020, 0.62745, 0.53782, 0.44818]
        greenwood = [0.07636, 0.08694, 0.09635, 0.10681, 0.11405, 0.12823, 0.13459]
        np.testing.assert_allclose(curve.values[at], survival, atol=5.1e-6)
        np.testing.assert_allclose(curve.std_error[at], greenwood, atol=5.1e-6)
        assert curve.values[0] == 1
        assert curve.at_risk[[0, 6, 7, 10]].tolist() == [21, 21, 17, 15]
        assert curve.events[at].tolist() == [3, 1, 1, 1, 1, 1, 1]

    def test_medians(self):
        curves = survival_curve(self.frame, "t", "status", MERCAPTOPURINE)
        treated, control = survival_quantile(curves["0"]), survival_quantile(curves["1"])
        assert (treated.weeks, treated.low) == (23, 13)
        assert np.isnan(treated.high)
        assert tuple(control) == (8, 4, 11)

    @pytest.mark.parametrize(
        ("ties", "coef", "error", "logliks"),
        [
            ("efron", 1.572125, 0.412397, (-93.18427, -85.00842)),
            ("breslow", 1.509191, 0.409564, (-93.98505, -86.37962)),
        ],
    )
    def test_cox(self, ties, coef, error, logliks):
        model = fit(self.frame, ["Rx"], "t", "status", ties)
        assert model.coef[0] == pytest.approx(coef, abs=5e-7)
        assert model.vcov[0, 0] ** 0.5 == pytest.approx(error, abs=5e-7)
        assert (model.loglik_null, model.loglik) == pytest.approx(logliks, abs=5.1e-6)


class TestRossi:
    """The TARP experiment (Rossi, Berk & Lenihan 1980) in the appendix of Fox & Weisberg."""

    frame = datasets.load_rossi()
    others = ("age", "race", "wexp", "mar", "paro", "prio")

    def test_cox_with_seven_covariates(self):
        model = fit(self.frame, ["fin", *self.others], "week", "arrest")
        # race and mar are coded the other way round in the book
        coef = [-0.379422, -0.057438, 0.313900, -0.149796, -0.433704, -0.084871, 0.091497]
        error = [0.191379, 0.021999, 0.307993, 0.212224, 0.381868, 0.195757, 0.028649]
        np.testing.assert_allclose(model.coef, coef, atol=5.1e-7)
        np.testing.assert_allclose(np.sqrt(np.diag(model.vcov)), error, atol=5.1e-7)
        assert (model.loglik_null, model.loglik) == pytest.approx((-675.3806, -658.7477), abs=5e-5)
        assert model.likelihood_ratio == pytest.approx(33.266, abs=5e-4)

    @pytest.mark.parametrize("terms", [others, tuple(Term(column=name) for name in others)])
    def test_adjusted_hazard_ratio(self, terms):
        effect = estimate_hazard_ratio(self.frame, "week", "arrest", AID, covariates=terms)
        assert effect.estimate == pytest.approx(-0.379422, abs=5e-7)
        assert effect.std_error == pytest.approx(0.191379, abs=5e-7)
        assert (effect.n_treatment, effect.n_control, effect.df) == (216, 216, np.inf)
        assert (effect.scale, effect.estimator) == ("log_ratio", "Cox (Efron)")


class TestLung:
    """North Central Cancer Treatment Group, from the documentation of R's survival; in days."""

    frame = datasets.load_lung().dropna(subset=["ph.ecog"])
    sexes = Lottery(arm="sex", treatment=2, control=1)
    by_ecog = Lottery(arm="sex", treatment=2, control=1, strata="ph.ecog")

    def test_medians_by_sex(self):
        curves = survival_curve(datasets.load_lung(), "time", "status", self.sexes)
        # the documentation's intervals are of type "log"; these are R's of type "log-log"
        assert tuple(survival_quantile(curves["1"])) == (270, 210, 306)
        assert tuple(survival_quantile(curves["2"])) == (426, 345, 524)

    def test_logrank(self):
        test = logrank_test(datasets.load_lung(), "time", "status", self.sexes)
        assert test.statistic == pytest.approx(10.326742, abs=5e-7)

    def test_stratified_logrank(self):
        # the one man with ph.ecog = 3 has nobody to be compared with: he adds nothing in R
        kept = self.frame[self.frame["ph.ecog"] < 3]
        test = logrank_test(kept, "time", "status", self.by_ecog)
        assert test.statistic == pytest.approx(10.795060, abs=5e-7)

    def test_cox(self):
        model = fit(self.frame, ["age", "sex", "ph.ecog"], "time", "status")
        np.testing.assert_allclose(model.coef, [0.011067, -0.552612, 0.463728], atol=5.1e-7)
        error = np.sqrt(np.diag(model.vcov))
        np.testing.assert_allclose(error, [0.009267, 0.167739, 0.113577], atol=5.1e-7)

    def test_cox_with_errors_summed_over_institutions(self):
        kept = self.frame.dropna(subset=["inst"])
        model = fit(kept, ["age", "sex", "ph.ecog"], "time", "status")
        np.testing.assert_allclose(model.coef, [0.011232, -0.556593, 0.469216], atol=5.1e-7)
        error = np.sqrt(np.diag(model.robust_vcov(kept["inst"].to_numpy().astype(int))))
        np.testing.assert_allclose(error, [0.006889, 0.112287, 0.117616], atol=5.1e-7)


MGUS = Path(__file__).parents[2].parent / "shared" / "data" / "mgus2.csv"


@pytest.mark.skipif(not MGUS.is_file(), reason="mgus2.csv (from R's survival) is not at hand")
def test_monoclonal_gammopathy():
    """Kyle et al. (2002), in the vignette on competing risks of R's survival; in months."""
    frame = pd.read_csv(MGUS)
    pcm, dead = frame["pstat"] == 1, frame["death"] == 1
    months = np.where(pcm, frame["ptime"], frame["futime"])
    cause = np.where(pcm, 1, np.where(dead, 2, 0))
    everyone = np.zeros(len(frame), dtype=int)
    grid = build_grid(
        months, cause, everyone, everyone, arms=("all",), strata=("all",), causes=("pcm", "death")
    )
    values, variance = aalen_johansen(grid.at_risk[0, 0], grid.events[0, 0])
    at = [60, 120, 240, 360]
    pcm_share = [0.034103713, 0.063722168, 0.099813716, 0.134041644]
    death_share = [0.32036701, 0.53181770, 0.72402798, 0.78420825]
    np.testing.assert_allclose(values[at, 0], pcm_share, atol=5.1e-10)
    np.testing.assert_allclose(values[at, 1], death_share, atol=5.1e-9)
    errors = [0.004889, 0.006797, 0.009785, 0.020128]
    np.testing.assert_allclose(np.sqrt(variance[at, 0]), errors, atol=5.1e-7)
