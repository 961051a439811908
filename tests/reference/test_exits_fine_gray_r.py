"""Fine & Gray's model in a stratified weekly trial with ties, against R (exits_incidence.R).

``crr`` is iterated to the end by the script (it stops at the third digit of a standard error
unless told); coefficients and errors are compared at 1e-7.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobeval import Lottery, estimate_subdistribution_hazard_ratio, fit_fine_gray
from jobeval.exits.destinations.fine_gray import fit_subdistribution

HERE = Path(__file__).parent
R = json.loads((HERE / "exits_incidence.json").read_text())
PLAIN = Lottery(arm="arm", treatment=1, control=0)
SITES = Lottery(arm="arm", treatment=1, control=0, strata="site")
COVARIATES = {"arm": (), "arm_age": ("age",)}


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    frame = pd.read_csv(HERE / "exits_incidence.csv")
    return frame.assign(to=frame["to"].where(frame["to"].notna(), None))


def model(trial, which, lottery=PLAIN, **options):
    return fit_fine_gray(
        trial, "week", "to", lottery, cause="job", covariates=COVARIATES[which], **options
    )


def kernel(trial, which, ties="breslow", stratum=None, group=None):
    kind = trial["to"].map({"job": 1, "pension": 2, "school": 2}).fillna(0).to_numpy().astype(int)
    x = trial[["arm", "age"][: 1 + (which == "arm_age")]].to_numpy(float)
    zero = np.zeros(len(trial), dtype=int)
    return fit_subdistribution(
        x, trial["week"].to_numpy(), kind, zero if stratum is None else stratum,
        zero if group is None else group, ties=ties,
    )  # fmt: skip


def check(found, coef, vcov, rtol):
    np.testing.assert_allclose([c.estimate for c in found.coefficients], coef, rtol=rtol)
    errors = [c.std_error for c in found.coefficients]
    np.testing.assert_allclose(errors, np.sqrt(np.diag(np.atleast_2d(vcov))), rtol=rtol)


@pytest.mark.parametrize("which", COVARIATES)
class TestBreslow:
    def test_crr(self, trial, which):
        answer, found = R[f"crr_{which}"], model(trial, which)
        check(found, np.atleast_1d(answer["coef"]), answer["vcov"], 1e-7)
        assert found.loglik == pytest.approx(answer["loglik"], rel=1e-9)
        assert found.loglik_null == pytest.approx(answer["loglik_null"], rel=1e-9)
        fit = kernel(trial, which)
        np.testing.assert_allclose(np.linalg.inv(fit.vcov), answer["information"], rtol=1e-7)

    def test_weights_within_arms(self, trial, which):
        answer, found = R[f"crr_{which}"], model(trial, which, censoring="arm")
        coefficients = [c.estimate for c in found.coefficients]
        np.testing.assert_allclose(coefficients, np.atleast_1d(answer["by_arm_coef"]), rtol=1e-7)
        # crr lets only the exits of the own group move with the weights of a group
        ratio = found.effect.std_error / np.sqrt(np.atleast_2d(answer["by_arm_vcov"])[0, 0])
        assert 1e-6 < abs(ratio - 1) < 0.02

    def test_strata_are_sums_of_crr(self, trial, which):
        answer = R[f"strata_breslow_{which}"]
        check(model(trial, which, SITES), np.atleast_1d(answer["coef"]), answer["vcov"], 1e-7)


@pytest.mark.parametrize("which", COVARIATES)
class TestEfron:
    def test_finegray_and_coxph(self, trial, which):
        answer, found = R[f"efron_{which}"], model(trial, which, ties="efron", robust=False)
        check(found, np.atleast_1d(answer["coef"]), answer["vcov"], 1e-7)
        assert (found.loglik_null, found.loglik) == pytest.approx(answer["loglik"], rel=1e-9)

    def test_with_strata(self, trial, which):
        answer = R[f"strata_efron_{which}"]
        found = model(trial, which, SITES, ties="efron", robust=False)
        check(found, np.atleast_1d(answer["coef"]), answer["vcov"], 1e-7)

    def test_persons_as_clusters_but_for_the_weights(self, trial, which):
        """``coxph(cluster = person)`` takes the weights as known: so the errors are close."""
        answer, found = R[f"efron_{which}"], model(trial, which, ties="efron")
        errors = np.sqrt(np.diag(np.atleast_2d(answer["known_weights_vcov"])))
        ratio = np.array([c.std_error for c in found.coefficients]) / errors
        assert (np.abs(ratio - 1) < 0.03).all()
        assert (np.abs(ratio - 1) > 1e-5).all()


def test_estimate_is_the_effect_of_the_model(trial):
    effect = estimate_subdistribution_hazard_ratio(trial, "week", "to", SITES, cause="job")
    assert effect == model(trial, "arm", SITES).effect
    assert (effect.part, effect.scale, effect.unit) == ("job", "log_ratio", "hazard_ratio")
    left = trial[trial["to"] == "job"]["arm"].value_counts()
    assert (effect.n_apart_treatment, effect.n_apart_control) == (left[1], left[0])
    assert "weights for censoring: within strata" in effect.notes
