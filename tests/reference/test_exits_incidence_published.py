"""Published numbers on competing exits, and known faults of other programs."""

import warnings

import numpy as np
import pandas as pd
import pytest

from jobeval import (
    Lottery,
    estimate_cause_specific_hazard_ratios,
    estimate_state_weeks,
    estimate_subdistribution_hazard_ratio,
    fit_fine_gray,
)
from jobeval.exits.destinations.aalen_johansen import aalen_johansen
from jobeval.exits.destinations.incidence_area import state_areas
from jobeval.exits.grid.grid import build_grid

datasets = pytest.importorskip("survival").datasets
SEXES = Lottery(arm="sex", treatment="M", control="F")


@pytest.fixture(scope="module")
def mgus2() -> pd.DataFrame:
    """Kyle et al. (2002), in the vignette on competing risks of R's survival; in months."""
    frame = pd.DataFrame({name: np.array(v) for name, v in datasets.load_mgus2().items()})
    pcm, dead = frame["pstat"] == 1, frame["death"] == 1
    months = np.where(pcm, frame["ptime"], frame["futime"]).astype(int)
    to = np.where(pcm, "pcm", np.where(dead, "death", None))
    return frame.assign(month=months, to=to)


def counts(frame: pd.DataFrame):
    zero = np.zeros(len(frame), dtype=np.int64)
    cause = frame["to"].map({"pcm": 1, "death": 2}).fillna(0).to_numpy().astype(np.int64)
    grid = build_grid(frame["month"].to_numpy(), cause, zero, zero,
                      arms=("all",), strata=("all",), causes=("pcm", "death"))  # fmt: skip
    return grid.at_risk[0, 0], grid.events[0, 0]


