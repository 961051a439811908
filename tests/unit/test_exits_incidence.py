"""Incidence with bands, differences, Fine–Gray: by hand, and what cannot be estimated."""

import numpy as np
import pandas as pd
import pytest

from jobeval import (
    DataError,
    DesignError,
    Lottery,
    cumulative_incidence,
    estimate_cause_specific_hazard_ratios,
    estimate_hazard_ratio,
    estimate_incidence_difference,
    estimate_subdistribution_hazard_ratio,
    fit_fine_gray,
)
from jobeval.exits.destinations.incidence import cumulative_incidence_from_grid
from jobeval.exits.destinations.subdistribution import subdistribution_hazard_ratio_from_grid
from jobeval.exits.grid.durations import read_destinations

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
VILLAGES = Lottery(arm="arm", treatment="new", control="old", clusters="village")


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    n = 240
    arm = np.where(np.arange(n) % 2, "new", "old")
    site = np.where(np.arange(n) % 3, "north", "south")
    week = np.minimum(rng.geometric(np.where(arm == "new", 0.12, 0.08)), 15)
    follow = rng.integers(5, 16, n)
    to = np.where(rng.random(n) < 0.6, "job", "school")
    return pd.DataFrame(
        {
            "arm": arm,
            "site": site,
            "week": np.minimum(week, follow),
            "to": np.where(week <= follow, to, None),
            "entry": 0,
            "age": rng.integers(20, 60, n),
            "village": np.arange(n) // 2 % 20 * 2 + np.arange(n) % 2,
        }
    )


class TestBands:
    def test_a_band_is_wider_than_its_intervals_and_stays_within_0_and_1(self, trial):
        for lottery in (PLAIN, SITES, VILLAGES):
            table = cumulative_incidence(trial, "week", "to", lottery, band="sup-t", remaining=True)
            assert len(table) == 6
            for curve in table:
                known = ~np.isnan(curve.conf_low)
                assert known.any()
                assert (curve.band_low[known] < curve.conf_low[known]).all()
                assert (curve.band_high[known] > curve.conf_high[known]).all()
                assert (curve.band_low[known] > 0).all() and (curve.band_high[known] < 1).all()

    def test_no_band_unless_asked(self, trial):
        for curve in cumulative_incidence(trial, "week", "to", PLAIN):
            assert np.isnan(curve.band_low).all()

    def test_one_week_of_exits_needs_no_wider_band(self):
        """All covariances are 1: the simultaneous value is the pointwise one."""
        rows = [("new", 2, "job")] * 6 + [("new", 5, None)] * 6
        frame = pd.DataFrame([*rows, *(("old", *row[1:]) for row in rows[3:])],
                             columns=["arm", "week", "to"])  # fmt: skip
        for table in (
            cumulative_incidence(frame, "week", "to", PLAIN, band="sup-t"),
            estimate_incidence_difference(frame, "week", "to", PLAIN),
        ):
            for curve in table:
                np.testing.assert_allclose(curve.band_low, curve.conf_low)
                assert (~np.isnan(curve.band_low[2:])).all()

    def test_the_seed_is_all_that_matters(self, trial):
        one, other, third = (
            estimate_incidence_difference(trial, "week", "to", SITES, seed=seed)
            for seed in (1, 1, 2)
        )
        for a, b, c in zip(one, other, third, strict=True):
            np.testing.assert_array_equal(a.band_low, b.band_low)
            known = ~np.isnan(a.band_low)
            assert (a.band_low[known] != c.band_low[known]).any()
            np.testing.assert_allclose(a.band_low[known], c.band_low[known], atol=0.003)


class TestIncidence:
    def test_by_hand_with_late_entry(self):
        """At risk 2, 3, 2: F(1) = 1/2, then 1/2 · 1/3 to school, then 1/2 · 2/3 · 1/2."""
        rows = [(1, "job", 0), (3, None, 0), (2, "school", 1), (3, "job", 1)]
        frame = pd.DataFrame(
            [(arm, *row) for arm in ("new", "old") for row in rows],
            columns=["arm", "week", "to", "entry"],
        )
        table = cumulative_incidence(frame, "week", "to", PLAIN, entry="entry", remaining=True)
        job, school, stay = (
            table.one(arm="new", cause=cause).values for cause in ("job", "school", "")
        )
        assert job.tolist() == pytest.approx([0, 1 / 2, 1 / 2, 2 / 3])
        assert school.tolist() == pytest.approx([0, 0, 1 / 6, 1 / 6])
        assert stay.tolist() == pytest.approx([1, 1 / 2, 1 / 3, 1 / 6])

    def test_nobody_left(self, trial):
        frame = trial.assign(to=None)
        assert len(cumulative_incidence(frame, "week", "to", SITES)) == 0
        remaining = cumulative_incidence(frame, "week", "to", SITES, remaining=True, band="sup-t")
        assert [c.measure for c in remaining] == ["survival"] * 2
        for curve in remaining:
            known = ~np.isnan(curve.values)
            assert (curve.values[known] == 1).all()
            assert np.isnan(curve.conf_low).all() and np.isnan(curve.band_low).all()
        assert len(estimate_incidence_difference(frame, "week", "to", SITES)) == 0

    def test_a_destination_of_one_arm(self, trial):
        frame = trial.assign(to=trial["to"].where(trial["arm"] == "new", None))
        difference = estimate_incidence_difference(frame, "week", "to", PLAIN)
        for curve in difference:  # the old arm has no error, so none is claimed
            assert np.isnan(curve.conf_low).all() and np.isnan(curve.band_low).all()
            assert curve.values[5] > 0

    def test_bands_from_counts(self, trial):
        grid = read_destinations(trial, "week", "to", SITES).grid(SITES)
        one = cumulative_incidence(trial, "week", "to", SITES, band="sup-t")
        other = cumulative_incidence_from_grid(grid, endpoint="week", band="sup-t")
        pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())

    @pytest.mark.parametrize("estimator", [cumulative_incidence, estimate_incidence_difference])
    def test_options_that_make_no_sense(self, trial, estimator):
        with pytest.raises(ValueError, match='did you mean "sup-t"'):
            estimator(trial, "week", "to", PLAIN, band="sup_t")
        with pytest.raises(ValueError, match="conf_level"):
            estimator(trial, "week", "to", PLAIN, conf_level=95)
        with pytest.raises(ValueError, match="seed"):
            estimator(trial, "week", "to", PLAIN, seed=0.5)
        with pytest.raises(DataError, match="not below the end"):
            estimator(trial.assign(entry=trial["week"]), "week", "to", PLAIN, entry="entry")


def ratio(frame, lottery=PLAIN, **options):
    options = {"cause": "job"} | options
    return estimate_subdistribution_hazard_ratio(frame, "week", "to", lottery, **options)