class TestMonoclonalGammopathy:
    def test_incidence(self, mgus2):
        values, variance = aalen_johansen(*counts(mgus2))
        at = [60, 120, 240, 360]
        np.testing.assert_allclose(
            values[at].T,
            [[0.034103713, 0.063722168, 0.099813716, 0.134041644],
             [0.32036701, 0.53181770, 0.72402798, 0.78420825]],
            atol=5.1e-9,
        )  # fmt: skip
        errors = [0.004889, 0.006797, 0.009785, 0.020128]
        np.testing.assert_allclose(np.sqrt(variance[at, 0]), errors, atol=5.1e-7)

    def test_expected_months(self, mgus2):
        """ELOS in mstate, to the last month."""
        areas = state_areas(*counts(mgus2), 424)
        np.testing.assert_allclose(areas.values, [37.7347, 257.0494, 129.2159], atol=5.1e-5)

    def test_expected_months_by_sex(self, mgus2):
        """Mean years of 20 in each state, in the vignette."""
        table = estimate_state_weeks(mgus2, "month", "to", SEXES, horizon_weeks=240)
        assert [e.part for e in table] == ["death", "pcm", "remaining"]
        women, men = ([getattr(e, f"mean_{arm}") / 12 for e in table]
                      for arm in ("control", "treatment"))  # fmt: skip
        np.testing.assert_allclose(women, [8.823108, 1.323284, 9.853608], atol=6e-7)
        np.testing.assert_allclose(men, [10.260294, 1.064693, 8.675012], atol=6e-7)

    @pytest.mark.parametrize(
        ("cause", "coef", "error"), [("pcm", -0.229, 0.1866), ("death", 0.23349, 0.06894)]
    )
    def test_fine_gray_of_sex(self, mgus2, cause, coef, error):
        """The vignette, by ``finegray`` and ``coxph``: Efron's ties and the model's error."""
        effect = estimate_subdistribution_hazard_ratio(
            mgus2, "month", "to", SEXES, cause=cause, ties="efron", robust=False
        )
        assert effect.estimate == pytest.approx(coef, abs=6e-5)
        assert effect.std_error == pytest.approx(error, abs=6e-5)

    def test_fine_gray_with_age(self, mgus2):
        crr, finegray = (
            fit_fine_gray(mgus2, "month", "to", SEXES, cause="pcm", covariates=["age"], ties=ties)
            for ties in ("breslow", "efron")
        )
        for name, coef, error in (
            ("age", -0.017338, 0.005737),
            ("treatment", -0.260038, 0.185681),
        ):
            assert crr[name].estimate == pytest.approx(coef, abs=5.1e-7)
            assert crr[name].std_error == pytest.approx(error, abs=5.1e-7)
        for name, coef, known_weights in (
            ("age", -0.017302, 0.0057029),
            ("treatment", -0.259757, 0.1856347),
        ):
            assert finegray[name].estimate == pytest.approx(coef, abs=5.1e-7)
            # coxph(cluster = id), which takes the weights as known: a bit smaller
            assert 1 < finegray[name].std_error / known_weights < 1.01

    def test_rows_of_a_person_are_not_persons(self, mgus2):
        """``coxph`` without ``cluster``: .005528 and .181707, as if each weighted row were one."""
        model = fit_fine_gray(mgus2, "month", "to", SEXES, cause="pcm", covariates=["age"],
                              ties="efron", robust=False)  # fmt: skip
        assert model["age"].std_error == pytest.approx(0.0070221988, abs=1e-9)  # its naive.var
        assert model["treatment"].std_error == pytest.approx(0.1870485775, abs=1e-9)

    @pytest.mark.parametrize(
        ("cause", "coefs"), [("pcm", (-0.017, -0.213, 0.888)), ("death", (0.059, 0.369, -0.154))]
    )
    def test_fine_gray_with_three(self, mgus2, cause, coefs):
        known = mgus2[[value is not None and value == value for value in mgus2["mspike"]]]
        known = known.assign(mspike=known["mspike"].astype(float))
        model = fit_fine_gray(known, "month", "to", SEXES, cause=cause,
                              covariates=["age", "mspike"], ties="efron")  # fmt: skip
        found = [model[name].estimate for name in ("age", "treatment", "mspike")]
        np.testing.assert_allclose(found, coefs, atol=6e-4)

    def test_cause_specific(self, mgus2):
        table = estimate_cause_specific_hazard_ratios(
            mgus2, "month", "to", SEXES, covariates=["age"]
        )
        death, pcm = table
        assert (death.part, pcm.part) == ("death", "pcm")
        assert death.estimate == pytest.approx(0.393226, abs=5.1e-7)
        assert pcm.estimate == pytest.approx(-0.025138, abs=5.1e-7)


class TestTies:
    """Ten persons, in halves by hand: week 1 four leave of ten, week 2 three of six, …"""

    weeks = np.array([1, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    cause = np.array([1, 1, 2, 0, 1, 2, 2, 1, 0, 0])
    # S(0) = 1, S(1) = 7/10, S(2) = 7/20; F1 = 2/10 + 7/10 · 1/6 + 7/20 · 1/3
    truth = 2 / 10 + 7 / 10 / 6 + 7 / 20 / 3

    def test_incidence_is_exact(self):
        zero = np.zeros(10, dtype=np.int64)
        grid = build_grid(self.weeks, self.cause, zero, zero,
                          arms=("all",), strata=("all",), causes=("a", "b"))  # fmt: skip
        values, _ = aalen_johansen(grid.at_risk[0, 0], grid.events[0, 0])
        assert values[-1, 0] == pytest.approx(self.truth, rel=1e-14)

    def test_lifelines_moves_ties_apart(self):
        """Exits of one week get random places among each other there."""
        lifelines = pytest.importorskip("lifelines")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitter = lifelines.AalenJohansenFitter(seed=1)
            fitter.fit(self.weeks, self.cause, event_of_interest=1)
        last = float(fitter.cumulative_density_.iloc[-1, 0])
        assert abs(last - self.truth) > 0.005