class TestFineGray:
    def test_by_hand(self):
        """Without censoring, 4 r² + r = 1: see ``fit_subdistribution``."""
        frame = pd.DataFrame({"arm": ["new", "old", "new", "old"], "week": [1, 1, 2, 3],
                              "to": ["school", "job", "job", "job"]})  # fmt: skip
        effect = ratio(frame)
        assert effect.ratio == pytest.approx((np.sqrt(17) - 1) / 8)
        # information r/(1+r)² + 2r/(2r+1)² + r/(1+r)²
        r = effect.ratio
        information = 2 * r / (1 + r) ** 2 + 2 * r / (2 * r + 1) ** 2
        assert ratio(frame, robust=False).std_error == pytest.approx(information**-0.5)

    def test_nobody_left_to_it(self, trial):
        effect = ratio(trial, cause="jobb")
        assert np.isnan(effect.estimate) and np.isnan(effect.p_value)
        assert any('did you mean "job"' in note for note in effect.notes)
        effect = ratio(trial.assign(to=None))
        assert any("nobody left" in note for note in effect.notes)

    def test_infinite(self, trial):
        gone = (trial["arm"] == "old") & (trial["to"] == "job")
        model = fit_fine_gray(trial.assign(to=trial["to"].mask(gone, "school")), "week", "to",
                              PLAIN, cause="job", covariates=["age"])  # fmt: skip
        assert np.isnan(model.effect.estimate) and np.isnan(model.effect.std_error)
        assert any("infinite" in note for note in model.notes)
        assert np.isfinite(model["age"].estimate)

    def test_sizes(self, trial):
        model = fit_fine_gray(trial, "week", "to", SITES, cause="job", covariates=["age"])
        left = trial[trial["to"] == "job"]["arm"].value_counts()
        assert (model.n, model.n_exits) == (len(trial), left.sum())
        effect = model.effect
        assert (effect.n_apart_treatment, effect.n_apart_control) == (left["new"], left["old"])
        assert (effect.n_treatment, effect.n_control) == (120, 120)
        assert model.likelihood_ratio > 0
        assert [c.name for c in model.coefficients] == ["treatment", "age"]

    def test_clusters(self, trial):
        effect = ratio(trial, VILLAGES)
        assert effect.n_clusters == 40
        assert "robust standard error (Fine–Gray) over 40 clusters" in effect.notes
        assert effect.estimate == pytest.approx(ratio(trial).estimate)
        assert effect.std_error != pytest.approx(ratio(trial).std_error, rel=1e-3)
        alone = ratio(trial, VILLAGES, robust=False)
        assert any("as if persons were independent" in note for note in alone.notes)

    def test_censoring_by_arm_and_stratum(self, trial):
        found = {c: ratio(trial, SITES, censoring=c).estimate for c in ("pooled", "arm", "stratum")}
        assert len(set(found.values())) == 3
        assert ratio(trial, SITES).estimate == found["stratum"]
        assert ratio(trial, PLAIN).estimate == ratio(trial, PLAIN, censoring="pooled").estimate

    def test_covariates_that_add_nothing(self, trial):
        frame = trial.assign(flat=3, twice=2 * trial["age"])
        model = fit_fine_gray(frame, "week", "to", PLAIN, cause="job",
                              covariates=["age", "flat", "twice"])  # fmt: skip
        assert [c.name for c in model.coefficients] == ["treatment", "age"]
        assert sum("left out" in note for note in model.notes) == 2

    def test_refusals(self, trial):
        with pytest.raises(ValueError, match="ties"):
            ratio(trial, ties="exact")
        with pytest.raises(ValueError, match='did you mean "stratum"'):
            ratio(trial, censoring="strata")
        with pytest.raises(DesignError, match="tell the arm"):
            ratio(trial.assign(mark=trial["arm"] == "new"), covariates=["mark"])
        grid = read_destinations(trial, "week", "to", PLAIN, entry="entry").grid(PLAIN)
        with pytest.raises(DesignError, match="late entries"):
            subdistribution_hazard_ratio_from_grid(grid, endpoint="week", cause="job")


def test_cause_specific_ratios_are_those_of_each_destination(trial):
    table = estimate_cause_specific_hazard_ratios(
        trial, "week", "to", SITES, covariates=["age"], entry="entry"
    )
    assert [e.part for e in table] == ["job", "school"]
    for effect in table:
        went = trial.assign(went=trial["to"] == effect.part)
        alone = estimate_hazard_ratio(
            went, "week", "went", SITES, covariates=["age"], entry="entry"
        )
        assert (effect.estimate, effect.std_error) == (alone.estimate, alone.std_error)
    none = estimate_cause_specific_hazard_ratios(trial.assign(to=None), "week", "to", PLAIN)
    assert len(none) == 0
